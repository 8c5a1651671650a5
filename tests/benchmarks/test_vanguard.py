"""The published table's orders are looked for, and a table that lacks one is named."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np

from backtest.history import history_of
from benchmarks.vanguard import PUBLISHED, ours, out_of_order


def test_the_published_table_is_in_its_own_order() -> None:
    assert out_of_order(list(PUBLISHED)) == []


def test_events_that_rise_with_the_threshold_are_named() -> None:
    lines = [
        replace(line, events=2000) if (line.look, line.threshold) == ("monthly", 10) else line
        for line in PUBLISHED
    ]
    assert out_of_order(lines)[0] == "monthly: events do not fall with the threshold"


def test_every_month_is_an_event_without_a_threshold_and_none_without_looks() -> None:
    rng = np.random.default_rng(5)
    prices = 100 * np.exp(np.cumsum(rng.normal(0, [0.05, 0.001], (121, 2)), axis=0))
    first = date(2000, 1, 1)
    days = [(first + timedelta(days=31 * n)).replace(day=1) for n in range(130)]
    days = sorted(set(days))[:121]
    history = history_of(days, ("STOCKS", "BILLS"), prices)
    assert ours(history, "monthly", 0).events == 120
    assert ours(history, "annually", 0).events == 10
    assert ours(history, "never", 0).events == 0
    assert ours(history, "monthly", 5).events < 60
