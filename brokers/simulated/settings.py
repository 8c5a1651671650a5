"""What a simulated market and a paper account in it are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path

from brokers.simulated.price_file import BillRates, PriceTable
from brokers.simulated.world_events import WorldEvent
from portfolio.instruments import Instrument
from portfolio.money import ZERO, Money, Price, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """What an execution costs beside its price, each 0 or more.

    `per_order` falls due with the first fill, `fraction` is of the money traded. The sum for an
    order is rounded up to the cent, once, however many fills it takes.
    """

    per_order: Money = field(default=Money(ZERO))
    per_share: Money = field(default=Money(ZERO))
    fraction: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedSettings:
    """One household's simulated market, and the paper accounts that are opened in it.

    `prices` is a price file or a table; `start` is the first session of a new account (the next one
    when that day is none, the first of the table for None). `spread` is ask minus bid as a
    fraction of the price. `average_daily_volume` (None: not known, and unlimited) holds for every
    symbol and every session; an account gets at most `max_volume_share` of it in a session, and
    with `volume_every` only the part that has passed since the open, in steps of that length.
    `bill_rates` None: cash earns nothing. Interest accrues daily and is paid on the first session of
    a month.
    """

    prices: Path | PriceTable
    start: date | None = None
    opens: time = time(9, 30)
    closes: time = time(16, 0)
    """Every session by New York's clock; a rehearsal at any hour has longer ones."""
    cash: Money = field(default=Money(ZERO))
    positions: Mapping[str, Quantity] = field(default_factory=dict)
    average_costs: Mapping[str, Price] = field(default_factory=dict)
    """Per unit, of the starting positions; a missing one is a basis that is not known."""
    events: tuple[WorldEvent, ...] = ()

    spread: Decimal = ZERO
    quotes_in_ticks: bool = True
    """Bid and ask stand on whole ticks, rounded away from the middle, as at an exchange."""
    average_daily_volume: Quantity | None = None
    max_volume_share: Decimal = Decimal("0.10")
    volume_every: timedelta | None = None

    fees: Fees = field(default_factory=Fees)
    bill_rates: Path | BillRates | None = None
    instant_settlement: bool = False
    """Proceeds settle with the fill instead of at the open of the next session (T+1)."""
    unsettled_buys: bool = True
    """Proceeds that have not settled may buy, as in a cash account; they may never be withdrawn."""
    market_order_collar: Decimal = Decimal("0.04")
    """A market buy is held, and filled, at no more than the ask plus this fraction."""
    smallest_buy: Money = field(default=Money(Decimal(1)))
    fractional: bool = True
    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    """What the broker says of a symbol; others are tradable, and fractionable if it is fractional."""
    fill_takes: timedelta = timedelta(0)
    cancel_takes: timedelta = timedelta(0)
    """How long a cancel is only asked for; a fill may still win in that time."""


def instrument_of(settings: SimulatedSettings, symbol: str) -> Instrument:
    """What the broker says of a symbol that it has prices for."""
    known = settings.instruments.get(symbol)
    return known or Instrument(symbol=symbol, fractionable=settings.fractional)
