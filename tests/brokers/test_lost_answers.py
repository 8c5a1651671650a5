"""A scripted lost answer: the broker takes the order, and whoever sent it never hears of it."""

from pathlib import Path

from brokers.simulated.broker import SimulatedBroker
from brokers.simulated.world_events import LostAnswer
from portfolio.orders import OrderStatus
from portfolio.ports import Accepted, Ambiguous, Refused, SubmitOutcome
from tests.support.simulated import ACCOUNT, WEEK, SmallWorld, buy, small_world

MONDAY, TUESDAY, WEDNESDAY = WEEK[:3]


def lost_on(path: Path | str, *days: int) -> tuple[SmallWorld, list[float]]:
    """A world that loses an answer on those days of the week, and the seconds that were waited."""
    waited: list[float] = []
    world = small_world(path=path, events=tuple(LostAnswer(session=WEEK[day]) for day in days))
    world.broker = SimulatedBroker(
        ACCOUNT,
        world.broker.exchange.world.settings,
        world.market,
        world.clock,
        path,
        wait=waited.append,
    )
    return world, waited


def send(world: SmallWorld, name: str, quantity: str = "1") -> SubmitOutcome:
    return world.broker.submit(name, buy("VTI", quantity))


def test_the_order_is_taken_and_the_answer_is_lost_after_thirty_seconds(tmp_path: Path) -> None:
    world, waited = lost_on(tmp_path / "paper.sqlite", 1)
    world.go(TUESDAY)
    assert isinstance(send(world, "a"), Ambiguous)
    assert waited == [30.0]
    order = world.broker.find_order("a")
    assert order is not None
    assert (order.status, order.filled_quantity) == (OrderStatus.FILLED, 1)


def test_orders_before_the_session_and_after_the_lost_one_are_answered(tmp_path: Path) -> None:
    world, waited = lost_on(tmp_path / "paper.sqlite", 1)
    assert isinstance(send(world, "a"), Accepted)
    world.go(TUESDAY)
    send(world, "b")
    assert isinstance(send(world, "c"), Accepted)
    world.go(WEDNESDAY)
    assert isinstance(send(world, "d"), Accepted)
    assert len(waited) == 1


def test_an_order_that_is_refused_is_answered_and_the_next_one_meets_the_loss(
    tmp_path: Path,
) -> None:
    world, _ = lost_on(tmp_path / "paper.sqlite", 0)
    assert isinstance(send(world, "a", "100000"), Refused)
    assert isinstance(send(world, "b"), Ambiguous)


def test_an_answer_is_lost_once_also_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "paper.sqlite"
    world, _ = lost_on(path, 0)
    send(world, "a")
    world.broker.close()
    again, waited = lost_on(path, 0)
    assert isinstance(send(again, "b"), Accepted)
    assert waited == []
    assert {o.client_order_id for o in again.broker.open_orders()} <= {"b"}
    assert again.held() == {"VTI": 2}


def test_each_of_two_lost_answers_meets_an_order_of_its_own(tmp_path: Path) -> None:
    world, waited = lost_on(tmp_path / "paper.sqlite", 0, 2)
    send(world, "a")
    world.go(TUESDAY)
    assert isinstance(send(world, "b"), Accepted)
    world.go(WEDNESDAY)
    assert isinstance(send(world, "c"), Ambiguous)
    assert len(waited) == 2
