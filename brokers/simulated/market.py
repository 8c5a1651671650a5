"""The simulated market: sessions and quotes from a price table, nothing else moves them.

The price of session D is the quote from D's open (09:30 New York) to the next session's open: there
is no intraday path, so a look half an hour after the open and the fill that follows see the same
price. Early closes are not known; every session has the hours of the settings, 09:30 to 16:00.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from brokers.simulated.price_file import PriceTable, read_prices
from brokers.simulated.settings import SimulatedSettings
from brokers.simulated.world_events import QuoteFault, Rename, Split, TradingHalt, happens_at
from portfolio.money import CENT, ONE, Price, Quantity, exact_arithmetic, tick_down, tick_up
from portfolio.ports import Clock, Unavailable
from portfolio.snapshot import PriceFault, Quote, RefusedPrice, Session

NEW_YORK = ZoneInfo("America/New_York")
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """[since, until) in which the quotes of a symbol are bad, or (fault None) it is halted."""

    symbol: str
    fault: PriceFault | None
    since: datetime
    until: datetime | None

    def covers(self, symbol: str, at: datetime) -> bool:
        return (
            symbol == self.symbol and self.since <= at and (self.until is None or at < self.until)
        )


class SimulatedMarket:
    """Fulfils `ports.Sessions`, and answers for quotes at any instant. Holds no clock.

    Raises `Unavailable` for a time before the first session, or for a session after the last.
    """

    def __init__(self, settings: SimulatedSettings) -> None:
        prices = settings.prices
        self.table: PriceTable = prices if isinstance(prices, PriceTable) else read_prices(prices)
        self.average_daily_volume: Quantity | None = settings.average_daily_volume
        self._opens, self._closes = settings.opens, settings.closes
        self._half_spread = settings.spread / 2
        self._in_ticks = settings.quotes_in_ticks
        self._columns = {symbol: i for i, symbol in enumerate(self.table.symbols)}
        self._sessions: dict[int, Session] = {}
        self._latest = (_NEVER, _NEVER, 0)
        """[open, next open) and index of the session asked for last: most questions are about it."""
        self._splits = [e for e in settings.events if isinstance(e, Split) and e.restates_prices]
        self._renames = [e for e in settings.events if isinstance(e, Rename)]
        self._spans = [
            self._span(e) for e in settings.events if isinstance(e, QuoteFault | TradingHalt)
        ]

    # ports.Sessions

    def current_or_previous(self, at: datetime) -> Session:
        """The session open at `at`, else the last one that opened before it."""
        index = self._index(at)
        if index is None:
            raise Unavailable(f"the prices begin on {self.table.sessions[0]}, asked for {at}")
        return self._session(index)

    def next_after(self, at: datetime) -> Session:
        """The first session that opens after `at`."""
        following = self.next_or_none(at)
        if following is None:
            raise Unavailable(f"the prices end on {self.table.sessions[-1]}, no session is left")
        return following

    def between(self, first: date, last: date) -> Sequence[Session]:
        """Sessions with first <= day <= last, in order."""
        start = self.table.position_at_or_after(first)
        end = self.table.position_at_or_before(last)
        if start is None or end is None:
            return ()
        return tuple(self._session(i) for i in range(start, end + 1))

    # prices

    @property
    def first_session(self) -> Session:
        """The first session of the table."""
        return self._session(0)

    @property
    def last_session(self) -> Session:
        """The last session of the table; after its close nothing happens any more."""
        return self._session(len(self.table.sessions) - 1)

    def session_of(self, day: date) -> Session:
        """The session on that day; raises `ValueError` when it is none."""
        index = self.table.position_at_or_after(day)
        if index is None or self.table.sessions[index] != day:
            raise ValueError(f"{day} is no session of {self.table.source}")
        return self._session(index)

    def next_or_none(self, at: datetime) -> Session | None:
        """The first session that opens after `at`; None when the prices have ended."""
        index = self._index(at)
        following = 0 if index is None else index + 1
        return None if following == len(self.table.sessions) else self._session(following)

    def previous_or_none(self, session: Session) -> Session | None:
        """The session before one of the table's; None for the first."""
        index = self.table.position_at_or_before(session.day)
        return None if not index else self._session(index - 1)

    def is_open(self, at: datetime) -> bool:
        """Whether a session is open at `at`."""
        index = self._index(at)
        return index is not None and self._session(index).is_open(at)

    def count_price(self, symbol: str, at: datetime) -> Price:
        """What a unit is worth at `at`, before spread and faults; before all prices, the first one.

        Raises `KeyError` for a symbol without a column.
        """
        index = self._index(at) or 0
        column = self._column(symbol, index)
        if column is None:
            raise KeyError(symbol)
        return self._price(column, index)

    def lists(self, symbol: str, at: datetime) -> bool:
        """Whether the exchange knows the symbol at `at`."""
        return self._column(symbol, self._index(at) or 0) is not None

    def bid_ask(self, symbol: str, at: datetime) -> tuple[Price, Price] | None:
        """What the exchange trades at, whatever the quotes say; None without a price or in a halt."""
        index = self._index(at)
        column = None if index is None else self._column(symbol, index)
        if index is None or column is None:
            return None
        if any(span.fault is None and span.covers(symbol, at) for span in self._spans):
            return None
        return self._sides(column, index)

    def quote(self, symbol: str, at: datetime) -> Quote | RefusedPrice:
        """The quote a data feed would show at `at`, fresh unless a fault covers it."""
        with exact_arithmetic():
            span = next((s for s in self._spans if s.fault and s.covers(symbol, at)), None)
            if span is None or span.fault is None:
                return self._plain_quote(symbol, at)
            frozen = self._plain_quote(symbol, span.since)
            if span.fault is PriceFault.STALE or isinstance(frozen, RefusedPrice):
                return frozen
            detail = f"no quote for {symbol} since {span.since:%Y-%m-%d %H:%M} UTC"
            if span.fault is PriceFault.CROSSED:
                detail = f"bid {frozen.ask + CENT} is above ask {frozen.bid}"
            return RefusedPrice(
                symbol=symbol, fault=span.fault, detail=detail, count_at=frozen.price
            )

    def break_quotes(self, symbol: str, fault: PriceFault, at: datetime) -> None:
        """From `at` on the quotes of a symbol are bad, until `mend_quotes`. Not remembered."""
        self._spans.append(_Span(symbol=symbol, fault=fault, since=at, until=None))

    def mend_quotes(self, symbol: str) -> None:
        """End every quote fault of a symbol, scripted ones too."""
        self._spans = [s for s in self._spans if s.symbol != symbol or s.fault is None]

    def restate(self, split: Split) -> None:
        """Quote a symbol divided by a ratio from a session on: a split that no script foresaw."""
        self._splits.append(split)

    def _plain_quote(self, symbol: str, at: datetime) -> Quote | RefusedPrice:
        index = self._index(at)
        column = self._column(symbol, index or 0)
        if column is None:
            detail = f"{self.table.source} has no column {symbol}"
            return RefusedPrice(symbol=symbol, fault=PriceFault.MISSING, detail=detail)
        if index is None:
            detail = f"the prices begin on {self.table.sessions[0]}"
            return RefusedPrice(symbol=symbol, fault=PriceFault.MISSING, detail=detail)
        bid, ask = self._sides(column, index)
        return Quote(
            symbol=symbol,
            bid=bid,
            ask=ask,
            last=self._price(column, index),
            as_of=at,
            previous_close=self._price(column, index - 1) if index > 0 else None,
            average_daily_volume=self.average_daily_volume,
        )

    def _column(self, symbol: str, index: int) -> str | None:
        """The column that a symbol's prices stand in, in a session; None when it is not listed."""
        if not self._renames:
            return symbol if symbol in self._columns else None
        day = self.table.sessions[index]
        for rename in self._renames:
            if symbol == rename.to:
                return rename.symbol if day >= rename.session else None
            if symbol == rename.symbol and day >= rename.session:
                return None
        return symbol if symbol in self._columns else None

    def _sides(self, symbol: str, index: int) -> tuple[Price, Price]:
        price = self._price(symbol, index)
        bid = price * (ONE - self._half_spread)
        ask = price * (ONE + self._half_spread)
        return (tick_down(bid), tick_up(ask)) if self._in_ticks else (Price(bid), Price(ask))

    def _price(self, symbol: str, index: int) -> Price:
        price: Decimal = self.table.rows[index][self._columns[symbol]]
        for split in self._splits:
            if split.symbol == symbol and split.session <= self.table.sessions[index]:
                price /= split.ratio
        return Price(price)

    def _index(self, at: datetime) -> int | None:
        """Index of the last session that opened at or before `at`."""
        since, until, known = self._latest
        if since <= at < until:
            return known
        index = self.table.position_at_or_before(at.astimezone(NEW_YORK).date())
        if index is not None and at < self._session(index).opens_at:
            index -= 1
        if index is None or index < 0:
            return None
        if index + 1 < len(self.table.sessions):
            self._latest = self._session(index).opens_at, self._session(index + 1).opens_at, index
        return index

    def _session(self, index: int) -> Session:
        known = self._sessions.get(index)
        if known is None:
            day = self.table.sessions[index]
            known = Session(
                day=day,
                opens_at=datetime.combine(day, self._opens, NEW_YORK).astimezone(UTC),
                closes_at=datetime.combine(day, self._closes, NEW_YORK).astimezone(UTC),
            )
            self._sessions[index] = known
        return known

    def _span(self, event: QuoteFault | TradingHalt) -> _Span:
        until = None if event.until is None else self.session_of(event.until).opens_at
        return _Span(
            symbol=event.symbol,
            fault=event.fault if isinstance(event, QuoteFault) else None,
            since=happens_at(event, self.session_of(event.session)),
            until=until,
        )


class SimulatedPrices:
    """Fulfils `ports.Prices` over a simulated market and an injected clock."""

    def __init__(self, market: SimulatedMarket, clock: Clock) -> None:
        self._market = market
        self._clock = clock

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote | RefusedPrice]:
        """A quote or the reason why there is none, for every symbol asked."""
        now = self._clock.now()
        return {symbol: self._market.quote(symbol, now) for symbol in symbols}
