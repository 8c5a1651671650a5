"""What can be written into the books of a simulated account; its whole state is a fold of these.

An entry is written once and never changed. `kind` is its name on disk, for ever.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from portfolio.memory import FlowKind
from portfolio.money import Money, Price, Quantity
from portfolio.orders import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class StartingPosition:
    """A holding the account begins with."""

    symbol: str
    quantity: Quantity
    average_cost: Price | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The account exists from midnight in New York of the session `day`."""

    kind: Literal["opened"] = "opened"
    at: datetime
    number: str
    day: date
    cash: Money
    positions: tuple[StartingPosition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTaken:
    """The broker has an order. `worst_price` is what it may fill at; None is any price.

    `session` is the one it may trade in, `fillable_from` the first instant at which it may fill.
    """

    kind: Literal["order_taken"] = "order_taken"
    at: datetime
    broker_order_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Quantity
    limit_price: Price | None
    worst_price: Price | None
    session: date
    fillable_from: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAsked:
    """Someone asked to cancel; it happens at `due_at` unless the order ends before."""

    kind: Literal["cancel_asked"] = "cancel_asked"
    at: datetime
    broker_order_id: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEnded:
    """An order will not fill any more; what it filled before stays."""

    kind: Literal["order_ended"] = "order_ended"
    at: datetime
    broker_order_id: str
    status: Literal["canceled", "expired", "rejected"]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """One execution. Proceeds of a sale settle at `settles_at`, None is at once."""

    kind: Literal["filled"] = "filled"
    at: datetime
    execution_id: str
    broker_order_id: str
    quantity: Quantity
    price: Price
    fee: Money
    settles_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowBooked:
    """Cash came (positive) or went (negative) without an order; `event` is the script's key."""

    kind: Literal["flow_booked"] = "flow_booked"
    at: datetime
    flow_id: str
    flow: FlowKind
    amount: Money
    day: date
    symbol: str | None = None
    event: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitBooked:
    """A holding was split; `quantity` is what is held after it."""

    kind: Literal["split_booked"] = "split_booked"
    at: datetime
    flow_id: str
    symbol: str
    ratio: Decimal
    quantity: Quantity
    day: date
    event: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """A holding goes by another symbol from now on; no activity tells of it."""

    kind: Literal["renamed"] = "renamed"
    at: datetime
    symbol: str
    to: str
    event: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestAccrued:
    """Interest earned since the session before, not yet paid."""

    kind: Literal["interest_accrued"] = "interest_accrued"
    at: datetime
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPassed:
    """A scripted event came and moved nothing; `note` says why."""

    kind: Literal["event_passed"] = "event_passed"
    at: datetime
    event: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingSwitched:
    """The account is blocked for a reason (empty: not), fills are held back or go on."""

    kind: Literal["trading_switched"] = "trading_switched"
    at: datetime
    blocked: str
    fills_held: bool


Entry = (
    Opened
    | OrderTaken
    | CancelAsked
    | OrderEnded
    | Filled
    | FlowBooked
    | SplitBooked
    | Renamed
    | InterestAccrued
    | EventPassed
    | TradingSwitched
)
