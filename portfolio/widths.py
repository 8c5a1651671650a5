"""Widths of bands that follow from what a slice does: how much it moves, and what trading it costs."""

import decimal
from dataclasses import dataclass
from decimal import Decimal

from portfolio.money import ONE, Weight

SESSIONS_A_YEAR = 252
_PLACES = Decimal("1e-12")


@dataclass(frozen=True, slots=True, kw_only=True)
class VolatilityWidth:
    """A half-width of `times` standard deviations of a slice's drift over `sessions`.

    k w (1 - w) s sqrt(h), with `volatility` s a year of the slice against the rest, as a fraction.
    """

    times: Decimal
    volatility: Decimal
    sessions: int = 20

    def half_width(self, weight: Weight) -> Weight:
        """As a fraction of the portfolio.

        >>> width = VolatilityWidth(times=Decimal(2), volatility=Decimal("0.16"), sessions=63)
        >>> width.half_width(Weight(Decimal("0.5")))
        Decimal('0.040000000000')
        """
        with decimal.localcontext(prec=28):
            years = (Decimal(self.sessions) / SESSIONS_A_YEAR).sqrt()
            width = self.times * weight * (ONE - weight) * self.volatility * years
            return Weight(width.quantize(_PLACES))


@dataclass(frozen=True, slots=True, kw_only=True)
class CostWidth:
    """The half-width that costs least when trading costs `cost` of each unit of money traded.

    (3 c w^2 (1 - w)^2 / (2 g))^(1/3), with risk aversion g (Janecek and Shreve 2004, as BD-1). The
    volatility falls out of it: a slice that moves more drifts faster and matters more.
    """

    cost: Decimal
    risk_aversion: Decimal = Decimal(4)

    def half_width(self, weight: Weight) -> Weight:
        """As a fraction of the portfolio.

        >>> CostWidth(cost=Decimal("0.001")).half_width(Weight(Decimal("0.6")))
        Decimal('0.027849533002')
        """
        with decimal.localcontext(prec=28):
            cube = 3 * self.cost * (weight * (ONE - weight)) ** 2 / (2 * self.risk_aversion)
            width = cube ** (ONE / 3) if cube else cube
            return Weight(width.quantize(_PLACES))
