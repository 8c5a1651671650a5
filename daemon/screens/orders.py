"""Orders as they were meant, and what came of them."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from daemon.screens.style import quiet_table, words
from daemon.screens.words import money, quantity
from portfolio.events import FillBooked
from portfolio.orders import Leg, LegState

_GOOD = {LegState.FILLED}
_CARE = {LegState.CANCELED, LegState.EXPIRED, LegState.ABANDONED, LegState.NEVER_ARRIVED}
_BAD = {LegState.REJECTED, LegState.AMBIGUOUS, LegState.LOST, LegState.STUCK}


def state_tone(state: LegState) -> str:
    """The tone of a leg's state."""
    if state in _GOOD:
        return "good"
    if state in _BAD:
        return "alarm"
    return "care" if state in _CARE else "trade"


def legs_table(legs: Sequence[Leg], *, accounts: int = 1) -> Table:
    """One row a leg: the order, its state, how much of it filled and at what price."""
    table = quiet_table()
    table.add_column("order", no_wrap=True)
    if accounts > 1:
        table.add_column("in", no_wrap=True)
    table.add_column("filled", justify="right", no_wrap=True)
    table.add_column("at", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("id", no_wrap=True)
    table.add_column("note", overflow="fold")
    for leg in legs:
        intent = leg.intent
        price = "" if leg.filled_average_price is None else money(leg.filled_average_price)
        table.add_row(
            f"{intent.side} {quantity(intent.quantity)} {intent.symbol}",
            *([words(intent.account)] if accounts > 1 else []),
            f"{quantity(leg.filled_quantity)} of {quantity(intent.quantity)}",
            price,
            Text(leg.state.value, style=state_tone(leg.state)),
            leg.client_order_id,
            words(leg.note, "quiet"),
        )
    return table


def fills_table(fills: Sequence[FillBooked], *, accounts: int = 1) -> Table:
    """One row an execution."""
    table = quiet_table()
    table.add_column("when", no_wrap=True)
    table.add_column("fill", no_wrap=True)
    if accounts > 1:
        table.add_column("in", no_wrap=True)
    table.add_column("price", justify="right", no_wrap=True)
    table.add_column("amount", justify="right", no_wrap=True)
    table.add_column("fee", justify="right", no_wrap=True)
    for booked in fills:
        fill = booked.fill
        table.add_row(
            f"{fill.at:%Y-%m-%d %H:%M}",
            f"{fill.side} {quantity(fill.quantity)} {fill.symbol}",
            *([words(fill.account)] if accounts > 1 else []),
            money(fill.price, 4),
            money(fill.quantity * fill.price),
            money(fill.fee),
        )
    return table
