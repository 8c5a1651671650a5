"""Where a rebalance stops: target, part way, band edge; and what it must be worth."""

from decimal import Decimal
from typing import Any

import pytest

from policies.dates import CalendarRule, Period
from policies.decide import decide
from policies.policy import Destination, Policy, Stop
from portfolio.decisions import Decision, Hold, Proposal
from portfolio.money import Weight
from portfolio.target import Band, Slice, Target, build_target
from tests.support.households import account, d, household, memory, quote, stocks_and_bonds, target

EDGE = Destination(stop=Stop.BAND_EDGE)


def look(held: dict[str, int], policy: Policy, cash: int = 0) -> Decision:
    quotes = tuple(quote(s, 1) for s in policy.target.symbols)
    return decide(household(account(cash, held), quotes=quotes), policy, memory())


def moved(answer: Decision) -> dict[str, Decimal]:
    """Units by symbol: bought above zero, sold under it."""
    assert isinstance(answer, Proposal)
    sells = {leg.intent.symbol: -leg.intent.quantity for leg in answer.sells}
    return sells | {leg.intent.symbol: leg.intent.quantity for leg in answer.buys}


def exactly(**settings: Any) -> Policy:
    return stocks_and_bonds(limit_offset=d(0), **settings)


def test_the_target_is_the_default() -> None:
    assert moved(look({"STK": 70_000, "BND": 30_000}, exactly())) == {"STK": -10_000, "BND": 10_000}


def test_part_way_moves_a_part_of_each_drift() -> None:
    policy = exactly(destination=Destination(stop=Stop.PART_WAY, part=d("0.5")))
    answer = look({"STK": 70_000, "BND": 30_000}, policy)
    assert moved(answer) == {"STK": -5000, "BND": 5000}


def test_part_way_spends_new_cash_whole_and_first() -> None:
    """Of 110,000 stocks want 66,000: 10,000 buy bonds, then half of the 4,000 left moves."""
    policy = exactly(destination=Destination(stop=Stop.PART_WAY, part=d("0.5")))
    answer = look({"STK": 70_000, "BND": 30_000}, policy, cash=10_000)
    assert moved(answer) == {"STK": -2000, "BND": 12_000}


def test_part_way_fills_a_short_cash_slice_whole() -> None:
    """58.8/39.2/2: half of the 11,200 of stocks is sold, 2,000 fill the cash, 3,600 buy bonds."""
    policy = exactly(destination=Destination(stop=Stop.PART_WAY, part=d("0.5")), buffer="2")
    answer = look({"STK": 70_000, "BND": 30_000}, policy)
    assert moved(answer) == {"STK": -5600, "BND": 3600}


def test_a_band_edge_stops_just_inside_the_edge() -> None:
    """Stocks 70 % against 60 ± 5 stop at 64.75 %: a twentieth of the band inside."""
    answer = look({"STK": 70_000, "BND": 30_000}, exactly(destination=EDGE))
    assert moved(answer) == {"STK": -5250, "BND": 5250}
    assert isinstance(answer, Proposal)
    assert {v.name: v.after for v in answer.slices}["stk"] == d("0.6475")


def three() -> Target:
    return target({"A": "50", "B": "30", "C": "20"})


def test_a_breached_overweight_pays_the_most_underweight() -> None:
    """A 57 % stops at 54.75 %; of B (-1) and C (-6) it is C, breached itself, that gets the money."""
    policy = Policy(target=three(), destination=EDGE, limit_offset=d(0), backstop=None)
    answer = look({"A": 57_000, "B": 29_000, "C": 14_000}, policy)
    assert moved(answer) == {"A": -2250, "C": 2250}


def test_a_breached_underweight_is_paid_by_the_most_overweight() -> None:
    """C 13 % rises to 15.25 %; A (+4) pays all of it, B (+3) only above the level of both: 2,250."""
    policy = Policy(target=three(), destination=EDGE, limit_offset=d(0), backstop=None)
    answer = look({"A": 54_000, "B": 33_000, "C": 13_000}, policy)
    assert moved(answer) == {"A": -1625, "B": -625, "C": 2250}


def test_a_band_edge_uses_new_cash_and_may_need_no_sale() -> None:
    policy = exactly(destination=EDGE)
    answer = look({"STK": 66_000, "BND": 34_000}, policy, cash=2000)
    assert moved(answer) == {"BND": 2000}


