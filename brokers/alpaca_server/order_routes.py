"""The order endpoints, and closing positions, which is ordering too."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from brokers.alpaca_server import order_entry
from brokers.alpaca_server.answers import (
    Answer,
    Json,
    Refusal,
    invalid,
    not_found,
    says,
    unprocessable,
)
from brokers.alpaca_server.desk import Desk
from brokers.alpaca_server.request import Request, number
from brokers.alpaca_server.stories import word_of
from brokers.alpaca_server.wire_text import id_of, nanoseconds, stamp
from brokers.simulated.books import BookedOrder, Books
from portfolio.canonical import decimal_text
from portfolio.money import FRACTION_OF_SHARE, ZERO, round_down

LARGEST_PAGE, PAGE = 500, 50
_WAITING = ("accepted", "pending_new", "pending_cancel", "pending_replace")


def post_order(desk: Desk, request: Request) -> Answer:
    """POST /v2/orders: the order as it arrived, `pending_new` in a session, else `accepted`."""
    return says(_fresh(desk, order_entry.place(desk, request.json())))


def _fresh(desk: Desk, order: BookedOrder) -> dict[str, object]:
    row = desk.row(order, order.taken.at)
    story = desk.story(order.taken.broker_order_id)
    row["status"] = "pending_new" if story.open_at_arrival else "accepted"
    return (
        row
        | {"updated_at": row["created_at"], "filled_at": None, "failed_at": None}
        | dict.fromkeys(("canceled_at", "expired_at", "replaced_at", "replaced_by"))
    )


def get_orders(desk: Desk, request: Request) -> Answer:
    """GET /v2/orders: open ones unless asked otherwise, newest first, 50 unless asked otherwise."""
    status = request.word("status", ("open", "closed", "all"), "open")
    rising = request.word("direction", ("asc", "desc"), "desc") == "asc"
    limit = request.count("limit", PAGE, LARGEST_PAGE)
    keeps = _filter(desk, request)

    def look(books: Books, at: datetime) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = []
        orders = list(books.orders.values())
        for order in orders if rising else reversed(orders):
            if status != "all" and bool(order.ended) is (status == "open"):
                continue
            if keeps(order):
                rows.append(desk.row(order, at))
                if len(rows) == limit:
                    break
        return rows

    return says(desk.look(look))


def _filter(desk: Desk, request: Request) -> Callable[[BookedOrder], bool]:
    after, until = request.moment("after"), request.moment("until")
    symbols, sides = request.words("symbols"), request.words("side")
    classes = request.words("asset_class")
    before_id, after_id = (request.query.get(f"{n}_order_id", "") for n in ("before", "after"))
    if (before_id or after_id) and (after is not None or until is not None):
        raise invalid("order id cursors cannot be used with after or until")
    before_number = _number(desk, before_id) if before_id else ""
    after_number = _number(desk, after_id) if after_id else ""

    def keeps(order: BookedOrder) -> bool:
        taken = order.taken
        at = nanoseconds(stamp(taken.at, taken.broker_order_id)) or 0
        return (
            (after is None or at > after)
            and (until is None or at < until)
            and (not symbols or taken.symbol in symbols)
            and (not sides or taken.side.value in sides)
            and (not classes or "us_equity" in classes or "all" in classes)
            and (not before_number or taken.broker_order_id < before_number)
            and (not after_number or taken.broker_order_id > after_number)
        )

    return keeps


def _number(desk: Desk, order_id: str) -> str:
    found = desk.number_of(order_id)
    if found is None:
        raise not_found(f"order not found for {order_id}")
    return found


def get_order(desk: Desk, request: Request, order_id: str) -> Answer:  # noqa: ARG001  a route's shape
    """GET /v2/orders/{order_id}."""
    found = _number(desk, order_id)
    return says(desk.look(lambda books, at: desk.row(books.orders[found], at)))


def by_client_order_id(desk: Desk, request: Request) -> Answer:
    """GET /v2/orders:by_client_order_id."""
    wanted = request.query.get("client_order_id", "")
    if not wanted:
        raise invalid("client_order_id is required")

    def look(books: Books, at: datetime) -> dict[str, object] | None:
        found = books.client_ids.get(wanted)
        return None if found is None else desk.row(books.orders[found], at)

    row = desk.look(look)
    if row is None:
        raise not_found(f"order not found for {wanted}")
    return says(row)


def patch_order(desk: Desk, request: Request, order_id: str) -> Answer:
    """PATCH /v2/orders/{order_id}: a new order with a new id takes the place of the old one."""
    found, body = _number(desk, order_id), request.json()
    old, word = desk.look(
        lambda books, at: (
            books.orders[found],
            word_of(books.orders[found], desk.story(found), at),
        )
    )
    if old.ended:
        raise unprocessable(f'order is already in "{word}" state')
    if word in _WAITING:
        raise unprocessable(f'cannot replace order in "{word}" state')
    return says(_fresh(desk, order_entry.replace(desk, found, old, body)))


def delete_order(desk: Desk, request: Request, order_id: str) -> Answer:  # noqa: ARG001
    """DELETE /v2/orders/{order_id}: 204 says that the request was taken, no more."""
    found = _number(desk, order_id)
    problem = desk.cancel(found)
    if problem:
        story = desk.story(found)
        word = desk.look(lambda books, at: word_of(books.orders[found], story, at))
        raise unprocessable(f'order is already in "{word}" state')
    return Answer(status=204)


def delete_orders(desk: Desk, request: Request) -> Answer:  # noqa: ARG001
    """DELETE /v2/orders: asks to cancel every open order."""
    return says(_cancel_all(desk), 207)


def _cancel_all(desk: Desk) -> list[Json]:
    numbers = desk.look(lambda books, _: list(books.open_ids))
    return [{"id": id_of("order", n), "status": 422 if desk.cancel(n) else 200} for n in numbers]


def delete_position(desk: Desk, request: Request, symbol: str) -> Answer:
    """DELETE /v2/positions/{symbol}: a market order that sells it, or a part of it."""
    quantity, share = (number(request.query, name) for name in ("qty", "percentage"))
    if quantity is not None and share is not None:
        raise invalid("only one of qty or percentage is accepted")
    return says(_fresh(desk, _close(desk, symbol_of(desk, symbol), quantity, share)))


def delete_positions(desk: Desk, request: Request) -> Answer:
    """DELETE /v2/positions: sells everything, after canceling every order when so asked."""
    if request.truth("cancel_orders"):
        _cancel_all(desk)
    rows: list[Mapping[str, object]] = []
    for symbol in desk.look(lambda books, _: sorted(books.holdings)):
        try:
            body: Json = _fresh(desk, _close(desk, symbol, None, None))
            rows.append({"symbol": symbol, "status": 200, "body": body})
        except Refusal as refused:
            rows.append({"symbol": symbol, "status": refused.status, "body": refused.body})
    return says(rows, 207)


def _close(desk: Desk, symbol: str, quantity: Decimal | None, share: Decimal | None) -> BookedOrder:
    held = desk.look(lambda books, _: books.held(symbol))
    if held == ZERO:
        raise not_found("position does not exist")
    if share is not None:
        if not ZERO < share <= 100:
            raise unprocessable("percentage must be between 0 and 100")
        quantity = round_down(held * share / 100, FRACTION_OF_SHARE)
    body = {"symbol": symbol, "side": "sell", "type": "market", "time_in_force": "day"}
    return order_entry.place(
        desk, body | {"qty": decimal_text(held if quantity is None else quantity)}
    )


def symbol_of(desk: Desk, name: str) -> str:
    """The symbol that a symbol or an asset's id stands for; the name itself when it is unknown."""
    for symbol in desk.market.table.symbols:
        if name.upper() == symbol or name.lower() == id_of("asset", symbol):
            return symbol
    return name
