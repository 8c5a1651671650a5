"""How wide a band should be and how far back to trade, when costs have a fixed part too (BD-2).

A slice whose drift wanders with variance `s2` a year, and costs `k d^2` a year for being off by d, is
traded from B back to d. With K for each trade and c for each unit traded, all as fractions of the
portfolio, the long-run cost a year is (K + c (B - d) + k (B^4 - d^4) / (6 s2)) s2 / (B^2 - d^2).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

_GOLDEN = (math.sqrt(5) - 1) / 2
_STEPS = 90
"""A golden section loses 38 % a step: far below the noise of a float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostOfDrift:
    """Of one slice: `fixed` K for each trade and `proportional` c, as fractions; `variance` s2 of its
    drift and `loss` k, a year."""

    fixed: float
    proportional: float
    variance: float
    loss: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BandAndStop:
    """Trade at `band`, back to `stop`, both distances from the target; `rate` is the cost a year."""

    band: float
    stop: float
    rate: float


def cost_of_drift(
    weight: float, volatility: float, risk_aversion: float, fixed: float, proportional: float
) -> CostOfDrift:
    """For a slice of a target `weight` whose return varies by `volatility` a year against the rest.

    s2 = (w (1 - w) s)^2 and k = g s^2 / 2.
    """
    return CostOfDrift(
        fixed=fixed,
        proportional=proportional,
        variance=(weight * (1 - weight) * volatility) ** 2,
        loss=risk_aversion * volatility**2 / 2,
    )


def cost_rate(case: CostOfDrift, band: float, stop: float) -> float:
    """The cost a year of trading at `band` back to `stop`; of the edge itself where they meet.

    At the edge the limit is c s2 / (2 B) + k B^2 / 3, and without end when each trade costs K too.
    """
    s2 = case.variance
    if band - stop < 1e-9 * band:
        if case.fixed > 0:
            return math.inf
        return case.proportional * s2 / (2 * band) + case.loss * band**2 / 3
    per_trade = (
        case.fixed + case.proportional * (band - stop) + case.loss * (band**4 - stop**4) / (6 * s2)
    )
    return per_trade * s2 / (band**2 - stop**2)


def best_stop(case: CostOfDrift, band: float) -> float:
    """How far from the target to stop (0 to `band`) for a band that is given.

    At the cost-optimal band without a fixed cost that is the edge; a wider band or a fixed cost stops
    inside; without any proportional cost it is the target.
    """
    if band <= 0 or case.variance <= 0:
        return 0.0
    part = _smallest(lambda part: cost_rate(case, band, part * band), 0.0, 1.0)
    ends = min((0.0, 1.0, part), key=lambda p: cost_rate(case, band, p * band))
    return ends * band


def best_band(case: CostOfDrift) -> BandAndStop:
    """The band and the stop that cost least together."""
    cubed = 3 * case.proportional * case.variance / (4 * case.loss)
    fourth = 6 * case.fixed * case.variance / case.loss
    edge, alone = cubed ** (1 / 3), fourth**0.25
    most = 4 * (edge + alone)
    if most <= 0:
        return BandAndStop(band=0.0, stop=0.0, rate=0.0)

    def rate_at(band: float) -> float:
        return cost_rate(case, band, best_stop(case, band))

    band = _smallest(rate_at, most * 1e-3, most)
    stop = best_stop(case, band)
    return BandAndStop(band=band, stop=stop, rate=cost_rate(case, band, stop))


def _smallest(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one valley is smallest (golden section)."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(_STEPS):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
    return (low + high) / 2
