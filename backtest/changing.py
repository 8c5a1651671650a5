"""Weights that change on the way: which policy is in force in which row, and its target by row."""

from collections.abc import Mapping

import numpy as np

from backtest.history import History, HistoryError
from backtest.setup import Setup
from policies.policy import Policy
from portfolio.drift import Block, shape_of


def policies_by_row(policy: Policy, history: History, setup: Setup) -> Mapping[int, Policy]:
    """The policies in force by the row from which on they are, rising, row 0 always there.

    Of several changes for one session the last counts. Raises `HistoryError` for other slices.
    """
    found = {0: policy}
    for change in sorted(setup.changes, key=lambda change: change.day):
        if change.policy.target.symbols != policy.target.symbols:
            raise HistoryError(
                f"the change of {change.day} names other symbols than the first target"
            )
        row = int(np.searchsorted(history.days, change.day.toordinal()))
        if row < len(history):
            found[row] = change.policy
    return found


def goals_by_row(policy: Policy, history: History, setup: Setup) -> Block:
    """Target weights of the leaves: (N,) when they never change, else (T, N)."""
    in_force = policies_by_row(policy, history, setup)
    goals = [shape_of(p.target).leaf_goals for p in in_force.values()]
    if len(goals) == 1:
        return goals[0]
    counts = np.diff(list(in_force), append=len(history))
    return np.repeat(np.array(goals), counts, axis=0)
