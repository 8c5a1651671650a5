"""New cash, deposits that wait or ask, and cash that is short."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from policies.decide import decide
from policies.limit_rule import Limits
from policies.limits import check_plan
from policies.planning.cash_first import fill_worthwhile, water_fill
from policies.policy import DepositRule, MinimumTrade, Policy
from portfolio.decisions import Decision, Gate, Hold, Proposal
from portfolio.memory import CashFlow, FlowKind, Memory
from portfolio.money import Money, Weight
from tests.support.households import (
    DAY,
    account,
    d,
    deposit,
    household,
    memory,
    quote,
    stocks_and_bonds,
    target,
)

CASES: dict[str, Any] = json.loads(
    (Path(__file__).parent / "cases" / "water_fill.json").read_text(), parse_float=Decimal
)


@pytest.mark.parametrize("case", CASES["contributions"], ids=lambda c: str(c["name"]))
def test_a_contribution_fills_the_largest_gaps(case: dict[str, Any]) -> None:
    total = sum(case["values"]) + case["cash"]
    gaps = {
        str(i): w * total - v
        for i, (v, w) in enumerate(zip(case["values"], case["weights"], strict=True))
    }
    filled = water_fill(gaps, d(case["cash"]))
    expected = {str(i): b for i, b in enumerate(case["L2"]["buys"]) if b > 0}
    assert filled == expected


@pytest.mark.parametrize("case", CASES["withdrawals"], ids=lambda c: str(c["name"]))
def test_a_withdrawal_cuts_the_largest_surpluses(case: dict[str, Any]) -> None:
    total = sum(case["values"]) - case["amount"]
    gaps = {
        str(i): v - w * total
        for i, (v, w) in enumerate(zip(case["values"], case["weights"], strict=True))
    }
    filled = water_fill(gaps, d(case["amount"]))
    assert filled == {str(i): s for i, s in enumerate(case["L2"]["sells"]) if s > 0}


def test_nothing_is_filled_without_money_or_gaps() -> None:
    assert water_fill({"A": d(5)}, d(0)) == {}
    assert water_fill({"A": d(-5), "B": d(0)}, d(10)) == {}
    assert fill_worthwhile({}, d(10), d(1)) == {}


def test_more_money_than_gaps_fills_them_and_keeps_the_rest() -> None:
    assert water_fill({"A": d(5), "B": d(2)}, d(100)) == {"A": 5, "B": 2}


def test_crumbs_leave_their_part_to_the_others() -> None:
    """120 over gaps 100, 90, 20 is 65 and 55; over 100, 90, 89 crumbs of 40 become one order."""
    assert fill_worthwhile({"A": d(100), "B": d(90), "C": d(20)}, d(120), d(50)) == {
        "A": 65,
        "B": 55,
    }
    assert fill_worthwhile({"A": d(100), "B": d(90), "C": d(89)}, d(90), d(50)) == {"A": 90}
    assert fill_worthwhile({"A": d(40), "B": d(39)}, d(90), d(50)) == {}


def test_whole_shares_of_the_worked_case_are_bought() -> None:
    """Values 50,000 / 12,000 / 3,000 in units of their own; 4,000 buys 0, 33 and 34 shares.

    The worked case's prices divide no holding, so the holdings are given in fractions of a share.
    """
    case = CASES["whole_shares"]
    prices = dict(zip("ABC", (d(p) for p in case["prices"]), strict=True))
    held = {s: v / prices[s] for s, v in zip("ABC", case["values"], strict=True)}
    policy = Policy(
        target=target({"A": "70", "B": "22", "C": "8"}),
        limit_offset=d(0),
        sells_allowed=False,
        backstop=None,
    )
    snapshot = household(
        account(case["cash"], held), quotes=tuple(quote(s, p) for s, p in prices.items())
    )
    answer = decide(snapshot, policy, memory())
    assert isinstance(answer, Proposal)
    bought = {leg.intent.symbol: leg.intent.quantity for leg in answer.legs}
    assert [bought.get(s, 0) for s in "ABC"] == case["greedy_shares"]


def look(
    cash: str | int, past: Memory | None = None, stocks: int = 600, **settings: Any
) -> Decision:
    """100,000 in 600 STK and 400 BND at 100, or as given, beside the cash."""
    snapshot = household(
        account(cash, {"STK": stocks, "BND": 1000 - stocks}),
        quotes=(quote("STK", 100), quote("BND", 100)),
    )
    return decide(snapshot, stocks_and_bonds(**settings), past or memory())


def gate(answer: Decision, name: str) -> Gate:
    (found,) = (g for g in answer.gates if g.name == name)
    return found


def bought(answer: Decision) -> dict[str, Decimal]:
    assert isinstance(answer, Proposal)
    assert not answer.sells
    return {leg.intent.symbol: leg.intent.quantity for leg in answer.buys}


def test_new_cash_buys_the_underweight_first_and_sells_nothing() -> None:
    """2,000 more make 102,000: stocks want 61,200 and have 63,000, bonds 40,800 and have 37,000."""
    answer = look(2000, stocks=630)
    assert bought(answer) == {"BND": 19}
    assert answer.reason == "cash 2,000.00 USD above its slice, invested from 51.00 USD on"


def test_cash_under_the_minimum_trade_stays() -> None:
    answer = look(49)
    assert isinstance(answer, Hold)
    assert gate(answer, "cash").margin == d(100_049) * d("0.0005") - 49
    assert not gate(answer, "cash").passed


def test_cash_in_its_slice_is_not_invested() -> None:
    answer = look(500, buffer="0.5")
    assert isinstance(answer, Hold)


def test_investing_new_cash_does_not_wait_for_the_rest() -> None:
    assert bought(look(2000, memory(sessions_since_run=0))) == {"STK": 11, "BND": 8}


def test_a_deposit_waits_a_session_and_is_not_counted_meanwhile() -> None:
    past = memory(flows=(deposit(30_000, seen=DAY),), sessions_since_flow=0)
    answer = look(30_000, past)
    assert isinstance(answer, Hold)
    assert {v.name: v.before for v in answer.slices}["stk"] == d("0.6")
    waits = gate(answer, "deposit")
    assert waits.text == (
        "deposit of 30,000.00 USD of 2026-03-11 has waited 0 of 1 sessions and is not counted yet"
    )
    assert (waits.value, waits.level, waits.margin) == (d(0), d(1), d(1))


def test_a_deposit_is_invested_without_a_sale_when_it_has_waited() -> None:
    past = memory(flows=(deposit(3000),), sessions_since_flow=1)
    assert bought(look(3000, past)) == {"STK": 17, "BND": 12}


def test_an_older_deposit_has_waited_a_session_for_each_later_one() -> None:
    flows = (deposit(1000, seen=date(2026, 3, 10)), deposit(2000, seen=DAY, name="f2"))
    answer = look(3000, memory(flows=flows, sessions_since_flow=0))
    assert bought(answer) == {"STK": 5, "BND": 4}
    assert [g.scope for g in answer.gates if g.name == "deposit"] == ["f2"]


def test_a_deposit_without_a_session_waits() -> None:
    flow = CashFlow(
        flow_id="f1", account="main", kind=FlowKind.DEPOSIT, amount=Money(d(3000)), day=DAY
    )
    assert isinstance(look(3000, memory(flows=(flow,), sessions_since_flow=5)), Hold)


def test_a_waiting_deposit_that_is_gone_again_takes_no_other_cash_below_zero() -> None:
    past = memory(flows=(deposit(30_000, seen=DAY),), sessions_since_flow=0)
    assert isinstance(look(100, past), Hold)
    elsewhere = memory(flows=(deposit(30_000, seen=DAY, account="closed"),), sessions_since_flow=0)
    assert bought(look(2000, elsewhere)) == {"STK": 11, "BND": 8}


def test_a_dividend_joins_the_cash_without_waiting() -> None:
    flow = CashFlow(
        flow_id="f1", account="main", kind=FlowKind.DIVIDEND, amount=Money(d(900)), day=DAY
    )
    assert bought(look(900, memory(flows=(flow,), sessions_since_flow=0)))


def test_a_large_deposit_is_planned_but_a_person_is_asked() -> None:
    """6,000 of 106,000 is 5.7 %, above 5 %."""
    past = memory(flows=(deposit(6000),), sessions_since_flow=1)
    answer = look(6000, past)
    assert isinstance(answer, Proposal)
    snapshot = household(
        account(6000, {"STK": 600, "BND": 400}), quotes=(quote("STK", 100), quote("BND", 100))
    )
    verdict = check_plan(answer, snapshot, Limits(), past)
    assert verdict.outcome == "referred"
    assert verdict.reasons == (
        "deposit of 6,000.00 USD is 5.7 % of the portfolio, above 5.0 % a person is asked",
    )
    released = memory(flows=past.flows, sessions_since_flow=1, approved_flows=("f1",))
    again = look(6000, released)
    assert isinstance(again, Proposal)
    assert check_plan(again, snapshot, Limits(), released).outcome == "approved"


def test_deposits_may_be_told_not_to_wait() -> None:
    past = memory(flows=(deposit(3000, seen=DAY),), sessions_since_flow=0)
    assert bought(look(3000, past, deposits=DepositRule(wait_sessions=0)))


def test_cash_under_its_slice_is_raised_from_the_overweight() -> None:
    """5 % of 102,000 is wanted, 2,000 is there: 3,100 come from stocks, the only overweight."""
    answer = look(
        2000,
        memory(flows=(deposit(-5000),), sessions_since_flow=0),
        stocks=620,
        buffer="5",
        min_improvement=d("0.5"),
    )
    assert isinstance(answer, Proposal)
    assert not answer.buys
    assert {leg.intent.symbol: leg.intent.quantity for leg in answer.sells} == {"STK": 31}
    assert answer.reason == "cash 3,100.00 USD under its slice, raised from 51.00 USD on"


def test_raising_cash_waits_for_the_rest_unless_cash_is_owed() -> None:
    resting = memory(sessions_since_run=1)
    waits = look(0, resting, buffer="1")
    assert isinstance(waits, Hold)
    assert "but rest: 1 of 10 sessions" in waits.reason
    owed = memory(sessions_since_run=1, flows=(deposit(-1000),), sessions_since_flow=0)
    assert isinstance(look(0, owed, buffer="1"), Proposal)
    negative = look(-300, resting)
    assert isinstance(negative, Proposal)
    assert [leg.intent.quantity for leg in negative.sells] == [1, 1]


def test_owed_cash_is_raised_however_little_of_the_drift_it_removes() -> None:
    """Stocks are 2 points over, 100 is owed: the sale removes 5 % of the drift and is made."""
    answer = look(-100, stocks=620, minimum_trade=MinimumTrade(amount=Money(d(50))))
    assert isinstance(answer, Proposal)
    assert gate(answer, "improvement").text.endswith("waived, cash comes first")


def test_cash_is_not_raised_where_sales_are_not_allowed() -> None:
    answer = look(-3000, sells_allowed=False)
    assert isinstance(answer, Hold)
    assert answer.reason.endswith("but sales are not allowed: only new cash is invested")


def test_a_fired_band_is_closed_with_new_cash_before_any_sale() -> None:
    """10,000 of cash and stocks at 54,000 of 110,000: the cash buys stocks, bonds give the rest."""
    answer = look(10_000, stocks=540)
    assert isinstance(answer, Proposal)
    assert {leg.intent.symbol: leg.intent.quantity for leg in answer.sells} == {"BND": 20}
    assert {leg.intent.symbol for leg in answer.buys} == {"STK"}


def test_where_sales_are_not_allowed_a_fired_band_gets_the_new_cash() -> None:
    answer = look(2000, stocks=500, sells_allowed=False)
    assert bought(answer) == {"STK": 19}


def test_nothing_at_all_holds() -> None:
    empty = household(account(0), quotes=(quote("STK", 1), quote("BND", 1)))
    answer = decide(empty, stocks_and_bonds(), memory())
    assert isinstance(answer, Hold)
    assert answer.reason == "the slices and the cash are together worth nothing"


def test_a_household_of_cash_alone_can_be_the_target() -> None:
    policy = Policy(target=target({"STK": "100"}, buffer="99.99"), backstop=None)
    answer = decide(household(account(100_000), quotes=(quote("STK", 1),)), policy, memory())
    assert isinstance(answer, Hold)
    assert Weight(d(1)) - answer.slices[0].target == d("0.9999")
