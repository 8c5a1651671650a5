"""The textbook case: 100,000 at 60/40 grew to 150,000 at 75/25 and is asked for, whole, at once."""

from decimal import Decimal

from policies.decide import decide
from policies.limit_rule import Limits
from policies.limits import check_plan
from portfolio.decisions import Proposal
from portfolio.snapshot import Snapshot
from tests.support.households import account, household, memory, quote, stocks_and_bonds

POLICY = stocks_and_bonds(limit_offset=Decimal("0.001"))


def grown() -> Snapshot:
    """450 stocks at 250 are 112,500 USD; 500 bonds at 75 are 37,500 USD."""
    holdings = {"STK": 450, "BND": 500}
    return household(account(0, holdings), quotes=(quote("STK", 250), quote("BND", 75)))


def test_a_grown_portfolio_is_proposed_back_to_its_target() -> None:
    answer = decide(grown(), POLICY, memory())
    assert isinstance(answer, Proposal)
    assert answer.managed_value == 150_000
    (sell,), (buy,) = answer.sells, answer.buys
    assert sell.intent.symbol == "STK"
    assert sell.intent.quantity == 90
    assert sell.value == 22_500
    assert buy.intent.symbol == "BND"
    assert abs(buy.value - 22_500) <= 75
    assert answer.legs == (sell, buy)
    assert answer.reason.startswith("stk +15.0 points, fires at 5.0")
    assert sell.reason == "stk 75.0 %, target 60.0 %: sell towards target"


def test_its_order_is_referred_although_the_plan_is_within_the_limits() -> None:
    answer = decide(grown(), POLICY, memory())
    assert isinstance(answer, Proposal)
    verdict = check_plan(answer, grown(), Limits(), memory())
    assert verdict.outcome == "referred"
    assert {c.name for c in verdict.checks if c.outcome == "refer"} == {"order"}
    (plan,) = (c for c in verdict.checks if c.name == "plan")
    assert plan.outcome == "ok"
    assert plan.value == 22_500
    assert plan.level == 30_000


def test_a_person_may_grant_it() -> None:
    answer = decide(grown(), POLICY, memory())
    assert isinstance(answer, Proposal)
    assert check_plan(answer, grown(), Limits(), memory(), asked=True).outcome == "approved"
