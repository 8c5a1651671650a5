"""What happens to a simulated account from outside, written down beforehand as a script.

An event of the account (cash, dividend, split) is applied once, when the clock passes its time, and
remembered with the account. A fault of the quotes is a span of time and needs no memory.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from portfolio.canonical import digest
from portfolio.money import Money
from portfolio.snapshot import PriceFault, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """`amount` > 0 arrives, settled at once."""

    session: date
    amount: Money
    minutes_after_open: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """`amount` > 0 leaves; more than the settled cash that no order holds is refused and noted."""

    session: date
    amount: Money
    minutes_after_open: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dividend:
    """`per_share` is paid at the open on what was held at the close before."""

    session: date
    symbol: str
    per_share: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """`ratio` new units for each old one before the open; below 1 is a reverse split.

    With `restates_prices` the file is taken to be adjusted for splits, as most are, and its prices
    from this session on are quoted divided by the ratio. Say False when the file shows the drop.
    """

    session: date
    symbol: str
    ratio: Decimal
    restates_prices: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """From the open of `session` on the same thing is listed as `to`; nobody is told otherwise.

    Holdings, prices and what the exchange takes orders for go by the new symbol; its column in the
    file stays under the old one.
    """

    session: date
    symbol: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteFault:
    """The quotes of a symbol are bad from `session` to before the open of `until` (None: for ever).

    Only the quotes: the exchange itself goes on. STALE freezes them, MISSING takes them away,
    CROSSED puts the bid above the ask.
    """

    session: date
    symbol: str
    fault: PriceFault
    until: date | None = None
    minutes_after_open: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingHalt:
    """The exchange fills nothing in a symbol from `session` to before the open of `until`."""

    session: date
    symbol: str
    until: date | None = None
    minutes_after_open: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LostAnswer:
    """The first order taken from the open of `session` on is taken, and its answer never comes back.

    Whoever sent it waits `wait_seconds` by the wall clock and then knows nothing. Other orders are
    answered as ever; a restart does not bring it again, because the order is in the books.
    """

    session: date
    wait_seconds: float = 30.0


AccountEvent = Deposit | Withdrawal | Dividend | Split | Rename
MarketEvent = QuoteFault | TradingHalt
WorldEvent = AccountEvent | MarketEvent | LostAnswer


def happens_at(event: AccountEvent | MarketEvent, session: Session) -> datetime:
    """The instant of an event in its session; dividends, splits and renames come with the open."""
    if isinstance(event, Dividend | Split | Rename):
        return session.opens_at
    return session.opens_at + timedelta(minutes=event.minutes_after_open)


def event_keys(events: tuple[AccountEvent, ...]) -> tuple[str, ...]:
    """A name for each event from its content, so that a restart knows which it has applied.

    Equal events are told apart by their place among their equals.
    """
    seen: dict[str, int] = {}
    keys = []
    for event in events:
        name = f"{type(event).__name__.lower()}-{digest(event)[:12]}"
        seen[name] = seen.get(name, 0) + 1
        keys.append(f"{name}-{seen[name]}")
    return tuple(keys)
