"""What a year's gains and taxes may come to; apart from the sums, which a configuration never needs."""

from dataclasses import dataclass
from decimal import Decimal

from portfolio.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """What a year may come to before somebody is told, USD; None is no budget.

    `turnover` is a fraction of the portfolio: the smaller of what is bought and what is sold.
    """

    gains: Money | None = None
    tax: Money | None = None
    turnover: Decimal | None = None
    warn_from: Decimal = Decimal("0.8")
