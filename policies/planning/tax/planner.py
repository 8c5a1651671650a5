"""The one door to the planner: a problem in, the best trades with their proof out."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from policies.planning.tax.exact import solve
from policies.planning.tax.fast import Search, is_paid, nothing, search
from policies.planning.tax.menu import Prices
from policies.planning.tax.problem import Cost, Problem, Trades, cost_of


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
    help, nothing is traded.
    """
    free = search(problem, Prices(short=0.0, long=0.0))
    if _kept(problem, free):
        return free
    high = 2.0 * (1.0 + problem.drift.beyond)
    over = (_traded(free) > problem.most_traded, _gained(free) > problem.most_gain)
    has = (bool(np.isfinite(problem.most_traded)), bool(np.isfinite(problem.most_gain)))
    for which in dict.fromkeys((over, has)):
        kept = search(problem, _at(which, high))
        if _kept(problem, kept):
            return _cheapest(problem, which, kept, high)
    last = search(problem, _at(has, high))
    last.best = nothing(problem)
    return last


def _cheapest(problem: Problem, which: tuple[bool, bool], kept: Search, high: float) -> Search:
    low = 0.0
    for _ in range(10):
        middle = (low + high) / 2
        trial = search(problem, _at(which, middle))
        if _kept(problem, trial):
            high = middle
            kept = trial if _total(trial) <= _total(kept) else kept
        else:
            low = middle
    return kept


def _at(which: tuple[bool, bool], price: float) -> Prices:
    trade, gain = which
    return Prices(short=0.0, long=0.0, trade=price if trade else 0.0, gain=price if gain else 0.0)


def _total(found: Search) -> float:
    return found.best.cost.total


def _traded(found: Search) -> float:
    return float(found.best.trades.sold.sum() + found.best.trades.bought.sum())


def _gained(found: Search) -> float:
    return found.best.cost.short + found.best.cost.long


def _kept(problem: Problem, found: Search) -> bool:
    slack = 1.0 + 1e-9
    return (
        _traded(found) <= problem.most_traded * slack
        and _gained(found) <= max(problem.most_gain, 0.0) * slack
    )
