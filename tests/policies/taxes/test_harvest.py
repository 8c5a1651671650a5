"""Which losses are worth realising, worked by hand at flat rates of 35, 15 and 24 %."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.taxes.harvest import HarvestYear, Holding, chosen, opportunities, opportunity
from policies.taxes.harvest_rule import HarvestRule, PartnerFund, days_left, why_not_declared
from policies.taxes.netting import CapitalResult
from policies.taxes.partners import choose_partner
from policies.taxes.rates import FlatRates, TaxRates
from portfolio.lots import Lot
from portfolio.money import Money, Price, Quantity

RATES = TaxRates(
    federal=FlatRates(short=Decimal("0.35"), long=Decimal("0.15"), ordinary=Decimal("0.24"))
)
DAY = date(2026, 6, 1)
RULE = HarvestRule(declared_on=date(2026, 1, 2))


def year(short: int = 20_000, long: int = 0, *, rule: HarvestRule = RULE) -> HarvestYear:
    """A year with short-term gains, so that every dollar of loss saves 35 cents now."""
    result = CapitalResult(short=usd(short), long=usd(long))
    return HarvestYear(day=DAY, rates=RATES, result=result, rule=rule)


def lot(name: str, quantity: int | str, cost: str, acquired: date = date(2026, 1, 5)) -> Lot:
    units = Decimal(quantity)
    return Lot(
        lot_id=name,
        symbol="VTI",
        quantity=Quantity(units),
        acquired_on=acquired,
        basis=Money(units * Decimal(cost)),
    )


def holding(*lots: Lot, **facts: Any) -> Holding:
    base: dict[str, Any] = {
        "account": "brokerage",
        "symbol": "VTI",
        "lots": lots,
        "available": Quantity(sum((part.quantity for part in lots), Decimal(0))),
        "price": Price(Decimal(90)),
        "is_fund": True,
        "round_trip": Decimal("0.0004"),
        "partner": "SCHB",
    }
    return Holding(**(base | facts))


def test_a_short_term_loss_is_worth_what_it_saves_less_what_it_costs_later() -> None:
    """100 at 100, now 90: 1,000 of loss saves 350; later 15 % discounted ten years at 6 % is 83.76;
    the round trip on 9,000 is 3.60."""
    found = opportunity(holding(lot("a", 100, "100")), year())
    assert found is not None
    assert (found.loss_short, found.loss_long, found.value) == (1_000, 0, 9_000)
    assert found.saving == 350
    assert round(found.later_tax, 2) == Decimal("83.76")
    assert found.cost == Decimal("3.6")
    assert round(found.benefit, 2) == Decimal("262.64")
    assert found.years_to_use == 1
    assert found.blocks == ()
    assert found.threshold == Decimal("0.025")


def test_without_gains_a_loss_saves_at_the_ordinary_rate() -> None:
    found = opportunity(holding(lot("a", 100, "100")), year(short=0))
    assert found is not None
    assert found.saving == 240


def test_first_in_first_out_takes_the_old_gain_along() -> None:
    """Ten bought at 50 in 2020 come first: 400 of long gain before 1,000 of short loss."""
    old, new = lot("old", 10, "50", date(2020, 1, 2)), lot("new", 100, "100")
    found = opportunity(holding(old, new), year())
    assert found is not None
    assert found.lots == ("old", "new")
    assert (found.loss_short, found.loss_long) == (1_000, -400)


def test_a_broker_that_takes_named_lots_sells_the_loss_alone() -> None:
    old, new = lot("old", 10, "50", date(2020, 1, 2)), lot("new", 100, "100")
    found = opportunity(holding(old, new, fifo=False), year())
    assert found is not None
    assert found.lots == ("new",)


def test_named_lots_go_by_the_largest_loss_a_share() -> None:
    small, large = lot("small", 100, "92"), lot("large", 50, "120")
    found = opportunity(holding(small, large, fifo=False), year())
    assert found is not None
    assert found.lots == ("large", "small")


def test_a_gain_that_outweighs_the_loss_is_no_opportunity() -> None:
    old, new = lot("old", 100, "50", date(2020, 1, 2)), lot("new", 10, "100")
    assert opportunity(holding(old, new), year()) is None


@pytest.mark.parametrize(
    ("cost", "blocked"), [("92.25", False), ("92.24", True)], ids=["2.5 %", "less"]
)
def test_a_fund_is_harvested_from_two_and_a_half_percent_on(cost: str, blocked: bool) -> None:
    """92.25 against 90 is a loss of exactly 2.5 % of the value."""
    found = opportunity(holding(lot("a", 1000, cost)), year())
    assert found is not None
    assert bool(found.blocks) is blocked


def test_a_single_stock_waits_for_a_larger_loss() -> None:
    found = opportunity(holding(lot("a", 1000, "95"), is_fund=False), year())
    assert found is not None
    assert "worth taking from 7.50 % on" in found.blocks[0]


def test_a_small_loss_in_dollars_is_left() -> None:
    found = opportunity(holding(lot("a", 9, "100")), year())
    assert found is not None
    assert found.blocks == ("the loss of 90.00 is under 100.00",)


def test_a_dear_round_trip_asks_for_ten_times_its_cost() -> None:
    """2 % of 9,000 is 180; the loss of 1,000 saves 350, not 1,800."""
    found = opportunity(holding(lot("a", 100, "100"), round_trip=Decimal("0.02")), year())
    assert found is not None
    assert any("less than 10 times the cost of 180.00" in why for why in found.blocks)


def test_in_a_bracket_of_zero_no_loss_is_worth_taking() -> None:
    zero = TaxRates(federal=FlatRates(short=Decimal(0), long=Decimal(0), ordinary=Decimal(0)))
    rule = HarvestRule(later_rate=Decimal("0.15"))
    now = HarvestYear(day=DAY, rates=zero, result=CapitalResult(), rule=rule)
    found = opportunity(holding(lot("a", 100, "100")), now)
    assert found is not None
    assert "a loss saves less now than the lower basis costs later" in found.blocks


def test_the_part_that_shares_bought_within_30_days_wash_counts_as_nothing() -> None:
    """84.5 of 100 units at 10 are 845 of loss, worth 35 % of it; that pays for all costs."""
    bought = lot("drip", "15.5", "95", date(2026, 5, 20))
    found = opportunity(holding(lot("a", 100, "100"), recent=(bought,)), year())
    assert found is not None
    assert found.washed == Decimal("15.5")
    assert found.loss_short == 845
    assert found.saving == Decimal("295.75")
    assert found.blocks == ()


@pytest.mark.parametrize(("units", "blocked"), [("49.9", False), ("50", True), ("200", True)])
def test_a_loss_of_which_half_would_be_washed_is_left(units: str, blocked: bool) -> None:
    bought = lot("drip", units, "95", date(2026, 5, 20))
    found = opportunity(holding(lot("a", 100, "100"), recent=(bought,)), year())
    assert found is not None
    assert bool(found.blocks) is blocked
    if blocked:
        assert "of 100 units would be washed" in found.blocks[0]


def test_a_loss_that_an_ira_takes_for_good_costs_its_later_tax_too() -> None:
    """10 of 100 units are lost: the basis falls by all 1,000, of which 15 % is due in ten years."""
    bought = replace(lot("drip", 10, "95", date(2026, 5, 20)), account="ira")
    sale = holding(lot("a", 100, "100"), recent=(bought,), untaxed=frozenset({"ira"}))
    found = opportunity(sale, year())
    assert found is not None
    assert found.loss_short == 900
    assert round(found.later_tax, 2) == Decimal("83.76")
    in_taxable = opportunity(holding(lot("a", 100, "100"), recent=(bought,)), year())
    assert in_taxable is not None
    assert round(in_taxable.later_tax, 2) == Decimal("75.38")  # 900 * 0.15 / 1.06 ** 10


def test_a_lot_that_is_sold_itself_washes_nothing() -> None:
    """Shares of the same purchase are no replacement for each other (Rev. Rul. 56-602)."""
    fresh = lot("fresh", 100, "100", date(2026, 5, 20))
    found = opportunity(holding(fresh, recent=(fresh,)), year())
    assert found is not None
    assert found.washed == 0


def test_a_dividend_that_loses_its_rate_is_taken_off() -> None:
    found = opportunity(holding(lot("a", 100, "100"), dividend_loss=usd("0.45")), year())
    assert found is not None
    assert found.other_costs == 45


def test_each_further_harvest_is_valued_on_what_the_last_one_left() -> None:
    """1,000 of gains: the first loss saves 350, the next one only 240."""
    two = [holding(lot("a", 100, "100")), holding(lot("b", 100, "100"), account="joint")]
    picks = chosen(two, year(short=1_000), at_most=5)
    assert sorted(pick.saving for pick in picks) == [240, 350]


def test_a_plan_takes_no_more_harvests_than_allowed() -> None:
    many = [holding(lot("a", 100, "100"), account=f"a{i}") for i in range(5)]
    assert len(chosen(many, year(), at_most=2)) == 2
    assert chosen(many, year(), at_most=0) == ()


def test_the_best_comes_first_and_the_blocked_last() -> None:
    found = opportunities(
        [
            holding(lot("a", 100, "100"), account="small"),
            holding(lot("b", 200, "110"), account="barred", blocks=("fenced",)),
            holding(lot("c", 100, "110"), account="large"),
        ],
        year(),
    )
    assert [item.account for item in found] == ["large", "small", "barred"]


@given(
    costs=st.lists(st.integers(50, 200), min_size=1, max_size=6),
    price=st.integers(60, 150),
    fifo=st.booleans(),
)
def test_an_opportunity_is_always_a_loss_of_whole_lots_that_are_held(
    costs: list[int], price: int, fifo: bool
) -> None:
    lots = [lot(f"l{i}", 10, str(c), date(2026, 1, 1 + i)) for i, c in enumerate(costs)]
    found = opportunity(holding(*lots, price=Price(Decimal(price)), fifo=fifo), year())
    if all(cost <= price for cost in costs):
        assert found is None
    elif not fifo:
        assert found is not None
    if found is not None:
        assert found.loss > 0
        assert found.quantity == 10 * len(found.lots)
        by_hand = sum(10 * (c - price) for i, c in enumerate(costs) if f"l{i}" in found.lots)
        assert found.loss == by_hand


@pytest.mark.parametrize(
    ("declared", "day", "good"),
    [
        (None, DAY, False),
        (DAY, DAY, True),
        (date(2026, 6, 2), DAY, False),
        (date(2025, 6, 1), DAY, True),
        (date(2025, 5, 31), DAY, False),
    ],
    ids=["never", "today", "tomorrow", "365 days ago", "366 days ago"],
)
def test_a_declaration_is_good_for_a_year(declared: date | None, day: date, good: bool) -> None:
    assert (why_not_declared(HarvestRule(declared_on=declared), day) == "") is good


def test_the_days_left_of_a_declaration_are_counted() -> None:
    assert days_left(HarvestRule(declared_on=date(2025, 6, 11)), DAY) == 10
    assert days_left(HarvestRule(), DAY) is None


FUNDS = tuple(PartnerFund(symbol=s) for s in ("VOO", "SCHB", "ITOT"))
GROUPS = {"SPY": "sp500", "VOO": "sp500"}


def test_a_partner_is_never_of_the_same_identity_group() -> None:
    choice = choose_partner("SPY", FUNDS, RULE, groups=GROUPS, barred={})
    assert choice.symbol == "SCHB"
    assert choice.refused == ("VOO: it may count as the same as SPY (one identity group)",)


def test_a_barred_partner_and_one_held_at_a_loss_are_passed_over() -> None:
    choice = choose_partner(
        "SPY",
        FUNDS,
        RULE,
        groups=GROUPS,
        barred={"SCHB": "sold at a loss on 2026-05-20, safe from 2026-06-20"},
        held_at_a_loss={"ITOT": "its own loss would be washed"},
    )
    assert choice.symbol is None
    assert len(choice.refused) == 3


@pytest.mark.parametrize(
    ("expense", "correlation", "fits"),
    [("0.0018", "0.95", True), ("0.0019", "0.99", False), ("0.0003", "0.949", False)],
)
def test_a_partner_is_neither_dear_nor_unlike(expense: str, correlation: str, fits: bool) -> None:
    """The fund itself costs 0.03 % a year; 15 basis points more are allowed."""
    fund = PartnerFund(symbol="SCHB", expense=Decimal(expense), correlation=Decimal(correlation))
    choice = choose_partner("VTI", [fund], RULE, groups={}, barred={}, expense=Decimal("0.0003"))
    assert (choice.symbol == "SCHB") is fits


def usd(amount: int | str) -> Money:
    return Money(Decimal(amount))