def test_a_date_with_no_band_breached_goes_to_the_target() -> None:
    date_rule = CalendarRule(period=Period.YEARLY, month=3, day=11)
    policy = exactly(destination=EDGE, calendar=(date_rule,))
    assert moved(look({"STK": 62_000, "BND": 38_000}, policy)) == {"STK": -2000, "BND": 2000}


WIDE = Band(points=Weight(d("0.5")), relative=None)
TIGHT = Band(points=Weight(d("0.04")), relative=None)


def grouped() -> Target:
    return build_target(
        [
            Slice(name="stocks", weight=Weight(d("0.6")), band=TIGHT),
            Slice(name="us", weight=Weight(d("0.5")), parent="stocks", symbol="US", band=WIDE),
            Slice(name="abroad", weight=Weight(d("0.5")), parent="stocks", symbol="EX", band=WIDE),
            Slice(name="bonds", weight=Weight(d("0.4")), symbol="BND", band=WIDE),
        ]
    )


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ({"US": 36_000, "EX": 30_000, "BND": 34_000}, {"US": -2200, "BND": 2200}),
        ({"US": 25_000, "EX": 29_000, "BND": 46_000}, {"US": 2200, "BND": -2200}),
        ({"US": 34_000, "EX": 34_000, "BND": 32_000}, {"US": -2100, "EX": -2100, "BND": 4200}),
    ],
)
def test_a_group_stops_at_its_edge_through_its_farthest_leaves(
    held: dict[str, int], expected: dict[str, int]
) -> None:
    """60 ± 4 points: the group stops at 63.8 % or 56.2 %."""
    policy = Policy(target=grouped(), destination=EDGE, limit_offset=d(0), backstop=None)
    assert moved(look(held, policy)) == expected


def test_a_group_does_not_move_again_what_its_leaves_have_moved() -> None:
    """US 40 % against 30 ± 4 sells 6,200 to its edge; that also brings the group from 70 to 63.8 %."""
    slices = [
        s
        if s.name != "us"
        else Slice(name="us", weight=s.weight, parent="stocks", symbol="US", band=TIGHT)
        for s in grouped().slices
    ]
    policy = Policy(target=build_target(slices), destination=EDGE, limit_offset=d(0), backstop=None)
    answer = look({"US": 40_000, "EX": 30_000, "BND": 30_000}, policy)
    assert moved(answer) == {"US": -6200, "BND": 6200}


def test_a_plan_that_removes_little_of_the_drift_is_not_made() -> None:
    """Stocks are 6 points over, but only 100 of 66,000 can be sold: 1.7 % of the drift."""
    free = account(0, {"STK": 66_000, "BND": 34_000}, available={"STK": 100})
    snapshot = household(free, quotes=(quote("STK", 1), quote("BND", 1)))
    answer = decide(snapshot, exactly(), memory())
    assert isinstance(answer, Hold)
    assert answer.reason == (
        "rebalance: removes 1.7 % of the drift (6.0 % to 5.9 %), asks for 20.0 %"
    )
    assert answer.settles_calendar


def test_sales_that_buy_nothing_are_never_made_even_when_any_improvement_will_do() -> None:
    """Bonds cost 50,000 a share: what the stocks would bring buys none."""
    snapshot = household(
        account(0, {"STK": 70_000}), quotes=(quote("STK", 1), quote("BND", 50_000))
    )
    answer = decide(snapshot, exactly(min_improvement=d(0)), memory())
    assert isinstance(answer, Hold)
    assert answer.reason.startswith("rebalance: removes 0.0 % of the drift")


def test_when_a_rebalance_is_not_worth_it_new_cash_is_still_invested() -> None:
    free = account(3000, {"STK": 700, "BND": 300}, available={"STK": 0})
    snapshot = household(free, quotes=(quote("STK", 100), quote("BND", 100)))
    answer = decide(snapshot, exactly(min_improvement=d("0.9")), memory())
    assert moved(answer) == {"BND": 30}
    assert [g.passed for g in answer.gates if g.name == "improvement"] == [False, True]


def test_a_date_that_asks_for_no_drift_finds_nothing_to_improve() -> None:
    rule = CalendarRule(period=Period.YEARLY, month=3, day=11, min_drift=Weight(d(0)))
    answer = look({"STK": 60_000, "BND": 40_000}, exactly(calendar=(rule,)))
    assert isinstance(answer, Hold)
    assert answer.reason == (
        "rebalance: no order is left, nothing that can be traded now is off its target"
    )
    assert answer.settles_calendar
