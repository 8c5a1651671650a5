"""Every kind of condition, preset and cash rule: the backtest gives the daemon's orders.

As `test_same_as_daemon.py`, with policies read from configurations as users write them: skipping
ahead, and session by session through the daemon's cycle with journal, executor and the built-in
broker. The second test shows that no such policy sees a later price.
"""

from pathlib import Path

import numpy as np
import pytest

from backtest.history import History, history_of
from backtest.run import run
from backtest.setup import Fill
from brokers.simulated.world_events import Deposit, Dividend, Withdrawal, WorldEvent
from portfolio.money import ZERO, Money
from tests.support.algebra_policies import RULES, Case, algebra_history, case, flows_of
from tests.support.day_by_day import Traded, backtest_orders, daemon_orders, same_orders

ROWS = 320


def events_of(history: History) -> tuple[WorldEvent, ...]:
    """The flows and dividends of a history as the built-in broker's world has them."""
    flows: list[WorldEvent] = [
        Deposit(session=flow.day, amount=flow.amount)
        if flow.amount > ZERO
        else Withdrawal(session=flow.day, amount=Money(-flow.amount))
        for flow in flows_of(history)
    ]
    paid = [
        Dividend(session=d.day, symbol=d.symbol, per_share=Money(d.per_unit))
        for of_row in history.dividends.values()
        for d in of_row
    ]
    return (*flows, *paid)


def through_daemon(folder: Path, tried: Case, history: History) -> list[Traded]:
    return daemon_orders(
        folder,
        tried.policy,
        history,
        events=events_of(history) if tried.moves else (),
        looks=tried.looks_at(history.sessions),
        changes=tried.changes,
    )


def history_for(tried: Case) -> History:
    return algebra_history(ROWS, dividends=tried.moves)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", RULES)
def test_a_policy_of_any_condition_gives_the_same_orders_both_ways(
    tmp_path: Path, name: str
) -> None:
    tried = case(name, tmp_path)
    history = history_for(tried)
    result = run(tried.policy, history, tried.setup(history))
    assert same_orders(backtest_orders(result), through_daemon(tmp_path, tried, history)) == ""
    # Each rule has a say in this history, beyond the first investment.
    assert result.figures.rebalances >= 2 or result.figures.cash_runs >= 5


@pytest.mark.parametrize("fill", Fill)
@pytest.mark.parametrize("name", RULES)
def test_no_order_of_any_condition_knows_a_later_price(
    tmp_path: Path, name: str, fill: Fill
) -> None:
    tried = case(name, tmp_path)
    history = history_for(tried)
    known = run(tried.policy, history, tried.setup(history, fill=fill), in_full=True)
    for row in (70, 200):
        noisy = with_noise_after(history, row)
        other = run(tried.policy, noisy, tried.setup(noisy, fill=fill), in_full=True)
        assert [o for o in other.orders if o.row <= row] == [
            o for o in known.orders if o.row <= row
        ]
        assert [p for p in other.plans if p.row <= row] == [p for p in known.plans if p.row <= row]


def with_noise_after(history: History, row: int) -> History:
    prices = history.prices.copy()
    noise = np.random.default_rng(row).uniform(0.8, 1.25, (len(history) - row - 1, 3))
    prices[row + 1 :] = np.round(prices[row] * noise, 2)
    paid = [d for of_row in history.dividends.values() for d in of_row]
    return history_of(history.sessions, history.symbols, prices, dividends=paid)
