"""No decision knows a later price: with noise for every price after a day, all up to it is the same."""

from pathlib import Path

import numpy as np
import pytest

from backtest.history import History, history_of
from backtest.run import run
from backtest.setup import Fill, Setup
from tests.support.backtests import opening, random_history, same_close
from tests.support.day_by_day import backtest_orders, daemon_orders, same_orders
from tests.support.ten_policies import TEN

SYMBOLS = ("A", "B", "C")


def with_noise_after(history: History, row: int, seed: int) -> History:
    """The same prices through a row, and prices without any sense after it."""
    prices = history.prices.copy()
    rng = np.random.default_rng(seed)
    later = prices[row] * rng.uniform(0.8, 1.25, (len(history) - row - 1, prices.shape[1]))
    prices[row + 1 :] = np.round(later, 2)
    return history_of(history.sessions, history.symbols, prices)


@pytest.mark.parametrize("fill", Fill)
@pytest.mark.parametrize("name", TEN)
def test_a_backtest_trades_the_same_through_a_day_whatever_comes_after(
    name: str, fill: Fill
) -> None:
    setup = Setup(openings=(opening(),), fill=fill)
    history = random_history(500, SYMBOLS, seed=11, volatility=0.015)
    known = run(TEN[name], history, setup, in_full=True)
    for row in (1, 124, 250, 377):
        other = run(TEN[name], with_noise_after(history, row, seed=row), setup, in_full=True)
        assert [o for o in other.orders if o.row <= row] == [
            o for o in known.orders if o.row <= row
        ]
        assert [p for p in other.plans if p.row <= row] == [p for p in known.plans if p.row <= row]
        assert other.values[: row + 1].tolist() == known.values[: row + 1].tolist()
    assert len(known.orders) >= 3


@pytest.mark.parametrize("name", TEN)
def test_whichever_way_is_taken_later_prices_do_not_show_in_earlier_orders(name: str) -> None:
    """Later prices may send the whole walk the other way: by a jump, or an order too small."""
    history = random_history(500, SYMBOLS, seed=11, volatility=0.015)
    known = backtest_orders(run(TEN[name], history, same_close()))
    for row in (124, 377):
        last = history.sessions[row]
        noisy = run(TEN[name], with_noise_after(history, row, seed=row), same_close())
        other = [order for order in backtest_orders(noisy) if order.day <= last]
        before = [order for order in known if order.day <= last]
        assert same_orders(before, other, in_floats=True) == ""


@pytest.mark.parametrize("name", TEN)
def test_the_daemon_trades_the_same_through_a_day_whatever_comes_after(
    tmp_path: Path, name: str
) -> None:
    history = random_history(90, SYMBOLS, seed=11, volatility=0.03)
    row = 60
    ways = []
    for place, prices in enumerate((history, with_noise_after(history, row, seed=5))):
        folder = tmp_path / str(place)
        folder.mkdir()
        orders = daemon_orders(folder, TEN[name], prices)
        ways.append([order for order in orders if order.day <= history.sessions[row]])
    assert ways[0] == ways[1]
    assert len(ways[0]) >= 3
