"""Losses taken by a whole house: sold, stood in for, not bought back, and asked where it must ask."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from daemon.answers.explain import explain
from daemon.memory import remember
from policies.taxes.harvest_rule import HarvestRule
from portfolio.accounts import Autonomy
from portfolio.decisions import Hold, Proposal
from portfolio.money import Weight
from portfolio.orders import Side
from portfolio.target import Slice, build_target
from portfolio.wakes import Wake, WakeKind
from tests.support.harvests import DAYS, FELL, GENEROUS, held, policy, rig_of
from tests.support.stories import finish, say


def test_a_loss_is_sold_and_the_partner_bought_for_the_same_money(tmp_path: Path) -> None:
    rig = rig_of(tmp_path)
    before = held(rig)
    outcome = rig.look(FELL)
    finish(rig)
    decision = outcome.decision
    assert isinstance(decision, Proposal)
    (step,) = decision.harvests
    assert (step.symbol, step.partner) == ("VTI", "SCHB")
    assert step.loss == before["VTI"] * 10
    # 3,000 at 24 % this year, the rest a year later at 6 %.
    by_hand = 720 + (step.loss - 3_000) * Decimal("0.24") / Decimal("1.06")
    assert round(step.saving, 6) == round(by_hand, 6)
    after = held(rig)
    assert "VTI" not in after
    assert after["BND"] == before["BND"]
    assert abs(after["SCHB"] * 45 - before["VTI"] * 90) < 500


def test_the_reason_and_the_gate_say_what_it_is_worth(tmp_path: Path) -> None:
    decision = rig_of(tmp_path).look(FELL).decision
    assert isinstance(decision, Proposal)
    assert decision.reason.startswith("harvest VTI: a loss of ")
    assert "SCHB stands in" in decision.reason
    (gate,) = [gate for gate in decision.gates if gate.name == "harvest"]
    assert gate.passed
    (sale,) = decision.sells
    assert "takes a loss of" in sale.reason


def test_what_was_harvested_is_not_bought_back_within_31_days(tmp_path: Path) -> None:
    rig = rig_of(tmp_path)
    rig.look(FELL)
    finish(rig)
    for day in DAYS[4:34]:
        rig.look(day)
        finish(rig)
        assert "VTI" not in held(rig)


def test_no_second_harvest_of_the_slice_follows(tmp_path: Path) -> None:
    rig = rig_of(tmp_path)
    rig.look(FELL)
    finish(rig)
    for day in DAYS[4:10]:
        decision = rig.look(day).decision
        assert isinstance(decision, Hold) or not decision.harvests


def test_a_harvest_answers_no_drift_and_is_followed_by_no_rest(tmp_path: Path) -> None:
    rig = rig_of(tmp_path)
    rig.look(FELL)
    finish(rig)
    memory = remember(
        rig.house, Wake(kind=WakeKind.TICK), rig.house.sessions.current_or_previous(rig.clock.now())
    )
    assert memory.last_run_ended_on is None  # the first plan only bought
    opened = rig.journal.events("run_opened")
    assert [r.event.run.is_harvest for r in opened] == [False, True]  # type: ignore[union-attr]


def test_an_account_that_proposes_asks_and_a_no_is_kept_for_31_days(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, autonomy=Autonomy.PROPOSE)
    assert rig.look(FELL).run is None
    pending = rig.journal.pending_approval()
    assert pending is not None
    assert pending.proposal.harvests
    say(rig, "reject", pending.proposal_hash[:12], reason="not this year")
    decision = rig.look(DAYS[4]).decision
    (gate,) = [gate for gate in decision.gates if gate.name == "harvest"]
    assert "turned a harvest down" in gate.text
    assert "asked again from 2026-04-05" in gate.text


def test_more_than_its_own_limit_asks_a_person_also_on_auto(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, limits=replace(GENEROUS, max_harvest_fraction=Decimal("0.10")))
    outcome = rig.look(FELL)
    assert outcome.run is None
    assert outcome.verdict is not None
    assert any("harvests sell" in reason for reason in outcome.verdict.reasons)


def test_undeclared_nothing_is_harvested_and_nothing_said(tmp_path: Path) -> None:
    decision = rig_of(tmp_path, policy(harvest=HarvestRule())).look(FELL).decision
    assert isinstance(decision, Hold) or not decision.harvests
    assert [gate for gate in decision.gates if gate.name == "harvest"] == []


def test_an_expired_declaration_is_said(tmp_path: Path) -> None:
    rule = policy(harvest=HarvestRule(declared_on=date(2025, 1, 2)))
    decision = rig_of(tmp_path, rule).look(FELL).decision
    (gate,) = [gate for gate in decision.gates if gate.name == "harvest"]
    assert "renew it with a new date" in gate.text


def test_a_slice_without_a_partner_is_left(tmp_path: Path) -> None:
    target = build_target(
        [
            Slice(name="stocks", weight=Weight(Decimal("0.6")), symbol="VTI"),
            Slice(name="bonds", weight=Weight(Decimal("0.4")), symbol="BND"),
        ]
    )
    decision = rig_of(tmp_path, policy(target=target)).look(FELL).decision
    (gate,) = [gate for gate in decision.gates if gate.name == "harvest"]
    assert "nothing may stand in for it" in gate.text


def test_a_harvest_is_explained_from_the_journal_alone(tmp_path: Path) -> None:
    rig = rig_of(tmp_path)
    outcome = rig.look(FELL)
    assert explain(rig.journal, outcome.cycle).holds_good


def test_the_money_waits_in_cash_where_that_is_allowed(tmp_path: Path) -> None:
    rule = policy(harvest=HarvestRule(declared_on=date(2026, 1, 2), hold_cash=True))
    target = build_target(
        [
            Slice(name="stocks", weight=Weight(Decimal("0.6")), symbol="VTI"),
            Slice(name="bonds", weight=Weight(Decimal("0.4")), symbol="BND"),
        ]
    )
    decision = rig_of(tmp_path, replace(rule, target=target)).look(FELL).decision
    assert isinstance(decision, Proposal)
    assert [leg.intent.side for leg in decision.legs] == [Side.SELL]
