"""An order as it is asked for, checked in Alpaca's order and refused in its words.

Taken: market and limit orders for the day, by quantity or by amount. An order by amount becomes a
quantity at the price of its arrival. Other kinds that Alpaca has are refused by name.
"""

import uuid
from dataclasses import dataclass
from decimal import Decimal

from brokers.alpaca_server.answers import (
    INVALID,
    Json,
    Refusal,
    exchange_refusal,
    forbidden,
    invalid,
    not_found,
    unprocessable,
)
from brokers.alpaca_server.desk import Desk
from brokers.alpaca_server.request import flag, number, text
from brokers.alpaca_server.stories import Story
from brokers.alpaca_server.wire_text import id_of
from brokers.simulated.books import BookedOrder
from portfolio.canonical import decimal_text
from portfolio.money import (
    CENT,
    FRACTION_OF_SHARE,
    SHARE,
    ZERO,
    Price,
    Quantity,
    price_tick,
    round_down,
)
from portfolio.orders import OrderIntent, Side
from portfolio.ports import Exists, Refused

_TYPES = ("market", "limit", "stop", "stop_limit", "trailing_stop")
_TIMES = ("day", "gtc", "opg", "cls", "ioc", "fok")
_CLASSES = ("", "simple", "bracket", "oco", "oto", "mleg")
_NOT_HERE = "is not taken by the local Alpaca"
LONGEST_ID = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An order that is well formed; whether the account may have it is for the exchange to say."""

    client_order_id: str
    intent: OrderIntent
    story: Story


def place(desk: Desk, body: Json) -> BookedOrder:
    """Take an order from a request's body; raises `Refusal`."""
    if desk.configuration.suspend_trade:
        raise forbidden("new orders are rejected by user request")
    wanted = _wanted(desk, body)
    outcome = desk.submit(wanted.client_order_id, wanted.intent, wanted.story)
    return _taken(desk, outcome, wanted.intent)


def replace(desk: Desk, number_: str, old: BookedOrder, body: Json) -> BookedOrder:
    """Put a changed order in the place of an open one; raises `Refusal`."""
    story = desk.story(number_)
    if story.notional is not None:
        raise unprocessable("notional orders cannot be replaced")
    quantity = number(body, "qty")
    if quantity is not None and quantity % SHARE:
        raise unprocessable("qty must be a whole number of shares")
    limit = number(body, "limit_price")
    if limit is not None and story.order_type != "limit":
        raise unprocessable("limit_price is only for limit orders")
    _known_time(text(body, "time_in_force", "day"))
    taken = old.taken
    fields = {
        "symbol": taken.symbol,
        "side": taken.side.value,
        "type": story.order_type,
        "time_in_force": "day",
        "qty": quantity or taken.quantity - old.filled_quantity,
        "limit_price": limit or taken.limit_price,
        "client_order_id": body.get("client_order_id"),
    }
    wanted = _wanted(desk, {k: v for k, v in fields.items() if v is not None})
    wanted.story.replaces = id_of("order", number_)
    try:
        outcome = desk.replace(number_, wanted.client_order_id, wanted.intent, wanted.story)
    except ValueError:
        raise unprocessable("order is not open") from None
    return _taken(desk, outcome, wanted.intent)


def _taken(desk: Desk, outcome: BookedOrder | Refused | Exists, intent: OrderIntent) -> BookedOrder:
    if isinstance(outcome, BookedOrder):
        return outcome
    related = desk.look(
        lambda books, _: [
            id_of("order", o.taken.broker_order_id)
            for o in books.open_orders()
            if o.taken.symbol == intent.symbol and o.taken.side is intent.side
        ]
    )
    raise exchange_refusal(outcome, intent.symbol, related)


def _wanted(desk: Desk, body: Json) -> Wanted:
    symbol, side = text(body, "symbol").upper(), _side(body)
    kind = _one_of(body, "type", _TYPES)
    quantity, notional = _amounts(body)
    _rules_of_fractions(desk, body, kind, quantity, notional)
    if kind not in ("market", "limit"):
        raise unprocessable(f"a {kind} order {_NOT_HERE}")
    _known_time(_one_of(body, "time_in_force", _TIMES))
    order_class = text(body, "order_class")
    if order_class not in _CLASSES:
        raise invalid("invalid order_class")
    if order_class not in ("", "simple"):
        raise unprocessable(f"an order of class {order_class} {_NOT_HERE}")
    limit = _limit(body, kind)
    client_order_id = text(body, "client_order_id") or str(uuid.uuid4())
    if len(client_order_id) > LONGEST_ID:
        raise invalid("client_order_id must be no more than 128 characters")
    if symbol not in desk.market.table.symbols:
        raise not_found(f"asset not found for {symbol}")
    extended = flag(body, "extended_hours")
    if extended and kind != "limit":
        raise unprocessable("extended hours order must be DAY or GTC limit orders")
    if notional is not None:
        quantity, limit = _of_amount(desk, symbol, side, notional, limit)
    if quantity is None:
        raise invalid("qty or notional is required")
    return Wanted(
        client_order_id=client_order_id,
        intent=OrderIntent(
            account="",
            symbol=symbol,
            side=side,
            quantity=Quantity(quantity),
            limit_price=limit,
        ),
        story=Story(order_type=kind, notional=notional, extended_hours=extended),
    )


