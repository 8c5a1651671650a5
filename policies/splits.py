"""Telling a split from a trade: units that changed n for m while the price changed the other way.

A broker may show new quantities hours before it tells of the split. Taken for a change from outside,
it would be multiplied once more when the split is booked, and its lots would have lost their basis.
"""

from decimal import Decimal
from typing import Final

from portfolio.money import ONE, ZERO, Price, Quantity

MOST: Final = 50
"""Neither side of a split is larger: 50 new units for one, or one for 50."""
SMALLER: Final = 5
"""And the smaller side is at most this: 6 for 5 is one, 11 for 8 is none."""
_CASH_IN_LIEU: Final = ONE
"""Less than one unit may be paid out in cash instead."""


def split_like(
    before: Quantity, after: Quantity, was: Price, now: Price, fit: Decimal
) -> tuple[int, int] | None:
    """The n new units for m old ones by which a holding looks split; None when it does not.

    `before` and `after` are units held, `was` and `now` the prices of a unit, and `fit` how far the
    value of a unit of before may have moved meanwhile, as a fraction; the edge itself still fits.
    The smallest m that fits both is taken.

    >>> d = Decimal
    >>> split_like(Quantity(d(100)), Quantity(d(200)), Price(d(80)), Price(d(41)), d("0.1"))
    (2, 1)
    """
    if before <= ZERO or after <= ZERO or was <= ZERO or now <= ZERO or before == after:
        return None
    for old in range(1, MOST + 1):
        new = int((after * old / before).to_integral_value())
        for candidate in (new, new + 1):
            if not 1 <= candidate <= MOST or candidate == old or min(candidate, old) > SMALLER:
                continue
            ratio = Decimal(candidate) / old
            left_over = before * ratio - after
            value = now * ratio / was - ONE
            if ZERO <= left_over < _CASH_IN_LIEU and abs(value) <= fit:
                return candidate, old
    return None
