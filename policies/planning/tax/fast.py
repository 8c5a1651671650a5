"""The default planner: no solver, a price for a dollar of result and of cash, and a proven bound.

1. At prices for short and long result every account is planned in closed form (`at_prices`).
2. The prices are the slopes of the year's tax where the plan ends up. Where they chase each other
   across a bend of the tax, the bend is bisected and the two plans are mixed until they sit on it.
3. Every pair of prices also bounds the optimum from below in each region of the tax (`bound`).
"""

from dataclasses import dataclass, field, replace

import numpy as np

from policies.planning.tax.at_prices import plan_at, trades_of
from policies.planning.tax.bound import Plane
from policies.planning.tax.menu import Prices
from policies.planning.tax.problem import Cost, Problem, Trades, cost_of
from portfolio.drift import Block

_STEPS = 6
_BISECTIONS = 10
_FEW = 4
"""With several accounts every step is dear."""
_MIXES = 17
_SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One plan that was looked at: its prices, signed amounts (A, C), the year's result, its cost."""

    prices: Prices
    amount: Block
    trades: Trades
    cost: Cost
    short: float
    long: float


@dataclass(slots=True, kw_only=True)
class Search:
    """What has been found so far. The one value here that changes, within one call."""

    problem: Problem
    extra: Prices
    near: Block
    planes: list[Plane] = field(default_factory=list)
    best: Visit | None = None

    def visit(self, short_price: float, long_price: float) -> Visit:
        """Plan at prices, keep the bound that it proves, and the plan when it is the best so far."""
        prices = replace(self.extra, short=short_price, long=long_price)
        planned = plan_at(self.problem, prices, self.near)
        self.near = planned.cash_price
        visits = [self.judge(prices, amount) for amount in planned.amounts]
        visit = min(visits, key=lambda v: v.cost.total)
        short, long = self.problem.base
        shift = prices.short * short + prices.long * long - self.problem.curve.at(short, long)
        if prices.trade > 0.0:
            shift -= prices.trade * self.problem.most_traded
        if prices.gain > 0.0:
            shift -= prices.gain * self.problem.most_gain
        gain = prices.gain * (visit.cost.short + visit.cost.long)
        priced = prices.short * visit.cost.short + prices.long * visit.cost.long + gain
        priced += prices.trade * float(visit.trades.sold.sum() + visit.trades.bought.sum())
        self.planes.append(
            Plane(
                short=prices.short,
                long=prices.long,
                value=planned.bound + shift,
                cost=visit.cost.total - visit.cost.tax + priced + shift,
                slope_short=visit.short,
                slope_long=visit.long,
            )
        )
        return visit

    def judge(self, prices: Prices, amount: Block) -> Visit:
        """Cost given amounts, and keep them when they are the best so far and can be paid."""
        trades = trades_of(self.problem, prices, amount)
        cost = cost_of(self.problem, trades)
        short, long = self.problem.base
        visit = Visit(
            prices=prices,
            amount=amount,
            trades=trades,
            cost=cost,
            short=short + cost.short,
            long=long + cost.long,
        )
        if is_paid(self.problem, cost) and (self.best is None or cost.total < self.best.cost.total):
            self.best = visit
        return visit


def is_paid(problem: Problem, cost: Cost) -> bool:
    """Whether no account ends with less to spend than nothing, or than it could not help."""
    left = np.array(cost.cash)
    return bool((left >= np.minimum(problem.cash, 0.0) - 0.005).all())


def search(problem: Problem, extra: Prices) -> Search:
    """Look for the cheapest trades, from the slopes on either side of where the year stands.

    `extra` carries the prices of the budgets; its prices of result are not used.
    """
    found = Search(problem=problem, extra=extra, near=np.full(len(problem.cash), np.nan))
    found.judge(extra, np.zeros(problem.may_buy.shape))
    for short, long in _first_prices(problem):
        _follow(found, short, long)
    return found


def _first_prices(problem: Problem) -> list[tuple[float, float]]:
    short, long = problem.base
    spread = 1.0 + float(problem.chains.value.sum()) * 1e-3
    seeds: list[tuple[float, float]] = []
    for step in (spread, -spread):
        slopes = problem.curve.slopes(short + step, long + step)
        if all(_apart(slopes, known) > _SAME for known in seeds):
            seeds.append(slopes)
    return seeds


def _follow(found: Search, short: float, long: float) -> None:
    """Step from prices to the slopes at their plan until they agree, or until a bend is bracketed."""
    at = (short, long)
    seen: list[tuple[tuple[float, float], Visit]] = []
    for _ in range(_STEPS):
        visit = found.visit(*at)
        slopes = found.problem.curve.slopes(visit.short, visit.long)
        if _apart(at, slopes) < _SAME:
            return
        seen.append((at, visit))
        back = next((pair for pair in seen if _apart(pair[0], slopes) < _SAME), None)
        if back is not None:
            _bisect(found, back, (at, visit))
            return
        at = slopes


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _bisect(
    found: Search,
    one: tuple[tuple[float, float], Visit],
    other: tuple[tuple[float, float], Visit],
) -> None:
    """Between two prices whose plans lie on each other's side of a bend: find where the plan jumps
    across, then mix the plans on either side."""
    for _ in range(_BISECTIONS if len(found.problem.cash) == 1 else _FEW):
        at = ((one[0][0] + other[0][0]) / 2, (one[0][1] + other[0][1]) / 2)
        middle = found.visit(*at)
        slopes = found.problem.curve.slopes(middle.short, middle.long)
        if _apart(one[0], slopes) < _apart(other[0], slopes):
            other = (at, middle)
        else:
            one = (at, middle)
        if abs(one[1].short - other[1].short) + abs(one[1].long - other[1].long) < 1.0:
            return
    _mix(found, one[1], other[1])


def _mix(found: Search, one: Visit, other: Visit) -> None:
    low, high = 0.0, 1.0
    for _ in range(3):
        totals = []
        shares = np.linspace(low, high, _MIXES)
        for share in shares:
            amount = (1.0 - share) * one.amount + share * other.amount
            totals.append(found.judge(one.prices, amount).cost.total)
        at = int(np.argmin(totals))
        low, high = shares[max(at - 1, 0)], shares[min(at + 1, _MIXES - 1)]
