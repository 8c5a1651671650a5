"""The backtest from end to end: a policy, a history and a setup in; figures, orders and lines out."""

from backtest.history import History
from backtest.metrics import Result, measured
from backtest.plain import walk_plain
from backtest.plain_result import measured_plain
from backtest.setup import Setup
from policies.policy import Policy


def run(policy: Policy, history: History, setup: Setup, *, in_full: bool = False) -> Result:
    """Walk a policy over a history and measure what came of it.

    A policy without anything in its way goes the quick way, in floats, which gives the same orders
    to 1e-9 of their quantities; `in_full` takes every decision all the same, and gives the very
    orders of the daemon. Raises `HistoryError`
    when a symbol of the target has no prices, or a flow names no account.
    """
    plain = None if in_full else walk_plain(policy, history, setup)
    if plain is not None:
        return measured_plain(policy, history, setup, plain)
    from backtest.engine import walk  # the whole decision, which a quick walk never needs

    return measured(policy, history, setup, walk(policy, history, setup))
