"""Judging quotes: what is good enough to trade on, and what a refused price still counts at."""

from dataclasses import replace
from decimal import Decimal

import pytest

from policies.decide import decide
from policies.policy import PriceRule
from policies.prices import fault_of, judge_prices
from portfolio.decisions import Hold, Proposal
from portfolio.money import Price
from portfolio.snapshot import PriceFault, Quote, RefusedPrice
from tests.support.households import NOW, account, household, memory, quote, stocks_and_bonds

RULE = PriceRule()


def fault(q: Quote) -> PriceFault | None:
    refused = fault_of(q, RULE, NOW)
    return None if refused is None else refused.fault


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (quote("A", 100), None),
        (quote("A", 100, age=60), None),
        (quote("A", 100, age=61), PriceFault.STALE),
        (quote("A", 100, age=-60), None),
        (quote("A", 100, age=-61), PriceFault.STALE),
        (quote("A", 100, spread="2"), None),
        (quote("A", 100, spread="2.02"), PriceFault.WIDE),
        (quote("A", 125, close="100"), None),
        (quote("A", "125.01", close="100"), PriceFault.JUMPED),
        (quote("A", 75, close="100"), None),
        (quote("A", 50, close="100"), PriceFault.JUMPED),
        (replace(quote("A", 100), previous_close=None), None),
        (quote("A", 100, spread="-0.01"), PriceFault.CROSSED),
        (replace(quote("A", 100), bid=Price(Decimal(0))), PriceFault.NOT_A_PRICE),
        (replace(quote("A", 100), ask=Price(Decimal("NaN"))), PriceFault.NOT_A_PRICE),
    ],
)
def test_a_quote_is_judged_and_the_edges_belong_to_the_good(
    given: Quote, expected: PriceFault | None
) -> None:
    assert fault(given) == expected


def test_a_stale_price_still_counts_and_no_price_does_not() -> None:
    stale = fault_of(quote("A", 100, age=90), RULE, NOW)
    assert stale is not None
    assert stale.count_at == 100
    assert stale.detail == "A quote is 90 s old, at most 60 s is traded on"
    nothing = fault_of(replace(quote("A", 100), bid=Price(Decimal(-1))), RULE, NOW)
    assert nothing is not None
    assert nothing.count_at is None


def test_a_wanted_symbol_without_an_answer_is_missing_and_a_known_refusal_stays() -> None:
    said = RefusedPrice(symbol="B", fault=PriceFault.MISSING, detail="the feed has no B")
    snapshot = replace(household(account(1), quotes=(quote("A", 1),)), refused={"B": said})
    judged = judge_prices(snapshot, RULE, ("A", "B", "C"))
    assert set(judged.quotes) == {"A"}
    assert judged.refused["B"] is said
    assert judged.refused["C"].fault is PriceFault.MISSING
    assert judged.refused["C"].count_at is None


def test_a_held_symbol_without_any_price_holds_the_household_and_is_named() -> None:
    snapshot = household(account(0, {"STK": 75, "BND": 25}), quotes=(quote("STK", 100),))
    answer = decide(snapshot, stocks_and_bonds(), memory())
    assert isinstance(answer, Hold)
    assert answer.reason == "bnd: 25 BND cannot be counted, BND has no quote"
    assert not answer.settles_calendar


def test_a_wanted_symbol_that_is_not_held_may_lack_a_price() -> None:
    snapshot = household(account(100_000), quotes=(quote("STK", 100),))
    answer = decide(snapshot, stocks_and_bonds(), memory())
    assert isinstance(answer, Proposal)
    assert [leg.intent.symbol for leg in answer.legs] == ["STK"]
    assert any(g.scope == "BND" and g.text == "BND has no quote" for g in answer.gates)


def test_a_stale_quote_is_counted_named_and_not_traded() -> None:
    quotes = (quote("STK", 100, age=300), quote("BND", 100))
    answer = decide(
        household(account(0, {"STK": 750, "BND": 250}), quotes=quotes), stocks_and_bonds(), memory()
    )
    assert isinstance(answer, Hold)
    views = {v.name: v.before for v in answer.slices}
    assert views["stk"] == Decimal("0.75")
    (gate,) = (g for g in answer.gates if g.name == "price")
    assert (gate.scope, gate.passed) == ("STK", False)
    assert gate.text == "STK quote is 300 s old, at most 60 s is traded on"
    assert not answer.settles_calendar


def test_a_refused_underweight_does_not_turn_the_others_into_cash() -> None:
    """Stocks look 20 points short but cannot be bought: selling bonds would only make cash."""
    quotes = (quote("STK", 50, close="100"), quote("BND", 100))
    answer = decide(
        household(account(0, {"STK": 600, "BND": 400}), quotes=quotes), stocks_and_bonds(), memory()
    )
    assert isinstance(answer, Hold)
    assert answer.reason.startswith("rebalance: no order is left")
