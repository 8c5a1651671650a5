"""The one door to the planner: a problem in, the best trades with their proof out."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from policies.planning.tax.at_prices import trades_of
from policies.planning.tax.exact import solve
from policies.planning.tax.fast import Search, Visit, is_paid, nothing, search
from policies.planning.tax.menu import Prices
from policies.planning.tax.problem import Cost, Problem, Trades, cost_of

_PARTS = 24
"""Halvings on the way from one plan to another: the budget is met to a part in ten million."""


class Path(StrEnum):
    """Which planner made a plan."""

    NOTHING = "nothing"
    FAST = "fast"
    EXACT = "exact"
    FAST_INSTEAD = "fast, the exact one did not finish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The best trades found, what they cost and a bound below which no plan can cost, USD.

    Doing nothing is among the plans: `cost.total` is never above that of no trade.
    """

    trades: Trades
    cost: Cost
    bound: float
    path: Path

    @property
    def gap(self) -> float:
        """How much a better plan could still save, at most, USD."""
        return max(0.0, self.cost.total - self.bound)


def plan(problem: Problem) -> Answer:
    """The fast plan and its bound."""
    found = _within_budgets(problem)
    best = found.best
    traded = float(best.trades.sold.sum() + best.trades.bought.sum())
    return Answer(
        trades=best.trades,
        cost=best.cost,
        bound=min(found.bound, best.cost.total),
        path=Path.FAST if traded > 0.0 else Path.NOTHING,
    )


def plan_exactly(problem: Problem, *, seconds: float) -> Answer:
    """The solver's plan where it proves optimality in time; else the fast one, and that is said.

    An unfinished search would depend on the machine's speed, so its plan is not taken. Raises
    `NoSolver`.
    """
    fast = plan(problem)
    solved = solve(problem, seconds=seconds)
    if not solved.optimal:
        bound = min(max(fast.bound, solved.bound), fast.cost.total)
        return replace(fast, bound=bound, path=Path.FAST_INSTEAD)
    cost = cost_of(problem, solved.trades)
    if cost.total >= fast.cost.total or not is_paid(problem, cost):
        return replace(fast, bound=min(max(fast.bound, solved.bound), fast.cost.total))
    return Answer(
        trades=solved.trades, cost=cost, bound=min(solved.bound, cost.total), path=Path.EXACT
    )


def _within_budgets(problem: Problem) -> Search:
    """Raise the price of trading, or of gains, until the budgets are kept.

    First of what is over its budget alone, then of everything that has one; where even that does not
    help, nothing is traded. At the price where the plan jumps over the budget it is gone a part of the
    way, so that the budget is used up.
    """
    free = search(problem, Prices(short=0.0, long=0.0))
    if _kept(problem, free.best):
        return free
    high = 2.0 * (1.0 + problem.drift.beyond)
    over = (_traded(free.best) > problem.most_traded, _gained(free.best) > problem.most_gain)
    has = (bool(np.isfinite(problem.most_traded)), bool(np.isfinite(problem.most_gain)))
    for which in dict.fromkeys((over, has)):
        kept = search(problem, _at(which, high))
        if _kept(problem, kept.best):
            return _cheapest(problem, which, kept, free, high)
    last = search(problem, _at(has, high))
    last.best = nothing(problem)
    return _part_way(last, free)


def _cheapest(
    problem: Problem, which: tuple[bool, bool], kept: Search, over: Search, high: float
) -> Search:
    low = 0.0
    for _ in range(10):
        middle = (low + high) / 2
        trial = search(problem, _at(which, middle))
        if _kept(problem, trial.best):
            high = middle
            kept = trial if trial.best.cost.total <= kept.best.cost.total else kept
        else:
            low, over = middle, trial
    return _part_way(kept, over)


def _part_way(kept: Search, over: Search) -> Search:
    """From a plan within the budgets towards one over them, as far as they reach and it pays."""
    problem, start, end = kept.problem, kept.best.trades.net, over.best.trades.net
    low, high = 0.0, 1.0
    for _ in range(_PARTS):
        part = (low + high) / 2
        trades = trades_of(problem, Prices(short=0.0, long=0.0), start + part * (end - start))
        visit = Visit(trades=trades, cost=cost_of(problem, trades))
        if not _kept(problem, visit) or not is_paid(problem, visit.cost):
            high = part
            continue
        low = part
        if visit.cost.total < kept.best.cost.total:
            kept.best = visit
    return kept


def _at(which: tuple[bool, bool], price: float) -> Prices:
    trade, gain = which
    return Prices(short=0.0, long=0.0, trade=price if trade else 0.0, gain=price if gain else 0.0)


def _traded(found: Visit) -> float:
    return float(found.trades.sold.sum() + found.trades.bought.sum())


def _gained(found: Visit) -> float:
    return found.cost.short + found.cost.long


def _kept(problem: Problem, found: Visit) -> bool:
    slack = 1.0 + 1e-9
    return (
        _traded(found) <= problem.most_traded * slack
        and _gained(found) <= max(problem.most_gain, 0.0) * slack
    )
