"""Tax lots: what was bought when, at what cost, and which of it a sale takes.

Money of a lot is kept in all, not per unit, and a divided lot's parts sum to the whole exactly.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from portfolio.accounts import Position
from portfolio.money import ZERO, Money, Price, Quantity, exact_arithmetic

SMALLEST_MONEY = Decimal("1E-18")
"""Parts of an amount are kept to this place: nine of a price and nine of a quantity."""


class LotSource(StrEnum):
    """How a lot came about. Only what was bought can replace shares sold at a loss."""

    BUY = "buy"
    DRIP = "drip"
    EXERCISE = "exercise"
    GIFT = "gift"
    INHERITANCE = "inheritance"
    TRANSFER = "transfer"
    SPIN_OFF = "spin_off"

    @property
    def is_purchase(self) -> bool:
        """Whether section 1091 takes it for an acquisition, on the day it was acquired.

        What is transferred in was bought elsewhere; a gift or an inheritance was not bought at all.
        """
        return self not in (LotSource.GIFT, LotSource.INHERITANCE, LotSource.SPIN_OFF)


class ReliefMethod(StrEnum):
    """Which lots a sale takes first."""

    FIFO = "fifo"
    LIFO = "lifo"
    HIFO = "hifo"
    LOFO = "lofo"
    SPEC = "spec"
    MINTAX = "mintax"
    HIERARCHY = "hierarchy"
    SCHWAB_TLO = "schwab_tlo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A quantity of one symbol acquired at once.

    `basis` is the cost of the whole lot with fees and with wash sales' disallowed losses; None means
    that it is not known, and then a taxable account does not sell the lot. `original_basis` is the
    cost before wash sales, None where it is the same. `acquired_on` None means that the term is not
    known. `tacked_days` lengthen the holding period (section 1223). `is_replacement` says that the
    lot has disallowed a loss and can do so no more. Shares of one `buy_order` never replace each
    other; empty, the lot is an order of its own.

    A gift whose value was below the donor's basis has a second basis for a loss, counted from its own
    day. An inheritance is `always_long`. `is_suspended` stops the holding period (a put, a straddle).
    """

    lot_id: str
    symbol: str
    quantity: Quantity
    acquired_on: date | None = None
    basis: Money | None = None
    account: str = ""
    original_basis: Money | None = None
    tacked_days: int = 0
    is_replacement: bool = False
    buy_order: str = ""
    source: LotSource = LotSource.BUY
    loss_basis: Money | None = None
    loss_acquired_on: date | None = None
    always_long: bool = False
    is_suspended: bool = False

    @property
    def basis_known(self) -> bool:
        """Whether the cost is known; the date may still not be."""
        return self.basis is not None

    @property
    def unit_cost(self) -> Price | None:
        """The basis per unit, rounded to the context; None when unknown."""
        if self.basis is None or self.quantity <= ZERO:
            return None
        return Price(self.basis / self.quantity)

    @property
    def cost_before_washes(self) -> Money | None:
        """What was paid, without disallowed losses of wash sales."""
        return self.basis if self.original_basis is None else self.original_basis

    @property
    def order(self) -> str:
        """The purchase it belongs to."""
        return self.buy_order or self.lot_id


def share_of(amount: Decimal, part: Decimal, whole: Decimal) -> Money:
    """The part of an amount that falls on `part` of `whole`, to 18 places; the rest is the rest.

    >>> share_of(Decimal(100), Decimal(1), Decimal(3))
    Decimal('33.333333333333333333')
    """
    with exact_arithmetic():
        if part == whole:
            return Money(amount)
        return Money((amount * part / whole).quantize(SMALLEST_MONEY))


def divided(lot: Lot, quantity: Decimal) -> tuple[Lot, Lot | None]:
    """A lot in two: the first `quantity` units, and the rest, None when nothing is left.

    Every amount of the two sums to the lot's exactly. Raises `ValueError` for a quantity that is not
    above zero and within the lot.
    """
    if not ZERO < quantity <= lot.quantity:
        raise ValueError(f"{quantity} of {lot.quantity} {lot.symbol} in lot {lot.lot_id}")
    if quantity == lot.quantity:
        return lot, None
    with exact_arithmetic():
        basis, basis_left = _shared(lot.basis, quantity, lot.quantity)
        original, original_left = _shared(lot.original_basis, quantity, lot.quantity)
        loss_basis, loss_basis_left = _shared(lot.loss_basis, quantity, lot.quantity)
        first = replace(
            lot,
            quantity=Quantity(quantity),
            basis=basis,
            original_basis=original,
            loss_basis=loss_basis,
        )
        rest = replace(
            lot,
            quantity=Quantity(lot.quantity - quantity),
            basis=basis_left,
            original_basis=original_left,
            loss_basis=loss_basis_left,
        )
        return first, rest


