"""The default planner: no solver. It climbs to the best prices, and fits plans to the cash at the top.

The regions of the year's tax are climbed in turn, always the one that bounds least (`together`). When
that one can climb no further, its plans are fitted to each account's cash and judged; once the best of
them is near enough to the bound, or the steps are used, the rest of the way is the gap.
"""

from dataclasses import dataclass

import numpy as np

from policies.planning.tax.at_prices import trades_of
from policies.planning.tax.curve import Region, regions_of
from policies.planning.tax.menu import Prices
from policies.planning.tax.naive import naive_trades
from policies.planning.tax.problem import Cost, Problem, Trades, cost_of
from policies.planning.tax.together import Climb, Top, climbs_of, fitted, prices_at, start
from portfolio.drift import Block

_EVALUATIONS = 40
_STEP, _NEAR, _CLOSED = 3e-4, 6e-4, 5e-4
"""Of the achievable saving: what is not worth a step, what a fitted plan may miss, and what a region
may still promise once the plan is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One plan that was looked at, and its cost."""

    trades: Trades
    cost: Cost


@dataclass(slots=True, kw_only=True)
class Search:
    """The best plan so far, and the bound. The one value here that changes, within one call."""

    problem: Problem
    best: Visit
    bound: float = -np.inf

    def judge(self, prices: Prices, amount: Block) -> float:
        """The cost of signed amounts (A, C); they are kept when they are the best so far and can be
        paid."""
        trades = trades_of(self.problem, prices, amount)
        cost = cost_of(self.problem, trades)
        if is_paid(self.problem, cost) and cost.total < self.best.cost.total:
            self.best = Visit(trades=trades, cost=cost)
        return cost.total


def is_paid(problem: Problem, cost: Cost) -> bool:
    """Whether no account ends with less to spend than nothing, or than it had."""
    left = np.array(cost.cash)
    return bool((left >= np.minimum(problem.cash, 0.0) - 0.005).all())


def nothing(problem: Problem) -> Visit:
    """Doing nothing."""
    trades = Trades.none(problem)
    return Visit(trades=trades, cost=cost_of(problem, trades))


def search(problem: Problem, extra: Prices) -> Search:
    """Look for the cheapest trades. `extra` carries the prices of the budgets."""
    found = Search(problem=problem, best=nothing(problem))
    naive = cost_of(problem, naive_trades(problem)).total
    regions = reach(problem)
    climb = start(problem, extra, regions)
    climbs = climbs_of(regions, len(problem.cash))
    while len(climb.seen) < _EVALUATIONS:
        bounds = [climb.bound(region)[0] for region in regions]
        saving = max(naive, found.best.cost.total) - min(bounds)
        goal = found.best.cost.total - _CLOSED * saving
        left = [i for i, c in enumerate(climbs) if not c.is_over and bounds[i] < goal]
        if not left:
            break
        i = min(left, key=lambda n: bounds[n])
        top = climbs[i].step(climb, _STEP * saving)
        if top is not None:
            _fit(found, climb, top, bounds[i] + _NEAR * saving)
    found.bound = climb.proven()
    return found


def _fit(found: Search, climb: Climb, top: Top, enough: float) -> None:
    for amount in fitted(climb, top):
        if found.judge(prices_at(climb, top), amount) < enough:
            return


def reach(problem: Problem) -> list[Region]:
    """The parts of the year's results that sales can reach at all."""
    gains = problem.chains.gain * problem.chains.value
    ranges = []
    for base, mine in zip(problem.base, (problem.chains.short, ~problem.chains.short), strict=True):
        own = gains[mine]
        ranges.append((base + float(own[own < 0.0].sum()), base + float(own[own > 0.0].sum())))
    return regions_of(problem.curve, ranges[0], ranges[1])
