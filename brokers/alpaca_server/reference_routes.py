"""Assets, clock and calendar."""

from datetime import date, datetime, timedelta

from brokers.alpaca_server.answers import Answer, invalid, not_found, says
from brokers.alpaca_server.desk import Desk
from brokers.alpaca_server.order_routes import symbol_of
from brokers.alpaca_server.request import Request
from brokers.alpaca_server.wire_text import day_of, id_of
from brokers.simulated.market import NEW_YORK
from brokers.simulated.settings import instrument_of
from portfolio.snapshot import Session

_ONE_DAY = timedelta(days=1)


def get_assets(desk: Desk, request: Request) -> Answer:
    """GET /v2/assets: every symbol that has prices."""
    status = request.word("status", ("", "active", "inactive", "all"), "")
    asset_class = request.query.get("asset_class") or "us_equity"
    exchange = request.query.get("exchange") or "ARCA"
    if status == "inactive" or asset_class not in ("us_equity", "all") or exchange != "ARCA":
        return says([])
    wanted = request.words("attributes")
    rows = [_asset(desk, symbol) for symbol in desk.market.table.symbols]
    return says([r for r in rows if not wanted or "fractional_eh_enabled" in wanted])


def get_asset(desk: Desk, request: Request, name: str) -> Answer:  # noqa: ARG001  a route's shape
    """GET /v2/assets/{symbol_or_asset_id}."""
    symbol = symbol_of(desk, name)
    if symbol not in desk.market.table.symbols:
        raise not_found(f"asset not found for {name}")
    return says(_asset(desk, symbol))


def _asset(desk: Desk, symbol: str) -> dict[str, object]:
    instrument = instrument_of(desk.simulated(), symbol)
    return {
        "id": id_of("asset", symbol),
        "class": "us_equity",
        "exchange": "ARCA",
        "symbol": symbol,
        "name": instrument.name or f"{symbol} of the local Alpaca",
        "status": "active",
        "tradable": instrument.tradable,
        "marginable": True,
        "shortable": False,
        "easy_to_borrow": False,
        "borrow_status": "hard_to_borrow",
        "fractionable": instrument.fractionable,
        "margin_requirement_long": "30",
        "margin_requirement_short": "30",
        "attributes": ["fractional_eh_enabled"] if instrument.fractionable else [],
    }


def get_clock(desk: Desk, request: Request) -> Answer:  # noqa: ARG001
    """GET /v2/clock: `is_open` is about the core session only."""
    now = desk.look(lambda _, at: at)
    session = desk.session(now)
    following = desk.market.next_or_none(now)
    closes = session or following
    return says(
        {
            "timestamp": now.astimezone(NEW_YORK).isoformat(),
            "is_open": session is not None,
            "next_open": _local(following.opens_at if following else now + _ONE_DAY),
            "next_close": _local(closes.closes_at if closes else now + _ONE_DAY),
        }
    )


def _local(at: datetime) -> str:
    return at.astimezone(NEW_YORK).isoformat()


def get_calendar(desk: Desk, request: Request) -> Answer:
    """GET /v2/calendar: the sessions of the price table from `start` to `end`."""
    first = _bound(request, "start") or desk.market.first_session.day
    last = _bound(request, "end") or desk.market.last_session.day
    request.word("date_type", ("TRADING", "SETTLEMENT"), "TRADING")
    rows = desk.market.between(first, last) if first <= last else ()
    return says([_session_row(desk, row) for row in rows])


def _bound(request: Request, name: str) -> date | None:
    given = request.query.get(name, "")
    day = day_of(given) if given else None
    if given and day is None:
        raise invalid(f"invalid {name}: must be a date")
    return day


def _session_row(desk: Desk, session: Session) -> dict[str, str]:
    following = desk.market.next_or_none(session.opens_at)
    settles = following.day if following else session.day + _ONE_DAY
    opens, closes = (at.astimezone(NEW_YORK) for at in (session.opens_at, session.closes_at))
    return {
        "date": str(session.day),
        "open": f"{opens:%H:%M}",
        "close": f"{closes:%H:%M}",
        "session_open": "0400",
        "session_close": "2000",
        "settlement_date": str(settles),
    }
