"""Executions that a broker counts into an order only after it has called the order ended."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from brokers.simulated.broker import SimulatedBroker
from daemon.late_fills import look_for_late_fills
from daemon.settle import settle
from daemon.upkeep.clearing import clear_what_is_over
from portfolio.money import ZERO, Quantity
from portfolio.orders import Fill, LegState, Order
from portfolio.wakes import WakeKind
from tests.support.house import Rig
from tests.support.stories import approve, textbook


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return textbook(tmp_path)


@contextmanager
def counted_later(*, fills_too: bool) -> Iterator[None]:
    """A broker whose orders do not show yet what they have filled."""
    find, since = SimulatedBroker.find_order, SimulatedBroker.orders_since
    fills = SimulatedBroker.fills_since

    def empty(order: Order) -> Order:
        return replace(order, filled_quantity=Quantity(ZERO), filled_average_price=None)

    def find_order(self: Any, name: str) -> Order | None:
        found = find(self, name)
        return None if found is None else empty(found)

    def orders_since(self: Any, at: datetime) -> Sequence[Order]:
        return [empty(order) for order in since(self, at)]

    def fills_since(self: Any, at: datetime) -> Sequence[Fill]:
        return () if fills_too else fills(self, at)

    with (
        patch.object(SimulatedBroker, "find_order", find_order),
        patch.object(SimulatedBroker, "orders_since", orders_since),
        patch.object(SimulatedBroker, "fills_since", fills_since),
    ):
        yield


def sell_in_part_and_cancel(rig: Rig) -> None:
    """An order of the plan fills ten units and is canceled after its ten minutes."""
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    approve(rig)
    (leg,) = rig.journal.legs()
    assert leg.broker_order_id is not None
    rig.broker.exchange.fill_now(leg.broker_order_id, Quantity(Decimal(10)), rig.clock.now())
    for _ in range(2):
        rig.clock.advance_to(rig.clock.now() + timedelta(minutes=11))
        rig.broker.advance()
        settle(rig.house, rig.watch.progress)


def test_an_ended_order_that_is_counted_again_hours_later_is_caught_up_with_and_told(
    rig: Rig,
) -> None:
    with counted_later(fills_too=True):
        sell_in_part_and_cancel(rig)
        (leg,) = rig.journal.legs()
        assert (leg.state, leg.filled_quantity) == (LegState.CANCELED, 0)
    assert look_for_late_fills(rig.house) == 1
    (leg,) = rig.journal.legs()
    assert (leg.state, leg.filled_quantity) == (LegState.CANCELED, 10)
    assert [a.name for a in rig.journal.open_alarms()] == ["late fill"]
    assert look_for_late_fills(rig.house) == 0, "twice is free"
    clear_what_is_over(rig.house)
    assert rig.journal.open_alarms() == []


def test_an_execution_booked_to_an_ended_order_counts_at_once(rig: Rig) -> None:
    """Else the run would believe that it may sell the ten again."""
    with counted_later(fills_too=False):
        sell_in_part_and_cancel(rig)
    (leg,) = rig.journal.legs()
    assert (leg.state, leg.filled_quantity) == (LegState.CANCELED, 10)
    outcome = rig.look(kind=WakeKind.ORDER_UPDATE)
    assert [again.intent.quantity for again in outcome.legs] == [leg.intent.quantity - 10]
