"""The climb to the best prices, and plans fitted there: slices rounded, cash spent.

1. The household is priced (`priced`) and the prices climbed (`climb`), one region of the year's tax
   after the other, the one that bounds least first. That proves the bound.
2. At the top a few plans cost nearly the same, and a mix of them fits the cash and the tax. Only a few
   slices differ between them: each takes one of its plans, so that what they add up to stays nearest
   to the mix.
3. Each account then spends what it has: purchases alone first, then all trades of an account in turn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from policies.planning.tax.at_prices import in_turn, purchases_in_turn
from policies.planning.tax.climb import ROUGH, Ground, Planes, Step, next_prices
from policies.planning.tax.curve import Region
from policies.planning.tax.menu import Prices
from policies.planning.tax.pieces import Point, Rows, pieces_of
from policies.planning.tax.priced import Priced, priced, spread
from policies.planning.tax.problem import Flags, Problem
from portfolio.drift import Block

_PER_REGION = 12
_STIFF_RESULT, _STIFF_CASH, _STIFF_APART = 1e4, 3e5, 1e7
"""USD per squared unit of price: of result, of cash in all accounts alike, and of their differences."""
_LOOSER, _TIGHTER = 0.3, 1.5
_TOPS, _SHARPER = 2, 0.1
_FAR = 1e-3
_ROUGH_PART = 0.2
_ALIKE = 3e-4
"""Prices of cash this near to each other are made the same: what is bought where is then free."""
_COUNTS = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One evaluation: where, the bound's height there without a region's term, and its slopes."""

    at: Block
    height: float
    slope: Block
    plan: Priced


@dataclass(slots=True, kw_only=True)
class Climb:
    """All evaluations so far. The one value here that changes, within one call."""

    rows: Rows
    extra: Prices
    regions: Sequence[Region]
    low: Block
    high: Block
    seen: list[Seen] = field(default_factory=list)

    def evaluate(self, at: Block) -> None:
        """Price the household and keep what it says."""
        problem, extra = self.rows.problem, self.extra
        plan = priced(
            self.rows,
            Point(
                short=float(at[0]),
                long=float(at[1]),
                cash=at[2:],
                trade=extra.trade,
                gain=extra.gain,
            ),
        )
        short, long = problem.base
        height = plan.value + at[0] * short + at[1] * long - problem.curve.at(short, long)
        if extra.trade > 0.0:
            height -= extra.trade * problem.most_traded
        if extra.gain > 0.0:
            height -= extra.gain * problem.most_gain
        slope = np.array([short + plan.short.sum(), long + plan.long.sum(), *-plan.cash])
        self.seen.append(Seen(at=at, height=float(height), slope=slope, plan=plan))

    def bound(self, region: Region) -> tuple[float, int]:
        """What is proven of a region so far, and which evaluation proves it."""
        values = [s.height + region.least(float(s.at[0]), float(s.at[1])) for s in self.seen]
        best = int(np.argmax(values))
        return values[best], best

    def proven(self) -> float:
        """What is proven of the problem."""
        return min(self.bound(region)[0] for region in self.regions)

    def planes(self) -> Planes:
        """The planes of all evaluations."""
        slope = np.array([s.slope for s in self.seen])
        constant = [s.height - float(s.slope @ s.at) for s in self.seen]
        return Planes(constant=np.array(constant), slope=slope)


def start(problem: Problem, extra: Prices, regions: Sequence[Region]) -> Climb:
    """Evaluate at the slopes of the tax where the year stands, with cash worth nothing."""
    accounts = len(problem.cash)
    steepest = _steepest(problem, regions)
    climb = Climb(
        rows=pieces_of(problem),
        extra=extra,
        regions=regions,
        low=np.array([0.0, 0.0, *[-problem.idle] * accounts]),
        high=np.array([*steepest, *[problem.lack] * accounts]),
    )
    slopes = problem.curve.slopes(*problem.base)
    climb.evaluate(np.clip(np.array([*slopes, *[0.0] * accounts]), climb.low, climb.high))
    return climb


