"""Market data: quotes, trades and bars from the price table. Prices have no path within a session.

Volumes are the settings' average, or ten million shares where none is stated.
"""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal

from brokers.alpaca_server.answers import Answer, Refusal, says
from brokers.alpaca_server.desk import Desk
from brokers.alpaca_server.request import Request
from brokers.alpaca_server.wire_text import day_of, short_stamp, stamp
from brokers.simulated.market import NEW_YORK
from portfolio.money import CENT
from portfolio.snapshot import PriceFault, Quote, Session

Row = dict[str, object]
VOLUME = 10_000_000
LARGEST_PAGE, PAGE = 10_000, 1000
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9._/-]{0,31}", re.ASCII)
_LATEST_FEEDS = ("iex", "sip", "delayed_sip", "otc", "boats", "overnight")
_FEEDS = ("iex", "sip", "otc", "boats")
_TRADES = 1000


def _bad(message: str) -> Refusal:
    return Refusal(400, {"message": message})


def _symbols(request: Request) -> Sequence[str]:
    wanted = tuple(dict.fromkeys(request.words("symbols")))
    if not wanted:
        raise _bad("symbols is required")
    for symbol in wanted:
        _well_formed(symbol)
    return wanted


def _well_formed(symbol: str) -> str:
    if not _SYMBOL.fullmatch(symbol):
        raise _bad(f"invalid symbol: {symbol[:40]}")
    return symbol


def _feed(request: Request, feeds: tuple[str, ...]) -> None:
    if request.query.get("feed", feeds[0]) not in feeds:
        raise _bad("invalid feed")
    if not re.fullmatch(r"[A-Z]{3}", request.query.get("currency", "USD")):
        raise _bad("invalid currency")


def _known(desk: Desk, symbols: Sequence[str]) -> Sequence[str]:
    return [s for s in symbols if s in desk.market.table.symbols]


# rows


def _time_of(desk: Desk, at: datetime) -> datetime:
    """When the last quote came: now, or at the last close."""
    session = desk.market.current_or_previous(at)
    return at if session.is_open(at) else session.closes_at


def quote_row(desk: Desk, symbol: str, at: datetime) -> Row:
    """The latest quote; zeros where there is none, crossed or old as a fault wants it."""
    shown = desk.market.quote(symbol, _time_of(desk, at))
    sides = desk.market.bid_ask(symbol, at)
    bid, ask, when = Decimal(0), Decimal(0), _time_of(desk, at)
    if isinstance(shown, Quote):
        bid, ask, when = shown.bid, shown.ask, shown.as_of
    elif shown.fault is PriceFault.CROSSED and sides is not None:
        bid, ask = sides[1] + CENT, sides[0]
    size = 100 if bid else 0
    return {
        "t": stamp(when, f"quote-{symbol}"),
        "bx": "V",
        "bp": float(bid),
        "bs": size,
        "ax": "V",
        "ap": float(ask),
        "as": size,
        "c": ["R"],
        "z": "B",
    }


def trade_row(desk: Desk, symbol: str, at: datetime) -> Row:
    """The latest trade."""
    when = _time_of(desk, at)
    return {
        "t": stamp(when, f"trade-{symbol}"),
        "x": "V",
        "p": float(desk.market.count_price(symbol, at)),
        "s": 100,
        "c": ["@"],
        "i": int(when.timestamp()),
        "z": "B",
    }


def _bar(desk: Desk, symbol: str, session: Session, begins: datetime) -> Row:
    price = float(desk.market.count_price(symbol, session.opens_at))
    stated = desk.simulated().average_daily_volume
    return {
        "t": short_stamp(begins),
        **dict.fromkeys(("o", "h", "l", "c"), price),
        "v": VOLUME if stated is None else int(stated),
        "n": _TRADES,
        "vw": price,
    }


def _daily_bar(desk: Desk, symbol: str, session: Session) -> Row:
    return _bar(desk, symbol, session, datetime.combine(session.day, time(), NEW_YORK))


def _minute_bar(desk: Desk, symbol: str, at: datetime) -> Row:
    session = desk.market.current_or_previous(at)
    return _bar(desk, symbol, session, _time_of(desk, at).replace(second=0, microsecond=0))


def snapshot_row(desk: Desk, symbol: str, at: datetime) -> Row:
    """Latest trade and quote, the bars of the minute, the session and the one before."""
    session = desk.market.current_or_previous(at)
    previous = desk.market.previous_or_none(session)
    before = {} if previous is None else {"prevDailyBar": _daily_bar(desk, symbol, previous)}
    return {
        "latestTrade": trade_row(desk, symbol, at),
        "latestQuote": quote_row(desk, symbol, at),
        "minuteBar": _minute_bar(desk, symbol, at),
        "dailyBar": _daily_bar(desk, symbol, session),
        **before,
    }


