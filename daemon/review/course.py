"""How two equity curves did: final value, yearly volatility, deepest fall. Deposits are no return."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from portfolio.money import ZERO, Money

SESSIONS_A_YEAR = 252


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A portfolio over time, deposits taken out of its returns (time-weighted).

    `growth`, `volatility` and `deepest_fall` are fractions; the fall is 0 or negative.
    """

    final: Money
    growth: float
    volatility: float
    deepest_fall: float


def course(values: Sequence[tuple[date, Money]], flows: Mapping[date, Money]) -> Course:
    """The course of a curve of closes. A flow on a day counts as there before that day's return.

    Volatility is the standard deviation (n - 1) of daily returns times the square root of 252.
    Raises `ValueError` for less than one close.

    >>> d = Decimal
    >>> done = course([(date(2020, 1, 1), Money(d(100))), (date(2020, 1, 2), Money(d(90))),
    ...               (date(2020, 1, 3), Money(d(109)))], {date(2020, 1, 3): Money(d(10))})
    >>> done.final, round(done.growth, 4), round(done.deepest_fall, 4)
    (Decimal('109'), -0.019, -0.1)
    """
    if not values:
        raise ValueError("there is no close to judge by")
    returns = [
        float(now / (before + flows.get(day, Money(ZERO)))) - 1
        for (_, before), (day, now) in pairwise(values)
        if before + flows.get(day, Money(ZERO)) > ZERO
    ]
    level, peak, fall = 1.0, 1.0, 0.0
    for daily in returns:
        level *= 1 + daily
        peak = max(peak, level)
        fall = min(fall, level / peak - 1)
    return Course(
        final=values[-1][1],
        growth=level - 1,
        volatility=_deviation(returns) * math.sqrt(SESSIONS_A_YEAR),
        deepest_fall=fall,
    )


def _deviation(returns: Sequence[float]) -> float:
    if len(returns) < 2:
        return 0.0
    mean = math.fsum(returns) / len(returns)
    return math.sqrt(math.fsum((r - mean) ** 2 for r in returns) / (len(returns) - 1))


def held(quantities: Mapping[str, Decimal], cash: Decimal, prices: Mapping[str, Decimal]) -> Money:
    """What quantities and cash are worth at prices."""
    return Money(cash + sum((q * prices[s] for s, q in quantities.items()), ZERO))
