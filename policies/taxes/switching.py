"""Whether a partner that stands in for a harvested holding is changed back, and when."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from portfolio.money import ONE, ZERO, Money

SAFE_AFTER_DAYS = 31
"""The first calendar day after a loss sale on which its like may be bought (IRC 1091(a): 30 days)."""


class SwitchBack(StrEnum):
    """What to do with the partner."""

    WAIT = "wait"
    HARVEST = "switch_back_and_harvest"
    SWITCH = "switch_back"
    KEEP = "keep_secondary"


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuyWindow:
    """Around a loss sale: buying in [`blocked_from`, `blocked_through`] washes the loss."""

    blocked_from: date
    blocked_through: date
    first_safe: date


def rebuy_window(sold_on: date) -> RebuyWindow:
    """The 61 days of section 1091 around a sale, and the first day on which buying is safe again.

    >>> rebuy_window(date(2025, 1, 10)).first_safe
    datetime.date(2025, 2, 10)
    """
    days = timedelta(days=SAFE_AFTER_DAYS - 1)
    through = sold_on + days
    return RebuyWindow(
        blocked_from=sold_on - days,
        blocked_through=through,
        first_safe=through + timedelta(days=1),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepingCost:
    """What keeping the partner costs a year, as fractions: dearer fees, and tracking the index worse.

    `years` is how long it would be kept, `discount` a yearly rate.
    """

    expense: Decimal = ZERO
    tracking: Decimal = ZERO
    years: int = 10
    discount: Decimal = Decimal("0.06")

    def of_a_dollar(self) -> Decimal:
        """Today's worth of all years of it."""
        yearly = max(ZERO, self.expense) + self.tracking
        if self.discount == ZERO:
            return yearly * self.years
        return yearly * (ONE - (ONE + self.discount) ** -self.years) / self.discount


def switch_back(
    gain: Money,
    days_since: int,
    *,
    value: Money,
    threshold: Decimal,
    long_term: bool = False,
    long_rate: Decimal = ZERO,
    keeping: KeepingCost | None = None,
) -> SwitchBack:
    """What to do with a partner `days_since` the harvest that bought it.

    Nothing before day 31. A loss of `threshold` (a fraction of the value) or more is harvested on the
    way back, a smaller loss or none is just changed back. A gain keeps the partner; a long-term one
    goes back only where keeping costs more than the tax of `long_rate` on it.
    """
    if days_since < SAFE_AFTER_DAYS:
        return SwitchBack.WAIT
    if gain <= ZERO:
        enough = value > ZERO and -gain / value >= threshold
        return SwitchBack.HARVEST if gain < ZERO and enough else SwitchBack.SWITCH
    if long_term and keeping is not None:
        dear = keeping.of_a_dollar() * value > long_rate * gain
        return SwitchBack.SWITCH if dear else SwitchBack.KEEP
    return SwitchBack.KEEP
