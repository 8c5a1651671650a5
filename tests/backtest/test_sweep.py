"""Many policies at once give each the figures that it gets alone."""

from dataclasses import fields, replace
from decimal import Decimal

import numpy as np
import pytest

from backtest.metrics import Figures
from backtest.run import run
from backtest.sweep import Trial, sweep
from policies.dates import Period
from policies.policy import MinimumTrade
from portfolio.money import Money, Weight
from tests.support.backtests import random_history, same_close
from tests.support.day_by_day import backtest_orders
from tests.support.ten_policies import NEVER, PLAIN, TEN, calendar, relative

ANY_SIZE = replace(
    PLAIN, minimum_trade=MinimumTrade(amount=Money(Decimal("1e-6")), fraction=Weight(Decimal(0)))
)
HISTORY = random_history(600, ("A", "B", "C"), seed=2, volatility=0.015)


def trials() -> list[Trial]:
    found = []
    for every in (1, 3, 20):
        looks = np.arange(len(HISTORY)) % every == 0
        setup = replace(same_close("1000000"), looks=looks)
        found += [
            Trial(policy=replace(ANY_SIZE, default_band=relative(width)), setup=setup)
            for width in ("0.05", "0.2", "0.4", "9")
        ]
    return found


def same(one: Figures, other: Figures) -> None:
    for field in fields(Figures):
        expected = getattr(other, field.name)
        if isinstance(expected, float):
            expected = pytest.approx(expected, rel=1e-8, abs=1e-10)
        assert getattr(one, field.name) == expected, field.name


def test_each_trial_of_a_sweep_has_the_figures_of_a_run_of_its_own() -> None:
    for trial, tried in zip(trials(), sweep(trials(), HISTORY), strict=True):
        assert tried.rows is not None
        same(tried.figures, run(trial.policy, HISTORY, trial.setup).figures)


def test_the_orders_of_a_trial_are_made_when_they_are_asked_for() -> None:
    trial = trials()[0]
    (tried,) = sweep([trial], HISTORY)
    whole = run(trial.policy, HISTORY, trial.setup)
    assert backtest_orders(tried.result(HISTORY)) == backtest_orders(whole)
    assert len(whole.orders) > 100


def test_trials_that_cannot_share_a_block_are_run_alone_in_their_place() -> None:
    setup = same_close()
    coarse = MinimumTrade(amount=Money(Decimal(2000)))
    policies = [
        ANY_SIZE,
        TEN["half of the way"],
        replace(PLAIN, default_band=NEVER, calendar=calendar(Period.MONTHLY)),
        replace(PLAIN, minimum_trade=coarse),
        replace(ANY_SIZE, default_band=relative("0.1")),
    ]
    found = sweep([Trial(policy=policy, setup=setup) for policy in policies], HISTORY)
    assert [tried.rows is None for tried in found] == [False, True, True, True, False]
    for policy, tried in zip(policies, found, strict=True):
        assert tried.trial.policy is policy
        same(tried.figures, run(policy, HISTORY, setup).figures)
        assert tried.result(HISTORY).figures.orders == tried.figures.orders


def test_nothing_asked_is_nothing_found() -> None:
    assert sweep([], HISTORY) == []
