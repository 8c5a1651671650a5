"""What can go wrong with an order, one story each: nothing is sent twice, and each end is explained."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from config.safeguards import OrderLife
from daemon.executor import move
from daemon.settle import settle
from daemon.upkeep.clearing import clear_what_is_over
from portfolio.events import LegPlanned
from portfolio.money import ZERO, Quantity
from portfolio.orders import Leg, LegState, Order, OrderIntent, OrderStatus, Side
from portfolio.ports import Accepted, Deferred, NotSent, Refused, SubmitOutcome, Unavailable
from portfolio.snapshot import PriceFault
from portfolio.wakes import WakeKind
from tests.support.house import Rig
from tests.support.stories import DAYS, approve, finish, textbook


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """The textbook household on the day its plan waits for a yes."""
    return textbook(tmp_path)


def the_leg(rig: Rig) -> Leg:
    (leg,) = rig.journal.legs()
    return leg


def wait(rig: Rig, **time: float) -> None:
    """Let time pass, then look because of news from the broker."""
    rig.clock.advance_to(rig.clock.now() + timedelta(**time))
    rig.look(kind=WakeKind.ORDER_UPDATE)


def orders(rig: Rig) -> list[str]:
    since = rig.market.first_session.opens_at
    return [order.client_order_id for order in rig.broker.orders_since(since)]


def pages(rig: Rig) -> list[str]:
    return [alarm.name for alarm in rig.journal.open_alarms()]


def test_a_lost_answer_is_looked_up_and_the_order_is_not_sent_again(rig: Rig) -> None:
    rig.broker.faults.lost_answers = [True]
    approve(rig)
    assert the_leg(rig).state is LegState.FILLED
    assert the_leg(rig).sends == 1
    assert the_leg(rig).note == "found at the broker, not sent again"
    assert orders(rig) == [the_leg(rig).client_order_id]
    finish(rig)
    assert len(set(orders(rig))) == len(orders(rig))


def test_an_order_nobody_can_find_is_lost_fenced_and_told_once(rig: Rig) -> None:
    rig.broker.faults.lost_answers = [False]
    approve(rig)
    assert the_leg(rig).state is LegState.AMBIGUOUS
    for _ in range(4):
        wait(rig, seconds=61)
    assert the_leg(rig).state is LegState.AMBIGUOUS, "neither five look-ups nor five minutes"
    wait(rig, seconds=61)
    assert the_leg(rig).state is LegState.LOST
    assert pages(rig) == ["lost order"]
    (fence,) = rig.journal.fences(rig.clock.now())
    assert (fence.account, fence.symbol) == ("main", "STK")
    wait(rig, minutes=5)
    assert pages(rig) == ["lost order"]
    assert orders(rig) == []


def test_a_lost_order_never_arrived_when_its_session_is_over(rig: Rig) -> None:
    rig.broker.faults.lost_answers = [False]
    approve(rig)
    for _ in range(5):
        wait(rig, seconds=61)
    lost = the_leg(rig)
    rig.look(DAYS[9])
    assert rig.journal.leg(lost.client_order_id).state is LegState.NEVER_ARRIVED  # type: ignore[union-attr]
    assert len(rig.journal.legs()) == 2, "the next session has planned afresh"
    assert rig.journal.fences(rig.clock.now()) == []


def test_a_lost_order_that_arrives_late_is_told_and_followed(rig: Rig) -> None:
    rig.broker.faults.lost_answers = [False]
    approve(rig)
    for _ in range(5):
        wait(rig, seconds=61)
    leg = the_leg(rig)
    rig.broker.exchange.submit(leg.client_order_id, leg.intent, rig.clock.now())
    wait(rig, minutes=20)
    assert rig.journal.leg(leg.client_order_id).state is LegState.FILLED  # type: ignore[union-attr]
    assert pages(rig) == ["lost order", "late arrival"]
    assert orders(rig).count(leg.client_order_id) == 1


def test_an_order_that_does_not_fill_is_canceled_and_planned_afresh(rig: Rig) -> None:
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    approve(rig)
    assert the_leg(rig).state is LegState.WORKING
    wait(rig, minutes=10)
    wait(rig, seconds=5)
    states = [leg.state for leg in rig.journal.legs()]
    assert states[0] is LegState.CANCELED
    rig.broker.exchange.switch(rig.clock.now(), fills_held=False)
    wait(rig, seconds=5)
    finish(rig)
    assert rig.journal.open_run() is None
    assert len(set(orders(rig))) == len(orders(rig))


def test_a_cancel_without_effect_is_stuck_and_told_while_others_go_on(rig: Rig) -> None:
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    approve(rig)
    leg = the_leg(rig)
    rig.broker.faults.status_words[leg.broker_order_id or ""] = "pending_cancel_for_ever"
    wait(rig, minutes=11)
    wait(rig, seconds=5)
    assert the_leg(rig).state is LegState.CANCEL_REQUESTED
    wait(rig, minutes=11)
    assert the_leg(rig).state is LegState.STUCK
    assert sorted(pages(rig)) == ["stuck order", "unknown order status"]
    rig.broker.faults.status_words.clear()
    wait(rig, minutes=1)
    assert rig.journal.legs()[0].state is LegState.CANCELED


def test_how_long_an_order_may_take_is_a_setting(rig: Rig) -> None:
    rig.house.order_life = OrderLife(
        cancel_after=timedelta(minutes=3), stuck_after=timedelta(minutes=2)
    )
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    approve(rig)
    leg = the_leg(rig)
    rig.broker.faults.status_words[leg.broker_order_id or ""] = "pending_cancel_for_ever"
    wait(rig, minutes=2, seconds=59)
    assert the_leg(rig).state is LegState.WORKING
    wait(rig, seconds=1)
    assert the_leg(rig).state is LegState.CANCEL_REQUESTED
    assert the_leg(rig).note == "it did not fill in 3 minutes"
    wait(rig, minutes=1, seconds=59)
    assert the_leg(rig).state is LegState.CANCEL_REQUESTED
    wait(rig, seconds=1)
    assert the_leg(rig).state is LegState.STUCK


def test_how_long_an_order_is_looked_for_is_a_setting(rig: Rig) -> None:
    rig.house.order_life = OrderLife(
        lost_lookups=7, lost_after=timedelta(seconds=600), arrival_grace=timedelta(minutes=45)
    )
    rig.broker.faults.lost_answers = [False]
    approve(rig)
    for _ in range(9):
        wait(rig, seconds=61)
    assert the_leg(rig).state is LegState.AMBIGUOUS, "looked for often enough, not long enough"
    wait(rig, seconds=61)
    assert the_leg(rig).state is LegState.LOST
    (fence,) = rig.journal.fences(rig.clock.now())
    closes_at = rig.market.session_of(DAYS[8]).closes_at
    assert fence.until == closes_at + timedelta(minutes=45)


def test_too_many_requests_abandon_the_leg_and_the_run_plans_it_again(rig: Rig) -> None:
    rig.broker.faults.answers = [Deferred(retry_at=rig.clock.now() + timedelta(seconds=30))]
    approve(rig)
    wait(rig, seconds=31)
    finish(rig)
    states = [leg.state for leg in rig.journal.legs()]
    assert states[0] is LegState.ABANDONED
    assert set(states[1:]) == {LegState.FILLED}


def test_what_was_not_sent_is_abandoned_and_planned_again(rig: Rig) -> None:
    rig.broker.faults.answers = [NotSent(message="no route")]
    approve(rig)
    assert the_leg(rig).state is LegState.ABANDONED
    finish(rig)
    assert rig.journal.legs()[-1].state is LegState.FILLED


def test_a_refused_symbol_is_not_tried_again_in_the_same_run(rig: Rig) -> None:
    rig.broker.faults.answers = [Refused(code="40310000", message="not today")]
    approve(rig)
    for _ in range(3):
        wait(rig, seconds=5)
    sales = [leg for leg in rig.journal.legs() if leg.intent.side is Side.SELL]
    assert [leg.state for leg in sales] == [LegState.REJECTED]
    assert "not today" in sales[0].note


def test_a_refusal_that_blocks_the_account_halts_everything(rig: Rig) -> None:
    rig.broker.faults.answers = [Refused(code="401", message="unauthorized.", halts=True)]
    approve(rig)
    assert "unauthorized" in (rig.latch.reason() or "")
    assert rig.journal.events("halted")


def test_an_order_of_other_content_under_our_id_halts_everything(rig: Rig) -> None:
    rig.broker.faults.lost_answers = [False]
    approve(rig)
    leg = the_leg(rig)
    other = OrderIntent(
        account="main",
        symbol="STK",
        side=Side.SELL,
        quantity=Quantity(Decimal(7)),
        limit_price=leg.intent.limit_price,
    )
    rig.broker.exchange.submit(leg.client_order_id, other, rig.clock.now())
    wait(rig, seconds=5)
    assert "quantity 7 instead of" in (rig.latch.reason() or "")
    assert the_leg(rig).state is LegState.AMBIGUOUS, "it is not taken for ours"
    assert len(rig.journal.events("halted")) == 1
    wait(rig, seconds=60)
    assert len(rig.journal.events("halted")) == 1, "told once"


def test_an_answer_of_other_content_to_a_send_is_no_acceptance(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = rig.broker.submit

    def submit(name: str, intent: OrderIntent) -> SubmitOutcome:
        outcome = really(name, intent)
        assert isinstance(outcome, Accepted)
        return Accepted(order=replace(outcome.order, quantity=Quantity(Decimal(7))))

    monkeypatch.setattr(rig.broker, "submit", submit)
    approve(rig)
    assert "quantity 7 instead of" in (rig.latch.reason() or "")
    wait(rig, seconds=60)
    assert the_leg(rig).state is LegState.FILLED, "its look-up shows what was meant"


def test_an_accepted_order_that_nobody_shows_is_cancelled_in_a_halt(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    approve(rig)
    assert the_leg(rig).state is LegState.WORKING
    monkeypatch.setattr(rig.broker, "find_order", lambda _name: None)
    wait(rig, seconds=5)
    assert the_leg(rig).state is LegState.WORKING, "a stale answer, and nothing more"
    rig.latch.set("trimtab", "the disk is full")
    wait(rig, seconds=5)
    assert the_leg(rig).state is LegState.CANCEL_REQUESTED


def test_a_wave_that_was_broken_off_is_taken_up_by_the_next_settling(rig: Rig) -> None:
    """The process lives on after an invariant that did not hold in the middle of a wave."""
    approve(rig)
    leg = the_leg(rig)
    stem = leg.client_order_id[:-6]
    sending = Leg(
        client_order_id=f"{stem}ffffff",
        run=leg.run,
        cycle=leg.cycle,
        index=9,
        intent=leg.intent,
        reason=leg.reason,
        state=LegState.PLANNED,
        planned_at=rig.clock.now(),
    )
    planned = replace(sending, client_order_id=f"{stem}eeeeee", index=10)
    rig.journal.append(LegPlanned(leg=sending), LegPlanned(leg=planned))
    move(rig.house, sending, LegState.SUBMITTING, sends=1, sent_at=rig.clock.now())
    wait(rig, seconds=5)
    states = {leg.index: leg.state for leg in rig.journal.legs()}
    assert (states[9], states[10]) == (LegState.AMBIGUOUS, LegState.ABANDONED)


def test_an_answer_that_names_another_order_leaves_the_outcome_open(rig: Rig) -> None:
    stranger = Order(
        broker_order_id="b-77",
        client_order_id="by-hand",
        symbol="STK",
        side=Side.SELL,
        quantity=Quantity(Decimal(1)),
        limit_price=None,
        status=OrderStatus.OPEN,
        raw_status="new",
        filled_quantity=Quantity(ZERO),
        filled_average_price=None,
        submitted_at=rig.clock.now(),
    )
    rig.broker.faults.answers = [Accepted(order=stranger)]
    approve(rig)
    assert the_leg(rig).state is LegState.AMBIGUOUS
    assert "another order" in rig.journal.events("leg_moved")[-1].event.note  # type: ignore[union-attr]


@pytest.mark.parametrize("label", ["after plan commit", "before submit"])
def test_a_latch_that_falls_before_the_first_byte_stops_the_order(rig: Rig, label: str) -> None:
    def hook(passed: str) -> None:
        if passed == label:
            rig.latch.set("ann", "stop now")

    rig.house.hook = hook
    approve(rig)
    assert the_leg(rig).state is LegState.ABANDONED
    assert "stop now" in the_leg(rig).note
    assert orders(rig) == []


def test_a_quote_that_turns_stale_right_before_the_send_stops_the_order(rig: Rig) -> None:
    def hook(passed: str) -> None:
        if passed == "after plan commit":
            long_ago = rig.clock.now() - timedelta(minutes=5)
            rig.market.break_quotes("STK", PriceFault.STALE, long_ago)

    rig.house.hook = hook
    approve(rig)
    assert the_leg(rig).state is LegState.ABANDONED
    assert "old" in the_leg(rig).note
    assert orders(rig) == []


def test_no_price_at_all_right_before_the_send_stops_the_order(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hook(passed: str) -> None:
        if passed == "after plan commit":

            def refuse(symbols: object) -> object:
                raise Unavailable("the feed is down")

            monkeypatch.setattr(rig.house.prices, "quotes", refuse)

    rig.house.hook = hook
    approve(rig)
    assert the_leg(rig).state is LegState.ABANDONED
    assert "the feed is down" in the_leg(rig).note


def test_a_partial_fill_is_kept_and_the_rest_planned_afresh(rig: Rig) -> None:
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    approve(rig)
    leg = the_leg(rig)
    rig.broker.exchange.fill_now(leg.broker_order_id or "", Quantity(Decimal(40)), rig.clock.now())
    wait(rig, seconds=5)
    assert (the_leg(rig).state, the_leg(rig).filled_quantity) == (LegState.WORKING, 40)
    wait(rig, minutes=10)
    wait(rig, seconds=5)
    first = rig.journal.legs()[0]
    assert (first.state, first.filled_quantity) == (LegState.CANCELED, 40)
    rig.broker.exchange.switch(rig.clock.now(), fills_held=False)
    wait(rig, seconds=5)
    finish(rig)
    sold = sum(b.fill.quantity for b in rig.journal.fills() if b.fill.side is Side.SELL)
    assert sold == 120
    assert rig.broker.account().cash >= ZERO


def shown_as(rig: Rig, monkeypatch: pytest.MonkeyPatch, **fields: object) -> None:
    """From now on the broker shows every order with these fields changed."""
    really = rig.broker.find_order

    def find(name: str) -> Order | None:
        order = really(name)
        return None if order is None else replace(order, **fields)  # type: ignore[arg-type]

    monkeypatch.setattr(rig.broker, "find_order", find)


def test_an_order_called_filled_with_too_few_units_is_still_open(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planning the rest of it again would sell the same shares twice."""
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    approve(rig)
    with monkeypatch.context() as wrong:
        shown_as(rig, wrong, status=OrderStatus.FILLED, filled_quantity=Quantity(Decimal(40)))
        for _ in range(6):
            wait(rig, seconds=61)
        assert (the_leg(rig).state, the_leg(rig).filled_quantity) == (LegState.WORKING, 40)
        assert pages(rig) == ["unclear order"]
        assert len(orders(rig)) == 1
    rig.broker.exchange.switch(rig.clock.now(), fills_held=False)
    wait(rig, seconds=5)
    finish(rig)
    assert {leg.state for leg in rig.journal.legs()} == {LegState.FILLED}
    clear_what_is_over(rig.house)
    assert pages(rig) == []


