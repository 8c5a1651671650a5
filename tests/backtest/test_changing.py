"""Weights that change on the way are in force from their session on, in trades, drift and tracking."""

from dataclasses import replace

import numpy as np
import pytest

from backtest.changing import goals_by_row
from backtest.history import HistoryError, history_of
from backtest.measures import Rates, measures_of
from backtest.run import run
from backtest.setup import Change
from policies.policy import Policy
from tests.support.backtests import flat_target, random_history, same_close, weekdays
from tests.support.ten_policies import PLAIN, TEN, points

DAYS = weekdays(60)
FLAT = history_of(DAYS, ("A", "B"), np.full((60, 2), 100.0))
HALF = replace(PLAIN, target=flat_target({"A": "0.5", "B": "0.5"}), default_band=points("0.05"))
MORE = replace(HALF, target=flat_target({"A": "0.7", "B": "0.3"}))


def test_a_change_is_traded_in_its_session_and_not_before() -> None:
    setup = replace(same_close("1000"), changes=(Change(day=DAYS[20], policy=MORE),))
    result = run(HALF, FLAT, setup)
    assert [o.row for o in result.orders] == [0, 0, 20, 20]
    assert result.weights()[19, 0] == pytest.approx(0.5)
    assert result.weights()[20, 0] == pytest.approx(0.7)
    assert result.drift[19] == pytest.approx(0.0)
    assert result.drift[20] == pytest.approx(0.2)  # as that session's look found it
    assert result.drift[21] == pytest.approx(0.0)


def test_a_change_inside_the_band_waits_for_the_band() -> None:
    little = replace(HALF, target=flat_target({"A": "0.52", "B": "0.48"}))
    setup = replace(same_close("1000"), changes=(Change(day=DAYS[20], policy=little),))
    result = run(HALF, FLAT, setup)
    assert {o.row for o in result.orders} == {0}
    assert result.drift[30] == pytest.approx(0.02)


def test_a_day_between_sessions_counts_from_the_next_and_one_after_the_last_never() -> None:
    saturday = next(d for d in DAYS if d.weekday() == 4).replace(day=5)
    assert saturday.weekday() == 5
    setup = replace(
        same_close(),
        changes=(
            Change(day=saturday, policy=MORE),
            Change(day=DAYS[-1].replace(year=2030), policy=HALF),
        ),
    )
    goals = goals_by_row(HALF, FLAT, setup)
    monday = DAYS.index(saturday.replace(day=7))
    assert goals[monday - 1, 0] == 0.5
    assert goals[monday:, 0].tolist() == [0.7] * (60 - monday)


def test_the_target_is_tracked_as_it_was_in_force() -> None:
    history = random_history(300, ("A", "B"), seed=3, volatility=0.02)
    always = replace(HALF, default_band=points("0.01"))
    then = replace(MORE, default_band=points("0.01"))
    setup = replace(same_close(), changes=(Change(day=history.sessions[150], policy=then),))
    changed = measures_of(run(always, history, setup), setup, Rates()).tracking_error
    stayed = measures_of(run(always, history, same_close()), setup, Rates()).tracking_error
    assert changed < stayed / 3


def test_other_symbols_are_refused() -> None:
    other: Policy = replace(HALF, target=flat_target({"A": "0.5", "C": "0.5"}))
    setup = replace(same_close(), changes=(Change(day=DAYS[3], policy=other),))
    with pytest.raises(HistoryError, match="other symbols"):
        run(HALF, FLAT, setup)


@pytest.mark.parametrize("name", ["five points, fractional", "half of the way", "only purchases"])
def test_a_change_to_the_same_weights_changes_no_order(name: str) -> None:
    history = random_history(300, ("A", "B", "C"), seed=11, volatility=0.015)
    policy = TEN[name]
    setup = replace(
        same_close(),
        changes=tuple(Change(day=history.sessions[n], policy=policy) for n in (50, 51, 200)),
    )
    plain = run(policy, history, same_close(), in_full=True)
    assert run(policy, history, setup).orders == plain.orders
