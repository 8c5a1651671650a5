"""What stops an order at the last moment, and the moves that no leg may ever make."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from daemon import settle as settling
from daemon.executor import move, open_purse, place
from daemon.memory import remember
from daemon.observe import observe
from daemon.protocol import BrokenInvariant, state_of
from policies.policy import Policy
from portfolio.decisions import PlannedLeg, Proposal, Run, accepted
from portfolio.events import LegPlanned
from portfolio.money import Quantity, Weight
from portfolio.orders import Leg, LegState, Order
from portfolio.target import Slice, build_target
from portfolio.wakes import Wake, WakeKind
from tests.support.house import Rig, build_rig, service_of, table
from tests.support.stories import DAYS, FALL, GROWTH, approve, sixty_forty


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """600 stocks at 187.50 and 400 bonds at 93.75 against 60/40: 120 stocks are to be sold."""
    return build_rig(
        tmp_path,
        table(DAYS, STK=GROWTH, BND=FALL),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )


def planned(rig: Rig) -> tuple[Run, PlannedLeg]:
    """The sale of the textbook's plan, and a run that allows it."""
    plan = rig.look(DAYS[8]).decision
    assert isinstance(plan, Proposal)
    expires = rig.clock.now() + timedelta(hours=1)
    run = accepted(plan, number=1, opened_cycle=1, expires_at=expires)
    (leg,) = plan.first_wave
    assert leg.intent.quantity == 120
    return run, leg


def send(rig: Rig, run: Run, *legs: PlannedLeg) -> list[Leg]:
    """One wave as a cycle sends it."""
    snapshot = observe(rig.house)
    memory = remember(rig.house, Wake(kind=WakeKind.LOOK), snapshot.session)
    return list(place(rig.house, run, 99, legs, open_purse(run, snapshot, memory)))


def sent(rig: Rig) -> int:
    return len(rig.broker.orders_since(rig.market.first_session.opens_at))


def part_of(leg: PlannedLeg, units: int) -> PlannedLeg:
    return replace(leg, intent=replace(leg.intent, quantity=Quantity(Decimal(units))))


def test_a_second_order_in_a_symbol_waits_for_the_next_look(rig: Rig) -> None:
    run, leg = planned(rig)
    first, second = send(rig, run, part_of(leg, 50), part_of(leg, 60))
    assert first.sends == 1
    assert (second.state, second.sends) == (LegState.ABANDONED, 0)
    assert second.note == "STK has had its order in this look already"
    assert sent(rig) == 1


@pytest.mark.parametrize(
    ("point", "note"),
    [
        ("after plan commit", "the daemon ends: SIGTERM"),
        ("before submit", "before the send: the daemon ends: SIGTERM"),
    ],
)
def test_a_daemon_that_is_told_to_end_sends_nothing_more(rig: Rig, point: str, note: str) -> None:
    run, leg = planned(rig)
    passed: list[str] = []
    rig.house.hook = passed.append
    rig.house.stopping = lambda: "SIGTERM" if point in passed else ""
    (stopped,) = send(rig, run, leg)
    assert (stopped.state, stopped.note) == (LegState.ABANDONED, note)
    assert sent(rig) == 0


def test_more_than_the_run_allows_is_not_sent(rig: Rig) -> None:
    """120 were planned, and a run allows one percent more: 121.20."""
    run, leg = planned(rig)
    (refused,) = send(rig, run, part_of(leg, 122))
    assert (refused.state, refused.sends) == (LegState.ABANDONED, 0)
    assert refused.note == "STK: 122 is more than the 121.20 there is (allowance)"


def test_the_orders_of_a_wave_are_numbered_from_one(rig: Rig) -> None:
    run, leg = planned(rig)
    (first,) = send(rig, run, leg)
    assert (first.index, first.client_order_id.split("-")[2:4]) == (1, ["000099", "01"])


# moves that no leg may make


def written_down(rig: Rig) -> Leg:
    """A leg that has just been planned."""
    run, leg = planned(rig)
    made = Leg(
        client_order_id="tt1-test-000099-01-abcdef",
        run=run.number,
        cycle=99,
        index=1,
        intent=leg.intent,
        reason=leg.reason,
        state=LegState.PLANNED,
        planned_at=rig.clock.now(),
    )
    rig.journal.append(LegPlanned(leg=made))
    return made


