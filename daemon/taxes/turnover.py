"""How much of the portfolio a year has turned over, from the journal's fills."""

from decimal import Decimal

from daemon.taxes.ledger import exchange_day
from portfolio.events import FillBooked, SessionClosed
from portfolio.money import ZERO
from portfolio.orders import Side
from portfolio.ports import JournalReader


def turnover_of(journal: JournalReader, year: int) -> Decimal | None:
    """The smaller of what was bought and what was sold in a calendar year, as a fraction of the
    average value at its closes; None before the first close of the year."""
    traded = {Side.BUY: ZERO, Side.SELL: ZERO}
    values: list[Decimal] = []
    for recorded in journal.events("fill_booked", "session_closed"):
        event = recorded.event
        if isinstance(event, FillBooked) and exchange_day(event.fill.at).year == year:
            traded[event.fill.side] += event.fill.quantity * event.fill.price
        elif isinstance(event, SessionClosed) and event.session.year == year:
            values.append(event.equity)
    average = sum(values, ZERO) / len(values) if values else ZERO
    return min(traded.values()) / average if average > ZERO else None