# latest

_ROWS: dict[str, tuple[str, Callable[[Desk, str, datetime], Row]]] = {
    "quotes": ("quote", quote_row),
    "trades": ("trade", trade_row),
    "bars": ("bar", _minute_bar),
}


def get_latest(desk: Desk, request: Request, what: str) -> Answer:
    """GET /v2/stocks/{quotes,trades,bars}/latest: symbols that are unknown are left out."""
    symbols = _known(desk, _symbols(request))
    _feed(request, _LATEST_FEEDS)
    row = _ROWS[what][1]
    return says({what: desk.look(lambda _, at: {s: row(desk, s, at) for s in symbols})})


def get_latest_of(desk: Desk, request: Request, symbol: str, what: str) -> Answer:
    """GET /v2/stocks/{symbol}/{quotes,trades,bars}/latest."""
    _one(desk, symbol)
    _feed(request, _LATEST_FEEDS)
    name, row = _ROWS[what]
    return says({"symbol": symbol, name: desk.look(lambda _, at: row(desk, symbol, at))})


def _one(desk: Desk, symbol: str) -> None:
    if _well_formed(symbol) not in desk.market.table.symbols:
        raise Refusal(404, {"message": f"no data found for {symbol}"})


def get_snapshots(desk: Desk, request: Request) -> Answer:
    """GET /v2/stocks/snapshots: the symbols stand at the top, without a wrapper."""
    symbols = _known(desk, _symbols(request))
    _feed(request, _LATEST_FEEDS)
    return says(desk.look(lambda _, at: {s: snapshot_row(desk, s, at) for s in symbols}))


def get_snapshot_of(desk: Desk, request: Request, symbol: str) -> Answer:
    """GET /v2/stocks/{symbol}/snapshot."""
    _one(desk, symbol)
    _feed(request, _LATEST_FEEDS)
    return says({"symbol": symbol, **desk.look(lambda _, at: snapshot_row(desk, symbol, at))})


# daily bars


def get_bars(desk: Desk, request: Request) -> Answer:
    """GET /v2/stocks/bars: daily bars only, symbol after symbol, in pages."""
    found, token = _bars(desk, request, _symbols(request))
    bars: dict[str, list[Row]] = {}
    for symbol, row in found:
        bars.setdefault(symbol, []).append(row)
    return says({"bars": bars, "next_page_token": token})


def get_bars_of(desk: Desk, request: Request, symbol: str) -> Answer:
    """GET /v2/stocks/{symbol}/bars."""
    found, token = _bars(desk, request, [_well_formed(symbol)])
    return says({"symbol": symbol, "bars": [row for _, row in found], "next_page_token": token})


def _bars(
    desk: Desk, request: Request, symbols: Sequence[str]
) -> tuple[Sequence[tuple[str, Row]], str | None]:
    timeframe = request.query.get("timeframe", "")
    if timeframe not in ("1Day", "1D"):
        raise _bad(f"invalid timeframe: the local Alpaca has 1Day only, not {timeframe[:20]!r}")
    _feed(request, _FEEDS)
    if request.query.get("adjustment", "raw") not in (
        "raw",
        "split",
        "dividend",
        "spin-off",
        "all",
    ):
        raise _bad("invalid adjustment")
    falling = request.word("sort", ("asc", "desc"), "asc") == "desc"
    limit = request.count("limit", PAGE, LARGEST_PAGE)
    now = desk.look(lambda _, at: at)
    today = desk.market.current_or_previous(now).day
    first = _day(request, "start") or today
    last = min(_day(request, "end") or today, today)
    sessions = desk.market.between(first, last) if first <= last else ()
    ordered = list(reversed(sessions)) if falling else list(sessions)
    places = [(symbol, session) for symbol in sorted(_known(desk, symbols)) for session in ordered]
    start = _start_of(request.query.get("page_token", ""), len(places))
    page = places[start : start + limit]
    more = start + limit < len(places)
    token = base64.urlsafe_b64encode(str(start + limit).encode()).decode() if more else None
    return [(symbol, _daily_bar(desk, symbol, session)) for symbol, session in page], token


def _day(request: Request, name: str) -> date | None:
    given = request.query.get(name, "")
    day = day_of(given) if given else None
    if given and day is None:
        raise _bad(f"invalid {name}: must be an RFC 3339 time or a date")
    return day


def _start_of(token: str, length: int) -> int:
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode("ascii")
    except (ValueError, binascii.Error):
        text = ""
    if not (text.isdecimal() and len(text) < 10 and int(text) <= length):
        raise _bad("invalid page_token")
    return int(text)
