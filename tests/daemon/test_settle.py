"""Settling at its edges: cancels that go unheard or come too late, and accounts that are gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from daemon.settle import settle
from portfolio.money import Money
from portfolio.orders import Leg, LegState, Order
from portfolio.ports import Unavailable
from portfolio.wakes import WakeKind
from tests.support.house import Rig
from tests.support.stories import DAYS, approve, textbook


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """The textbook household with its sale at work, in a market that fills nothing for now."""
    rig = textbook(tmp_path)
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    approve(rig)
    assert the_leg(rig).state is LegState.WORKING
    return rig


def the_leg(rig: Rig) -> Leg:
    (leg,) = rig.journal.legs()
    return leg


def wait(rig: Rig, **time: float) -> None:
    """Let time pass, then settle."""
    rig.clock.advance_to(rig.clock.now() + timedelta(**time))
    settle(rig.house, rig.watch.progress)


class Cancels:
    """Counts the cancels that are asked for, and answers them as it is told."""

    def __init__(self, rig: Rig, answer: str | None) -> None:
        self.asked = 0
        self.answer = answer
        rig.broker.cancel = self  # type: ignore[method-assign, assignment]

    def __call__(self, _broker_order_id: str) -> str:
        self.asked += 1
        if self.answer is None:
            raise Unavailable("no answer")
        return self.answer


def test_a_cancel_that_nobody_answers_is_asked_for_again_at_the_next_settling(rig: Rig) -> None:
    cancels = Cancels(rig, answer=None)
    wait(rig, minutes=11)
    wait(rig, minutes=1)
    assert (cancels.asked, the_leg(rig).state) == (2, LegState.WORKING)
    cancels.answer = ""
    wait(rig, minutes=1)
    assert (cancels.asked, the_leg(rig).state) == (3, LegState.CANCEL_REQUESTED)
    wait(rig, minutes=1)
    assert cancels.asked == 3, "what was heard is waited for"


def test_a_cancel_that_comes_too_late_leaves_the_order_to_its_fill(rig: Rig) -> None:
    Cancels(rig, answer="order is already filled")
    wait(rig, minutes=11)
    assert the_leg(rig).state is LegState.WORKING, "a refused cancel says nothing of the order"
    rig.broker.exchange.switch(rig.clock.now(), fills_held=False)
    rig.broker.advance()
    wait(rig, minutes=1)
    assert (the_leg(rig).state, the_leg(rig).filled_quantity) == (LegState.FILLED, 120)


def test_a_daemon_that_may_not_send_follows_an_old_order_and_cancels_nothing(rig: Rig) -> None:
    """As after a change of the mode to a dry run while an order was at work."""
    cancels = Cancels(rig, answer="")
    rig.house.senders = {}
    wait(rig, minutes=11)
    assert (cancels.asked, the_leg(rig).state) == (0, LegState.WORKING)


def test_an_account_that_left_the_configuration_keeps_its_legs_as_they_were(rig: Rig) -> None:
    readers = rig.house.readers
    rig.house.readers = {}
    wait(rig, minutes=11)
    assert the_leg(rig).state is LegState.WORKING
    rig.house.readers = readers
    wait(rig, minutes=1)
    assert the_leg(rig).state is LegState.CANCEL_REQUESTED


def test_money_that_came_in_is_booked_once_with_the_session_that_saw_it(rig: Rig) -> None:
    rig.broker.exchange.deposit(Money(Decimal(500)), rig.clock.now())
    wait(rig, minutes=1)
    wait(rig, minutes=1)
    (flow,) = [flow for flow in rig.journal.flows() if flow.amount == 500]
    assert flow.seen_session == DAYS[8]


def test_an_order_that_only_the_list_of_all_orders_shows_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look-up by its id finds nothing for an hour; the sweep before it is given up finds it."""
    rig = textbook(tmp_path)
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    rig.broker.faults.lost_answers = [True]
    monkeypatch.setattr(rig.broker, "find_order", lambda _name: None)
    swept: list[Sequence[Order]] = []
    really = rig.broker.orders_since

    def orders_since(since: datetime) -> Sequence[Order]:
        swept.append(really(since))
        return swept[-1]

    monkeypatch.setattr(rig.broker, "orders_since", orders_since)
    approve(rig)
    for _ in range(10):
        wait(rig, minutes=6)
    assert the_leg(rig).state is LegState.AMBIGUOUS
    assert [o.client_order_id for o in swept[-1]] == [the_leg(rig).client_order_id]
    monkeypatch.undo()
    rig.look(kind=WakeKind.ORDER_UPDATE)
    assert the_leg(rig).state is LegState.WORKING


def test_an_unknown_word_is_told_once_and_the_order_stays_open(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = the_leg(rig).broker_order_id
    assert number is not None
    rig.broker.faults.status_words[number] = "held_for_review"
    wait(rig, minutes=1)
    wait(rig, minutes=1)
    assert the_leg(rig).state is LegState.WORKING
    (alarm,) = rig.journal.open_alarms()
    assert (alarm.name, "'held_for_review'" in alarm.text) == ("unknown order status", True)
