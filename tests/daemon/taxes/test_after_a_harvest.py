"""What follows a harvest: new money goes to the partner, and the fund comes back after 31 days."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from brokers.simulated.world_events import Deposit
from daemon.answers.explain import explain
from policies.policy import DepositRule
from policies.taxes.harvest_rule import HarvestRule
from portfolio.accounts import Autonomy
from portfolio.decisions import Decision, Gate, Proposal
from portfolio.money import Money
from tests.support.harvests import DAYS, FELL, held, policy, rig_of
from tests.support.house import Rig
from tests.support.stories import finish

DAY_30, DAY_31 = FELL + timedelta(days=30), FELL + timedelta(days=31)


def harvested(folder: Path, **settings: object) -> Rig:
    rig = rig_of(folder, **settings)  # type: ignore[arg-type]
    rig.look(FELL)
    finish(rig)
    assert "VTI" not in held(rig)
    return rig


def gate(decision: Decision, name: str = "switch back") -> Gate:
    (found,) = [g for g in decision.gates if g.name == name]
    return found


def test_the_partner_goes_back_on_the_thirty_first_day_when_nothing_was_gained(
    tmp_path: Path,
) -> None:
    rig = harvested(tmp_path)
    waits = gate(rig.look(DAY_30).decision)
    assert not waits.passed
    assert waits.next_possible == DAY_31
    finish(rig)  # what was left in cash buys the partner
    partner = held(rig)["SCHB"]
    outcome = rig.look(DAY_31)
    assert isinstance(outcome.decision, Proposal)
    assert outcome.decision.reason == (
        "change SCHB back to VTI: 30 days are over, no gain is taxed"
    )
    finish(rig)
    assert "SCHB" not in held(rig)
    assert held(rig)["VTI"] * 90 == pytest.approx(partner * 45, abs=Decimal(500))
    assert explain(rig.journal, outcome.cycle).holds_good


def test_it_is_told_on_the_orders_why_they_are_there(tmp_path: Path) -> None:
    decision = harvested(tmp_path).look(DAY_31).decision
    assert isinstance(decision, Proposal)
    (sale,), (purchase,) = decision.sells, decision.buys
    assert sale.reason == "stood in for VTI and goes back to it"
    assert purchase.reason == "comes back for SCHB, which stood in for it"


def test_a_gain_keeps_the_partner(tmp_path: Path) -> None:
    rig = harvested(tmp_path, later="46")
    decision = rig.look(DAY_31).decision
    assert "would be taxed" in gate(decision).text
    assert not isinstance(decision, Proposal) or not decision.harvests


def test_a_large_loss_of_the_partner_is_harvested_on_the_way_back(tmp_path: Path) -> None:
    decision = harvested(tmp_path, later="40").look(DAY_31).decision
    assert isinstance(decision, Proposal)
    (step,) = decision.harvests
    assert (step.symbol, step.partner) == ("SCHB", "VTI")
    assert step.loss > 5_000
    assert decision.reason.startswith("harvest SCHB")


def test_an_account_that_proposes_asks_before_it_goes_back(tmp_path: Path) -> None:
    rig = harvested(tmp_path)
    account = replace(rig.house.accounts[0], autonomy=Autonomy.PROPOSE)
    rig.house.accounts = (account,)
    assert rig.look(DAY_31).run is None
    pending = rig.journal.pending_approval()
    assert pending is not None
    assert pending.proposal.reason.startswith("change SCHB back to VTI")


def test_a_household_may_keep_its_partners(tmp_path: Path) -> None:
    declared = policy().harvest.declared_on
    rule = policy(harvest=HarvestRule(declared_on=declared, switch_back=False))
    decision = harvested(tmp_path, rule=rule).look(DAY_31).decision
    assert [g for g in decision.gates if g.name == "switch back"] == []
    assert not isinstance(decision, Proposal) or not decision.harvests


def test_new_money_buys_the_partner_while_the_fund_is_barred(tmp_path: Path) -> None:
    rule = policy(deposits=DepositRule(wait_sessions=0, ask_above=Decimal(1)))  # type: ignore[arg-type]
    arrives = Deposit(session=DAYS[8], amount=Money(Decimal(10_000)))
    rig = harvested(tmp_path, rule=rule, events=(arrives,))
    before = held(rig)["SCHB"]
    decision = rig.look(DAYS[9]).decision
    assert isinstance(decision, Proposal)
    assert {leg.intent.symbol for leg in decision.buys} == {"SCHB", "BND"}
    assert "VTI is barred in main: SCHB is bought instead" in decision.skipped
    finish(rig)
    assert held(rig)["SCHB"] > before
    assert "VTI" not in held(rig)


def test_undeclared_new_money_waits_in_cash(tmp_path: Path) -> None:
    rule = policy(deposits=DepositRule(wait_sessions=0, ask_above=Decimal(1)))  # type: ignore[arg-type]
    arrives = Deposit(session=DAYS[8], amount=Money(Decimal(10_000)))
    rig = harvested(tmp_path, rule=rule, events=(arrives,))
    rig.house.policy = replace(rule, harvest=HarvestRule())
    decision = rig.look(DAYS[9]).decision
    buys = {leg.intent.symbol for leg in decision.buys} if isinstance(decision, Proposal) else set()
    assert "SCHB" not in buys
