"""A proven lower bound on what any plan must cost, by Lagrange prices; no solver.

At prices (p, q) of a dollar of short and long result the household splits into accounts and slices and
is solved exactly: that gives D(p, q), concave. In each region R of the tax (`curve.regions_of`) every
plan then costs at least D(p, q) + min over R of T - p S - q L. A region's bound is the largest such
value over all prices tried, and the problem's bound is the smallest of its regions': the optimum lies
in one of them, and no convexity is assumed. Each evaluation also is a cutting plane of D, so the next
prices to try are the top of the planes (Kelley's method), found on a grid that closes in.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from policies.planning.tax.curve import Region
from portfolio.drift import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """D at prices (short, long): at least `value` there; and nowhere above the plane through `cost`
    with the slopes, which are the results of some plan. USD."""

    short: float
    long: float
    value: float
    cost: float
    slope_short: float
    slope_long: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The prices worth looking at: a rectangle."""

    short: tuple[float, float]
    long: tuple[float, float]


def bound_over(regions: list[Region], planes: list[Plane]) -> float:
    """The bound that the planes prove, USD."""
    return min(_of_region(region, planes) for region in regions)


def tighten(
    regions: list[Region],
    planes: list[Plane],
    evaluate: Callable[[float, float], None],
    window: Window,
    *,
    goal: float,
    rounds: int,
) -> float:
    """Raise the weakest region's bound until all reach `goal` or the rounds are used.

    `evaluate` adds a plane at its prices.
    """
    exhausted: set[int] = set()
    for _ in range(rounds):
        values = [_of_region(region, planes) for region in regions]
        open_ones = [i for i, v in enumerate(values) if v < goal and i not in exhausted]
        if not open_ones:
            break
        weakest = min(open_ones, key=lambda i: values[i])
        short, long, top = _top(regions[weakest], planes, window)
        if top - values[weakest] < 1e-3 * (abs(goal - values[weakest]) + 1e-9):
            exhausted.add(weakest)
            continue
        evaluate(short, long)
    return bound_over(regions, planes)


def _of_region(region: Region, planes: list[Plane]) -> float:
    return max(plane.value + region.least(plane.short, plane.long) for plane in planes)


def _top(region: Region, planes: list[Plane], window: Window) -> tuple[float, float, float]:
    """The prices at which the planes leave most room, and how much."""
    value = np.array([p.cost for p in planes])
    at = np.array([[p.short, p.long] for p in planes])
    slope = np.array([[p.slope_short, p.slope_long] for p in planes])
    constant: Block = value - (slope * at).sum(axis=1)
    (low_s, high_s), (low_l, high_l) = window.short, window.long
    best = (low_s, low_l, -np.inf)
    for _ in range(5):
        s = np.repeat(np.linspace(low_s, high_s, 15), 15)
        x = np.tile(np.linspace(low_l, high_l, 15), 15)
        upper = (constant + s[:, None] * slope[:, 0] + x[:, None] * slope[:, 1]).min(axis=1)
        lower = (region.tax - s[:, None] * region.short - x[:, None] * region.long).min(axis=1)
        total = upper + lower
        k = int(np.argmax(total))
        best = (float(s[k]), float(x[k]), float(total[k]))
        wide_s, wide_l = (high_s - low_s) / 6, (high_l - low_l) / 6
        low_s, high_s = (
            max(window.short[0], best[0] - wide_s),
            min(window.short[1], best[0] + wide_s),
        )
        low_l, high_l = max(window.long[0], best[1] - wide_l), min(window.long[1], best[1] + wide_l)
    return best
