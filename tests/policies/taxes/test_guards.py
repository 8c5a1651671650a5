"""Wash-sale guards: no plan buys what a loss blocks, and day 31 is the first safe one."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from policies.decide import decide
from policies.limit_rule import Limits
from policies.limits import check_plan
from policies.policy import Policy
from policies.taxes.guards import LotRule, buys_by_itself, washed_by_sale, why_no_buy
from policies.taxes.preview import SalePreview, preview_sale
from policies.taxes.wash import TaxAccount, TaxHousehold
from portfolio.accounts import AccountKind
from portfolio.decisions import Hold, PlannedLeg, Proposal
from portfolio.lots import Lot
from portfolio.memory import RecentLoss, WashException
from portfolio.money import Money, Price, Quantity
from portfolio.orders import Order, OrderIntent, Side
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


def bought_on(symbol: str, units: int, price: int, on: date, name: str) -> Lot:
    return Lot(
        lot_id=name,
        symbol=symbol,
        quantity=Quantity(Decimal(units)),
        acquired_on=on,
        basis=Money(Decimal(units * price)),
    )


OLD, FRESH = DAY - timedelta(days=400), DAY - timedelta(days=5)


def preview(*lots: Lot, ira: tuple[Lot, ...] = (), quantity: int = 100) -> SalePreview:
    return preview_sale(
        {"main": lots, "IRA": ira},
        RULE.household,
        DAY,
        account="main",
        symbol="SPY",
        quantity=Decimal(quantity),
        price=Decimal(90),
    )


def test_a_sale_says_what_shares_bought_lately_would_take_back_of_its_loss() -> None:
    """100 sold at 90 that cost 100; 30 of VOO five days old wash 300 of the 1,000."""
    found = preview(bought_on("SPY", 100, 100, OLD, "a"), bought_on("VOO", 30, 90, FRESH, "b"))
    assert (found.loss, found.washed, found.washed_loss, found.lost) == (1_000, 30, 300, 0)
    assert found.pays


def test_what_an_ira_bought_is_lost_for_good() -> None:
    found = preview(
        bought_on("SPY", 100, 100, OLD, "a"), ira=(bought_on("SPY", 60, 90, FRESH, "b"),)
    )
    assert (found.washed_loss, found.lost) == (600, 600)
    assert not found.pays


def test_half_of_a_loss_washed_is_too_much_and_a_share_less_is_not() -> None:
    old = bought_on("SPY", 100, 100, OLD, "a")
    assert not preview(old, bought_on("VOO", 50, 90, FRESH, "b")).pays
    assert preview(old, bought_on("VOO", 49, 90, FRESH, "b")).pays


def test_shares_that_go_out_with_the_sale_wash_nothing() -> None:
    """First in, first out: 160 shares take the fresh lot along."""
    lots = (bought_on("SPY", 100, 100, OLD, "a"), bought_on("SPY", 60, 90, FRESH, "b"))
    assert preview(*lots, quantity=160).washed == 0
    assert preview(*lots, quantity=120).washed == 40


def test_a_gain_is_never_held_up() -> None:
    found = preview(bought_on("SPY", 100, 50, OLD, "a"), bought_on("SPY", 50, 90, FRESH, "b"))
    assert found == SalePreview()


def overweight(*, open_orders: tuple[Order, ...] = (), fresh: int = 0) -> Snapshot:
    """SPY far over its target and at a loss; VOO bought lately in the IRA where `fresh` is given."""
    lots = (
        bought_on("SPY", 200, 150, OLD, "spy"),
        bought_on("BND", 20, 50, OLD, "bnd"),
    )
    ira = (bought_on("VOO", fresh, 100, FRESH, "voo"),) if fresh else ()
    main = account(0, {"SPY": 200, "BND": 20}, lots=lots)
    other = account(
        0, {"VOO": fresh} if fresh else {}, name="IRA", kind=AccountKind.TAX_FREE, lots=ira
    )
    return household(replace(main, open_orders=open_orders), other, quotes=QUOTES)


def buys(decision: Proposal | Hold) -> set[str]:
    return {leg.intent.symbol for leg in decision.buys} if isinstance(decision, Proposal) else set()


def sold(decision: Proposal | Hold) -> set[str]:
    return (
        {leg.intent.symbol for leg in decision.sells} if isinstance(decision, Proposal) else set()
    )


def test_a_loss_that_recent_purchases_would_mostly_take_back_is_not_sold() -> None:
    assert sold(decide(overweight(), POLICY, memory())) == {"SPY"}
    held_up = decide(overweight(fresh=190), POLICY, memory())
    assert sold(held_up) == set()
    assert any("purchases of the last 30 days would take back" in g.text for g in held_up.gates)


def ticket(symbol: str, side: Side, price: int = 90) -> OrderIntent:
    return OrderIntent(
        account="main",
        symbol=symbol,
        side=side,
        quantity=Quantity(Decimal(5)),
        limit_price=Price(Decimal(price)),
    )


def test_a_loss_is_not_sold_while_a_person_was_asked_to_buy_the_same() -> None:
    past = memory(tickets=(ticket("VOO", Side.BUY),))
    held_up = decide(overweight(), POLICY, past)
    assert sold(held_up) == set()
    assert any("a ticket nobody has answered" in gate.text for gate in held_up.gates)
    assert sold(decide(overweight(), POLICY, memory(tickets=(ticket("BND", Side.BUY),)))) == {"SPY"}


def test_the_limits_deny_such_a_sale_whoever_planned_it() -> None:
    plan = decide(overweight(), POLICY, memory())
    assert isinstance(plan, Proposal)
    limits = Limits(max_order_fraction=Decimal(1), max_plan_fraction=Decimal(1))
    verdict = check_plan(plan, overweight(fresh=190), limits, memory(), lots=RULE)
    assert verdict.outcome == "denied"
    assert any("of it for good" in reason for reason in verdict.reasons)
    past = memory(tickets=(ticket("VOO", Side.BUY),))
    assert check_plan(plan, overweight(), limits, past, lots=RULE).outcome == "denied"


def test_nothing_is_bought_while_an_order_to_sell_the_same_at_a_loss_is_open() -> None:
    """The lots of `account` cost 10: a sale at 9 loses, one at 11 does not."""
    at_loss = memory(tickets=(ticket("SPY", Side.SELL, 9),))
    held_up = decide(underweight(), POLICY, at_loss)
    assert "SPY" not in buys(held_up)
    (gate,) = [g for g in held_up.gates if g.name == "wash sale"]
    assert "an order to sell SPY in main" in gate.text
    assert gate.next_possible is None
    free = decide(underweight(), POLICY, memory(tickets=(ticket("SPY", Side.SELL, 11),)))
    assert "SPY" in buys(free)


def test_a_person_may_except_an_account_for_a_while() -> None:
    past = memory(recent_losses=(loss("VOO", DAY - timedelta(days=3)),))
    assert "SPY" not in buys(decide(underweight(), POLICY, past))
    word = WashException(account="main", symbol="SPY", until=DAY)
    plan = decide(underweight(), POLICY, replace(past, wash_exceptions=(word,)))
    assert "SPY" in buys(plan)
    assert isinstance(plan, Proposal)
    limits = Limits(max_order_fraction=Decimal(1), max_plan_fraction=Decimal(1))
    allowed = replace(past, wash_exceptions=(word,))
    assert check_plan(plan, underweight(), limits, allowed, lots=RULE).outcome == "approved"
    assert check_plan(plan, underweight(), limits, past, lots=RULE).outcome == "denied"


@pytest.mark.parametrize(
    "word",
    [
        WashException(account="IRA", symbol="SPY", until=DAY),
        WashException(account="main", symbol="BND", until=DAY),
        WashException(account="main", symbol="SPY", until=DAY - timedelta(days=1)),
    ],
    ids=["another account", "another group", "over since yesterday"],
)
def test_an_exception_is_for_one_account_one_group_and_a_time(word: WashException) -> None:
    past = memory(recent_losses=(loss("VOO", DAY - timedelta(days=3)),), wash_exceptions=(word,))
    assert "SPY" not in buys(decide(underweight(), POLICY, past))
