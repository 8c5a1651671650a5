"""The tilt: what signals add to and take from class weights, within bounds, adding up to nothing.

Rule TT-1: the sum of alpha times z of each class is cut to a largest size for each, made to sum to
zero, and scaled so that half the sum of sizes stays within a largest active share. No weight is
driven under zero, and with a covariance the tracking error stays within its bound too.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from portfolio.drift import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far a tilt may go, as fractions of the portfolio; `tracking_error` a year's."""

    per_class: Decimal = Decimal("0.05")
    active_share: Decimal = Decimal("0.05")
    tracking_error: Decimal = Decimal("0.01")


def tilts_of(
    base: Block, scores: Block, alphas: Block, bounds: Bounds, covariance: Block | None = None
) -> Block:
    """What to add to the base weights (K,), zero-sum (K,).

    `scores` (S, K) holds each signal's z of each class, `alphas` (S,) what a z of one is worth.
    `covariance` (K, K) is a year's; without one the tracking error is not bounded.
    """
    raw = alphas @ scores if len(alphas) else np.zeros_like(base)
    cut = np.clip(raw, -float(bounds.per_class), float(bounds.per_class))
    tilts: Block = cut - cut.mean()
    active = np.abs(tilts).sum() / 2
    if active > float(bounds.active_share):
        tilts *= float(bounds.active_share) / active
    if covariance is not None:
        error = math.sqrt(max(0.0, float(tilts @ covariance @ tilts)))
        if error > float(bounds.tracking_error):
            tilts *= float(bounds.tracking_error) / error
    falling = tilts < 0
    room = np.divide(base, -tilts, out=np.ones_like(base), where=falling)
    return np.asarray(tilts * min(1.0, float(room.min(initial=1.0))), dtype=np.float64)


def tilted(
    base: Mapping[str, float],
    scores: Mapping[str, Mapping[str, float]],
    alphas: Mapping[str, float],
    bounds: Bounds,
    covariance: Block | None = None,
) -> dict[str, float]:
    """Class weights after the tilt, by name; a class that a signal does not name has a z of zero.

    `covariance` (K, K) is in the order of `base`.
    """
    names, signals = list(base), list(scores)
    z = np.array([[scores[s].get(name, 0.0) for name in names] for s in signals])
    weights = np.array([base[name] for name in names])
    added = tilts_of(
        weights,
        z.reshape(len(signals), len(names)),
        np.array([alphas[s] for s in signals]),
        bounds,
        covariance,
    )
    return dict(zip(names, (weights + added).tolist(), strict=True))
