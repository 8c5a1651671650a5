"""The broker as the network lets it be seen: the real simulated exchange behind seeded faults."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar, cast

from brokers.alpaca.budget import RequestBudget
from brokers.simulated.broker import SimulatedBroker
from portfolio.accounts import Position
from portfolio.instruments import Instrument
from portfolio.memory import CashFlow
from portfolio.money import Price, Quantity
from portfolio.orders import Fill, Order, OrderIntent, OrderStatus
from portfolio.ports import (
    Accepted,
    Ambiguous,
    BrokerAccount,
    BrokerClock,
    Capabilities,
    Deferred,
    Exists,
    NotSent,
    Refused,
    SubmitOutcome,
    Unavailable,
)
from portfolio.snapshot import Session

if TYPE_CHECKING:
    from tests.simulation.world import World

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a replica that has fallen behind still shows."""

    at: datetime
    account: BrokerAccount
    positions: Sequence[Position]
    open_orders: Sequence[Order]
    orders: Mapping[str, Order]
    fills: Sequence[Fill]


@dataclass(slots=True, kw_only=True)
class Network:
    """What goes on between us and the exchange. It outlives every crash of ours."""

    views: list[View] = field(default_factory=list)
    joint: View | None = None
    """When set, every read of this tick comes from this one view."""
    late: list[tuple[datetime, str, OrderIntent]] = field(default_factory=list)
    hidden_until: dict[str, datetime] = field(default_factory=dict)
    missed_until: dict[str, datetime] = field(default_factory=dict)
    """Client order ids that a look-up by id does not find, and the list of orders shows."""
    stuck: set[str] = field(default_factory=set)
    """Broker order ids whose cancels are swallowed."""
    cancels_asked: dict[str, int] = field(default_factory=dict)
    counts_late: set[str] = field(default_factory=set)
    """Broker order ids that show no filled units until an hour after they have ended."""
    arrived_late: set[str] = field(default_factory=set)
    called_filled: dict[str, datetime] = field(default_factory=dict)
    """Broker order ids that are called filled until then, whatever they have filled."""


MOST_REQUESTS = 100
"""A minute; the limit's default."""


