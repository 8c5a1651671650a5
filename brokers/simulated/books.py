"""The books of one simulated account: entries in, state out, the same state after every restart."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import assert_never

from brokers.simulated.entries import (
    CancelAsked,
    Entry,
    EventPassed,
    Filled,
    FlowBooked,
    InterestAccrued,
    Opened,
    OrderEnded,
    OrderTaken,
    Renamed,
    SplitBooked,
    TradingSwitched,
)
from portfolio.memory import FlowKind
from portfolio.money import ZERO, Money, Price, Quantity
from portfolio.orders import Order, OrderStatus, Side

BEFORE_TIME = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedOrder:
    """An order with what has become of it. `filled_value` is the sum of quantity times price."""

    taken: OrderTaken
    filled_quantity: Decimal = ZERO
    filled_value: Decimal = ZERO
    fees: Decimal = ZERO
    cancel_due_at: datetime | None = None
    ended: str = ""
    reason: str = ""

    @property
    def open_quantity(self) -> Quantity:
        """What may still fill."""
        return Quantity(ZERO if self.ended else self.taken.quantity - self.filled_quantity)

    def shown(self, at: datetime) -> Order:
        """The order as the broker shows it at an instant."""
        raw = self._word(at)
        average = None
        if self.filled_quantity > ZERO:
            average = Price(self.filled_value / self.filled_quantity)
        return Order(
            broker_order_id=self.taken.broker_order_id,
            client_order_id=self.taken.client_order_id,
            symbol=self.taken.symbol,
            side=self.taken.side,
            quantity=self.taken.quantity,
            limit_price=self.taken.limit_price,
            status=_STATUS_OF_WORD[raw],
            raw_status=raw,
            filled_quantity=Quantity(self.filled_quantity),
            filled_average_price=average,
            submitted_at=self.taken.at,
            reason=self.reason,
        )

    def _word(self, at: datetime) -> str:
        if self.ended:
            return self.ended
        if self.cancel_due_at is not None:
            return "pending_cancel"
        if self.filled_quantity > ZERO:
            return "partially_filled"
        return "accepted" if at < self.taken.fillable_from else "new"


_STATUS_OF_WORD = {
    "accepted": OrderStatus.OPEN,
    "new": OrderStatus.OPEN,
    "partially_filled": OrderStatus.OPEN,
    "pending_cancel": OrderStatus.PENDING_CANCEL,
    "filled": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Units held and their average cost per unit without fees, None when not known."""

    quantity: Quantity
    average_cost: Price | None


