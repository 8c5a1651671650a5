"""A run under way: sales first, buys from the cash there, inside what was accepted, then its end."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from policies.decide import decide
from portfolio.accounts import Autonomy
from portfolio.decisions import Allowance, Decision, Hold, Proposal, Run
from portfolio.memory import Fence, Memory
from portfolio.money import Money, Quantity
from portfolio.orders import Leg, LegState, Side
from portfolio.snapshot import AccountSnapshot, Snapshot
from tests.support.households import (
    NOW,
    account,
    d,
    household,
    leg,
    memory,
    quote,
    stocks_and_bonds,
    target,
)

SELL, BUY = Side.SELL, Side.BUY
POLICY = stocks_and_bonds(limit_offset=d("0.001"))


def allow(side: Side, symbol: str, quantity: str | int, name: str = "main") -> Allowance:
    return Allowance(account=name, symbol=symbol, side=side, quantity=Quantity(d(quantity)))


def run(*allowances: Allowance, budget: str | int = 22_725, ends: datetime | None = None) -> Run:
    """By default the textbook's run: 90 STK at 250 sold, 300 BND at 75 bought, and 1 % more."""
    return Run(
        number=1,
        proposal_hash="h",
        opened_cycle=1,
        allowances=allowances or (allow(SELL, "STK", "90.9"), allow(BUY, "BND", "303")),
        buy_budget=Money(d(budget)),
        expires_at=ends or NOW + timedelta(days=1),
    )


def past(this: Run, *legs: Leg, **facts: Any) -> Memory:
    live = tuple(one for one in legs if not one.state.is_terminal)
    return memory(run=this, run_legs=legs, live_legs=live, **facts)


def textbook(stocks: int, bonds: int, cash: str | int, **facts: Any) -> Snapshot:
    holder = account(cash, {"STK": stocks, "BND": bonds}, **facts)
    return household(holder, quotes=(quote("STK", 250), quote("BND", 75)))


def units(answer: Decision) -> dict[str, Decimal]:
    assert isinstance(answer, Proposal)
    assert answer.run == 1
    assert answer.reason.startswith("run 1 goes on: ")
    return {one.intent.symbol: one.intent.quantity for one in answer.legs}


def hold(answer: Decision) -> Hold:
    assert isinstance(answer, Hold)
    return answer


@pytest.mark.parametrize(
    "state",
    [LegState.PLANNED, LegState.WORKING, LegState.AMBIGUOUS, LegState.LOST, LegState.STUCK],
)
def test_nothing_is_planned_while_a_sale_is_live(state: LegState) -> None:
    working = leg("STK", SELL, 90, state, limit=249)
    answer = hold(decide(textbook(450, 500, 0), POLICY, past(run(), working)))
    assert answer.reason == "run 1 waits: sales under way: STK"
    assert answer.run_complete is None


def test_after_the_sales_buys_are_planned_from_the_cash_there() -> None:
    """22,490 came in: at a limit of 75.07 that is 299 bonds, whatever the plan said."""
    sold = leg("STK", SELL, 90, LegState.FILLED, filled=90, limit=249, average="249.89")
    answer = decide(textbook(360, 500, 22_490), POLICY, past(run(), sold))
    assert units(answer) == {"BND": 299}


def test_a_sale_that_brought_half_buys_half() -> None:
    sold = leg("STK", SELL, 90, LegState.FILLED, filled=90, limit=249, average=125)
    answer = decide(textbook(360, 500, 11_250), POLICY, past(run(), sold))
    assert units(answer) == {"BND": 149}


def test_a_run_never_buys_beyond_its_allowance_or_its_budget() -> None:
    sold = leg("STK", SELL, 90, LegState.FILLED, filled=90, limit=249)
    rich = textbook(360, 500, 60_000)
    assert units(decide(rich, POLICY, past(run(), sold))) == {"BND": 302}
    small = run(allow(SELL, "STK", "90.9"), allow(BUY, "BND", 900), budget=15_014)
    assert units(decide(rich, POLICY, past(small, sold))) == {"BND": 200}


