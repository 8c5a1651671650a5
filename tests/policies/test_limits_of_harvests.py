"""The limit of a plan that takes losses for the tax, and what a person is always asked about."""

from dataclasses import replace

import pytest

from policies.limit_rule import Limits
from policies.limits import check_plan
from policies.triggers.cash_flow import DEPOSIT_ASKS
from portfolio.decisions import Gate, HarvestStep, LimitCheck, PlannedLeg, Proposal
from portfolio.money import Money, Price, Quantity
from portfolio.orders import OrderIntent, Side
from portfolio.snapshot import Snapshot
from tests.support.households import NOW, account, d, household, memory, quote

ZERO = Money(d(0))


def sale(units: str, symbol: str = "STK") -> PlannedLeg:
    intent = OrderIntent(
        account="main",
        symbol=symbol,
        side=Side.SELL,
        quantity=Quantity(d(units)),
        limit_price=Price(d(100)),
    )
    return PlannedLeg(intent=intent, price=Price(d(100)), reason="a test")


def plan(*legs: PlannedLeg, gates: tuple[Gate, ...] = ()) -> Proposal:
    return Proposal(
        household="core",
        as_of=NOW,
        reason="a test",
        gates=gates,
        slices=(),
        legs=legs,
        managed_value=Money(d(100_000)),
    )


def harvest(units: str) -> Proposal:
    """A plan that sells so many STK at 100 for their losses."""
    step = HarvestStep(
        account="main",
        symbol="STK",
        quantity=Quantity(d(units)),
        lots=("1",),
        partner=None,
        partner_quantity=Quantity(d(0)),
        loss_short=Money(d(500)),
        loss_long=ZERO,
        saving=Money(d(150)),
        later_tax=ZERO,
        cost=ZERO,
    )
    return replace(plan(sale(units)), harvests=(step,))


def checks(proposal: Proposal, snapshot: Snapshot | None = None) -> dict[str, LimitCheck]:
    """90,000 in cash and 100 STK at 100, or what is given; the checks by their names."""
    there = snapshot or household(account(90_000, {"STK": 100}), quotes=(quote("STK", 100),))
    return {c.name: c for c in check_plan(proposal, there, Limits(), memory()).checks}


@pytest.mark.parametrize(("units", "outcome"), [("100", "ok"), ("100.01", "refer")])
def test_harvests_may_sell_a_tenth_of_the_equity_and_a_share_more_asks(
    units: str, outcome: str
) -> None:
    """The equity is 100,000, so that 10,000 may be sold: 100 units at 100."""
    there = household(account(80_000, {"STK": 200}), quotes=(quote("STK", 100),))
    found = checks(harvest(units), there)["harvest"]
    assert (found.outcome, found.level) == (outcome, 10_000)


def test_a_harvest_may_empty_a_position_and_another_plan_asks() -> None:
    """It buys back what stands in for it; the half that others may sell is no measure of it."""
    assert "position sold" not in checks(harvest("100"))
    assert checks(plan(sale("100")))["position sold"].outcome == "refer"
    assert "harvest" not in checks(plan(sale("100")))


def test_a_sale_of_what_is_not_held_counts_as_all_of_it() -> None:
    there = household(account(90_000, {"BND": 100}), quotes=(quote("STK", 100), quote("BND", 100)))
    found = checks(plan(sale("1")), there)
    assert found["position sold"].value == 100
    assert found["oversell"].outcome == "deny"


def test_volume_and_close_are_asked_only_of_what_has_a_quote() -> None:
    """The order without one is denied for it."""
    found = checks(plan(sale("1", "XYZ")))
    assert found["quote"].outcome == "deny"
    assert not {"volume", "close"} & set(found)


@pytest.mark.parametrize("name", [DEPOSIT_ASKS, "income asks", "withdrawal asks"])
def test_a_gate_that_waits_for_a_person_is_asked_again_by_the_limits(name: str) -> None:
    gate = Gate(name=name, passed=False, scope="main", text="9,000 USD came in")
    found = checks(plan(sale("1"), gates=(gate,)))["deposit"]
    assert (found.outcome, found.scope, found.text) == ("refer", "main", "9,000 USD came in")
    assert "deposit" not in checks(plan(sale("1"), gates=(replace(gate, passed=True),)))
