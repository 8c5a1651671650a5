"""What people say through the spool: each word does one thing, and a late word does nothing."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from daemon.requests.acting import stop_everything
from policies.limit_rule import Limits
from policies.policy import DepositRule, Policy
from portfolio.decisions import Proposal
from portfolio.events import ApprovalEnded, Fenced
from portfolio.memory import Fence
from portfolio.orders import LegState
from portfolio.wakes import WakeKind
from tests.support.house import Rig, build_rig, table
from tests.support.stories import DAYS, FALL, GROWTH, approve, say, sixty_forty


def textbook(tmp_path: Path, limits: Limits | None = None, policy: Policy | None = None) -> Rig:
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=GROWTH, BND=FALL),
        policy or Policy(target=sixty_forty()),
        limits=limits,
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )
    rig.look(DAYS[8])
    return rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return textbook(tmp_path)


def last_end(rig: Rig) -> ApprovalEnded:
    event = rig.journal.events("approval_ended")[-1].event
    assert isinstance(event, ApprovalEnded)
    return event


def test_run_now_is_a_look_with_its_reason(rig: Rig) -> None:
    outcome = say(rig, "run_now")
    assert outcome is not None
    assert rig.journal.cycles(limit=1)[0].wake.detail == "run-now"


def test_a_no_ends_the_proposal_and_names_who_said_it(rig: Rig) -> None:
    pending = rig.journal.pending_approval()
    assert pending is not None
    say(rig, "reject", "ffffffffffff")
    assert rig.journal.pending_approval() is not None, "that was another proposal"
    say(rig, "reject", pending.proposal_hash, reason="not this week")
    ended = last_end(rig)
    assert (ended.outcome, ended.by, ended.reason) == ("rejected", "ann", "not this week")
    assert rig.journal.pending_approval() is None
    assert say(rig, "approve", pending.proposal_hash) is None


def test_a_yes_that_comes_after_the_end_does_nothing(rig: Rig) -> None:
    pending = rig.journal.pending_approval()
    assert pending is not None
    rig.clock.advance_to(pending.expires_at + timedelta(seconds=1))
    assert say(rig, "approve", pending.proposal_hash) is None
    assert not rig.journal.legs()


def test_a_fence_is_cleared_by_name(rig: Rig) -> None:
    fence = Fence(account="main", symbol="STK", reason="a test")
    rig.journal.append(Fenced(fence=fence))
    assert rig.journal.fences(rig.clock.now()) == [fence]
    say(rig, "clear_fence", "main/STK")
    assert rig.journal.fences(rig.clock.now()) == []


def test_a_halt_asks_for_every_working_order_to_be_canceled(rig: Rig) -> None:
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    approve(rig)
    (leg,) = rig.journal.legs()
    assert leg.state is LegState.WORKING
    stop_everything(rig.house, rig.watch, by="ann", reason="stop")
    rig.look(kind=WakeKind.ORDER_UPDATE)
    (leg,) = rig.journal.legs()
    assert leg.state is LegState.CANCELED
    stop_everything(rig.house, rig.watch, by="ann", reason="stop again")
    assert len(rig.journal.events("halted")) == 1


def test_a_look_that_finds_nothing_to_do_takes_the_proposal_back(tmp_path: Path) -> None:
    stocks = (*GROWTH[:9], "172", "158", "146")
    bonds = (*FALL[:9], "101", "109", "118")
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=stocks, BND=bonds),
        Policy(target=sixty_forty(), proposal_hours=200),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )
    rig.look(DAYS[8])
    for day in DAYS[9:]:
        rig.look(day)
    assert rig.journal.pending_approval() is None
    assert last_end(rig).outcome == "withdrawn"
    assert last_end(rig).reason.startswith("no longer needed")


def test_a_plan_that_no_approval_may_allow_is_told_once_and_not_asked(tmp_path: Path) -> None:
    """A limit price two percent through the quote is beyond the collar of one percent."""
    policy = Policy(target=sixty_forty(), limit_offset=Decimal("0.02"))
    rig = textbook(tmp_path, policy=policy)
    rig.look(DAYS[9])
    assert rig.journal.pending_approval() is None
    assert [a.name for a in rig.journal.open_alarms()] == ["plan denied"]
    assert len(rig.journal.events("alarm")) <= 2


def test_a_continuation_that_the_limits_deny_sends_nothing(tmp_path: Path) -> None:
    rig = textbook(tmp_path)
    approve(rig)
    sent = len(rig.journal.legs())
    rig.house.policy = replace(rig.house.policy, limit_offset=Decimal("0.05"))
    outcome = rig.look(kind=WakeKind.ORDER_UPDATE)
    assert isinstance(outcome.decision, Proposal)
    assert outcome.run is None
    assert len(rig.journal.legs()) == sent


def test_a_deposit_rule_of_no_wait_invests_at_once(tmp_path: Path) -> None:
    policy = Policy(target=sixty_forty(), deposits=DepositRule(wait_sessions=0))
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=["100"] * 12, BND=["100"] * 12),
        policy,
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )
    rig.look(DAYS[0])
    rig.go_to(DAYS[1])
    rig.broker.exchange.deposit(Decimal(2000), rig.clock.now())  # type: ignore[arg-type]
    outcome = rig.look()
    assert isinstance(outcome.decision, Proposal)
    assert outcome.decision.sells == ()


def test_a_run_that_tries_the_same_order_a_fourth_time_asks_a_person(tmp_path: Path) -> None:
    """Three cycles on one symbol in a session; the fourth waits, and a yes lets just that one go."""
    rig = textbook(tmp_path)
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    approve(rig)
    for _ in range(8):
        rig.clock.advance_to(rig.clock.now() + timedelta(minutes=11))
        rig.look(kind=WakeKind.ORDER_UPDATE)
    legs = rig.journal.legs()
    assert len({leg.cycle for leg in legs}) == 3
    waiting = rig.journal.pending_approval()
    assert waiting is not None
    assert waiting.proposal.run == legs[0].run
    assert waiting.reasons == ("4 cycles that traded STK this session, disarmed beyond, at most 3",)
    assert rig.journal.open_run() is not None
    rig.broker.exchange.switch(rig.clock.now(), fills_held=False)

    outcome = approve(rig)

    assert outcome is not None
    assert [leg.run for leg in outcome.legs] == [legs[0].run]
    assert rig.journal.pending_approval() is None


def test_a_run_that_ends_takes_its_question_back(tmp_path: Path) -> None:
    rig = textbook(tmp_path)
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    approve(rig)
    for _ in range(8):
        rig.clock.advance_to(rig.clock.now() + timedelta(minutes=11))
        rig.look(kind=WakeKind.ORDER_UPDATE)
    asked = rig.journal.pending_approval()
    run = rig.journal.open_run()
    assert asked is not None
    assert run is not None
    rig.clock.advance_to(run.expires_at)
    rig.look(kind=WakeKind.ORDER_UPDATE)
    assert rig.journal.open_run() is None
    assert rig.journal.pending_approval() is None
    assert last_end(rig).outcome == "withdrawn"