def test_filled_and_open_buys_use_up_allowance_and_budget() -> None:
    """22,725 less 150 at 75 leaves 11,475: at 75.07 that is 152; with 100 counted at 76 it is 151."""
    legs = (
        leg("STK", SELL, 90, LegState.FILLED, filled=90, limit=249),
        leg("BND", BUY, 100, LegState.FILLED, filled=100, limit=76, average=75, index=2),
        leg("BND", BUY, 60, LegState.CANCELED, filled=50, limit=76, average=75, index=3),
    )
    answer = decide(textbook(360, 650, 50_000), POLICY, past(run(), *legs))
    assert units(answer) == {"BND": 152}
    dear = replace(legs[1], filled_average_price=None)
    again = decide(textbook(360, 650, 50_000), POLICY, past(run(), legs[0], dear, legs[2]))
    assert units(again) == {"BND": 151}


@pytest.mark.parametrize("state", [LegState.CANCELED, LegState.EXPIRED, LegState.NEVER_ARRIVED])
def test_an_unfinished_sale_is_planned_again_as_far_as_it_is_still_overweight(
    state: LegState,
) -> None:
    cut = leg("STK", SELL, 90, state, filled=40, limit=249)
    answer = decide(textbook(410, 500, 10_000), POLICY, past(run(), cut))
    assert units(answer) == {"STK": 50}


def test_an_unfinished_sale_that_is_no_longer_overweight_makes_room_for_the_buys() -> None:
    cut = leg("STK", SELL, 90, LegState.EXPIRED, filled=88, limit=249)
    answer = decide(textbook(360, 500, 22_500), POLICY, past(run(), cut))
    assert units(answer) == {"BND": 299}


def test_a_sale_that_was_never_begun_is_begun() -> None:
    answer = decide(textbook(450, 500, 0), POLICY, past(run()))
    assert units(answer) == {"STK": 90}


def test_a_residue_under_the_minimum_trade_is_left() -> None:
    cut = leg("STK", SELL, 90, LegState.CANCELED, filled=90, limit=249)
    cut = replace(cut, filled_quantity=Quantity(d(90)))
    done = leg("BND", BUY, 299, LegState.FILLED, filled=299, limit=75, index=2)
    answer = hold(decide(textbook(360, 799, 50), POLICY, past(run(), cut, done)))
    assert answer.run_complete == 1
    assert answer.reason == "run 1 is complete: 50.00 USD in cash"


def test_a_full_exit_is_finished_whatever_its_size() -> None:
    this = run(allow(SELL, "OLD", 10))
    policy = replace(POLICY, target=target({"STK": "60", "BND": "40", "OLD": "0"}))
    holder = account(0, {"STK": 600, "BND": 400, "OLD": 2})
    quotes = (quote("STK", 100), quote("BND", 100), quote("OLD", 5))
    cut = leg("OLD", SELL, 10, LegState.CANCELED, filled=8)
    answer = decide(household(holder, quotes=quotes), policy, past(this, cut))
    assert units(answer) == {"OLD": 2}


def test_a_rejected_symbol_is_not_tried_again_in_the_same_run() -> None:
    no = leg("STK", SELL, 90, LegState.REJECTED, limit=249)
    assert hold(decide(textbook(450, 500, 0), POLICY, past(run(), no))).run_complete == 1
    sold = leg("STK", SELL, 90, LegState.FILLED, filled=90, limit=249)
    refused = leg("BND", BUY, 299, LegState.REJECTED, index=2)
    answer = hold(decide(textbook(360, 500, 22_500), POLICY, past(run(), sold, refused)))
    assert answer.run_complete == 1


def test_a_live_buy_is_waited_for_and_other_symbols_go_on() -> None:
    sold = leg("STK", SELL, 90, LegState.FILLED, filled=90, limit=249)
    buying = leg("BND", BUY, 299, LegState.WORKING, limit=75, index=2)
    answer = hold(decide(textbook(360, 500, 22_500), POLICY, past(run(), sold, buying)))
    assert answer.reason == "run 1 waits: orders under way: tt1-e-000001-02-bnd"
    assert answer.run_complete is None


def test_a_run_past_its_time_ends_and_says_so() -> None:
    answer = hold(decide(textbook(450, 500, 0), POLICY, past(run(ends=NOW))))
    assert answer.run_complete == 1
    assert answer.reason == "run 1 ends unfinished: its time was up at 2026-03-11 14:00 UTC"
    assert answer.slices
    blind = replace(textbook(450, 500, 0), quotes={})
    answer = hold(decide(blind, POLICY, past(run(ends=NOW))))
    assert answer.run_complete == 1
    assert answer.slices == ()


def test_a_run_waits_while_it_cannot_know_its_weights() -> None:
    blind = replace(textbook(450, 500, 0), quotes={})
    assert hold(decide(blind, POLICY, past(run()))).run_complete is None