def works(rig: Rig, leg: Leg, *, sends: int = 1) -> Leg:
    leg = move(rig.house, leg, LegState.SUBMITTING, sends=sends, sent_at=rig.clock.now())
    return move(rig.house, leg, LegState.WORKING, broker_order_id="b-1")


def refused(rig: Rig, do: Callable[[], Leg], words: str) -> None:
    """The move raises, and the journal has nothing of it."""
    head = rig.journal.head()
    with pytest.raises(BrokenInvariant, match=words):
        do()
    assert rig.journal.head() == head


def test_a_leg_makes_no_move_that_the_protocol_does_not_know(rig: Rig) -> None:
    leg = written_down(rig)
    refused(rig, lambda: move(rig.house, leg, LegState.FILLED), "no move from planned to filled")
    open_leg = works(rig, leg)
    refused(rig, lambda: move(rig.house, open_leg, LegState.PLANNED), "from working to planned")
    refused(rig, lambda: move(rig.house, open_leg, LegState.WORKING), "from working to working")


def test_filled_units_make_no_illegal_move_legal(rig: Rig) -> None:
    leg, some = written_down(rig), Quantity(Decimal(50))
    refused(
        rig,
        lambda: move(rig.house, leg, LegState.FILLED, filled_quantity=some),
        "no move from planned to filled",
    )


def test_an_answer_without_a_number_keeps_the_one_that_is_known(rig: Rig) -> None:
    asked = move(
        rig.house, works(rig, written_down(rig)), LegState.CANCEL_REQUESTED, broker_order_id=None
    )
    assert asked.broker_order_id == "b-1"
    known = rig.journal.leg(asked.client_order_id)
    assert known is not None
    assert known.broker_order_id == "b-1"


def test_the_filled_quantity_never_falls(rig: Rig) -> None:
    fifty, less = Quantity(Decimal(50)), Quantity(Decimal("49.999"))
    leg = works(rig, written_down(rig))
    leg = move(rig.house, leg, LegState.WORKING, filled_quantity=fifty)
    refused(
        rig,
        lambda: move(rig.house, leg, LegState.CANCELED, filled_quantity=less),
        "the filled quantity fell",
    )
    assert move(rig.house, leg, LegState.CANCELED, filled_quantity=fifty).filled_quantity == 50


def test_a_refusal_of_a_second_send_ends_no_leg(rig: Rig) -> None:
    leg = written_down(rig)
    leg = move(rig.house, leg, LegState.SUBMITTING, sends=2, sent_at=rig.clock.now())
    refused(
        rig,
        lambda: move(rig.house, leg, LegState.REJECTED),
        "a second send proves no refusal",
    )
    ambiguous = move(rig.house, leg, LegState.AMBIGUOUS)
    # What a look-up shows is proof, however often the order was sent.
    assert move(rig.house, ambiguous, LegState.REJECTED).state is LegState.REJECTED


# an assertion stops trading, and looking goes on


def test_a_leg_that_breaks_an_invariant_keeps_no_other_from_being_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sales work. The first can make no legal move: everything halts, and the second is asked to
    cancel at the next tick, for looking at the broker goes on."""
    slices = [("ONE", "0.3"), ("TWO", "0.3"), ("BND", "0.4")]
    rig = build_rig(
        tmp_path,
        table(DAYS, ONE=GROWTH, TWO=GROWTH, BND=FALL),
        Policy(
            target=build_target(
                [Slice(name=s, weight=Weight(Decimal(w)), symbol=s) for s, w in slices]
            )
        ),
        positions={"ONE": "300", "TWO": "300", "BND": "400"},
        costs={"ONE": "100", "TWO": "100", "BND": "100"},
    )
    rig.look(DAYS[8])
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    approve(rig)
    bad, good = rig.journal.legs()
    assert bad.state is good.state is LegState.WORKING

    def wrong(order: Order, leg: Leg) -> LegState:
        right = state_of(order, leg)
        return LegState.PLANNED if leg.client_order_id == bad.client_order_id else right

    monkeypatch.setattr(settling, "state_of", wrong)
    service = service_of(rig)
    for _ in range(2):
        rig.clock.advance_to(rig.clock.now() + timedelta(seconds=60))
        service.handle(Wake(kind=WakeKind.TICK))
    assert "no move from working to planned" in (rig.latch.reason() or "")
    assert len(rig.journal.events("halted")) == 1
    states = {leg.client_order_id: leg.state for leg in rig.journal.legs()}
    assert states[bad.client_order_id] is LegState.WORKING
    assert states[good.client_order_id] is LegState.CANCEL_REQUESTED
