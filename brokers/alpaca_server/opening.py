"""Opening a local Alpaca from a price file, or from invented prices when there is none.

As if the market were open now: the time is the real one, every day is a session from midnight to one
minute before the next (New York), today shows the file's last row and the days before it the rows
before. Or at a pace: the sessions of the file one after another, in seconds each.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path

from brokers.alpaca_server.clocks import PacedTime, WallTime
from brokers.alpaca_server.desk import Desk
from brokers.alpaca_server.settings import ServerSettings
from brokers.simulated.market import NEW_YORK, SimulatedMarket
from brokers.simulated.price_file import PriceTable, price_table, read_prices
from brokers.simulated.settings import SimulatedSettings
from portfolio.money import Money, Quantity
from portfolio.ports import Clock

ALL_DAY = time(0, 0), time(23, 59)
_HISTORY, _FUTURE = 400, 3660
"""Days before and after today that have a session."""

INVENTED = {
    "VTI": "300",
    "VOO": "550",
    "SPY": "600",
    "QQQ": "500",
    "VXUS": "70",
    "VEA": "55",
    "VWO": "50",
    "BND": "73",
    "BNDX": "49",
    "AGG": "98",
    "IEF": "95",
    "TLT": "90",
    "VNQ": "90",
    "GLD": "250",
    "SGOV": "100",
    "AAPL": "230",
    "MSFT": "450",
}
"""Round prices that nobody paid, for a rehearsal without a price file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a person may choose. `seconds_a_session` None: as if the market were open now."""

    prices: Path | None = None
    cash: Money = field(default=Money(Decimal(100_000)))
    positions: Mapping[str, Quantity] = field(default_factory=dict)
    spread: Decimal = Decimal("0.0002")
    seconds_a_session: float | None = None
    server: ServerSettings = field(default_factory=ServerSettings)


def open_desk(rehearsal: Rehearsal, clock: Clock | None = None) -> Desk:
    """A desk with a new account. Raises `PriceFileError` or `ValueError` for what cannot be."""
    wall: Clock = clock or WallTime()
    today = wall.now().astimezone(NEW_YORK).date()
    prices = rehearsal.prices
    table = invented_prices(today) if prices is None else read_prices(prices)
    simulated = SimulatedSettings(
        prices=table,
        cash=rehearsal.cash,
        positions=rehearsal.positions,
        spread=rehearsal.spread,
    )
    if rehearsal.seconds_a_session is None:
        opens, closes = ALL_DAY
        simulated = replace(
            simulated, prices=as_of_today(table, today), start=today, opens=opens, closes=closes
        )
        return Desk(rehearsal.server, simulated, wall)
    pace = PacedTime(SimulatedMarket(simulated), rehearsal.seconds_a_session)
    return Desk(rehearsal.server, simulated, pace)


def invented_prices(today: date) -> PriceTable:
    """The same price for every day of the last thirteen months."""
    days = [today - timedelta(days=n) for n in range(_HISTORY, -1, -1)]
    columns = {symbol: [Decimal(price)] * len(days) for symbol, price in INVENTED.items()}
    return price_table(days, columns, source="invented prices")


def as_of_today(table: PriceTable, today: date) -> PriceTable:
    """The last rows of a table, one for each day up to today; its last price holds from then on."""
    rows = table.rows[-_HISTORY:]
    first = today - timedelta(days=len(rows) - 1)
    days = [first + timedelta(days=n) for n in range(len(rows) + _FUTURE)]
    return replace(table, sessions=tuple(days), rows=rows + (table.rows[-1],) * _FUTURE)