def test_a_run_waits_for_a_halt_and_a_closed_exchange() -> None:
    sold = leg("STK", SELL, 90, LegState.FILLED, filled=90, limit=249)
    there = textbook(360, 500, 22_500)
    answer = hold(decide(there, POLICY, past(run(), sold, halted="by ann: stop")))
    assert answer.reason == "run 1 waits: halted: by ann: stop"
    closed = hold(decide(replace(there, is_open=False), POLICY, past(run(), sold)))
    assert closed.reason == ("run 1 waits: the exchange is closed, the last session was 2026-03-11")


def test_a_run_waits_for_a_barred_symbol_as_long_as_it_has_time() -> None:
    fence = Fence(account="main", symbol="STK", reason="wash sale")
    answer = hold(decide(textbook(450, 500, 0), POLICY, past(run(), fences=(fence,))))
    assert answer.reason == "run 1 waits: STK: fenced: wash sale"
    assert answer.run_complete is None
    sold = leg("STK", SELL, 90, LegState.FILLED, filled=90, limit=249)
    bonds = replace(fence, symbol="BND")
    answer = hold(decide(textbook(360, 500, 22_500), POLICY, past(run(), sold, fences=(bonds,))))
    assert answer.reason == "run 1 waits: BND: fenced: wash sale"


def test_a_run_does_not_turn_into_advice_when_its_account_is_blocked() -> None:
    blocked = textbook(450, 500, 0, blocked="trading_blocked")
    answer = hold(decide(blocked, POLICY, past(run())))
    assert answer.reason == "run 1 waits: STK: main is blocked: trading_blocked"
    watched = textbook(360, 500, 22_500, autonomy=Autonomy.OBSERVE)
    sold = leg("STK", SELL, 90, LegState.FILLED, filled=90, limit=249)
    assert "only observed" in hold(decide(watched, POLICY, past(run(), sold))).reason


def two(a: AccountSnapshot, b: AccountSnapshot) -> Snapshot:
    return household(a, b, quotes=(quote("STK", 100), quote("BND", 100)))


def test_each_account_buys_inside_its_own_allowance() -> None:
    """Bonds are 100 short in all; A may buy 30, B may buy 50 and has money for 20."""
    this = run(allow(BUY, "BND", 30, "a"), allow(BUY, "BND", 50, "b"), budget=100_000)
    a = account(8000, {"STK": 600}, name="a")
    b = account(2010, {"BND": 300}, name="b")
    answer = decide(two(a, b), POLICY, past(this))
    assert isinstance(answer, Proposal)
    assert {(p.intent.account, p.intent.quantity) for p in answer.legs} == {("a", 30), ("b", 20)}


def test_an_allowance_of_an_account_or_symbol_that_is_gone_is_left() -> None:
    this = run(allow(SELL, "STK", 10, "gone"), allow(BUY, "XYZ", 10), allow(SELL, "XYZ", 10))
    assert hold(decide(textbook(450, 500, 0), POLICY, past(this))).run_complete == 1


def test_whole_shares_of_a_run_top_up_to_the_allowance_and_no_further() -> None:
    """2,000 of cash and bonds 1,000 short: the allowance of 3 ends it."""
    this = run(allow(BUY, "BND", "3.03"), budget=100_000)
    snapshot = household(
        account(2000, {"STK": 600, "BND": 380}), quotes=(quote("STK", 100), quote("BND", 100))
    )
    assert units(decide(snapshot, POLICY, past(this))) == {"BND": 3}


def test_what_whole_shares_leave_over_buys_more_of_what_is_shortest() -> None:
    """110 over two gaps of 55 is one share of 30 each, under the minimum of 50: A gets two instead."""
    this = run(allow(BUY, "A", 100), allow(BUY, "B", 100), budget=100_000)
    policy = replace(POLICY, target=target({"A": "50", "B": "50"}), limit_offset=d(0))
    quotes = (quote("A", 30), quote("B", 30))
    answer = decide(household(account(110), quotes=quotes), policy, past(this))
    assert units(answer) == {"A": 2}


def test_a_barred_live_buy_is_not_waited_for_twice() -> None:
    """The order under way is the reason; the bar that it makes is none."""
    buying = leg("BND", BUY, 100, LegState.WORKING, limit=75, index=2)
    answer = hold(decide(textbook(360, 500, 22_500), POLICY, past(run(), buying)))
    assert "order tt1" not in answer.reason.replace("orders under way: tt1", "")
