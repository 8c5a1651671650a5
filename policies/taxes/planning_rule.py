"""The settings of the tax-aware planner."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from portfolio.money import ZERO, Money, Weight


class Planner(StrEnum):
    """Which planner makes a rebalance of a household with tax rates."""

    OFF = "off"
    FAST = "fast"
    EXACT = "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningRule:
    """How taxes, trading and drift are weighed. Fractions, unless they say otherwise.

    `drift_price` is what a dollar off target is thought to cost inside the destination: a gain whose
    tax is dearer is not realised for it. Beyond the destination, `edge` of the way from the target to
    the band's edge, drift is mended whatever it costs. `trading_cost` is paid on every dollar bought
    and sold. `deferral_credit` is the part of the tax on a gain that would be due later anyway (OPT-3).
    `exact_seconds` is how long the exact planner may take. `location_drag` is the yearly tax on what a
    symbol pays out, held in a taxable account, and `location_years` how many years of it a move weighs.
    """

    planner: Planner = Planner.FAST
    drift_price: Decimal = Decimal("0.02")
    edge: Decimal = Decimal("0.9")
    trading_cost: Decimal = Decimal("0.0005")
    deferral_credit: Decimal = ZERO
    long_term_only: bool = False
    most_gain: Money | None = None
    most_turnover: Weight | None = None
    exact_seconds: int = 10
    location_drag: Mapping[str, Decimal] = field(default_factory=dict)
    location_years: Decimal = Decimal(1)
