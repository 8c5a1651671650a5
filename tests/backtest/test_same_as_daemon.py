"""The backtest is the daemon over history: the same orders, to nine places.

Five years of ten policies: skipping ahead with the whole decision, the quick way in floats where a
policy allows it, and every session through the daemon's cycle with journal, executor and the built-in
broker. Same-close fills, instant settlement, no limits.
"""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from backtest.history import Dividend, history_of
from backtest.run import run
from backtest.setup import Fill, Flow, Setup
from brokers.simulated.world_events import Deposit, WorldEvent
from brokers.simulated.world_events import Dividend as DividendPaid
from policies.triggers.ahead import Rows
from portfolio.drift import Block
from portfolio.money import Money
from tests.support.backtests import opening, random_history, same_close
from tests.support.day_by_day import backtest_orders, daemon_orders, same_orders
from tests.support.ten_policies import PLAIN, TEN

FIVE_YEARS = 5 * 252
SYMBOLS = ("A", "B", "C")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", TEN)
def test_five_years_give_the_same_orders_both_ways(tmp_path: Path, name: str) -> None:
    history = random_history(FIVE_YEARS, SYMBOLS, seed=7, volatility=0.012)
    fast = backtest_orders(run(TEN[name], history, same_close(), in_full=True))
    quick = backtest_orders(run(TEN[name], history, same_close()))
    slow = daemon_orders(tmp_path, TEN[name], history)
    assert same_orders(fast, slow) == ""
    assert same_orders(quick, slow, in_floats=True) == ""
    assert len(fast) >= 3


def test_money_that_comes_by_itself_gives_the_same_orders_both_ways(tmp_path: Path) -> None:
    plain = random_history(300, SYMBOLS, seed=3)
    days = plain.sessions
    dividends = [Dividend(day=days[n], symbol="B", per_unit=Decimal("0.8")) for n in (60, 121, 250)]
    history = history_of(days, SYMBOLS, plain.prices, dividends=dividends)
    deposits = [(days[40], "2500.00"), (days[41], "900.00"), (days[200], "12000.00")]
    flows = tuple(Flow(day=day, amount=Money(Decimal(amount))) for day, amount in deposits)
    setup = Setup(openings=(opening(),), fill=Fill.SAME_CLOSE, flows=flows)
    events: tuple[WorldEvent, ...] = (
        *(Deposit(session=day, amount=Money(Decimal(amount))) for day, amount in deposits),
        *(
            DividendPaid(session=d.day, symbol=d.symbol, per_share=Money(d.per_unit))
            for d in dividends
        ),
    )
    policy = TEN["as it comes: 5/25 bands, rest, backstop, whole shares"]
    fast = backtest_orders(run(policy, history, setup))
    slow = daemon_orders(tmp_path, policy, history, events=events)
    assert same_orders(fast, slow) == ""
    assert {order.day for order in fast} > {days[0], days[41], days[201]}


def test_one_change_of_the_band_kernel_changes_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither way has a copy of the rule: a band that fires a little later does so in both."""
    history = random_history(252, SYMBOLS, seed=7, volatility=0.02)
    before = backtest_orders(run(PLAIN, history, same_close(), in_full=True))

    def later(drifts: Block, levels: Block | float) -> Rows:
        return np.greater_equal(np.abs(drifts), levels + 0.01)

    for room in ("policies.triggers.bands", "policies.triggers.kernels", "backtest.plain"):
        monkeypatch.setattr(f"{room}.is_out", later)
    fast = backtest_orders(run(PLAIN, history, same_close(), in_full=True))
    quick = backtest_orders(run(PLAIN, history, same_close()))
    slow = daemon_orders(tmp_path, PLAIN, history)
    assert same_orders(fast, slow) == ""
    assert same_orders(quick, slow, in_floats=True) == ""
    assert same_orders(fast, before) != ""
