"""Tactical signals: each a rule on a series of past numbers, without knowledge of later ones.

Series are (T,), oldest first, and the last is the newest that is known. A rule that needs more points
than there are raises `TooShort`.
"""

import math
from collections.abc import Sequence
from enum import StrEnum

import numpy as np

from portfolio.drift import Block

TREND_MONTHS = 10
MOMENTUM_POINTS = 13
SAHM_LEVEL = 0.5
CAPE_CENTRE, CAPE_SCALE = 17.0, 0.40
CAPE_POINTS_PER_Z, CAPE_MOST_POINTS = 2.5, 5.0
PROBIT_ALPHA, PROBIT_BETA = -0.5333, -0.6330
SESSIONS_PER_YEAR = 252


class TooShort(ValueError):
    """A series has fewer points than its rule needs; the message says how many."""


class Winner(StrEnum):
    """What dual momentum holds."""

    US = "us"
    EX_US = "ex_us"
    BONDS = "bonds"


def _last(series: Sequence[float] | Block, count: int) -> Block:
    if len(series) < count:
        raise TooShort(f"{count} points are needed, there are {len(series)}")
    return np.asarray(series[-count:], dtype=np.float64)


def trend_is_up(closes: Sequence[float] | Block, months: int = TREND_MONTHS) -> bool:
    """Whether the last month-end close is above the mean of the last ten, itself among them.

    Equality is not above. Source: Faber, A Quantitative Approach to Tactical Asset Allocation (2007).
    """
    window = _last(closes, months)
    return bool(window[-1] > window.mean())


def momentum_12_1(closes: Sequence[float] | Block) -> float:
    """The return from twelve month-ends ago to the last but one: P[t-1] / P[t-12] - 1 of 13 points."""
    window = _last(closes, MOMENTUM_POINTS)
    return float(window[-2] / window[0] - 1)


def dual_momentum(us: float, ex_us: float, bills: float, *, us_first: bool = False) -> Winner:
    """Global equities momentum from three twelve-month total returns.

    The better of US and ex-US is held when it beats the bills, else bonds. With `us_first` it is the
    US that must beat the bills before the better one is held, which is Antonacci's original.
    """
    better = Winner.US if us >= ex_us else Winner.EX_US
    judged = us if us_first else max(us, ex_us)
    return better if judged > bills else Winner.BONDS


def realised_volatility(returns: Sequence[float] | Block) -> float:
    """A year's volatility of a month's daily returns: the root of 252 times their mean square."""
    values = _last(returns, max(1, len(returns)))
    return math.sqrt(SESSIONS_PER_YEAR * float((values**2).mean()))


def volatility_weight(volatility: float, target: float, cap: float = 1.0) -> float:
    """The share min(cap, target / volatility); the cap when there is no volatility at all."""
    return cap if volatility <= 0 else min(cap, target / volatility)


def inverse_variance_weight(
    returns: Sequence[float] | Block, constant: float, cap: float = 1.5
) -> float:
    """Moreira and Muir's share min(cap, c / variance of the month), the sum of squared deviations.

    Source: Volatility-Managed Portfolios, Journal of Finance 72 (2017); disputed out of sample by
    Cederburg et al. (2020).
    """
    values = _last(returns, max(1, len(returns)))
    variance = float(((values - values.mean()) ** 2).sum())
    return cap if variance <= 0 else min(cap, constant / variance)


def valuation_z(cape: float) -> float:
    """How dear stocks are: the logarithm of the price-earnings ratio, against 17, in units of 0.40.

    Raises `ValueError` for a ratio that is not above zero.
    """
    if cape <= 0:
        raise ValueError("a price-earnings ratio must be above zero")
    return (math.log(cape) - math.log(CAPE_CENTRE)) / CAPE_SCALE


def valuation_tilt_points(cape: float) -> float:
    """Points that stocks gain or lose by valuation: -2.5 a unit, at most 5 either way."""
    points = -CAPE_POINTS_PER_Z * valuation_z(cape)
    return max(-CAPE_MOST_POINTS, min(CAPE_MOST_POINTS, points))


def recession_probability(spread_points: float) -> float:
    """The probability of a recession in twelve months from ten-year minus three-month yield.

    A probit in the form of Estrella and Mishkin (New York Fed, 1996): Phi(-0.5333 - 0.6330 s), s in
    percentage points. The coefficients are from memory and unconfirmed.
    """
    return 0.5 * (1 + math.erf((PROBIT_ALPHA + PROBIT_BETA * spread_points) / math.sqrt(2)))


def sahm_gap(unemployment: Sequence[float] | Block, *, as_published: bool = False) -> float:
    """The three-month mean of the unemployment rate above its lowest of the twelve months before.

    In percentage points; the current month is not among the twelve. `as_published` rounds each mean
    to two places first, as the published series does. Needs 15 months. Source: Sahm (2019).
    """
    window = _last(unemployment, 15)
    means = np.convolve(window, np.ones(3) / 3, mode="valid")
    if as_published:
        means = np.round(means, 2)
    return float(means[-1] - means[:-1].min())


def sahm_triggers(gap: float) -> bool:
    """Whether the gap is at its level of half a point; the level itself triggers."""
    return gap >= SAHM_LEVEL - 1e-9
