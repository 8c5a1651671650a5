"""Returns with money coming and going: time-weighted, money-weighted, and their like.

Fractions throughout: 0.146 is 14.6 %. Flows are signed from the investor's side where it says so.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from portfolio.drift import Block

DAYS_A_YEAR = 365
"""Of the money-weighted return (ACT/365, as in spreadsheets)."""


def time_weighted(periods: Sequence[tuple[float, float]]) -> float:
    """Link sub-periods of (value at the start after any flow, value at the end before the next).

    GIPS' true time-weighted return; what was paid in or out does not count.

    >>> round(time_weighted([(100.0, 110.0), (210.0, 189.0)]), 6)
    -0.01
    """
    growth = 1.0
    for start, end in periods:
        growth *= end / start
    return growth - 1


def modified_dietz(start: float, end: float, flows: Sequence[tuple[float, float]]) -> float:
    """Gain over the average money at work. `flows` are (amount, fraction of the period left)."""
    paid_in = sum(amount for amount, _ in flows)
    at_work = start + sum(amount * left for amount, left in flows)
    return (end - start - paid_in) / at_work


def money_weighted(flows: Sequence[tuple[date, float]]) -> float | None:
    """The yearly rate at which the flows are worth nothing together (XIRR, ACT/365).

    Seen from the investor: paid in is negative, taken out positive, the end value last. None when
    there is no rate between -99.99 % and 10,000 % a year.
    """
    if len(flows) == 2 and flows[0][1] < 0 < flows[1][1] and flows[0][0] < flows[1][0]:
        span = (flows[1][0] - flows[0][0]).days / DAYS_A_YEAR
        return float((-flows[1][1] / flows[0][1]) ** (1 / span) - 1)
    first = min(day for day, _ in flows)
    years = np.array([(day - first).days / DAYS_A_YEAR for day, _ in flows])
    amounts = np.array([amount for _, amount in flows], dtype=np.float64)

    def worth(rate: float) -> float:
        return float((amounts * (1 + rate) ** -years).sum())

    low, high = -0.9999, 100.0
    if worth(low) * worth(high) > 0:
        return None
    for _ in range(200):
        middle = (low + high) / 2
        if worth(low) * worth(middle) <= 0:
            high = middle
        else:
            low = middle
        if high - low < 1e-14:
            break
    return (low + high) / 2


def yearly(growth: float, years: float) -> float:
    """A return over some years as one per year; a year or less is left as it is."""
    return growth if years <= 1 else float((1 + growth) ** (1 / years) - 1)


def tracking_error(portfolio: Block, benchmark: Block, periods_a_year: float) -> float:
    """Sample deviation of the return differences, per year."""
    return float(np.std(portfolio - benchmark, ddof=1) * np.sqrt(periods_a_year))


def drawdowns(values: Block) -> Block:
    """How far each value (T,) lies under the highest before it; 0 or negative fractions."""
    return np.asarray(values / np.maximum.accumulate(values) - 1)


def turnover(buys: float, sells: float, average_value: float, years: float = 1.0) -> float:
    """The smaller of buys and sells over the average value, per year."""
    if average_value <= 0 or years <= 0:
        return 0.0
    return min(buys, sells) / average_value / years
