"""Drawn histories: made of real steps, in blocks, the same from the same seed."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from backtest.bootstrap import calendar_of_paths, drawn_path, stationary_rows, total_steps
from backtest.history import Dividend, HistoryError, history_of
from tests.support.backtests import random_history, weekdays

HISTORY = random_history(600, ("A", "B"), seed=4)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_rows_go_on_within_a_block_and_past_the_end_from_the_beginning() -> None:
    rows = stationary_rows(50, 5_000, 20, rng())
    assert rows.min() >= 0
    assert rows.max() <= 49
    follows = (np.diff(rows) % 50) == 1
    # A new block (one row in twenty) goes on by chance once in fifty.
    assert follows.mean() == pytest.approx(1 - 1 / 20 + 1 / 20 / 50, abs=0.01)
    wrapped = (rows[:-1] == 49) & (rows[1:] == 0)
    assert wrapped.any()


def test_blocks_of_one_are_drawn_one_by_one() -> None:
    rows = stationary_rows(1_000, 4_000, 1, rng())
    assert ((np.diff(rows) % 1_000) == 1).mean() < 0.01


def test_every_row_is_as_likely_as_another() -> None:
    counts = np.bincount(stationary_rows(10, 100_000, 5, rng()), minlength=10)
    assert counts / 100_000 == pytest.approx(np.full(10, 0.1), abs=0.01)


def test_nothing_can_be_drawn_from_nothing() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        stationary_rows(0, 5, 3, rng())


def test_a_path_is_made_of_the_steps_of_real_sessions_of_all_symbols_together() -> None:
    calendar = calendar_of_paths(HISTORY, 1)
    path = drawn_path(HISTORY, calendar, 7, block=30, seed=1)
    assert path.sessions == calendar.sessions
    assert path.prices[0].tolist() == HISTORY.prices[-1].tolist()
    real = total_steps(HISTORY)
    for step in total_steps(path)[:50]:
        assert np.abs(real - step).max(axis=1).min() < 1e-6


def test_the_same_seed_and_number_draw_the_same_path_and_others_another() -> None:
    calendar = calendar_of_paths(HISTORY, 1)
    one, same = (drawn_path(HISTORY, calendar, 3, block=30, seed=1) for _ in range(2))
    assert one.prices.tolist() == same.prices.tolist()
    for number, seed in ((4, 1), (3, 2)):
        other = drawn_path(HISTORY, calendar, number, block=30, seed=seed)
        assert other.prices.tolist() != one.prices.tolist()


def test_dividends_are_in_the_steps_of_a_path() -> None:
    days = weekdays(3, date(2024, 1, 2))
    paid = Dividend(day=days[1], symbol="A", per_unit=Decimal(5))
    history = history_of(days, ("A",), np.array([[100.0], [105.0], [105.0]]), dividends=[paid])
    assert total_steps(history).ravel().tolist() == pytest.approx([1.10, 1.0])


def test_the_calendar_of_paths_is_the_latest_years() -> None:
    calendar = calendar_of_paths(HISTORY, 1)
    assert calendar.sessions[-1] == HISTORY.sessions[-1]
    assert 258 <= len(calendar) <= 263
    assert len(calendar_of_paths(HISTORY, 50)) == len(HISTORY)


def test_a_history_of_one_step_is_too_short_to_draw_from() -> None:
    short = history_of(weekdays(2), ("A",), np.array([[1.0], [2.0]]))
    with pytest.raises(HistoryError, match="too short"):
        drawn_path(short, short, 0, block=5, seed=1)
