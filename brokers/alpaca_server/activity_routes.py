"""Account activities: executions, and everything else that moved cash or holdings."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from brokers.alpaca_server.answers import Answer, invalid, says
from brokers.alpaca_server.desk import Desk
from brokers.alpaca_server.request import Request
from brokers.alpaca_server.wire_text import day_of, id_of, money, nanoseconds, short_stamp
from brokers.simulated.books import Books
from brokers.simulated.entries import Filled, FlowBooked, SplitBooked
from brokers.simulated.market import NEW_YORK
from portfolio.canonical import decimal_text
from portfolio.memory import FlowKind
from portfolio.money import ONE, ZERO

LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class _Activity:
    at: datetime
    code: str
    row: dict[str, object]


def get_activities(desk: Desk, request: Request, code: str = "") -> Answer:
    """GET /v2/account/activities and .../{activity_type}: newest first unless asked otherwise."""
    codes = (code,) if code else request.words("activity_types")
    category = request.word("category", ("", "trade_activity", "non_trade_activity"), "")
    if category and codes:
        raise invalid("category and activity_types cannot be used together")
    rising = request.word("direction", ("asc", "desc"), "desc") == "asc"
    page = request.count("page_size", LARGEST_PAGE, LARGEST_PAGE)
    token, order_id = request.query.get("page_token", ""), request.query.get("order_id", "")
    after, until = request.moment("after"), request.moment("until")
    given = request.query.get("date", "")
    day = day_of(given) if given else None
    if given and day is None:
        raise invalid("invalid date: must be an RFC 3339 time or a date")

    def keeps(activity: _Activity) -> bool:
        at = nanoseconds(short_stamp(activity.at)) or 0
        return (
            (not codes or activity.code in codes)
            and (not category or (activity.code == "FILL") is (category == "trade_activity"))
            and (after is None or at > after)
            and (until is None or at < until)
            and (day is None or activity.at.astimezone(NEW_YORK).date() == day)
            and (not order_id or activity.row.get("order_id") == order_id)
        )

    found = [
        a.row
        for a in sorted(desk.look(lambda books, _: _all(books)), key=lambda a: a.at)
        if keeps(a)
    ]
    if not rising:
        found.reverse()
    ids = [row["id"] for row in found]
    start = ids.index(token) + 1 if token in ids else 0
    return says(found[start : start + page])


def _all(books: Books) -> list[_Activity]:
    return [*_fills(books), *_flows(books)]


def _fills(books: Books) -> Iterator[_Activity]:
    """Executions; a fee of the exchange's follows as an activity of its own."""
    filled: dict[str, Decimal] = {}
    for fill in books.fills:
        order = books.orders[fill.broker_order_id]
        so_far = filled[fill.broker_order_id] = (
            filled.get(fill.broker_order_id, ZERO) + fill.quantity
        )
        left = order.taken.quantity - so_far
        yield _Activity(
            at=fill.at,
            code="FILL",
            row={
                "id": f"{_local(fill.at)}::{id_of('execution', fill.execution_id)}",
                "activity_type": "FILL",
                "type": "partial_fill" if left else "fill",
                "transaction_time": short_stamp(fill.at),
                "price": decimal_text(fill.price),
                "qty": decimal_text(fill.quantity),
                "side": order.taken.side.value,
                "symbol": order.taken.symbol,
                "leaves_qty": decimal_text(left),
                "cum_qty": decimal_text(so_far),
                "order_id": id_of("order", fill.broker_order_id),
                "order_status": "partially_filled" if left else "filled",
            },
        )
        if fill.fee:
            yield _fee(fill)


def _fee(fill: Filled) -> _Activity:
    return _other("FEE", fill.at, f"{fill.execution_id}-fee", net_amount=money(-fill.fee))


def _flows(books: Books) -> Iterator[_Activity]:
    for flow in books.flows:
        if isinstance(flow, SplitBooked):
            before = flow.quantity / flow.ratio
            yield _other(
                "SPLIT",
                flow.at,
                flow.flow_id,
                activity_sub_type="FSPLIT" if flow.ratio >= ONE else "RSPLIT",
                net_amount="0",
                symbol=flow.symbol,
                qty=decimal_text((flow.quantity - before).quantize(Decimal("1e-9"))),
            )
        else:
            yield _cash(flow)


def _cash(flow: FlowBooked) -> _Activity:
    more: dict[str, object] = {"net_amount": money(flow.amount)}
    if flow.symbol is not None:
        more["symbol"] = flow.symbol
    if flow.flow is FlowKind.DIVIDEND:
        more["activity_sub_type"] = "CDIV"
    return _other(_code(flow.flow), flow.at, flow.flow_id, **more)


def _code(kind: FlowKind) -> str:
    match kind:
        case FlowKind.DEPOSIT:
            return "CSD"
        case FlowKind.WITHDRAWAL:
            return "CSW"
        case FlowKind.DIVIDEND:
            return "DIV"
        case FlowKind.INTEREST:
            return "INT"
        case FlowKind.FEE:
            return "FEE"
        case FlowKind.SPLIT:
            return "SPLIT"
        case FlowKind.RETURN_OF_CAPITAL:
            return "DIVROC"
        case FlowKind.EXERCISE:
            return "OPTRD"
        case FlowKind.CORPORATE_ACTION:
            return "REORG"
        case FlowKind.OTHER:
            return "MISC"
        case _:
            assert_never(kind)


def _other(code: str, at: datetime, name: str, **more: object) -> _Activity:
    day = at.astimezone(NEW_YORK).date()
    row = {
        "id": f"{day:%Y%m%d}000000000::{id_of('flow', name)}",
        "activity_type": code,
        "date": str(day),
        "created_at": short_stamp(at),
        "currency": "USD",
        "status": "executed",
        **more,
    }
    return _Activity(at=at, code=code, row=row)


def _local(at: datetime) -> str:
    """The prefix of an execution's id: New York's time to the millisecond."""
    local = at.astimezone(NEW_YORK)
    return f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03}"
