"""The best prices, climbed to with cutting planes.

The bound at prices is concave, and nearly smooth when there are many slices: each evaluation is a
plane that lies nowhere below it. The next prices are where the planes, with the region's own term,
are highest, not too far from the best prices so far (a proximal bundle method). The planes' corners
are rounded a little, so that Newton's method finds that point in a few steps.
"""

from dataclasses import dataclass

import numpy as np

from portfolio.drift import Block

ROUGH, _FINE = 128.0, 0.5
"""USD: how far the corners of the planes are rounded, at first and at last."""
_NEWTON = 10
_SIZES = 0.4 ** np.arange(9.0)
"""Parts of a Newton step that are tried; the best is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planes:
    """Planes over prices (D,): `constant` (M,) + `slope` (M, D) @ prices, USD."""

    constant: Block
    slope: Block

    def at(self, prices: Block) -> Block:
        """The height of each (M,)."""
        found: Block = self.constant + self.slope @ prices
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where to look next: prices (D,), how high the planes are there, USD, and how much each of the
    planes counts there (M,), summing to 1."""

    prices: Block
    promise: float
    shares: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What is climbed: the planes, the region's own, and a box of prices.

    `stiff` (D, D) is USD per squared unit of price: how fast prices may move away from the centre.
    """

    planes: Planes
    region: Planes
    low: Block
    high: Block
    stiff: Block

    def heights(self, at: Block, centre: Block, rounding: float) -> Block:
        """The rounded heights at some points (N, D), less their distances from the centre (N,)."""
        far = at - centre
        total = _rounded(self.planes.constant + at @ self.planes.slope.T, rounding)
        total += _rounded(self.region.constant + at @ self.region.slope.T, rounding)
        total -= 0.5 * ((far @ self.stiff) * far).sum(axis=1)
        return total


def next_prices(ground: Ground, centre: Block, rounding: float = ROUGH) -> Step:
    """Where the planes, the region's own and the distance from the centre add up highest.

    `rounding` is how far the corners are rounded at first, USD.
    """
    at, rounding = centre, max(rounding, _FINE)
    shares = _counts(ground.planes.at(at), rounding)
    while True:
        for _ in range(_NEWTON):
            shares = _counts(ground.planes.at(at), rounding)
            way, gain = _newton(ground, at, centre, shares, rounding)
            if gain < 0.2 * rounding:
                break
            trials = np.clip(at + _SIZES[:, None] * way, ground.low, ground.high)
            at = trials[int(np.argmax(ground.heights(trials, centre, rounding)))]
        if rounding <= _FINE:
            break
        rounding = max(rounding / 16.0, _FINE)
    promise = float(ground.planes.at(at).min() + ground.region.at(at).min())
    return Step(prices=at, promise=promise, shares=shares)


def _newton(
    ground: Ground, at: Block, centre: Block, shares: Block, rounding: float
) -> tuple[Block, float]:
    """The step to where the rounded height would be highest, were it a parabola; what it would gain."""
    own = _counts(ground.region.at(at), rounding)
    ours, mean = ground.planes.slope, shares @ ground.planes.slope
    theirs, own_mean = ground.region.slope, own @ ground.region.slope
    slope: Block = mean + own_mean - ground.stiff @ (at - centre)
    bend = (ours.T * shares) @ ours - np.outer(mean, mean)
    bend += (theirs.T * own) @ theirs - np.outer(own_mean, own_mean)
    free = ((at > ground.low) | (slope > 0.0)) & ((at < ground.high) | (slope < 0.0))
    slope = np.where(free, slope, 0.0)
    hessian = (bend / rounding + ground.stiff) * np.outer(free, free)
    hessian[~free, ~free] = 1.0
    way: Block = np.asarray(np.linalg.solve(hessian, slope), dtype=np.float64)
    return way, float(slope @ way)


def _counts(heights: Block, rounding: float) -> Block:
    """What each plane counts in the rounded least of their heights."""
    weight: Block = np.exp((heights.min() - heights) / rounding)
    weight /= weight.sum()
    return weight


def _rounded(heights: Block, rounding: float) -> Block:
    """The rounded least of each row."""
    least: Block = heights.min(axis=1)
    total: Block = np.exp((least[:, None] - heights) / rounding).sum(axis=1)
    rounded: Block = least - rounding * np.log(total)
    return rounded
