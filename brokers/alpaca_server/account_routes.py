"""The account endpoints: balances, settings, positions, and the history of its equity."""

from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from brokers.alpaca_server.answers import Answer, invalid, not_found, says, unprocessable
from brokers.alpaca_server.desk import Desk
from brokers.alpaca_server.order_routes import symbol_of
from brokers.alpaca_server.request import Request
from brokers.alpaca_server.wire_text import day_of, figure, id_of, money, ratio, short_stamp
from brokers.simulated.admission import buying_power, withdrawable
from brokers.simulated.books import Books
from brokers.simulated.market import NEW_YORK
from portfolio.canonical import decimal_text
from portfolio.money import ONE, ZERO
from portfolio.orders import Side

_TIMEFRAMES = ("1Min", "5Min", "15Min", "1H", "1D")
_ACCEPTS: dict[str, type] = {
    "fractional_trading": bool,
    "no_shorting": bool,
    "suspend_trade": bool,
    "ptp_no_exception_entry": bool,
    "disable_overnight_trading": bool,
    "max_margin_multiplier": str,
    "max_options_trading_level": int,
    "trade_confirm_email": str,
}
_WORDS = {"max_margin_multiplier": ("1", "2", "4"), "trade_confirm_email": ("all", "none")}


def get_account(desk: Desk, request: Request) -> Answer:  # noqa: ARG001  a route's shape
    """GET /v2/account. No credit: the multiplier is 1 and buying power is cash.

    Non-marginable buying power leaves out what has not settled and what open buys hold.
    """
    suspended = desk.configuration.suspend_trade

    def look(books: Books, at: datetime) -> dict[str, object]:
        value = _held_value(desk, books, at)
        equity = books.cash + value
        rules = desk.simulated()
        power = buying_power(books, rules)
        return {
            "account_blocked": bool(books.blocked),
            "account_number": books.number,
            "accrued_fees": "0",
            "admin_configurations": {},
            "balance_asof": str(at.astimezone(NEW_YORK).date() - timedelta(days=1)),
            "buying_power": money(power),
            "cash": money(books.cash),
            "created_at": short_stamp(_opened_at(books)),
            "crypto_status": "INACTIVE",
            "crypto_tier": 0,
            "currency": "USD",
            "effective_buying_power": money(power),
            "equity": money(equity),
            "id": id_of("account", books.number),
            "initial_margin": money(value),
            "intraday_adjustments": "0",
            "last_equity": figure(_last_equity(desk, at)),
            "last_maintenance_margin": "0",
            "long_market_value": money(value),
            "maintenance_margin": "0",
            "multiplier": "1",
            "non_marginable_buying_power": money(withdrawable(books, rules)),
            "options_approved_level": 0,
            "options_buying_power": money(withdrawable(books, rules)),
            "options_trading_level": 0,
            "pending_reg_taf_fees": "0",
            "portfolio_value": money(equity),
            "position_market_value": money(value),
            "regt_buying_power": money(power),
            "short_market_value": "0",
            "shorting_enabled": False,
            "sma": "0",
            "status": "ACTIVE",
            "trade_suspended_by_user": suspended,
            "trading_blocked": bool(books.blocked),
            "transfers_blocked": False,
            "user_configurations": None,
        }

    return says(desk.look(look))


def _opened_at(books: Books) -> datetime:
    return datetime.combine(books.opened_on, datetime.min.time(), NEW_YORK)


def _held_value(desk: Desk, books: Books, at: datetime) -> Decimal:
    values = (
        holding.quantity * desk.market.count_price(symbol, at)
        for symbol, holding in books.holdings.items()
    )
    return sum(values, ZERO)


def _last_equity(desk: Desk, at: datetime) -> Decimal:
    """The equity of the last day before today; today's first when there is none."""
    today = at.astimezone(NEW_YORK).date()
    known = desk.equities()
    before = [day for day in known if day < today]
    return known[max(before)] if before else known[min(known)]


def get_configurations(desk: Desk, request: Request) -> Answer:  # noqa: ARG001
    """GET /v2/account/configurations."""
    return says(asdict(desk.configuration))


def patch_configurations(desk: Desk, request: Request) -> Answer:
    """PATCH /v2/account/configurations: what is named changes; nulls and old names are passed over."""
    changes: dict[str, Any] = {}
    for name, value in request.json().items():
        kind = _ACCEPTS.get(name)
        if kind is None or value is None:
            continue
        if type(value) is not kind or value not in _WORDS.get(name, (value,)):
            raise invalid(f"invalid {name}")
        if isinstance(value, int) and not 0 <= value <= 3:
            raise invalid(f"invalid {name}")
        changes[name] = value
    for name, value in changes.items():
        setattr(desk.configuration, name, value)
    return says(asdict(desk.configuration))