@dataclass(slots=True, kw_only=True)
class Books:
    """The state of an account. Not frozen: it is the running sum of its entries, and only that.

    `at` is the instant up to which the account has lived; `booked` counts the entries.
    """

    number: str = ""
    opened_on: date = date.min
    at: datetime = BEFORE_TIME
    booked: int = 0
    cash: Decimal = ZERO
    unsettled: list[tuple[datetime, Decimal]] = field(default_factory=list)
    holdings: dict[str, Holding] = field(default_factory=dict)
    orders: dict[str, BookedOrder] = field(default_factory=dict)
    client_ids: dict[str, str] = field(default_factory=dict)
    open_ids: dict[str, None] = field(default_factory=dict)
    fills: list[Filled] = field(default_factory=list)
    flows: list[FlowBooked | SplitBooked] = field(default_factory=list)
    traded: dict[str, tuple[date, Decimal]] = field(default_factory=dict)
    """Units filled per symbol in the session of its last fill."""
    accrued_interest: Decimal = ZERO
    passed_events: dict[str, str] = field(default_factory=dict)
    """Keys of the events applied, with a note where they moved nothing."""
    blocked: str = ""
    fills_held: bool = False

    def book(self, entry: Entry) -> None:
        """Add one entry; the only way in which anything here changes, but for the time."""
        self.at = max(self.at, entry.at)
        self.booked += 1
        match entry:
            case Opened():
                self._open(entry)
            case OrderTaken():
                self.orders[entry.broker_order_id] = BookedOrder(taken=entry)
                self.client_ids[entry.client_order_id] = entry.broker_order_id
                self.open_ids[entry.broker_order_id] = None
            case CancelAsked():
                order = self.orders[entry.broker_order_id]
                self.orders[entry.broker_order_id] = replace(order, cancel_due_at=entry.due_at)
            case OrderEnded():
                order = self.orders[entry.broker_order_id]
                ended = replace(order, ended=entry.status, reason=entry.reason)
                self.orders[entry.broker_order_id] = ended
                del self.open_ids[entry.broker_order_id]
            case Filled():
                self._fill(entry)
            case FlowBooked():
                self._flow(entry)
            case SplitBooked():
                self._split(entry)
            case Renamed():
                self.holdings[entry.to] = self.holdings.pop(entry.symbol)
                self.passed_events[entry.event] = ""
            case InterestAccrued():
                self.accrued_interest += entry.amount
            case EventPassed():
                self.passed_events[entry.event] = entry.note
            case TradingSwitched():
                self.blocked, self.fills_held = entry.blocked, entry.fills_held
            case _:
                assert_never(entry)

    # what follows from the state

    def open_orders(self) -> Iterator[BookedOrder]:
        """Orders that may still fill, oldest first."""
        return (self.orders[i] for i in tuple(self.open_ids))

    def held(self, symbol: str) -> Quantity:
        """Units of a symbol; zero when none."""
        holding = self.holdings.get(symbol)
        return Quantity(ZERO) if holding is None else holding.quantity

    def held_for_orders(self, symbol: str) -> Quantity:
        """Units that open sells may still take."""
        selling = (
            order.open_quantity
            for order in self.open_orders()
            if order.taken.symbol == symbol and order.taken.side is Side.SELL
        )
        return Quantity(sum(selling, ZERO))

    def settled_cash(self) -> Money:
        """Cash without the proceeds that have not settled; never more than the cash itself."""
        waiting = sum((amount for due, amount in self.unsettled if due > self.at), ZERO)
        return Money(min(self.cash, max(ZERO, self.cash - waiting)))

    def traded_in(self, symbol: str, session: date) -> Quantity:
        """Units of a symbol that this account has traded in a session."""
        day, quantity = self.traded.get(symbol, (session, ZERO))
        return Quantity(quantity if day == session else ZERO)

    # entries

    def _open(self, entry: Opened) -> None:
        self.number, self.opened_on, self.cash = entry.number, entry.day, entry.cash
        for start in entry.positions:
            self.holdings[start.symbol] = Holding(
                quantity=start.quantity, average_cost=start.average_cost
            )

    def _fill(self, entry: Filled) -> None:
        order = self.orders[entry.broker_order_id]
        taken, value = order.taken, entry.quantity * entry.price
        filled = order.filled_quantity + entry.quantity
        whole = filled == taken.quantity
        self.orders[taken.broker_order_id] = replace(
            order,
            filled_quantity=filled,
            filled_value=order.filled_value + value,
            fees=order.fees + entry.fee,
            ended="filled" if whole else "",
        )
        if whole:
            del self.open_ids[taken.broker_order_id]
        day, before = self.traded.get(taken.symbol, (taken.session, ZERO))
        so_far = before if day == taken.session else ZERO
        self.traded[taken.symbol] = (taken.session, so_far + entry.quantity)
        self.fills.append(entry)
        if taken.side is Side.BUY:
            self.cash -= value + entry.fee
            self._add(taken.symbol, entry.quantity, entry.price)
            return
        self.cash += value - entry.fee
        self._take(taken.symbol, entry.quantity)
        if entry.settles_at is not None:
            self.unsettled = [item for item in self.unsettled if item[0] > entry.at]
            self.unsettled.append((entry.settles_at, value - entry.fee))

    def _add(self, symbol: str, quantity: Quantity, price: Price) -> None:
        old = self.holdings.get(symbol, Holding(quantity=Quantity(ZERO), average_cost=price))
        held = old.quantity + quantity
        average = None
        if old.average_cost is not None:
            average = Price((old.quantity * old.average_cost + quantity * price) / held)
        self.holdings[symbol] = Holding(quantity=Quantity(held), average_cost=average)

    def _take(self, symbol: str, quantity: Quantity) -> None:
        left = self.holdings[symbol].quantity - quantity
        if left == ZERO:
            del self.holdings[symbol]
        else:
            self.holdings[symbol] = replace(self.holdings[symbol], quantity=Quantity(left))

    def _flow(self, entry: FlowBooked) -> None:
        self.cash += entry.amount
        self.flows.append(entry)
        if entry.flow is FlowKind.INTEREST:
            self.accrued_interest -= entry.amount
        if entry.event:
            self.passed_events[entry.event] = ""

    def _split(self, entry: SplitBooked) -> None:
        old = self.holdings.pop(entry.symbol)
        average = None if old.average_cost is None else Price(old.average_cost / entry.ratio)
        if entry.quantity > ZERO:
            self.holdings[entry.symbol] = Holding(quantity=entry.quantity, average_cost=average)
        self.flows.append(entry)
        if entry.event:
            self.passed_events[entry.event] = ""