def _steepest(problem: Problem, regions: Sequence[Region]) -> tuple[float, float]:
    short = np.concatenate([r.short for r in regions])
    long = np.concatenate([r.long for r in regions])
    tax = problem.curve.tax
    of_short = tax(short + 1.0, long) - tax(short - 1.0, long)
    of_long = tax(short, long + 1.0) - tax(short, long - 1.0)
    return max(float(of_short.max()) / 2.0, 0.0), max(float(of_long.max()) / 2.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """Where a region's climb ended: the prices, and the plans that share the top."""

    at: Block
    plans: tuple[Priced, ...]
    shares: Block


@dataclass(slots=True, kw_only=True)
class RegionClimb:
    """One region's climb: its own planes, how far a step may go, and how many it has taken."""

    region: Region
    own: Planes
    looseness: float = 1.0
    rough: float = ROUGH
    steps: int = 0
    tops: int = 0
    is_over: bool = False

    def step(self, climb: Climb, slack: float) -> Top | None:
        """Evaluate where this region promises most; when that is not worth `slack`, the top as well.

        After each top what is worth a step gets smaller, so that the next one is sharper.
        """
        value, best = climb.bound(self.region)
        slack *= _SHARPER**self.tops
        centre = climb.seen[best].at
        found = next_prices(self._ground(climb, self.looseness), centre, self.rough)
        top = None
        if found.promise - value < slack:
            far = next_prices(self._ground(climb, self.looseness * _FAR), centre, self.rough)
            if far.promise - value >= slack:
                found, self.looseness = far, self.looseness * _FAR
        if found.promise - value < slack or self.steps >= _PER_REGION:
            self.tops += 1
            self.is_over = self.tops > _TOPS or self.steps >= _PER_REGION
            top = _top_of(climb, found, centre)
        climb.evaluate(_alike(found.prices, climb.low))
        self.steps += 1
        self.rough = min(ROUGH, _ROUGH_PART * (found.promise - value))
        self.looseness *= _LOOSER if climb.bound(self.region)[1] != best else _TIGHTER
        return top

    def _ground(self, climb: Climb, looseness: float) -> Ground:
        accounts = len(climb.low) - 2
        apart = np.eye(accounts) - 1.0 / accounts
        stiff = np.zeros((accounts + 2, accounts + 2))
        stiff[0, 0] = stiff[1, 1] = looseness * _STIFF_RESULT
        stiff[2:, 2:] = _STIFF_APART * apart + looseness * _STIFF_CASH / accounts
        return Ground(
            planes=climb.planes(), region=self.own, low=climb.low, high=climb.high, stiff=stiff
        )


def _top_of(climb: Climb, step: Step, at: Block) -> Top:
    counts = np.flatnonzero(step.shares > _COUNTS)
    shares = step.shares[counts]
    return Top(at=at, plans=tuple(climb.seen[i].plan for i in counts), shares=shares / shares.sum())


def climbs_of(regions: Sequence[Region], accounts: int) -> list[RegionClimb]:
    """The climbs before their first steps."""
    return [_climb_of(region, accounts) for region in regions]


def _climb_of(region: Region, accounts: int) -> RegionClimb:
    results = -np.stack([region.short, region.long], axis=1)
    none = np.zeros((len(region.tax), accounts))
    own = Planes(constant=region.tax, slope=np.concatenate([results, none], axis=1))
    return RegionClimb(region=region, own=own)


def _alike(prices: Block, low: Block) -> Block:
    """Prices of cash that are nearly the same made the same."""
    cash = prices[2:].copy()
    order = np.argsort(cash)
    first = 0
    for k in range(1, len(order) + 1):
        if k == len(order) or cash[order[k]] - cash[order[k - 1]] > _ALIKE:
            group = order[first:k]
            mean = cash[group].mean()
            cash[group] = low[2] if mean - low[2] < _ALIKE / 2 else mean
            first = k
    return np.concatenate([prices[:2], cash])


def prices_at(climb: Climb, top: Top) -> Prices:
    """The prices of result there."""
    extra = climb.extra
    return replace(extra, short=float(top.at[0]), long=float(top.at[1]))


def fitted(climb: Climb, top: Top) -> Iterator[Block]:
    """Signed amounts (A, C) that fit the accounts' cash: purchases settled, then all trades."""
    problem, prices = climb.rows.problem, prices_at(climb, top)
    sold, bought, harvests = rounded(problem, top)
    amount = sold - purchases_in_turn(problem, prices, sold, bought, harvests)
    yield amount
    yield in_turn(problem, prices, amount, harvests)


def rounded(problem: Problem, top: Top) -> tuple[Block, Block, Flags]:
    """Sold and bought (A, C), and which slices harvest: each slice as in one of the plans."""
    plans = top.plans
    base = int(np.argmax(top.shares))
    sold, need = plans[base].sold.copy(), plans[base].need.copy()
    where, harvests = plans[base].where.copy(), plans[base].harvests.copy()
    for c, i in _choice(problem, top, base):
        sold[:, c], need[c] = plans[i].sold[:, c], plans[i].need[c]
        where[:, c], harvests[c] = plans[i].where[:, c], plans[i].harvests[c]
    pay = 1.0 + problem.kappa
    cash = problem.cash + sold @ (1.0 - problem.kappa)
    return sold, spread(need, where | _bought_anywhere(plans), cash, pay), harvests


def _bought_anywhere(plans: Sequence[Priced]) -> Flags:
    found: Flags = np.any([p.where & (p.need > 0.0) for p in plans], axis=0)
    return found


def _choice(problem: Problem, top: Top, base: int) -> list[tuple[int, int]]:
    """For each slice that differs between the plans, the plan it takes: the largest first, each so that
    results and cash stay nearest to the mix (error diffusion)."""
    pay, keep = 1.0 + problem.kappa, 1.0 - problem.kappa
    made = np.stack(
        [
            np.stack(
                [p.short * 0.3, p.long * 0.2, p.sold.sum(axis=0) * keep - p.need * pay], axis=1
            )
            for p in top.plans
        ]
    )
    made[:, :, 2] *= 0.02
    mix = np.tensordot(top.shares, made, axes=1)
    size = np.abs(made - made[base]).max(axis=(0, 2))
    rest = np.zeros(3)
    chosen: list[tuple[int, int]] = []
    for c in np.argsort(-size, kind="stable"):
        if size[c] < 1e-6:
            break
        off = rest + mix[c] - made[:, c]
        i = int(np.argmin((off * off).sum(axis=1)))
        rest = off[i]
        chosen.append((int(c), i))
    return chosen
