"""Quotes from Alpaca's market data, exact to the digit.

One call gives bid, ask, last trade and the daily bars of all symbols. On the free feed ("iex") they
are those of one venue: its spread is wider than the market's and its volume a few percent of it, so
the average volume is a lower bound and limits drawn from it are stricter than need be.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from brokers.alpaca import wire
from brokers.alpaca.connection import Connection
from brokers.alpaca.wire import Row
from portfolio.money import ZERO, Price, Quantity
from portfolio.ports import Unavailable
from portfolio.snapshot import PriceFault, Quote, RefusedPrice

SYMBOLS_A_CALL = 100
VOLUME_SESSIONS = 20
_VOLUME_SPAN = timedelta(days=35)
"""Calendar days that hold 20 sessions with any holidays."""
_MOST_PAGES = 50
_INVALID_SYMBOL = re.compile(r"invalid symbols?:?\s*([^\s,;\"]+)", re.IGNORECASE)


class AlpacaPrices:
    """A source of quotes. `feed` is "iex" or "sip", the latter for accounts that pay for it."""

    def __init__(self, connection: Connection, *, feed: str = "iex") -> None:
        self._connection = connection
        self._feed = feed
        self._volumes: dict[str, Quantity | None] = {}
        self._volumes_day: date | None = None

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote | RefusedPrice]:
        """A quote or the reason why there is none, for every symbol asked.

        Raises `Unavailable` or `CredentialsRefused` when Alpaca gives none at all. A volume that
        could not be read is None: it does not cost the quotes.
        """
        wanted = list(dict.fromkeys(symbols))
        found: dict[str, Quote | RefusedPrice] = {}
        for some in _batches(wanted):
            shots, unknown = self._snapshots(some)
            volumes = self._average_volumes([s for s in some if s in shots])
            for symbol in some:
                if symbol in unknown or symbol not in shots:
                    found[symbol] = RefusedPrice(
                        symbol=symbol,
                        fault=PriceFault.MISSING,
                        detail=f"Alpaca's {self._feed} feed has no {symbol}",
                    )
                else:
                    found[symbol] = _quote(symbol, shots[symbol], volumes.get(symbol))
        return found

    def _snapshots(self, symbols: Sequence[str]) -> tuple[Mapping[str, Row], set[str]]:
        """Snapshots by symbol, and the symbols that Alpaca will not even look up.

        One malformed symbol refuses the whole call; it is left out and the rest asked again.
        """
        path = "/stocks/snapshots"
        asked, unknown = list(symbols), set[str]()
        while asked:
            try:
                body = self._connection.read(path, {"symbols": ",".join(asked), "feed": self._feed})
            except Unavailable as problem:
                named = _INVALID_SYMBOL.search(str(problem))
                if named is None or named[1] not in asked:
                    raise
                asked.remove(named[1])
                unknown.add(named[1])
                continue
            try:
                fields = wire.row("snapshots", body).fields
                return {s: wire.row("snapshot", fields[s]) for s in asked if fields.get(s)}, unknown
            except wire.Unreadable as problem:
                raise Unavailable(f"Alpaca: GET /v2{path} cannot be read: {problem}") from None
        return {}, unknown

    def _average_volumes(self, symbols: Sequence[str]) -> Mapping[str, Quantity | None]:
        """Units a session over the last 20 sessions before today, asked once a day."""
        today = self._connection.now().astimezone(wire.new_york()).date()
        if today != self._volumes_day:
            self._volumes.clear()
            self._volumes_day = today
        missing = [s for s in symbols if s not in self._volumes]
        if missing:
            try:
                self._volumes |= self._read_volumes(missing, today)
            except (Unavailable, wire.Unreadable):
                return {**dict.fromkeys(missing), **self._volumes}
        return self._volumes

    def _read_volumes(self, symbols: Sequence[str], today: date) -> dict[str, Quantity | None]:
        asked = {
            "symbols": ",".join(symbols),
            "timeframe": "1Day",
            "start": (today - _VOLUME_SPAN).isoformat(),
            "end": (today - timedelta(days=1)).isoformat(),
            "adjustment": "split",
            "feed": self._feed,
            "limit": "10000",
        }
        volumes: dict[str, list[Decimal]] = {symbol: [] for symbol in symbols}
        for _ in range(_MOST_PAGES):
            page = wire.row("bars", self._connection.read("/stocks/bars", asked, patient=False))
            for symbol, bars in wire.row("bars", page.fields.get("bars") or {}).fields.items():
                volumes.setdefault(symbol, []).extend(
                    bar.number("v") for bar in wire.rows("bar", bars)
                )
            if not page.has("next_page_token"):
                return {symbol: _average(found) for symbol, found in volumes.items()}
            asked["page_token"] = page.text("next_page_token")
        raise Unavailable("Alpaca: GET /v2/stocks/bars does not come to an end")


def _average(volumes: Sequence[Decimal]) -> Quantity | None:
    """Over 20 sessions whatever the number of bars: a session without a trade has none."""
    latest = volumes[-VOLUME_SESSIONS:]
    return Quantity(sum(latest, ZERO) / VOLUME_SESSIONS) if latest else None


def _quote(symbol: str, shot: Row, volume: Quantity | None) -> Quote | RefusedPrice:
    """The quote in a snapshot, or what is wrong with it. Alpaca writes 0 for "no quote"."""
    count_at: Price | None = None
    try:
        last = _part(shot, "latestTrade").price("p")
        quote = _part(shot, "latestQuote")
        count_at = last or _part(shot, "prevDailyBar").price("c")
        bid, ask = quote.price("bp"), quote.price("ap")
        if bid is None or ask is None:
            side = "bid" if bid is None else "ask"
            return _refused(symbol, PriceFault.MISSING, f"{symbol} has no {side}", count_at)
        if bid > ask:
            crossed = f"{symbol}: the bid {bid} is above the ask {ask}"
            return _refused(symbol, PriceFault.CROSSED, crossed, count_at)
        return Quote(
            symbol=symbol,
            bid=bid,
            ask=ask,
            last=last or Price((bid + ask) / 2),
            as_of=quote.instant("t"),
            previous_close=_previous_close(shot, quote),
            average_daily_volume=volume,
        )
    except wire.Unreadable as problem:
        return _refused(symbol, PriceFault.NOT_A_PRICE, f"{symbol}: {problem}", count_at)


def _previous_close(shot: Row, quote: Row) -> Price | None:
    """The close before the quote's day. Until the open, the latest daily bar is yesterday's."""
    daily = _part(shot, "dailyBar")
    if daily.has("t") and daily.day("t") < quote.day("t"):
        return daily.price("c")
    return _part(shot, "prevDailyBar").price("c")


def _part(shot: Row, name: str) -> Row:
    return wire.row(name, shot.fields.get(name) or {})


def _refused(symbol: str, fault: PriceFault, detail: str, count_at: Price | None) -> RefusedPrice:
    return RefusedPrice(symbol=symbol, fault=fault, detail=detail, count_at=count_at)


def _batches(symbols: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(symbols), SYMBOLS_A_CALL):
        yield symbols[start : start + SYMBOLS_A_CALL]
