"""The backtest from end to end: a policy, a history and a setup in; figures, orders and lines out."""

from backtest.engine import walk
from backtest.history import History
from backtest.metrics import Result, measured
from backtest.setup import Setup
from policies.policy import Policy


def run(policy: Policy, history: History, setup: Setup) -> Result:
    """Walk a policy over a history and measure what came of it.

    Raises `HistoryError` when a symbol of the target has no prices, or a flow names no account.
    """
    return measured(policy, history, setup, walk(policy, history, setup))