def get_positions(desk: Desk, request: Request) -> Answer:  # noqa: ARG001
    """GET /v2/positions: what is held, without an empty one."""
    return says(desk.look(lambda books, at: _position_rows(desk, books, at)))


def get_position(desk: Desk, request: Request, name: str) -> Answer:  # noqa: ARG001
    """GET /v2/positions/{symbol_or_asset_id}."""
    symbol = symbol_of(desk, name)
    rows = desk.look(lambda books, at: _position_rows(desk, books, at))
    for row in rows:
        if row["symbol"] == symbol:
            return says(row)
    raise not_found("position does not exist")


def _position_rows(desk: Desk, books: Books, at: datetime) -> list[dict[str, object]]:
    """Positions; while they lag (a fault), fills of the last seconds are not in them yet."""
    held = {symbol: holding.quantity + ZERO for symbol, holding in books.holdings.items()}
    if desk.position_lag:
        for fill in reversed(books.fills):
            if fill.at <= at - desk.position_lag:
                break
            taken = books.orders[fill.broker_order_id].taken
            sign = -ONE if taken.side is Side.BUY else ONE
            held[taken.symbol] = held.get(taken.symbol, ZERO) + sign * fill.quantity
    return [
        _position(desk, books, symbol, quantity, at)
        for symbol, quantity in sorted(held.items())
        if quantity
    ]


def _position(
    desk: Desk, books: Books, symbol: str, quantity: Decimal, at: datetime
) -> dict[str, object]:
    price = desk.market.count_price(symbol, at)
    session = desk.market.current_or_previous(at)
    previous = desk.market.previous_or_none(session)
    last = price if previous is None else desk.market.count_price(symbol, previous.opens_at)
    holding = books.holdings.get(symbol)
    average = (holding.average_cost if holding else None) or price
    value, cost = quantity * price, quantity * average
    today = quantity * (price - last)
    return {
        "asset_class": "us_equity",
        "asset_id": id_of("asset", symbol),
        "asset_marginable": True,
        "avg_entry_price": figure(average),
        "change_today": ratio(price - last, last),
        "cost_basis": figure(cost),
        "current_price": decimal_text(price),
        "exchange": "ARCA",
        "lastday_price": decimal_text(last),
        "market_value": figure(value),
        "qty": decimal_text(quantity),
        "qty_available": decimal_text(max(quantity - books.held_for_orders(symbol), ZERO)),
        "side": "long",
        "symbol": symbol,
        "unrealized_intraday_pl": figure(today),
        "unrealized_intraday_plpc": ratio(today, quantity * last),
        "unrealized_pl": figure(value - cost),
        "unrealized_plpc": ratio(value - cost, cost),
    }


def get_history(desk: Desk, request: Request) -> Answer:
    """GET /v2/account/portfolio/history, daily only: the last equity of each day so far."""
    timeframe = request.query.get("timeframe") or "1D"
    if timeframe not in _TIMEFRAMES:
        raise invalid(f"invalid timeframe: must be one of {', '.join(_TIMEFRAMES)}")
    if timeframe != "1D":
        raise unprocessable("the local Alpaca keeps the equity of days only: ask for 1D")
    bounds = []
    for name in ("start", "end"):
        given = request.query.get(name, "")
        bounds.append(day_of(given) if given else None)
        if given and bounds[-1] is None:
            raise invalid(f"invalid {name}: must be an RFC 3339 time or a date")
    start, end = bounds
    known = desk.look(lambda books, _: (desk.equities(), books.opened_on))[0]
    days = sorted(d for d in known if (start is None or d >= start) and (end is None or d <= end))
    base = known[days[0]] if days else ZERO
    gains = [known[day] - base for day in days]
    return says(
        {
            "timestamp": [
                int(datetime.combine(day, datetime.min.time(), NEW_YORK).timestamp())
                for day in days
            ],
            "equity": [float(money(known[day])) for day in days],
            "profit_loss": [float(money(gain)) for gain in gains],
            "profit_loss_pct": [float(ratio(gain, base)) for gain in gains],
            "base_value": float(money(base)),
            "base_value_asof": str(days[0] if days else min(known)),
            "timeframe": timeframe,
        }
    )