def _one_of(body: Json, name: str, choices: tuple[str, ...]) -> str:
    word = text(body, name)
    if word not in choices:
        raise invalid(f"invalid {name}: must be one of {', '.join(choices)}")
    return word


def _side(body: Json) -> Side:
    if not text(body, "symbol"):
        raise invalid("symbol is required")
    return Side(_one_of(body, "side", ("buy", "sell")))


def _known_time(word: str) -> None:
    if word not in _TIMES:
        raise invalid(f"invalid time_in_force: must be one of {', '.join(_TIMES)}")
    if word != "day":
        raise unprocessable(f"time_in_force {word} {_NOT_HERE}")


def _amounts(body: Json) -> tuple[Decimal | None, Decimal | None]:
    quantity, notional = number(body, "qty"), number(body, "notional")
    if quantity is None and notional is None:
        raise invalid("qty or notional is required")
    if quantity is not None and notional is not None:
        raise Refusal(400, {"code": INVALID, "message": "only one of qty or notional is accepted"})
    if notional is not None:
        if notional <= ZERO:
            raise unprocessable("notional must be > 0")
        if notional % CENT:
            raise unprocessable("notional value must be limited to 2 decimal places")
        return None, notional
    if quantity is None or quantity <= ZERO:
        raise unprocessable("qty must be > 0")
    cut = round_down(quantity, FRACTION_OF_SHARE)  # more digits are dropped without a word
    if cut == ZERO:
        raise unprocessable("qty must be > 0")
    return cut, None


def _rules_of_fractions(
    desk: Desk, body: Json, kind: str, quantity: Decimal | None, notional: Decimal | None
) -> None:
    if quantity is not None and not quantity % SHARE:
        return
    if not desk.configuration.fractional_trading:
        raise forbidden("fractional trading is not enabled for this account")
    if kind == "trailing_stop":
        raise unprocessable("fractional orders must be market, limit, stop, or stop_limit orders")
    if text(body, "time_in_force") not in ("", "day"):
        raise unprocessable("fractional orders must be DAY orders")
    if text(body, "order_class") not in ("", "simple"):
        raise unprocessable("fractional orders must be simple orders")
    if notional is not None and kind not in ("market", "limit"):
        raise unprocessable("notional orders must be market or limit orders")


def _limit(body: Json, kind: str) -> Price | None:
    limit = number(body, "limit_price")
    if kind == "market":
        if limit is not None:
            raise invalid("market orders require no limit price")
        return None
    if limit is None:
        raise invalid("limit orders require a limit price")
    if limit <= ZERO:
        raise unprocessable("limit price must be > 0")
    if limit % price_tick(limit):
        raise unprocessable(
            f"invalid limit_price {decimal_text(limit)}. sub-penny increment does not fulfill"
            " minimum pricing criteria"
        )
    return Price(limit)


def _of_amount(
    desk: Desk, symbol: str, side: Side, notional: Decimal, limit: Price | None
) -> tuple[Decimal, Price | None]:
    """The quantity that an amount comes to at today's price, and the limit that keeps to it."""
    sides = desk.look(lambda _, at: desk.market.bid_ask(symbol, at))
    if sides is None:
        raise forbidden(f"no price for {symbol}, an order by amount needs one")
    bid, ask = sides
    price = limit or (ask if side is Side.BUY else bid)
    quantity = round_down(notional / price, FRACTION_OF_SHARE)
    if quantity == ZERO:
        raise forbidden("cost basis must be >= minimal amount of order 1")
    smallest = desk.simulated().smallest_buy
    if side is Side.BUY and notional < smallest:
        raise forbidden(f"cost basis must be >= minimal amount of order {decimal_text(smallest)}")
    return quantity, price if side is Side.BUY else limit
