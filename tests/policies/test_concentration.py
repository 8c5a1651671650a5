"""Concentration by issuer and sector, funds looked through, judged on the whole plan."""

from dataclasses import replace
from decimal import Decimal

from policies.concentration import ConcentrationRule
from policies.limits import Limits, check_plan
from portfolio.composition import Composition
from portfolio.decisions import LimitCheck, PlannedLeg, Proposal, Verdict
from portfolio.instruments import AssetClass, Instrument
from portfolio.money import Money, Price, Quantity
from portfolio.orders import OrderIntent, Side
from tests.support.households import NOW, account, d, household, memory, quote

ONE = Decimal(1)
# Of FUND a fifth is Apple, two fifths technology (Apple among it) and a tenth energy.
PARTS = Composition(
    parts={
        "issuer": {"FUND": {"Apple": d("0.2")}, "AAPL": {"Apple": ONE}},
        "sector": {
            "FUND": {"Technology": d("0.4"), "Energy": d("0.1")},
            "AAPL": {"Technology": ONE},
        },
    }
)
BUY, SELL = Side.BUY, Side.SELL


def order(side: Side, symbol: str, quantity: int) -> PlannedLeg:
    intent = OrderIntent(
        account="main",
        symbol=symbol,
        side=side,
        quantity=Quantity(d(quantity)),
        limit_price=Price(d(100)),
    )
    return PlannedLeg(intent=intent, price=Price(d(100)), reason="a test")


def judged(
    *legs: PlannedLeg, rule: ConcentrationRule, cash: int, asked: bool = False, **held: int
) -> Verdict:
    quotes = tuple(quote(s, 100) for s in ("FUND", "AAPL", "XYZ"))
    snapshot = household(
        account(cash, held),
        quotes=quotes,
        instruments=(Instrument(symbol="XYZ", asset_class=AssetClass.EQUITY),),
    )
    plan = Proposal(
        household="core",
        as_of=NOW,
        reason="a test",
        gates=(),
        slices=(),
        legs=legs,
        managed_value=Money(d(100_000)),
    )
    wide = Limits(
        max_order_fraction=ONE, max_plan_fraction=ONE, max_position_sold_fraction=ONE,
        max_day_fraction=d(2), concentration=rule,
    )  # fmt: skip
    return check_plan(plan, snapshot, wide, memory(), asked=asked)


def of(verdict: Verdict, name: str) -> list[LimitCheck]:
    return [check for check in verdict.checks if check.name == name]


def test_an_issuer_above_its_limit_refers_the_plan_with_what_funds_hold_of_it() -> None:
    # 50,000 in the fund is 10 % Apple; 6,000 of its own stock make 16 %.
    rule = ConcentrationRule(max_issuer=d("0.15"), composition=PARTS)
    verdict = judged(order(BUY, "AAPL", 60), rule=rule, cash=50_000, FUND=500)
    (check,) = of(verdict, "issuer")
    assert (check.outcome, check.scope, check.value) == ("refer", "Apple", 16)
    assert check.text == "issuer Apple becomes 16.0 %, at most 15.0 %"
    assert verdict.outcome == "referred"


def test_a_share_exactly_at_its_limit_passes() -> None:
    rule = ConcentrationRule(max_issuer=d("0.16"), composition=PARTS)
    verdict = judged(order(BUY, "AAPL", 60), rule=rule, cash=50_000, FUND=500)
    assert [check.outcome for check in of(verdict, "issuer")] == ["ok"]


def test_sales_of_the_same_plan_count_against_its_purchases() -> None:
    # 10 % Apple through the fund; selling 30,000 of it and buying 8,000 of the stock ends at 12 %.
    rule = ConcentrationRule(max_issuer=d("0.15"), composition=PARTS)
    verdict = judged(
        order(SELL, "FUND", 300), order(BUY, "AAPL", 80), rule=rule, cash=50_000, FUND=500
    )
    (check,) = of(verdict, "issuer")
    assert (check.outcome, check.value) == ("ok", 12)


def test_a_plan_that_lessens_what_is_too_much_is_not_referred() -> None:
    rule = ConcentrationRule(max_sector=d("0.35"), composition=PARTS)
    verdict = judged(order(SELL, "AAPL", 100), rule=rule, cash=20_000, AAPL=800)
    (check,) = of(verdict, "sector")
    assert (check.outcome, check.value) == ("ok", 70)
    assert check.text.endswith("the plan does not make it more")


def test_a_sector_is_added_up_over_stocks_and_funds() -> None:
    # 50,000 of the fund is 20 % technology, 20,000 of stock as much again.
    rule = ConcentrationRule(max_sector=d("0.35"), composition=PARTS)
    verdict = judged(order(BUY, "AAPL", 200), rule=rule, cash=50_000, FUND=500)
    (check,) = of(verdict, "sector")
    assert (check.outcome, check.scope, check.value) == ("refer", "Technology", 40)


def test_a_person_may_allow_a_sector_above_its_limit() -> None:
    rule = ConcentrationRule(max_sector=d("0.35"), composition=PARTS)
    verdict = judged(order(BUY, "AAPL", 200), rule=rule, cash=50_000, asked=True, FUND=500)
    (check,) = of(verdict, "sector")
    assert check.outcome == "warn"
    assert check.text.endswith("(granted by a person)")


def test_without_a_limit_a_sector_above_35_percent_is_told_and_no_more() -> None:
    verdict = judged(
        order(BUY, "AAPL", 200), rule=ConcentrationRule(composition=PARTS), cash=50_000, FUND=500
    )
    assert of(verdict, "sector") == []
    (check,) = of(verdict, "concentration")[-1:]
    assert (check.outcome, check.scope) == ("warn", "Technology")


def test_a_single_stock_is_its_own_issuer_and_a_fund_is_nobodys() -> None:
    rule = ConcentrationRule(max_issuer=d("0.15"))
    verdict = judged(order(BUY, "XYZ", 200), rule=rule, cash=50_000, FUND=500)
    (check,) = of(verdict, "issuer")
    assert (check.outcome, check.scope, check.value) == ("refer", "XYZ", 20)
    fund = replace(rule, composition=Composition(funds={"XYZ": True}))
    assert of(judged(order(BUY, "XYZ", 200), rule=fund, cash=50_000, FUND=500), "issuer") == []


def test_what_is_not_known_of_a_fund_counts_towards_nothing() -> None:
    rule = ConcentrationRule(max_sector=d("0.05"))
    assert of(judged(order(BUY, "FUND", 100), rule=rule, cash=50_000, FUND=500), "sector") == []
