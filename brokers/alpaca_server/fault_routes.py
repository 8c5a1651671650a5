"""`/_faults`: the switches from outside. Only a server that was started with faults has this path.

POST sets what it names and leaves the rest, GET shows what is still to come, DELETE puts everything
back. docs/alpaca-server.md lists the switches.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import cast, get_args

from brokers.alpaca_server.answers import NOT_ALLOWED, Answer, Json, Refusal, invalid, says
from brokers.alpaca_server.desk import Desk
from brokers.alpaca_server.faults import Act, OrderAct, RequestFault, StreamAct
from brokers.alpaca_server.request import Request, flag, number, text
from brokers.alpaca_server.world_changes import set_price, split
from brokers.simulated.world_events import Dividend
from portfolio.money import ZERO, Money, Price, exact_arithmetic
from portfolio.snapshot import PriceFault

PATH = "/_faults"
LONGEST_LAG = Decimal(10)
_MOST = 1000


def answer_faults(desk: Desk, request: Request) -> Answer:
    """Move or show the switches."""
    try:
        with exact_arithmetic():
            if request.method == "POST":
                _set(desk, request.json())
            elif request.method == "DELETE":
                _clear(desk)
            elif request.method != "GET":
                raise NOT_ALLOWED
            return says(desk.switches.shown())
    except Refusal as refusal:
        return refusal.answer()


def _clear(desk: Desk) -> None:
    desk.switches.clear()
    desk.position_lag = timedelta(0)
    desk.set_rules(fill_takes=timedelta(0), cancel_takes=timedelta(0))
    desk.change(lambda exchange, at: exchange.switch(at, blocked="", fills_held=False))
    for symbol in desk.market.table.symbols:
        desk.market.mend_quotes(symbol)


def _set(desk: Desk, body: Json) -> None:
    unknown = [name for name in body if name not in SWITCHES]
    if unknown:
        raise invalid(f"no switch is called {', '.join(unknown)[:80]}")
    for name in body:
        SWITCHES[name](desk, body, name)


def _requests(desk: Desk, body: Json, name: str) -> None:
    found: list[RequestFault] = []
    for item in _items(body, name):
        if not isinstance(item, Mapping) or item.get("act") not in get_args(Act):
            raise invalid(f"{name}: objects with on and act, one of {', '.join(get_args(Act))}")
        seconds, times = number(item, "seconds"), number(item, "times")
        fault = RequestFault(
            on=text(item, "on"),
            act=cast("Act", item["act"]),
            seconds=30.0 if seconds is None else float(seconds),
        )
        found += [fault] * min(_MOST, 1 if times is None else int(times))
    with desk.switches.lock:
        desk.switches.requests += found


def _orders(desk: Desk, body: Json, name: str) -> None:
    words = _words(body, name, get_args(OrderAct))
    desk.switches.orders.extend(cast("list[OrderAct]", words))


def _stream(desk: Desk, body: Json, name: str) -> None:
    words = _words(body, name, get_args(StreamAct))
    desk.switches.stream.extend(cast("list[StreamAct]", words))


def _items(body: Json, name: str) -> list[object]:
    value = body.get(name)
    if not isinstance(value, list) or len(value) > _MOST:
        raise invalid(f"{name}: a list")
    return value


def _words(body: Json, name: str, choices: tuple[str, ...]) -> list[str]:
    items = _items(body, name)
    if not all(item in choices for item in items):
        raise invalid(f"{name}: a list of {', '.join(choices)}")
    return [str(item) for item in items]


def _seconds(body: Json, name: str) -> timedelta:
    found = number(body, name)
    if found is None or not ZERO <= found <= 86_400:
        raise invalid(f"{name}: seconds, 0 to 86400")
    return timedelta(seconds=float(found))


def _ghost(desk: Desk, body: Json, name: str) -> None:
    desk.switches.ghost_seconds = _seconds(body, name).total_seconds()


def _pending_new(desk: Desk, body: Json, name: str) -> None:
    desk.set_rules(fill_takes=_seconds(body, name))


def _pending_cancel(desk: Desk, body: Json, name: str) -> None:
    desk.set_rules(cancel_takes=_seconds(body, name))


def _position_lag(desk: Desk, body: Json, name: str) -> None:
    lag = _seconds(body, name)
    if lag > timedelta(seconds=float(LONGEST_LAG)):
        raise invalid(f"{name}: at most {LONGEST_LAG} seconds")
    desk.position_lag = lag


def _fills_held(desk: Desk, body: Json, name: str) -> None:
    held = flag(body, name)
    desk.change(lambda exchange, at: exchange.switch(at, fills_held=held))


def _blocked(desk: Desk, body: Json, name: str) -> None:
    reason = text(body, name)
    desk.change(lambda exchange, at: exchange.switch(at, blocked=reason))


def _cash(desk: Desk, body: Json, name: str) -> None:
    amount = number(body, name) or ZERO
    try:
        if amount > ZERO:
            desk.change(lambda exchange, at: exchange.deposit(Money(amount), at))
        else:
            desk.change(lambda exchange, at: exchange.withdraw(Money(-amount), at))
    except ValueError as problem:
        raise invalid(f"{name}: {problem}") from None


def _dividend(desk: Desk, body: Json, name: str) -> None:
    what, symbol = _of_symbol(desk, body, name)
    rate = number(what, "per_share")
    if rate is None or rate <= ZERO:
        raise invalid(f"{name}: symbol and per_share, above zero")
    day = desk.market.current_or_previous(desk.now()).day
    desk.happen(Dividend(session=day, symbol=symbol, per_share=Money(rate)))


def _split(desk: Desk, body: Json, name: str) -> None:
    what, symbol = _of_symbol(desk, body, name)
    new_per_old = number(what, "ratio")
    if new_per_old is None or not Decimal("0.001") <= new_per_old <= 1000:
        raise invalid(f"{name}: symbol and ratio, new units for each old one")
    split(desk, symbol, new_per_old)


def _price(desk: Desk, body: Json, name: str) -> None:
    what, symbol = _of_symbol(desk, body, name)
    price = number(what, "price")
    if price is None or price < Decimal("0.0001"):
        raise invalid(f"{name}: symbol and price, at least 0.0001")
    set_price(desk, symbol, Price(price))


def _quotes(desk: Desk, body: Json, name: str) -> None:
    what, symbol = _of_symbol(desk, body, name)
    word = text(what, "fault")
    desk.market.mend_quotes(symbol)
    if word in (PriceFault.STALE, PriceFault.MISSING, PriceFault.CROSSED):
        desk.market.break_quotes(symbol, PriceFault(word), desk.now())
    elif word:
        raise invalid(f"{name}: symbol and fault, one of stale, missing, crossed, or empty")


def _of_symbol(desk: Desk, body: Json, name: str) -> tuple[Json, str]:
    what = body.get(name)
    if not isinstance(what, Mapping) or what.get("symbol") not in desk.market.table.symbols:
        raise invalid(f"{name}: an object with a symbol that has prices")
    return what, text(what, "symbol")


SWITCHES: Mapping[str, Callable[[Desk, Json, str], None]] = {
    "requests": _requests,
    "orders": _orders,
    "stream": _stream,
    "ghost_seconds": _ghost,
    "pending_new_seconds": _pending_new,
    "pending_cancel_seconds": _pending_cancel,
    "position_lag_seconds": _position_lag,
    "fills_held": _fills_held,
    "blocked": _blocked,
    "cash": _cash,
    "dividend": _dividend,
    "split": _split,
    "price": _price,
    "quotes": _quotes,
}
