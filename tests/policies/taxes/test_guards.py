"""Wash-sale guards: no plan buys what a loss blocks, and day 31 is the first safe one."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from policies.decide import decide
from policies.limits import Limits, check_plan
from policies.policy import Policy
from policies.taxes.guards import LotRule, buys_by_itself, washed_by_sale, why_no_buy
from policies.taxes.wash import TaxAccount, TaxHousehold
from portfolio.accounts import AccountKind
from portfolio.decisions import Hold, PlannedLeg, Proposal
from portfolio.lots import Lot
from portfolio.memory import RecentLoss
from portfolio.money import Money, Price, Quantity
from portfolio.orders import OrderIntent, Side
from portfolio.snapshot import Snapshot
from tests.support.households import DAY, account, household, lot, memory, quote, target
from tests.support.vectors import vectors

CASES = vectors("planning_predicates")
GROUPS = {"SPY": "SP500", "VOO": "SP500"}
RULE = LotRule(
    guards=True,
    household=TaxHousehold(accounts={"IRA": TaxAccount(taxable=False)}, groups=GROUPS),
)


def loss(symbol: str, sold: date, *, account_id: str = "main") -> RecentLoss:
    return RecentLoss(
        account=account_id,
        symbol=symbol,
        sold_on=sold,
        quantity=Quantity(Decimal(10)),
        loss=Money(Decimal(100)),
    )


@pytest.mark.parametrize("case", CASES["buy_block"], ids=lambda c: f"{c['symbol']} {c['today']}")
def test_a_worked_question_whether_a_buy_is_blocked(case: dict[str, Any]) -> None:
    losses = [loss(symbol, date.fromisoformat(day)) for day, symbol in case["loss_sales"]]
    why = why_no_buy(RULE, case["symbol"], losses, date.fromisoformat(case["today"]))
    assert bool(why) is case["blocked"]


def test_the_first_safe_day_is_the_thirty_first_and_it_is_said() -> None:
    sold = date(2025, 1, 10)
    why = why_no_buy(RULE, "VOO", [loss("SPY", sold)], sold + timedelta(days=30))
    assert (
        "SPY, which may count as the same as VOO, was sold at a loss in main on 2025-01-10" in why
    )
    assert "the first safe day to buy is 2025-02-10" in why
    assert not why_no_buy(RULE, "VOO", [loss("SPY", sold)], sold + timedelta(days=31))
    assert not why_no_buy(LotRule(), "SPY", [loss("SPY", sold)], sold)


@pytest.mark.parametrize("case", CASES["sell_wash_preview"], ids=lambda c: str(c["today"]))
def test_a_worked_preview_of_what_a_sale_would_wash(case: dict[str, Any]) -> None:
    lots = [
        Lot(
            lot_id=row["id"],
            symbol="X",
            quantity=Quantity(Decimal(row["qty"])),
            acquired_on=date.fromisoformat(row["acquired"]),
            account=row.get("acct", "T"),
        )
        for row in case["holdings"]
    ]
    (sold,) = [held for held in lots if held.lot_id == case["sell_lot"]]
    found = washed_by_sale(sold, lots, RULE.household, date.fromisoformat(case["today"]))
    assert found == case["expected_washed"]


def test_an_account_that_buys_by_itself_is_warned_of() -> None:
    rule = LotRule(household=RULE.household, buys_itself={"401k": ("VOO",)})
    (said,) = buys_by_itself(rule, "SPY")
    assert said.startswith("401k buys VOO by itself")
    assert buys_by_itself(rule, "VTI") == ()


POLICY = Policy(target=target({"SPY": "60", "BND": "40"}), lots=RULE)
QUOTES = (quote("SPY", 100), quote("VOO", 100), quote("BND", 50))


def underweight(kind: AccountKind = AccountKind.TAXABLE) -> Snapshot:
    """A thousand in SPY, a thousand in cash: most of it is wanted in SPY."""
    return household(account(10_000, {"SPY": 100, "BND": 160}, kind=kind), quotes=QUOTES)


def test_a_decision_buys_nothing_that_a_recent_loss_blocks_and_says_until_when() -> None:
    free = decide(underweight(), POLICY, memory())
    assert isinstance(free, Proposal)
    assert "SPY" in {leg.intent.symbol for leg in free.buys}
    sold = DAY - timedelta(days=30)
    for kind in AccountKind:
        guarded = decide(underweight(kind), POLICY, memory(recent_losses=(loss("VOO", sold),)))
        legs = guarded.legs if isinstance(guarded, Proposal) else ()
        assert "SPY" not in {leg.intent.symbol for leg in legs}
        (gate,) = [g for g in guarded.gates if g.name == "wash sale"]
        assert gate.next_possible == sold + timedelta(days=31)
        assert "the first safe day to buy is" in gate.text
    safe = decide(
        underweight(), POLICY, memory(recent_losses=(loss("VOO", sold - timedelta(days=1)),))
    )
    assert isinstance(safe, Proposal)
    assert "SPY" in {leg.intent.symbol for leg in safe.buys}


def test_a_plan_that_sells_a_fund_at_a_loss_does_not_buy_its_twin() -> None:
    """SPY is over and its lot cost 120; VOO, the same index, is short and stays unbought."""
    policy = Policy(target=target({"SPY": "30", "VOO": "30", "BND": "40"}), lots=RULE)
    dear = Lot(
        lot_id="dear",
        symbol="SPY",
        quantity=Quantity(Decimal(600)),
        acquired_on=date(2020, 1, 2),
        basis=Money(Decimal(72_000)),
    )
    snapshot = household(
        account(0, {"SPY": 600, "BND": 800}, lots=(dear, lot("BND", 800))), quotes=QUOTES
    )
    guarded = decide(snapshot, policy, memory())
    legs = guarded.legs if isinstance(guarded, Proposal) else ()
    sides = {leg.intent.symbol: leg.intent.side for leg in legs}
    assert sides.get("VOO") is None or sides.get("SPY") is None
    if isinstance(guarded, Proposal):
        assert any("this plan sells SPY at a loss" in why for why in guarded.skipped)
    else:
        assert isinstance(guarded, Hold)


def test_a_blocked_buy_is_denied_whoever_planned_it() -> None:
    plan = decide(underweight(), POLICY, memory())
    assert isinstance(plan, Proposal)
    now = memory(recent_losses=(loss("SPY", DAY),))
    verdict = check_plan(plan, underweight(), Limits(), now, lots=RULE, asked=True)
    assert verdict.outcome == "denied"
    assert any("the first safe day to buy is" in reason for reason in verdict.reasons)
    assert check_plan(plan, underweight(), Limits(), now, asked=True).outcome == "approved"


def test_a_plan_that_sells_and_buys_one_group_at_a_loss_is_denied() -> None:
    plan = decide(underweight(), POLICY, memory())
    assert isinstance(plan, Proposal)
    snapshot = household(
        account(
            10_000,
            {"VOO": 10, "SPY": 100, "BND": 160},
            lots=(
                Lot(
                    lot_id="v",
                    symbol="VOO",
                    quantity=Quantity(Decimal(10)),
                    acquired_on=date(2020, 1, 2),
                    basis=Money(Decimal(1001)),
                ),
            ),
        ),
        quotes=QUOTES,
    )
    sale = PlannedLeg(
        intent=OrderIntent(
            account="main",
            symbol="VOO",
            side=Side.SELL,
            quantity=Quantity(Decimal(10)),
            limit_price=Price(Decimal(100)),
        ),
        price=Price(Decimal(100)),
        reason="a test",
    )
    both = Proposal(
        household=plan.household,
        as_of=plan.as_of,
        reason=plan.reason,
        gates=plan.gates,
        slices=plan.slices,
        legs=(sale, *plan.legs),
        managed_value=plan.managed_value,
    )
    verdict = check_plan(both, snapshot, Limits(), memory(), lots=RULE, asked=True)
    assert "SPY: wash sale: the same plan sells VOO at a loss" in verdict.reasons
