"""What a start makes of legs that a process left in the middle."""

from pathlib import Path

import pytest

from portfolio.orders import LegState
from portfolio.wakes import WakeKind
from tests.support.house import Rig
from tests.support.stories import approve, textbook


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """The textbook household, whose plan a person has been asked about."""
    return textbook(tmp_path)


def killed_at(rig: Rig, point: str) -> None:
    """The yes of a person, and the end of the process at a point of the send that follows."""

    def hook(passed: str) -> None:
        if passed == point:
            raise Killed

    rig.house.hook = hook
    with pytest.raises(Killed):
        approve(rig)
    rig.house.hook = lambda _label: None


@pytest.mark.parametrize(
    ("point", "state", "sends", "orders"),
    [
        ("after plan commit", LegState.ABANDONED, 0, 0),
        ("after submitting commit", LegState.AMBIGUOUS, 1, 0),
        ("after submit", LegState.FILLED, 1, 1),
        ("after working commit", LegState.FILLED, 1, 1),
    ],
)
def test_a_start_takes_up_what_was_being_sent(
    rig: Rig, point: str, state: LegState, sends: int, orders: int
) -> None:
    """Only planned: provably never sent. Being sent: in doubt, and found where the broker has it."""
    killed_at(rig, point)
    rig.recover()
    (leg,) = rig.journal.legs()
    assert (leg.state, leg.sends) == (state, sends)
    ours = rig.broker.orders_since(rig.market.first_session.opens_at)
    assert [order.client_order_id for order in ours] == [leg.client_order_id] * orders
    head = rig.journal.head()
    rig.recover()
    assert rig.journal.head() == head, "a second start has nothing to add"


def test_what_was_in_doubt_at_a_start_is_never_sent_again(rig: Rig) -> None:
    killed_at(rig, "after submitting commit")
    rig.recover()
    for _ in range(3):
        rig.look(kind=WakeKind.ORDER_UPDATE)
    assert list(rig.broker.orders_since(rig.market.first_session.opens_at)) == []
