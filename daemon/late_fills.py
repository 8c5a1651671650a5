"""Executions that a broker shows for an order only after it has called that order ended.

Settling follows a leg until it ends and books every execution it is shown. An ended order's count of
filled units may still rise: an execution that is booked later shows it at once, and once an hour, and
at a start, the orders of late are compared with what our legs say. Without it a run would believe that
it may trade what it has traded.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from daemon.executor import move
from daemon.house import House
from portfolio.events import Alarm
from portfolio.money import ZERO, Price, Quantity
from portfolio.orders import Leg

LOOK_BACK: Final = timedelta(days=2)


def look_for_late_fills(house: House) -> int:
    """Bring ended legs up to what their orders filled; how many were behind.

    A leg's state stays, its filled quantity never falls, and a page says what changed in the same
    commit. The executions themselves are booked by settling. Raises `Unavailable`.
    """
    since = house.clock.now() - LOOK_BACK
    ended = {leg.client_order_id: leg for leg in _ended_since(house, since)}
    behind = 0
    if not ended:
        return behind
    for reader in house.readers.values():
        for order in reader.orders_since(since):
            leg = ended.get(order.client_order_id)
            if leg is not None and order.filled_quantity > leg.filled_quantity:
                _catch_up(house, leg, order.filled_quantity, order.filled_average_price)
                behind += 1
    return behind


def count_booked(house: House, client_order_ids: Iterable[str]) -> None:
    """Bring ended legs up to the executions that have been booked to them."""
    for name in client_order_ids:
        leg = house.journal.leg(name)
        if leg is None or not leg.state.is_terminal:
            continue  # a live leg takes its count from its order
        fills = [booked.fill for booked in house.journal.fills(client_order_id=name)]
        filled = sum((fill.quantity for fill in fills), ZERO)
        if filled > leg.filled_quantity:
            value = sum((fill.quantity * fill.price for fill in fills), ZERO)
            _catch_up(house, leg, Quantity(filled), Price(value / filled))


def _ended_since(house: House, since: datetime) -> list[Leg]:
    """Legs that are over and have been sent, planned within the days that are looked at."""
    day = since.replace(hour=0, minute=0, second=0, microsecond=0)
    return [leg for leg in house.journal.legs(since=day) if leg.state.is_terminal and leg.sends]


def _catch_up(house: House, leg: Leg, filled: Quantity, average: Price | None) -> None:
    text = (
        f"Order {leg.client_order_id} ({leg.intent.side} {leg.intent.quantity} "
        f"{leg.intent.symbol}) had ended with {leg.filled_quantity} filled; the broker now says "
        f"{filled}."
    )
    move(
        house,
        leg,
        leg.state,
        also=(Alarm(name="late fill", level="page", text=text, scope=leg.client_order_id),),
        filled_quantity=filled,
        filled_average_price=average,
        note="it filled further after it had ended",
    )
