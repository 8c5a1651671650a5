"""What a portfolio earned, before and after tax, with money coming and going; and what it cost.

Fractions throughout: 0.146 is 14.6 %. Pure functions of numbers that somebody else has collected.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from itertools import pairwise

import numpy as np

from portfolio.drift import Block

DAYS_A_YEAR = 365
"""Of the money-weighted return (ACT/365, as in spreadsheets)."""

_LEAST_RATE, _MOST_RATE = -0.9999, 100.0
_GRID_STEP = 0.01
"""Of the logarithm of one plus the rate: roots closer together than 1 % count as one or none."""


class NoRate(StrEnum):
    """Why there is no money-weighted return."""

    NONE = "no rate makes these flows worth nothing"
    SEVERAL = "several rates make these flows worth nothing"


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


def sub_periods(valuations: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The periods of `time_weighted` from (value after any flow, that flow) in order of time.

    A flow is positive when paid in, and is counted after the valuation of its moment.

    >>> sub_periods([(100.0, 0.0), (210.0, 100.0), (189.0, 0.0)])
    [(100.0, 110.0), (210.0, 189.0)]
    """
    return [(before, after - flow) for (before, _), (after, flow) in pairwise(valuations)]


def modified_dietz(
    first: date, last: date, start: float, end: float, flows: Sequence[tuple[date, float]]
) -> float:
    """Gain over the average money at work, for when the values between the flows are not known.

    Flows are positive when paid in, and weigh by the calendar days left, as at the end of their day.
    """
    days = (last - first).days
    paid_in = sum(amount for _, amount in flows)
    at_work = start + sum(amount * (last - day).days / days for day, amount in flows)
    return (end - start - paid_in) / at_work


def money_weighted(flows: Sequence[tuple[date, float]]) -> float | NoRate:
    """The yearly rate at which the flows are worth nothing together (XIRR, ACT/365).

    Seen from the investor: paid in is negative, taken out positive, the end value last. Looked for
    between -99.99 % and 10,000 % a year, bracketed and halved, so that it always ends.
    """
    first = min(day for day, _ in flows)
    years = np.array([(day - first).days / DAYS_A_YEAR for day, _ in flows])
    amounts = np.array([amount for _, amount in flows], dtype=np.float64)
    if len(flows) == 2 and amounts[0] < 0 < amounts[1] and years[0] < years[1]:
        return float((-amounts[1] / amounts[0]) ** (1 / years[1]) - 1)

    def worth(log_rates: Block) -> Block:
        return np.asarray(np.exp(-np.multiply.outer(log_rates, years)) @ amounts)

    low, high = np.log1p(_LEAST_RATE), np.log1p(_MOST_RATE)
    grid = np.linspace(low, high, int((high - low) / _GRID_STEP) + 2)
    signs = np.sign(worth(grid))
    grid, signs = grid[signs != 0], signs[signs != 0]  # a root on the grid lies between neighbours
    crossings = np.flatnonzero(signs[1:] != signs[:-1])
    if crossings.size != 1:
        return NoRate.SEVERAL if crossings.size else NoRate.NONE
    at = int(crossings[0])
    return _halved(years, amounts, float(grid[at]), float(grid[at + 1]))


def _halved(years: Block, amounts: Block, low: float, high: float) -> float:
    def worth(log_rate: float) -> float:
        return float((amounts * np.exp(-log_rate * years)).sum())

    rises = worth(low) < 0
    while high - low > 1e-14 * max(1.0, abs(low)):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if (worth(middle) < 0) == rises:
            low = middle
        else:
            high = middle
    return float(np.expm1((low + high) / 2))


def yearly(growth: float, years: float) -> float:
    """A return over some years as one per year; a year or less is left as it is."""
    return growth if years <= 1 else float((1 + growth) ** (1 / years) - 1)


def tracking_error(portfolio: Block, benchmark: Block, periods_a_year: float) -> float:
    """Sample deviation (n - 1) of the differences of returns (T,), per year."""
    return float(np.std(portfolio - benchmark, ddof=1) * np.sqrt(periods_a_year))


def drawdowns(values: Block) -> Block:
    """How far each value (T,) lies under the highest before it; 0 or negative fractions."""
    return np.asarray(values / np.maximum.accumulate(values) - 1)


def turnover(buys: float, sells: float, average_value: float, years: float = 1.0) -> float:
    """The smaller of buys and sells over the average value, per year."""
    if average_value <= 0 or years <= 0:
        return 0.0
    return min(buys, sells) / average_value / years


def two_sided_turnover(
    buys: float, sells: float, average_value: float, years: float = 1.0
) -> float:
    """Half of buys and sells together over the average value, per year."""
    if average_value <= 0 or years <= 0:
        return 0.0
    return (buys + sells) / 2 / average_value / years


def implementation_shortfall(
    decision_price: float, fills: Sequence[tuple[float, float]], *, is_buy: bool
) -> float:
    """What fills of (units, price) cost more than the price that was decided on, as a fraction.

    Positive is a cost, for a purchase above it and for a sale below it (Perold 1988).
    """
    units = sum(quantity for quantity, _ in fills)
    paid = sum(quantity * price for quantity, price in fills) / units
    return (paid / decision_price - 1) * (1 if is_buy else -1)


def after_tax(pre_tax: float, tax_over_start: float) -> float:
    """A return less the tax paid over the value at the start; a refund is negative tax.

    Before liquidation: gains that were not realised are not taxed.
    """
    return pre_tax - tax_over_start


def tax_alpha(
    pre_tax: float, after: float, benchmark_pre_tax: float, benchmark_after: float
) -> float:
    """The lead after tax less the lead before it, both over a benchmark taxed by the same rates."""
    return (after - benchmark_after) - (pre_tax - benchmark_pre_tax)


def harvesting_yield(short_loss: float, long_loss: float, start: float) -> float:
    """Losses realised, as positive amounts, over the value at the start."""
    return (short_loss + long_loss) / start


def harvesting_benefit(
    short_loss: float, long_loss: float, start: float, *, short_rate: float, long_rate: float
) -> float:
    """The tax that losses save at once if all are used, over the value at the start."""
    return (short_loss * short_rate + long_loss * long_rate) / start


def liquidation_value(
    value: float, short_gain: float, long_gain: float, *, short_rate: float, long_rate: float
) -> float:
    """The value after selling everything and paying the tax on unrealised gains; losses earn some."""
    return value - short_gain * short_rate - long_gain * long_rate
