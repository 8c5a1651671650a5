"""What a rebalancer that knows no tax would do: the yardstick of every saving.

It sells each slice that is over its goal back to it, in every account in proportion to what is held
there, first in, first out; each account then spends what it has on the slices under their goal, in
proportion to the gaps.
"""

import numpy as np

from policies.planning.tax.problem import Flags, Problem, Trades
from portfolio.drift import Block


def naive_trades(problem: Problem, *, untaxed_first: Flags | None = None) -> Trades:
    """Proportional, first in, first out, to the target. With `untaxed_first` (A,) the accounts marked
    sell all they can before the others sell anything."""
    over = np.maximum(problem.drift.held - problem.drift.goal, 0.0)
    if untaxed_first is None:
        amount = _proportional(problem.chains.value.sum(axis=2), over)
    else:
        room = problem.chains.value.sum(axis=2)
        first = _proportional(room * untaxed_first[:, None], over)
        rest = _proportional(room * ~untaxed_first[:, None], over - first.sum(axis=0))
        amount = first + rest
    before = np.cumsum(problem.chains.value, axis=2) - problem.chains.value
    sold = np.clip(amount[:, :, None] - before, 0.0, problem.chains.value)
    return Trades(sold=sold, bought=_buys(problem, amount))


def _proportional(room: Block, amount: Block) -> Block:
    total = room.sum(axis=0)
    share: Block = np.divide(room, total, out=np.zeros_like(room), where=total > 0.0)
    part: Block = share * np.minimum(amount, total)
    return part


def _buys(problem: Problem, sold: Block) -> Block:
    gaps = np.maximum(problem.drift.goal - problem.drift.held, 0.0) * (1.0 + problem.kappa)
    left = gaps.copy()
    bought = np.zeros_like(sold)
    for a in range(len(sold)):
        money = float(problem.cash[a] + sold[a] @ (1.0 - problem.kappa))
        want = np.where(problem.may_buy[a], left, 0.0)
        if money > 0.0 and want.sum() > 0.0:
            part = want * min(1.0, money / want.sum())
            bought[a] = part / (1.0 + problem.kappa)
            left -= part
    return bought
