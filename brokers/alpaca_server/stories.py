"""What Alpaca tells of an order beside what the exchange keeps: how it was asked for, its stamps."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from brokers.alpaca_server.wire_text import figure, id_of, money, stamp
from brokers.simulated.books import BookedOrder
from portfolio.canonical import decimal_text
from portfolio.money import ZERO
from portfolio.orders import Side


@dataclass(slots=True, kw_only=True)
class Story:
    """One order. Not frozen: it grows with what happens to the order.

    `notional` is there for one asked for by amount; then its quantity is never shown. `ended_as`
    replaces the exchange's word ("replaced"), `shown_as` any word (a fault).
    """

    order_type: str
    notional: Decimal | None = None
    extended_hours: bool = False
    open_at_arrival: bool = True
    expires_at: datetime | None = None
    updated_at: datetime | None = None
    filled_at: datetime | None = None
    stamps: dict[str, datetime] = field(default_factory=dict)
    replaces: str | None = None
    replaced_by: str | None = None
    ended_as: str = ""
    shown_as: str = ""


def word_of(order: BookedOrder, story: Story, at: datetime) -> str:
    """The order's status in Alpaca's words at an instant."""
    if story.shown_as:
        return story.shown_as
    if order.ended:
        return story.ended_as or order.ended
    if order.cancel_due_at is not None:
        return "pending_cancel"
    if order.filled_quantity > ZERO:
        return "partially_filled"
    if at < order.taken.fillable_from:
        return "pending_new" if story.open_at_arrival else "accepted"
    return "new"


def order_row(
    order: BookedOrder, story: Story, at: datetime, status: str = ""
) -> dict[str, object]:
    """An order as Alpaca writes it, with every key; `status` instead of the one it has."""
    taken = order.taken
    number = taken.broker_order_id
    average = order.filled_value / order.filled_quantity if order.filled_quantity else None
    by_amount = story.notional is not None

    def when(word: str) -> str | None:
        moment = story.stamps.get(word)
        return None if moment is None else stamp(moment, f"{number}-{word}")

    return {
        "id": id_of("order", number),
        "client_order_id": taken.client_order_id,
        "created_at": stamp(taken.at, number),
        "updated_at": stamp(story.updated_at or taken.at, f"{number}-updated"),
        "submitted_at": stamp(taken.at, number),
        "filled_at": None
        if story.filled_at is None
        else stamp(story.filled_at, f"{number}-filled"),
        "expired_at": when("expired"),
        "expires_at": stamp(story.expires_at or taken.at, ""),
        "canceled_at": when("canceled"),
        "failed_at": when("rejected"),
        "replaced_at": when("replaced"),
        "replaced_by": story.replaced_by,
        "replaces": story.replaces,
        "asset_id": id_of("asset", taken.symbol),
        "symbol": taken.symbol,
        "asset_class": "us_equity",
        "notional": money(story.notional) if story.notional is not None else None,
        "qty": None if by_amount else decimal_text(taken.quantity),
        "filled_qty": decimal_text(order.filled_quantity),
        "filled_avg_price": None if average is None else figure(average),
        "order_class": "",
        "order_type": story.order_type,
        "type": story.order_type,
        "side": taken.side.value,
        "position_intent": "buy_to_open" if taken.side is Side.BUY else "sell_to_close",
        "time_in_force": "day",
        "limit_price": None
        if by_amount or taken.limit_price is None
        else decimal_text(taken.limit_price),
        "stop_price": None,
        "status": status or word_of(order, story, at),
        "extended_hours": story.extended_hours,
        "legs": None,
        "trail_percent": None,
        "trail_price": None,
        "hwm": None,
        "subtag": None,
        "source": None,
    }
