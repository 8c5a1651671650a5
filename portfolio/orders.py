"""Orders from intent to fill, and the states of a leg.

An `OrderIntent` is what we mean to send, written down before it is sent. An `Order` is what the
broker says it has. A `Leg` is our record that joins the two; its states and legal moves are those of
the order protocol in docs/architecture.md.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portfolio.canonical import canonical
from portfolio.money import ZERO, Money, Price, Quantity


class Side(StrEnum):
    """Buy or sell."""

    BUY = "buy"
    SELL = "sell"


class OrderType(StrEnum):
    """Market or limit; trimtab itself plans limit orders only."""

    MARKET = "market"
    LIMIT = "limit"


class TimeInForce(StrEnum):
    """How long an order stands: until the session's close."""

    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntent:
    """An order we mean to send: quantity > 0 in units, limit per unit (None for a market order)."""

    account: str
    symbol: str
    side: Side
    quantity: Quantity
    limit_price: Price | None
    time_in_force: TimeInForce = TimeInForce.DAY

    @property
    def order_type(self) -> OrderType:
        """Limit when a limit price is given."""
        return OrderType.MARKET if self.limit_price is None else OrderType.LIMIT

    def content_hash(self) -> str:
        """SHA-256 of the canonical text of every field, hex."""
        return hashlib.sha256(canonical(self).encode()).hexdigest()

    def notional(self, price: Price) -> Money:
        """Quantity times the limit, or times `price` for a market order."""
        return Money(self.quantity * (self.limit_price or price))


ORDER_ID_PREFIX = "tt1-"
"""Every order of ours carries it; an order with it and no intent halts the daemon."""


def client_order_id(epoch: str, cycle: int, leg: int, intent: OrderIntent) -> str:
    """The one id a leg ever has: `tt1-{epoch}-{cycle:06}-{leg:02}-{first 6 hex of the content}`."""
    return f"{ORDER_ID_PREFIX}{epoch}-{cycle:06}-{leg:02}-{intent.content_hash()[:6]}"


class OrderStatus(StrEnum):
    """An order's status, reduced to what the protocol tells apart.

    OPEN is everything that may still fill, also statuses such as done_for_day or suspended.
    UNKNOWN is a word we do not know; it counts as open and raises an alarm.
    """

    OPEN = "open"
    PENDING_CANCEL = "pending_cancel"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"
    UNKNOWN = "unknown"

    @property
    def is_terminal(self) -> bool:
        """Whether the broker will never fill more of it."""
        return self in _TERMINAL_STATUSES


_TERMINAL_STATUSES = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.EXPIRED,
        OrderStatus.REJECTED,
        OrderStatus.REPLACED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as the broker has it. A canceled or expired one may carry `filled_quantity` > 0.

    `quantity` is None for an order placed by amount; `raw_status` is the broker's own word.
    """

    broker_order_id: str
    client_order_id: str
    symbol: str
    side: Side
    quantity: Quantity | None
    limit_price: Price | None
    status: OrderStatus
    raw_status: str
    filled_quantity: Quantity
    filled_average_price: Price | None
    submitted_at: datetime
    reason: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether the id says that a trimtab made it."""
        return self.client_order_id.startswith(ORDER_ID_PREFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution; `execution_id` is unique for ever and makes booking it twice harmless.

    `fee` is in money, 0 or more, charged beside the price.
    """

    execution_id: str
    account: str
    broker_order_id: str
    symbol: str
    side: Side
    quantity: Quantity
    price: Price
    fee: Money
    at: datetime


class LegState(StrEnum):
    """Where a leg stands. The first eight are live; the others are terminal."""

    PLANNED = "planned"
    SUBMITTING = "submitting"
    DEFERRED = "deferred"
    WORKING = "working"
    AMBIGUOUS = "ambiguous"
    LOST = "lost"
    CANCEL_REQUESTED = "cancel_requested"
    STUCK = "stuck"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    ABANDONED = "abandoned"
    NEVER_ARRIVED = "never_arrived"

    @property
    def is_terminal(self) -> bool:
        """Whether the leg is over. Only a sweep that finds more filled re-opens one."""
        return not _LEGAL_MOVES[self]

    @property
    def may_be_at_broker(self) -> bool:
        """Whether an order of this leg may exist and still fill: its cash stays reserved."""
        return self in _MAY_BE_AT_BROKER


_ENDS = frozenset({LegState.FILLED, LegState.CANCELED, LegState.EXPIRED, LegState.REJECTED})
_LEGAL_MOVES: dict[LegState, frozenset[LegState]] = {
    LegState.PLANNED: frozenset({LegState.SUBMITTING, LegState.ABANDONED}),
    LegState.SUBMITTING: frozenset(
        {
            LegState.WORKING,
            LegState.AMBIGUOUS,
            LegState.DEFERRED,
            LegState.PLANNED,
            LegState.ABANDONED,
        }
        | _ENDS
    ),
    LegState.DEFERRED: frozenset({LegState.SUBMITTING, LegState.ABANDONED}),
    LegState.AMBIGUOUS: frozenset({LegState.WORKING, LegState.LOST} | _ENDS),
    LegState.LOST: frozenset({LegState.WORKING, LegState.NEVER_ARRIVED} | _ENDS),
    LegState.WORKING: frozenset({LegState.CANCEL_REQUESTED} | _ENDS),
    LegState.CANCEL_REQUESTED: frozenset({LegState.STUCK} | _ENDS),
    LegState.STUCK: _ENDS,
    **{state: frozenset() for state in _ENDS},
    LegState.ABANDONED: frozenset(),
    LegState.NEVER_ARRIVED: frozenset(),
}
_MAY_BE_AT_BROKER = frozenset(
    {
        LegState.SUBMITTING,
        LegState.DEFERRED,
        LegState.WORKING,
        LegState.AMBIGUOUS,
        LegState.LOST,
        LegState.CANCEL_REQUESTED,
        LegState.STUCK,
    }
)


def is_legal_move(before: LegState, after: LegState) -> bool:
    """Whether the protocol knows this edge."""
    return after in _LEGAL_MOVES[before]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """Our record of one order: what we meant, how often we sent it, what came of it.

    `filled_quantity` never falls. `run` is the run that allowed it, `cycle` the cycle that planned it.
    """

    client_order_id: str
    run: int
    cycle: int
    index: int
    intent: OrderIntent
    reason: str
    state: LegState
    planned_at: datetime
    sends: int = 0
    sent_at: datetime | None = None
    broker_order_id: str | None = None
    filled_quantity: Quantity = Quantity(ZERO)  # noqa: RUF009  a NewType call, not a default factory
    filled_average_price: Price | None = None
    note: str = ""

    @property
    def open_quantity(self) -> Quantity:
        """What may still fill; zero once terminal."""
        if not self.state.may_be_at_broker:
            return Quantity(ZERO)
        return Quantity(self.intent.quantity - self.filled_quantity)

    @property
    def reserved_cash(self) -> Money:
        """Cash an open, ambiguous or lost buy may still take, at its limit; zero for a sell."""
        if self.intent.side is Side.SELL or self.intent.limit_price is None:
            return Money(ZERO)
        return Money(self.open_quantity * self.intent.limit_price)
