"""Whatever a plan or a run leaves out of what it wanted is named, with the reason."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.book import Book, open_book
from policies.decide import decide
from policies.planning.destination import wanted_trades
from policies.planning.plan import make_plan
from policies.policy import MinimumTrade, Policy
from policies.prices import judge_prices
from policies.triggers.ask import Aim, Call
from portfolio.decisions import Allowance, Hold, Proposal, Run
from portfolio.memory import Fence
from portfolio.money import Money, Quantity, Weight, exact_arithmetic
from portfolio.orders import LegState, Side
from portfolio.target import Lock
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

SYMBOLS = ("A", "B", "C")


def ended(
    cash: str | int, stocks: int, bonds: int, *legs: Any, limit_offset: str = "0", **rules: Any
) -> Hold:
    """A run that may sell 90 STK at 250 and buy 300 BND at 75, at its last look."""
    allowances = (
        Allowance(account="main", symbol="STK", side=Side.SELL, quantity=Quantity(d(90))),
        Allowance(account="main", symbol="BND", side=Side.BUY, quantity=Quantity(d(300))),
    )
    run = Run(
        number=1,
        proposal_hash="h",
        opened_cycle=1,
        allowances=allowances,
        buy_budget=Money(d(22_500)),
        expires_at=NOW.replace(day=12),
    )
    snapshot = household(
        account(cash, {"STK": stocks, "BND": bonds}), quotes=(quote("STK", 250), quote("BND", 75))
    )
    policy = stocks_and_bonds(limit_offset=d(limit_offset), **rules)
    answer = decide(snapshot, policy, memory(run=run, run_legs=legs))
    assert isinstance(answer, Hold)
    assert answer.run_complete == 1
    return answer


def told(answer: Hold) -> list[str]:
    return [gate.text for gate in answer.gates if gate.name == "left over"]


CANCELED_SALE = leg("STK", Side.SELL, 90, LegState.CANCELED, filled=89, limit=249, average=250)
BOUGHT = leg("BND", Side.BUY, 300, LegState.FILLED, filled=300, limit=76, average=75, index=2)


def test_the_end_of_a_run_names_the_sale_that_is_too_small_to_finish() -> None:
    """One of 90 shares was not sold; of a minimum trade of 1,000 it is a quarter."""
    least = MinimumTrade(amount=Money(d(1000)))
    answer = ended(0, 361, 800, CANCELED_SALE, BOUGHT, minimum_trade=least)
    (text,) = told(answer)
    assert text == (
        "STK: a sale in main is left out, 100.00 USD of 100.00 USD that are missing is too small "
        "(minimum trade 1,000.00 USD, a step costs 250.00 USD)"
    )


def test_the_end_of_a_run_names_a_purchase_that_the_money_does_not_reach() -> None:
    sold = leg("STK", Side.SELL, 90, LegState.FILLED, filled=90, limit=249, average=250)
    answer = ended(60, 360, 798, sold)
    (text,) = told(answer)
    assert text.startswith("BND: a purchase in main is left out, 60.00 USD of ")
    assert text.endswith("(minimum trade 74.96 USD, a step costs 75.00 USD)")


def test_the_end_of_a_run_names_an_order_that_was_rejected() -> None:
    sold = leg("STK", Side.SELL, 90, LegState.FILLED, filled=90, limit=249, average=250)
    refused = leg("BND", Side.BUY, 300, LegState.REJECTED, limit=76, index=2)
    answer = ended(22_500, 360, 500, sold, refused)
    assert told(answer) == [
        "BND: a purchase in main is left out, an order of it was rejected in this run"
    ]


def test_the_end_of_a_run_names_a_lock() -> None:
    sold = leg("STK", Side.SELL, 90, LegState.FILLED, filled=90, limit=249, average=250)
    answer = ended(22_500, 360, 500, sold, locks={"BND": Lock.DO_NOT_BUY})
    (text,) = told(answer)
    assert text.startswith("BND: a purchase in main is left out, ")


def test_a_wait_in_one_account_does_not_hide_what_another_leaves_out() -> None:
    """In both accounts STK is to be sold: here it is barred, there its order was rejected."""
    sales = (("here", "STK"), ("there", "STK"), ("there", "GLD"))
    run = Run(
        number=1,
        proposal_hash="h",
        opened_cycle=1,
        allowances=tuple(
            Allowance(account=name, symbol=symbol, side=Side.SELL, quantity=Quantity(d(90)))
            for name, symbol in sales
        ),
        buy_budget=Money(d(22_500)),
        expires_at=NOW.replace(day=12),
    )
    snapshot = household(
        account(0, {"STK": 200}, name="here"),
        account(0, {"STK": 200, "GLD": 200}, name="there"),
        quotes=(quote("STK", 100), quote("GLD", 100), quote("BND", 100)),
    )
    rejected = leg("STK", Side.SELL, 90, LegState.REJECTED, account="there")
    fence = Fence(account="here", symbol="STK", reason="a late order", until=None)
    answer = decide(
        snapshot,
        Policy(target=target({"STK": "30", "GLD": "20", "BND": "50"})),
        memory(run=run, run_legs=(rejected,), fences=(fence,)),
    )
    assert isinstance(answer, Proposal)
    assert [one.intent.symbol for one in answer.legs] == ["GLD"]
    assert answer.skipped == (
        "STK: a sale in there is left out, an order of it was rejected in this run",
        "STK: fenced: a late order",
    )


def test_a_run_that_did_all_leaves_nothing() -> None:
    sold = leg("STK", Side.SELL, 90, LegState.FILLED, filled=90, limit=249, average=250)
    assert told(ended(0, 360, 800, sold, BOUGHT)) == []


def test_the_rest_of_a_sale_that_only_small_accounts_hold_is_named() -> None:
    """24,000 are to be sold: 23,880 in one account, 40 in each of three others."""
    accounts = (
        account(0, {"STK": 23_880}, name="big"),
        *(account(0, {"STK": 40}, name=name) for name in ("s1", "s2", "s3")),
        account(0, {"BND": 1}, name="main"),
    )
    snapshot = household(*accounts, quotes=(quote("STK", 1), quote("BND", 1)))
    policy = Policy(target=target({"STK": "0.0001", "BND": "99.9999"}))
    with exact_arithmetic():
        book = open_book(snapshot, policy, memory())
        assert isinstance(book, Book)
        plan = make_plan(book, Call(aim=Aim.REBALANCE, reason="a test"))
    assert any(why.startswith("STK: ") and "stay unsold" in why for why in plan.skipped)


COUNTS = st.lists(st.integers(0, 300), min_size=3, max_size=3)


@settings(max_examples=200, deadline=None)
@given(
    holdings=st.lists(COUNTS, min_size=1, max_size=4),
    cash=st.lists(st.integers(0, 3000), min_size=4, max_size=4),
    prices=st.lists(st.decimals("0.5", "700", places=2), min_size=3, max_size=3),
    fractional=st.booleans(),
    minimum=st.sampled_from([1, 50, 700]),
    aim=st.sampled_from([Aim.REBALANCE, Aim.REBALANCE, Aim.INVEST]),
    weights=st.sampled_from([("50", "30", "20"), ("1", "1", "98")]),
)
def test_no_wanted_trade_disappears_in_netting_or_between_the_accounts(
    holdings: list[list[int]],
    cash: list[int],
    prices: list[Decimal],
    fractional: bool,
    minimum: int,
    aim: Aim,
    weights: tuple[str, ...],
) -> None:
    """What is not in an order is less than a step or the minimum, or is named, or has no money."""
    accounts = [
        account(cash[n], {s: u for s, u in zip(SYMBOLS, row, strict=True) if u}, name=f"a{n}")
        for n, row in enumerate(holdings)
    ]
    snapshot = household(
        *accounts, quotes=tuple(quote(s, p) for s, p in zip(SYMBOLS, prices, strict=True))
    )
    policy = Policy(
        target=target(dict(zip(SYMBOLS, weights, strict=True))),
        fractional=fractional,
        limit_offset=d(0),
        minimum_trade=MinimumTrade(amount=Money(d(minimum)), fraction=Weight(d(0))),
    )
    with exact_arithmetic():
        book = open_book(
            judge_prices(snapshot, policy.prices, policy.target.symbols), policy, memory()
        )
        if not isinstance(book, Book):
            return
        call = Call(aim=aim, reason="a test")
        wanted, plan = wanted_trades(book, call), make_plan(book, call)
    done = {(side, s): Decimal(0) for side in Side for s in SYMBOLS}
    for one in plan.legs:
        done[one.intent.side, one.intent.symbol] += one.value
        assert one.value >= minimum
    for side, amounts in ((Side.SELL, wanted.sells), (Side.BUY, wanted.buys)):
        for symbol, amount in amounts.items():
            rest = amount - done[side, symbol]
            crumb = max(book.step(symbol) * book.prices[symbol], Decimal("0.01"))
            named = any(why.startswith(f"{symbol}: ") for why in plan.skipped)
            # Money of several accounts may each be short of one more step.
            assert rest <= crumb * len(accounts) or named


@pytest.mark.parametrize("least", [50, 20_000])
def test_a_plan_that_was_netted_to_nothing_says_so(least: int) -> None:
    quotes = (quote("STK", 1), quote("BND", 1))
    snapshot = household(account(0, {"STK": 67_000, "BND": 33_000}), quotes=quotes)
    rule = MinimumTrade(amount=Money(d(least)), fraction=Weight(d(0)))
    answer = decide(snapshot, stocks_and_bonds(minimum_trade=rule), memory())
    assert isinstance(answer, Hold) is (least > 7000)
    if isinstance(answer, Hold):
        assert "too small" in answer.reason
