"""What a wave of orders may still use, counted down leg by leg."""

from dataclasses import replace

import pytest

from daemon.executor import Purse, open_purse
from portfolio.decisions import Allowance, Run
from portfolio.money import Money, Price, Quantity
from portfolio.orders import LegState, Side
from tests.support.households import NOW, account, d, household, leg, memory, quote

BUYS, SELLS = ("main", "BND", Side.BUY), ("main", "STK", Side.SELL)


@pytest.fixture
def purse() -> Purse:
    return Purse(
        cash={"main": Money(d(5_000)), "spouse": Money(d(700))},
        available={("main", "STK"): Quantity(d(40)), ("main", "BND"): Quantity(d(5))},
        allowance={BUYS: Quantity(d(30)), SELLS: Quantity(d(25))},
    )


def test_a_buy_takes_its_cost_at_the_limit_and_its_units_of_the_allowance(purse: Purse) -> None:
    buy = leg("BND", Side.BUY, 12, LegState.PLANNED)
    purse.spend(replace(buy, intent=replace(buy.intent, limit_price=Price(d("100.50")))))
    assert purse.cash == {"main": d("3794"), "spouse": d(700)}  # 5,000 less 12 at 100.50
    assert purse.allowance == {BUYS: 18, SELLS: 25}
    assert purse.available == {("main", "STK"): 40, ("main", "BND"): 5}


def test_a_sale_takes_units_and_no_cash(purse: Purse) -> None:
    purse.spend(leg("STK", Side.SELL, 15, LegState.PLANNED))
    assert purse.cash == {"main": 5_000, "spouse": 700}
    assert purse.allowance == {BUYS: 30, SELLS: 10}
    assert purse.available == {("main", "STK"): 25, ("main", "BND"): 5}


def test_a_buy_without_a_limit_takes_no_cash_that_could_be_told(purse: Purse) -> None:
    buy = leg("BND", Side.BUY, 12, LegState.PLANNED)
    purse.spend(replace(buy, intent=replace(buy.intent, limit_price=None)))
    assert purse.cash == {"main": 5_000, "spouse": 700}


def test_a_symbol_that_had_its_order_is_remembered_for_its_account(purse: Purse) -> None:
    assert purse.sent == set()
    purse.spend(leg("STK", Side.SELL, 15, LegState.PLANNED))
    assert purse.sent == {("main", "STK")}


def a_run() -> Run:
    return Run(
        number=7,
        proposal_hash="h",
        opened_cycle=1,
        allowances=(
            Allowance(account="main", symbol="STK", side=Side.SELL, quantity=Quantity(d(30))),
        ),
        buy_budget=Money(d(0)),
        expires_at=NOW,
    )


def test_a_purse_opens_with_what_open_buys_leave_of_the_cash_and_what_can_be_sold() -> None:
    live = leg("BND", Side.BUY, 10, LegState.LOST, limit="99")
    snapshot = household(account(5_000, {"STK": 40}), quotes=(quote("STK", 100),))
    opened = open_purse(a_run(), snapshot, memory(live_legs=(live,)))
    assert opened.cash == {"main": d("4010")}  # 5,000 less 10 at 99
    assert opened.available == {("main", "STK"): 40}
    assert opened.sent == set()


def test_a_purse_has_what_the_legs_of_a_run_under_way_have_left_of_it() -> None:
    sold = leg("STK", Side.SELL, 30, LegState.CANCELED, filled=20)
    snapshot = household(account(5_000, {"STK": 40}), quotes=(quote("STK", 100),))
    under_way = open_purse(a_run(), snapshot, memory(run=a_run(), run_legs=(sold,)))
    assert under_way.allowance == {SELLS: 10}
    opened_now = open_purse(a_run(), snapshot, memory(run_legs=(sold,)))
    assert opened_now.allowance == {SELLS: 30}
