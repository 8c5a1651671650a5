"""Small simulated worlds for tests: a clock moved by hand and prices written out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from brokers.simulated.broker import SimulatedBroker
from brokers.simulated.market import SimulatedMarket
from brokers.simulated.price_file import PriceTable, price_table
from brokers.simulated.settings import SimulatedSettings
from brokers.simulated.store import IN_MEMORY
from portfolio.money import Money, Price, Quantity
from portfolio.orders import OrderIntent, Side

ACCOUNT = "core"
WEEK = tuple(date(2024, 3, day) for day in (4, 5, 6, 7, 8, 11))
"""Monday to Friday and the Monday after, on which New York has changed to summer time."""


@dataclass(slots=True)
class HandClock:
    """Time as the test says."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def new_york(day: date, clock: str = "10:00") -> datetime:
    """An instant of a day by New York's clock, as UTC."""
    local = datetime.combine(day, time.fromisoformat(clock), ZoneInfo("America/New_York"))
    return local.astimezone(UTC)


def week(**prices: Sequence[str]) -> PriceTable:
    """A price table of the first days of `WEEK`."""
    sessions = WEEK[: len(next(iter(prices.values())))]
    columns = {name: [Decimal(p) for p in column] for name, column in prices.items()}
    return price_table(sessions, columns, source="week")


FLAT = week(VTI=["100.00"] * 6, BND=["50.00"] * 6)


@dataclass(slots=True, kw_only=True)
class SmallWorld:
    """A broker, its market and its clock."""

    broker: SimulatedBroker
    market: SimulatedMarket
    clock: HandClock

    def go(self, day: date, clock: str = "10:00") -> "SmallWorld":
        """Move time there and let the exchange live through it."""
        self.clock.at = new_york(day, clock)
        self.broker.advance()
        return self

    def cash(self) -> Decimal:
        return self.broker.account().cash

    def held(self) -> Mapping[str, Decimal]:
        return {p.symbol: p.quantity for p in self.broker.positions()}


def small_world(
    table: PriceTable = FLAT,
    path: Path | str = IN_MEMORY,
    at: datetime | None = None,
    **changes: Any,
) -> SmallWorld:
    """An account of 10,000 opened on Monday; the clock stands at 10:00 of that day."""
    settings = SimulatedSettings(
        **{"prices": table, "cash": Money(Decimal("10000.00")), **changes},
    )
    market = SimulatedMarket(settings)
    clock = HandClock(at or new_york(WEEK[0]))
    broker = SimulatedBroker(ACCOUNT, settings, market, clock, path)
    return SmallWorld(broker=broker, market=market, clock=clock)


def order(side: Side, symbol: str, quantity: str, limit: str | None = None) -> OrderIntent:
    return OrderIntent(
        account=ACCOUNT,
        symbol=symbol,
        side=side,
        quantity=Quantity(Decimal(quantity)),
        limit_price=None if limit is None else Price(Decimal(limit)),
    )


def buy(symbol: str, quantity: str, limit: str | None = None) -> OrderIntent:
    return order(Side.BUY, symbol, quantity, limit)


def sell(symbol: str, quantity: str, limit: str | None = None) -> OrderIntent:
    return order(Side.SELL, symbol, quantity, limit)


A_MOMENT = timedelta(seconds=1)
