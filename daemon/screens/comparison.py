"""A comparison on the screen: a column for each policy, or a row for each where there are many."""

from rich.table import Table

from backtest.compare import Compared, Comparison
from backtest.measures import SHOWN, shown
from daemon.screens.style import quiet_table, words

MOST_COLUMNS = 5
"""Policies that fit side by side on a usual terminal."""


def comparison_table(found: Comparison) -> Table:
    """Each measure of each policy, with its range over the other histories while they fit."""
    names = shown((row.result for row in found.rows), found.rates)
    return _wide(found, names) if len(found.rows) <= MOST_COLUMNS else _long(found, names)


def _wide(found: Comparison, names: list[str]) -> Table:
    table = quiet_table()
    table.add_column("")
    for row in found.rows:
        table.add_column(words(row.candidate.name), justify="right", overflow="fold")
    for name in names:
        heading, written = SHOWN[name]
        cells = [words(written(getattr(row.measures, name))) for row in found.rows]
        table.add_row(words(heading), *cells)
        if found.draw.paths:
            table.add_row("", *(words(_range(row, name), "quiet") for row in found.rows))
    return table


def _long(found: Comparison, names: list[str]) -> Table:
    table = quiet_table()
    table.add_column("policy", overflow="fold", min_width=16)
    for name in names:
        table.add_column(SHOWN[name][0], justify="right", overflow="fold")
    for row in found.rows:
        cells = (SHOWN[name][1](getattr(row.measures, name)) for name in names)
        table.add_row(words(row.candidate.name), *(words(cell) for cell in cells))
    return table


def _range(row: Compared, name: str) -> str:
    if row.over_paths is None:
        return ""
    written = SHOWN[name][1]
    low, high = (getattr(m, name) for m in (row.over_paths.low, row.over_paths.high))
    return f"{written(low)} to {written(high)}"
