"""The quick way in floats trades as the whole decision does, and stands aside where it would not."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from backtest.plain import walk_plain
from backtest.run import run
from backtest.setup import Costs, Fill, Flow, Setup
from policies.dates import Period
from policies.policy import Destination, MinimumTrade, Policy, Stop
from portfolio.money import Money, Weight
from portfolio.target import Slice, build_target
from tests.support.backtests import flat_target, opening, random_history, same_close
from tests.support.day_by_day import backtest_orders, same_orders
from tests.support.ten_policies import NEVER, PLAIN, calendar, points, relative

SYMBOLS = ("A", "B", "C")
GROUPS = build_target(
    [
        Slice(name="stocks", weight=Weight(Decimal("0.7"))),
        Slice(name="a", weight=Weight(Decimal("0.6")), parent="stocks", symbol="A"),
        Slice(name="b", weight=Weight(Decimal("0.4")), parent="stocks", symbol="B"),
        Slice(name="c", weight=Weight(Decimal("0.3")), symbol="C"),
    ]
)
ANY_SIZE = MinimumTrade(amount=Money(Decimal("0.000001")), fraction=Weight(Decimal(0)))
QUICK = {
    "five points": PLAIN,
    "relative": replace(PLAIN, default_band=relative("0.15")),
    "monthly": replace(
        PLAIN,
        default_band=NEVER,
        calendar=calendar(Period.MONTHLY),
        minimum_trade=ANY_SIZE,
    ),
    "monthly or a band": replace(
        PLAIN, default_band=points("0.03"), calendar=calendar(Period.MONTHLY, min_drift="0.015")
    ),
    "weekly and quarterly": replace(
        PLAIN,
        default_band=NEVER,
        calendar=(
            *calendar(Period.WEEKLY, day=2, min_drift="0.03"),
            *calendar(Period.QUARTERLY, day=20),
        ),
    ),
    "a rest and its override": replace(
        PLAIN, default_band=points("0.02"), rest_sessions=15, rest_override=Decimal("1.5")
    ),
    "groups": replace(PLAIN, target=GROUPS, default_band=points("0.03")),
}


@pytest.mark.parametrize("name", QUICK)
def test_the_quick_way_and_the_whole_decision_give_the_same_orders(name: str) -> None:
    history = random_history(1500, SYMBOLS, seed=21, volatility=0.012)
    assert walk_plain(QUICK[name], history, same_close()) is not None
    quick = run(QUICK[name], history, same_close())
    whole = run(QUICK[name], history, same_close(), in_full=True)
    assert same_orders(backtest_orders(quick), backtest_orders(whole), in_floats=True) == ""
    assert quick.figures.orders == len(whole.orders) > 20
    one, other = quick.figures, whole.figures
    for figure in ("final_value", "turnover_per_year", "average_drift", "worst_drift"):
        assert getattr(one, figure) == pytest.approx(getattr(other, figure), rel=1e-9)
    assert (one.rebalances, one.cash_runs) == (other.rebalances, other.cash_runs)
    assert quick.weights() == pytest.approx(whole.weights(), abs=1e-9)


def test_looks_on_every_third_session_go_the_quick_way_too() -> None:
    history = random_history(900, SYMBOLS, seed=4, volatility=0.012)
    looks = np.arange(900) % 3 == 1
    setup = replace(same_close(), looks=looks)
    quick, whole = (run(PLAIN, history, setup, in_full=full) for full in (False, True))
    assert same_orders(backtest_orders(quick), backtest_orders(whole), in_floats=True) == ""
    assert {order.row % 3 for order in quick.orders} == {1}
    assert quick.values == pytest.approx(whole.values)


@pytest.mark.parametrize(
    "policy",
    [
        replace(PLAIN, fractional=False),
        replace(PLAIN, destination=Destination(stop=Stop.BAND_EDGE)),
        replace(PLAIN, target=flat_target({"A": "0.5", "B": "0.3", "C": "0.2"}, cash="0.01")),
        replace(PLAIN, limit_offset=Decimal("0.005")),
        replace(PLAIN, min_improvement=Decimal("0.2")),
        replace(PLAIN, sells_allowed=False),
        replace(PLAIN, rest_sessions=5, calendar=calendar(Period.MONTHLY)),
        replace(PLAIN, minimum_trade=MinimumTrade(amount=Money(Decimal(3000)))),
    ],
)
def test_anything_in_the_way_of_a_plan_asks_for_the_whole_decision(policy: Policy) -> None:
    history = random_history(700, SYMBOLS, seed=4)
    assert walk_plain(policy, history, same_close()) is None


@pytest.mark.parametrize(
    "setup",
    [
        Setup(openings=(opening(),)),
        Setup(openings=(opening(positions={"A": "5"}),), fill=Fill.SAME_CLOSE),
        replace(same_close(), costs=Costs(per_order=Money(Decimal(1)))),
        replace(
            same_close(),
            flows=(
                Flow(day=random_history(9, SYMBOLS, seed=4).sessions[4], amount=Money(Decimal(9))),
            ),
        ),
    ],
)
def test_costs_flows_and_later_fills_ask_for_the_whole_decision(setup: Setup) -> None:
    assert walk_plain(PLAIN, random_history(300, SYMBOLS, seed=4), setup) is None