def _shared(
    amount: Decimal | None, part: Decimal, whole: Decimal
) -> tuple[Money | None, Money | None]:
    if amount is None:
        return None, None
    first = share_of(amount, part, whole)
    return first, Money(amount - first)


def oldest_first(lots: Iterable[Lot]) -> list[Lot]:
    """Lots in the order in which a broker that relieves first in, first out sells them.

    Of unknown date before all; on one day as they come.
    """
    return sorted(lots, key=lambda lot: lot.acquired_on or date.min)


def sold_first_in_first_out(
    lots: Sequence[Lot], symbol: str, quantity: Quantity
) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """Take `quantity` of `symbol` from the oldest lots; lots of unknown date count as oldest.

    Returns the remaining lots in their order, and the lots or parts of lots that were sold.
    Raises `ValueError` when the ledger holds less than the quantity.
    """
    held = sum((lot.quantity for lot in lots if lot.symbol == symbol), ZERO)
    if held < quantity:
        raise ValueError(f"the ledger holds {held} {symbol}, {quantity} were sold")
    order = sorted(
        (i for i, lot in enumerate(lots) if lot.symbol == symbol),
        key=lambda i: (lots[i].acquired_on or date.min, i),
    )
    left: Decimal = quantity
    kept: dict[int, Lot | None] = {}
    closed: list[Lot] = []
    for i in order:
        if left <= ZERO:
            break
        taken, rest = divided(lots[i], min(lots[i].quantity, left))
        left -= taken.quantity
        closed.append(taken)
        kept[i] = rest
    remaining = (kept.get(i, lot) for i, lot in enumerate(lots))
    return tuple(lot for lot in remaining if lot is not None), tuple(closed)


def after_split(lots: Iterable[Lot], symbol: str, ratio: Decimal) -> tuple[Lot, ...]:
    """The ledger after a split of `ratio` new units for each old one; the basis stays."""
    return tuple(
        replace(lot, quantity=Quantity(lot.quantity * ratio)) if lot.symbol == symbol else lot
        for lot in lots
    )


def matching_position(lots: Sequence[Lot], position: Position) -> tuple[Lot, ...]:
    """The lots of one position, made to sum to it.

    What the ledger lacks becomes a lot of its own; what it has too much is dropped first in, first
    out, because the broker is the authority on what is held. Lots of unknown basis take theirs from
    the broker's average cost, as far as it leaves them one above zero.
    """
    own = tuple(lot for lot in lots if lot.symbol == position.symbol)
    held = Quantity(sum((lot.quantity for lot in own), ZERO))
    if held > position.quantity:
        own, _ = sold_first_in_first_out(own, position.symbol, Quantity(held - position.quantity))
    elif held < position.quantity:
        unknown = Lot(
            lot_id=f"unknown-{position.symbol}",
            symbol=position.symbol,
            quantity=Quantity(position.quantity - held),
            account=own[0].account if own else "",
        )
        own = (*own, unknown)
    return _with_average_cost(own, position)


def _with_average_cost(lots: tuple[Lot, ...], position: Position) -> tuple[Lot, ...]:
    """Give lots without a basis what the average cost leaves after those that have one."""
    unknown = sum((lot.quantity for lot in lots if lot.basis is None), ZERO)
    if position.average_cost is None or unknown <= ZERO:
        return lots
    known = sum((paid for lot in lots if (paid := lot.cost_before_washes) is not None), ZERO)
    implied = position.average_cost * position.quantity - known
    if implied <= ZERO:
        return lots
    return tuple(
        replace(lot, basis=share_of(implied, lot.quantity, unknown)) if lot.basis is None else lot
        for lot in lots
    )