def test_an_order_called_canceled_that_has_filled_is_not_sent_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.broker.faults.lost_answers = [True]
    shown_as(
        rig,
        monkeypatch,
        status=OrderStatus.CANCELED,
        filled_quantity=Quantity(ZERO),
        filled_average_price=None,
    )
    approve(rig)
    leg = rig.journal.legs()[0]
    assert (leg.state, leg.filled_quantity) == (LegState.CANCELED, leg.intent.quantity)
    for _ in range(5):
        wait(rig, seconds=61)
    sold = [leg for leg in rig.journal.legs() if leg.intent.side is Side.SELL]
    assert len(sold) == 1


def test_an_order_that_filled_more_than_was_asked_for_halts_everything(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    approve(rig)
    too_much = Quantity(the_leg(rig).intent.quantity + 1)
    shown_as(rig, monkeypatch, filled_quantity=too_much)
    wait(rig, seconds=5)
    assert "filled 121 of 120" in (rig.latch.reason() or "")


def test_an_accepted_order_that_nobody_shows_is_told_of_and_ends_with_its_session(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    approve(rig)
    monkeypatch.setattr(rig.broker, "find_order", lambda _name: None)
    monkeypatch.setattr(rig.broker, "orders_since", lambda _since: ())
    for _ in range(4):
        wait(rig, seconds=70)
    assert pages(rig) == []
    wait(rig, seconds=70)
    assert pages(rig) == ["unclear order"]
    assert the_leg(rig).state is LegState.WORKING
    rig.go_to(DAYS[8], timedelta(hours=6, minutes=44))
    settle(rig.house, rig.watch.progress)
    assert the_leg(rig).state is LegState.WORKING
    rig.go_to(DAYS[8], timedelta(hours=6, minutes=45))
    settle(rig.house, rig.watch.progress)
    assert the_leg(rig).state is LegState.EXPIRED
    assert "is not shown" in the_leg(rig).note
    assert len(rig.journal.events("alarm")) == 1, "told once"
