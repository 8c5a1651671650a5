"""A rebalance planned for tax, from the look to its end: approved, sold, bought, explained."""

from decimal import Decimal
from pathlib import Path

import pytest

from daemon.answers.explain import explain
from daemon.taxes.year import planned_savings
from policies.policy import Policy
from policies.taxes.guards import LotRule
from portfolio.decisions import Proposal
from portfolio.orders import Side
from tests.support.house import Rig, build_rig, table
from tests.support.stories import DAYS, FALL, GROWTH, approve, finish, sixty_forty
from tests.support.tax_households import taxed


@pytest.fixture
def grown(tmp_path: Path) -> Rig:
    """100,000 invested at 60/40 on the first session; stocks grow to 75 % by the ninth."""
    policy = Policy(target=sixty_forty(), taxes=taxed(), lots=LotRule(guards=True), rest_sessions=0)
    rig = build_rig(tmp_path, table(DAYS, STK=GROWTH, BND=FALL), policy, cash="100000")
    rig.look(DAYS[0])
    approve(rig)
    finish(rig)
    return rig


def test_a_run_planned_for_tax_ends_inside_the_band_and_can_be_explained(grown: Rig) -> None:
    rig = grown
    outcome = rig.look(DAYS[8])
    plan = outcome.decision
    assert isinstance(plan, Proposal)
    assert plan.taxes is not None
    (sale,) = plan.sells
    (lot,) = sale.lots
    assert lot.term == "short"
    # bought at about 100, sold at 187.50
    assert lot.gain == pytest.approx(sale.intent.quantity * Decimal("87.50"), rel=Decimal("0.02"))
    assert plan.taxes.tax == pytest.approx(Decimal("0.35") * plan.taxes.short_gain, abs=1)
    assert plan.taxes.naive_tax is not None
    assert plan.taxes.tax < plan.taxes.naive_tax

    approve(rig)
    finish(rig)

    held = {p.symbol: p.quantity for p in rig.broker.positions()}
    stocks = held["STK"] * Decimal("187.5")
    share = stocks / (stocks + held["BND"] * Decimal("93.75"))
    assert Decimal("0.63") < share < Decimal("0.65")
    sides = [b.fill.side for b in rig.journal.fills()]
    assert Side.BUY in sides[sides.index(Side.SELL) :], "what was sold is bought with, later"
    for record in rig.journal.cycles(limit=50):
        found = explain(rig.journal, record.cycle)
        assert found.holds_good, (record.cycle, found.differences)


def test_inside_the_band_nothing_more_is_sold_the_next_day(grown: Rig) -> None:
    rig = grown
    rig.look(DAYS[8])
    approve(rig)
    finish(rig)
    answer = rig.look(DAYS[9]).decision
    assert not isinstance(answer, Proposal) or answer.sells == ()


def test_what_the_plan_saved_is_summed_by_technique_once_it_was_accepted(grown: Rig) -> None:
    assert planned_savings(grown.journal, 2026) == ()
    plan = grown.look(DAYS[8]).decision
    assert isinstance(plan, Proposal)
    assert plan.taxes is not None
    assert plan.taxes.naive_tax is not None
    assert planned_savings(grown.journal, 2026) == ()  # it waits for a person
    approve(grown)
    finish(grown)
    found = planned_savings(grown.journal, 2026)
    assert "stopping inside the band" in {one.technique for one in found}
    assert sum(one.saved for one in found) == plan.taxes.naive_tax - plan.taxes.tax
    assert {one.count for one in found} == {1}