class FaultyBroker:
    """Fulfils `ports.Broker`. Every call passes a hook before and after, and takes a little time."""

    def __init__(self, real: SimulatedBroker, network: Network, world: "World") -> None:
        self._real = real
        self._network = network
        self._world = world
        self._budget = RequestBudget(MOST_REQUESTS, lambda: world.clock.now().timestamp())

    # reading

    @property
    def account_id(self) -> str:
        return self._real.account_id

    @property
    def capabilities(self) -> Capabilities:
        return self._real.capabilities

    def clock(self) -> BrokerClock:
        now = self._real.clock()
        if self._world.happens("clock skew", 0.02):
            return replace(now, now=now.now + timedelta(seconds=self._world.faults.among((3, 30))))
        return now

    def sessions(self, first: date, last: date) -> Sequence[Session]:
        return self._real.sessions(first, last)

    def account(self) -> BrokerAccount:
        return self._read("account", self._real.account, "stale cash", lambda v: v.account)

    def positions(self) -> Sequence[Position]:
        return self._read(
            "positions",
            self._real.positions,
            "stale positions",
            lambda v: v.positions,
            empty=("empty positions", ()),
        )

    def open_orders(self) -> Sequence[Order]:
        found = self._read(
            "open orders",
            self._real.open_orders,
            "stale orders",
            lambda v: v.open_orders,
            empty=("empty orders", ()),
        )
        return tuple(order for order in found if not self._is_hidden(order))

    def orders_since(self, since: datetime) -> Sequence[Order]:
        found = self._read(
            "orders since",
            lambda: [self._worded(order) for order in self._real.orders_since(since)],
            "stale orders",
            lambda v: tuple(o for o in v.orders.values() if o.submitted_at >= since),
            empty=("empty orders", ()),
        )
        return tuple(order for order in found if not self._is_hidden(order))

    def find_order(self, client_order_id: str) -> Order | None:
        found = self._read(
            f"order {client_order_id}",
            lambda: self._find(client_order_id),
            "stale orders",
            lambda v: v.orders.get(client_order_id),
        )
        if found is None or self._is_hidden(found) or self._is_missed(found):
            return None
        return self._altered(found)

    def _altered(self, order: Order) -> Order:
        """An order as the network may garble it: another limit under the same id, or a count that
        is more than was asked for."""
        if order.quantity is not None and self._world.happens("filled beyond", 0.05):
            return replace(order, filled_quantity=Quantity(order.quantity + 1))
        if order.limit_price is None or not self._world.happens("altered order", 0.05):
            return order
        return _with_another_limit(order)

    def fills_since(self, since: datetime) -> Sequence[Fill]:
        return self._read(
            "fills",
            lambda: self._real.fills_since(since),
            "late fills",
            lambda v: tuple(f for f in v.fills if f.at >= since),
        )

    def flows_since(self, since: date) -> Sequence[CashFlow]:
        return self._read("flows", lambda: self._real.flows_since(since))

    def instruments(self, symbols: Iterable[str]) -> Mapping[str, Instrument]:
        known = self._real.instruments(symbols)
        barred = {s for s in known if self._world.happens("not tradable", 0.2)}
        self._world.checks.not_tradable = barred
        if not barred:
            return known
        return {s: replace(one, tradable=s not in barred) for s, one in known.items()}

    def _read(
        self,
        what: str,
        real: Callable[[], T],
        staleness: str = "",
        stale: Callable[[View], T] | None = None,
        empty: tuple[str, Any] | None = None,
    ) -> T:
        world, views = self._world, self._network.views
        if self._budget.try_spend():
            raise Unavailable("this minute's requests are spent")
        world.on_the_way(f"read {what}")
        if world.happens("read timeout", 0.3):
            raise Unavailable(f"asked for {what}, no answer") from world.secret_cause()
        if stale is not None and self._network.joint is not None:
            answer = stale(self._network.joint)
        elif stale is not None and views and world.happens(staleness):
            answer = stale(world.faults.among(views))
        elif empty is not None and world.happens(empty[0]):
            answer = cast(T, empty[1])
        else:
            answer = real()
        world.came_back(f"read {what}")
        return answer

    def _find(self, client_order_id: str) -> Order | None:
        found = self._real.find_order(client_order_id)
        return None if found is None else self._worded(found)

    def _worded(self, order: Order) -> Order:
        """An order with the broker's count and word for it, which need not fit each other."""
        order = self._counted(order)
        until = self._network.called_filled.get(order.broker_order_id)
        if until is None or self._world.is_calm or self._world.clock.now() >= until:
            return order
        return replace(order, status=OrderStatus.FILLED, raw_status="filled")

    def _counted(self, order: Order) -> Order:
        """An order whose executions the broker has not counted into it yet."""
        if order.broker_order_id not in self._network.counts_late:
            return order
        if order.status is OrderStatus.FILLED or not order.filled_quantity:
            return order
        return replace(order, filled_quantity=Quantity(Decimal(0)), filled_average_price=None)

    def _is_hidden(self, order: Order) -> bool:
        until = self._network.hidden_until.get(order.client_order_id)
        return until is not None and self._world.clock.now() < until

    def _is_missed(self, order: Order) -> bool:
        until = self._network.missed_until.get(order.client_order_id)
        return until is not None and self._world.clock.now() < until

    # sending

    def submit(self, client_order_id: str, intent: OrderIntent) -> SubmitOutcome:
        world = self._world
        world.checks.on_submit(client_order_id, intent)
        world.on_the_way(f"submit {client_order_id}", may_kill=False)
        outcome = self._submitted(client_order_id, intent)
        world.trace(f"outcome {type(outcome).__name__}")
        world.came_back(f"submit {client_order_id}")
        return outcome

    def _submitted(self, name: str, intent: OrderIntent) -> SubmitOutcome:
        world = self._world
        if (lost := self._on_the_way_there(name, intent)) is not None:
            return lost
        outcome = self.take(name, intent)
        if world.happens("answer lost"):
            return Ambiguous(message="read timeout")
        if isinstance(outcome, Accepted) and world.happens("delivered twice"):
            return Exists(message="client_order_id must be unique")
        if world.happens("server error"):
            return Ambiguous(message="502 bad gateway")
        if isinstance(outcome, Accepted) and world.happens("garbled answer"):
            return Accepted(order=replace(outcome.order, client_order_id="another"))
        if isinstance(outcome, Accepted) and world.happens("altered answer", 0.3):
            return Accepted(order=_with_another_limit(outcome.order))
        if isinstance(outcome, Accepted):
            return Accepted(order=self._altered(outcome.order))
        return outcome

    def _on_the_way_there(self, name: str, intent: OrderIntent) -> SubmitOutcome | None:
        """What a request comes to that does not reach the exchange now; None for one that does."""
        world = self._world
        if self._budget.try_spend(reserve=True):
            return NotSent(message="this minute's requests are spent")
        if world.happens("not sent"):
            return NotSent(message="connection refused")
        if world.happens("deferred"):
            return Deferred(retry_at=world.clock.now() + timedelta(seconds=30))
        if world.happens("refused"):
            return Refused(code="40310000", message="the exchange says no")
        if world.happens("refused for good", 0.1):
            return Refused(code="40310000", message="trading is suspended", halts=True)
        if world.happens("request lost"):
            return Ambiguous(message="read timeout")
        if world.happens("late arrival"):
            due = world.clock.now() + timedelta(seconds=world.faults.whole(5, 1500))
            self._network.late.append((due, name, intent))
            return Ambiguous(message="read timeout")
        return None

    def take(self, name: str, intent: OrderIntent) -> Accepted | Refused | Exists:
        """The request arrives at the exchange."""
        world = self._world
        outcome = self._real.exchange.submit(name, intent, world.clock.now())
        if isinstance(outcome, Accepted):
            if world.happens("invisible order"):
                until = world.clock.now() + timedelta(seconds=world.faults.whole(2, 900))
                self._network.hidden_until[name] = until
            if world.happens("look-up misses"):
                until = world.clock.now() + timedelta(seconds=world.faults.whole(2, 1800))
                self._network.missed_until[name] = until
            if world.happens("stuck cancel"):
                self._network.stuck.add(outcome.order.broker_order_id)
            if world.happens("counts late"):
                self._network.counts_late.add(outcome.order.broker_order_id)
            if world.happens("unknown word"):
                self._real.faults.status_words[outcome.order.broker_order_id] = "held_for_review"
            self._show_strangely(name, outcome.order.broker_order_id)
        return outcome

    def _show_strangely(self, name: str, number: str) -> None:
        """What becomes of how an order that was taken is shown later on."""
        world, network, now = self._world, self._network, self._world.clock.now()
        if world.happens("filled in word"):
            seconds = world.faults.among((60, 3600, 20_000))
            network.called_filled[number] = now + timedelta(seconds=seconds)
        if world.happens("vanishes", 0.3):
            network.hidden_until[name] = now + timedelta(hours=8)

    def cancel(self, broker_order_id: str) -> str:
        world, asked = self._world, self._network.cancels_asked
        asked[broker_order_id] = asked.get(broker_order_id, 0) + 1
        self._budget.spend()
        world.on_the_way(f"cancel {broker_order_id}")
        unanswered = world.happens("cancel unanswered")
        if unanswered and world.faults.chance(0.5):
            raise Unavailable("asked to cancel, no answer")
        answer = ""
        if broker_order_id not in self._network.stuck:
            answer = self._real.cancel(broker_order_id)
        if unanswered:
            raise Unavailable("asked to cancel, no answer")
        world.came_back(f"cancel {broker_order_id}")
        return answer


def look_around(real: SimulatedBroker) -> View:
    """What every read shows at this instant."""
    since = datetime.min.replace(tzinfo=real.clock().now.tzinfo)
    return View(
        at=real.clock().now,
        account=real.account(),
        positions=real.positions(),
        open_orders=real.open_orders(),
        orders={o.client_order_id: o for o in real.orders_since(since)},
        fills=real.fills_since(since),
    )


def _with_another_limit(order: Order) -> Order:
    return replace(order, limit_price=Price((order.limit_price or Decimal(0)) + 1))


def is_open(order: Order) -> bool:
    """Whether the exchange may still fill it."""
    return order.status in (OrderStatus.OPEN, OrderStatus.PENDING_CANCEL)
