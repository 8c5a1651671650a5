"""At what price, how much and for what fee an order fills: pure rules of the simulated exchange."""

from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal

from brokers.simulated.settings import Fees
from portfolio.money import CENT, ZERO, Money, Price, Quantity, round_down
from portfolio.orders import Side
from portfolio.snapshot import Session


def fill_price(side: Side, worst: Price | None, bid: Price, ask: Price) -> Price | None:
    """Buys pay the ask, sells get the bid; None when that is worse than the order allows.

    A limit equal to the quote fills. An order never gets better than the quote: nobody is there
    to give it.
    """
    if side is Side.BUY:
        return ask if worst is None or ask <= worst else None
    return bid if worst is None or bid >= worst else None


def fee_so_far(fees: Fees, quantity: Decimal, value: Decimal) -> Money:
    """The fee of an order for all it has filled, rounded up to the cent; zero before any fill.

    It is charged fill by fill as the difference to what was charged before, so that it never
    exceeds the fee of one whole fill at the worst price.
    """
    if quantity == ZERO:
        return Money(ZERO)
    exact = fees.per_order + fees.per_share * quantity + fees.fraction * value
    return Money(exact.quantize(CENT, rounding=ROUND_CEILING))


def room_in_session(
    volume: Quantity | None, share: Decimal, steps: tuple[int, int], step: Quantity
) -> Quantity | None:
    """Units an account may have traded so far: its share of the volume that has come with the
    `steps` begun of all, in whole quantity steps; None when the volume is not stated."""
    if volume is None:
        return None
    begun, of_all = steps
    return Quantity(round_down(volume * share * begun / of_all, step))


def volume_steps(session: Session, at: datetime, every: timedelta | None) -> tuple[int, int]:
    """How many steps of a session's volume have begun by `at`, and how many there are.

    Volume comes evenly, at the beginning of each step; without steps all of it at the open.
    """
    if every is None:
        return 1, 1
    of_all = -((session.opens_at - session.closes_at) // every)  # rounded up
    return min(of_all, (at - session.opens_at) // every + 1), of_all


def next_step(session: Session, at: datetime, every: timedelta) -> datetime:
    """The next instant after `at` at which more of the session's volume comes."""
    return session.opens_at + every * ((at - session.opens_at) // every + 1)
