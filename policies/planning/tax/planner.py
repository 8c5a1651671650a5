"""The one door to the planner: a problem in, the best trades with their proof out."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from policies.planning.tax.bound import Window, bound_over, tighten
from policies.planning.tax.curve import Region, regions_of
from policies.planning.tax.exact import NotExact, solve
from policies.planning.tax.fast import Search, is_paid, search
from policies.planning.tax.menu import Prices
from policies.planning.tax.problem import Cost, Problem, Trades, cost_of

ROUNDS, ROUNDS_TOGETHER = 8, 2
"""How often the bound is tightened before the plan is taken with what gap is left; the second where
several accounts make every step dear."""


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


def plan(problem: Problem, *, rounds: int | None = None) -> Answer:
    """The fast plan and its bound, tightened up to `rounds` times."""
    if rounds is None:
        rounds = ROUNDS if len(problem.cash) == 1 else ROUNDS_TOGETHER
    found = _within_budgets(problem)
    best = found.best
    assert best is not None  # noqa: S101  doing nothing is always judged
    bound = _bound(found, best.cost.total, rounds)
    if _kept(problem, found):
        best = found.best or best
    traded = float(best.trades.sold.sum() + best.trades.bought.sum())
    return Answer(
        trades=best.trades,
        cost=best.cost,
        bound=min(bound, best.cost.total),
        path=Path.FAST if traded > 0.0 else Path.NOTHING,
    )


def plan_exactly(problem: Problem, *, seconds: float) -> Answer:
    """The solver's plan where it proves optimality in time; else the fast one, and that is said.

    An unfinished search would depend on the machine's speed, so its plan is not taken. Raises
    `NoSolver`.
    """
    fast = plan(problem)
    try:
        solved = solve(problem, seconds=seconds)
    except NotExact:
        return replace(fast, path=Path.FAST_INSTEAD)
    if not solved.optimal:
        bound = min(max(fast.bound, solved.bound), fast.cost.total)
        return replace(fast, bound=bound, path=Path.FAST_INSTEAD)
    cost = cost_of(problem, solved.trades)
    if cost.total >= fast.cost.total or not is_paid(problem, cost):
        return replace(fast, bound=min(max(fast.bound, solved.bound), fast.cost.total))
    return Answer(
        trades=solved.trades, cost=cost, bound=min(solved.bound, cost.total), path=Path.EXACT
    )


def reach(problem: Problem) -> list[Region]:
    """The parts of the year's results that sales can reach at all."""
    gains = problem.chains.gain * problem.chains.value
    ranges = []
    for base, mine in zip(problem.base, (problem.chains.short, ~problem.chains.short), strict=True):
        own = gains[mine]
        ranges.append((base + float(own[own < 0.0].sum()), base + float(own[own > 0.0].sum())))
    return regions_of(problem.curve, ranges[0], ranges[1])


def _bound(found: Search, goal: float, rounds: int) -> float:
    problem = found.problem
    regions = reach(problem)
    steepest = [0.0, 0.0]
    for region in regions:
        for short, long in zip(region.short, region.long, strict=True):
            slopes = problem.curve.slopes(float(short), float(long), 1.0)
            steepest = [max(steepest[0], slopes[0]), max(steepest[1], slopes[1])]
    window = Window(short=(0.0, steepest[0]), long=(0.0, steepest[1]))

    def evaluate(short: float, long: float) -> None:
        found.visit(short, long)

    slack = 1e-4 * abs(goal) + 0.01
    tighten(regions, found.planes, evaluate, window, goal=goal - slack, rounds=rounds)
    return bound_over(regions, found.planes)


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
    nothing = search(problem, _at(has, high))
    nothing.best = nothing.judge(nothing.extra, np.zeros(problem.may_buy.shape))
    return nothing


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
    return np.inf if found.best is None else found.best.cost.total


def _traded(found: Search) -> float:
    if found.best is None:
        return 0.0
    return float(found.best.trades.sold.sum() + found.best.trades.bought.sum())


def _gained(found: Search) -> float:
    return 0.0 if found.best is None else found.best.cost.short + found.best.cost.long


def _kept(problem: Problem, found: Search) -> bool:
    slack = 1.0 + 1e-9
    return (
        _traded(found) <= problem.most_traded * slack
        and _gained(found) <= max(problem.most_gain, 0.0) * slack
    )
