"""The simulated broker keeps the broker contract, in memory and in a file."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from brokers.simulated.broker import SimulatedBroker
from brokers.simulated.store import IN_MEMORY
from portfolio.money import Money, Quantity
from portfolio.orders import Order
from portfolio.ports import Broker, OrderStream
from tests.support.broker_contract import BOND, BONDS_HELD, CASH, BrokerContract, Rig, Stage
from tests.support.simulated import WEEK, SmallWorld, small_world


class SimulatedRig:
    stages = frozenset(Stage)

    def __init__(self, world: SmallWorld) -> None:
        self._world = world
        self._simulated = world.broker
        self._simulated.exchange.switch(self.now(), fills_held=True)

    @property
    def broker(self) -> Broker:
        return self._simulated

    def now(self) -> datetime:
        return self._world.clock.now()

    def fill(self, order: Order, quantity: Quantity) -> None:
        self._simulated.exchange.fill_now(order.broker_order_id, quantity, self.now())

    def reject(self, order: Order, reason: str) -> None:
        self._simulated.exchange.reject(order.broker_order_id, reason, self.now())

    def close_session(self) -> None:
        self._world.go(WEEK[0], "16:01")

    def move_cash(self, amount: Money) -> None:
        if amount > 0:
            self._simulated.exchange.deposit(amount, self.now())
        else:
            self._simulated.exchange.withdraw(Money(-amount), self.now())

    def say_status(self, order: Order, word: str) -> None:
        self._simulated.faults.status_words[order.broker_order_id] = word

    def block(self, reason: str) -> None:
        self._simulated.exchange.switch(self.now(), blocked=reason)

    def lose_next_answer(self, *, arrives: bool) -> None:
        self._simulated.faults.lost_answers.append(arrives)

    def fail_next_read(self) -> None:
        self._simulated.faults.failing_reads = 1


class TestSimulated(BrokerContract):
    @pytest.fixture(params=["memory", "file"])
    def rig(self, request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
        return SimulatedRig(
            small_world(
                path=IN_MEMORY if request.param == "memory" else tmp_path / "account.sqlite",
                cash=Money(CASH),
                positions={BOND: BONDS_HELD},
                average_costs={BOND: Decimal("48.00")},
            )
        )


def test_the_simulated_broker_has_the_shape_of_the_ports() -> None:
    broker: SimulatedBroker = small_world().broker
    as_broker: Broker = broker
    as_stream: OrderStream = broker
    assert as_broker.capabilities.simulated
    as_stream.stop()
