"""The figures of the pre-trade limits; apart from the checks, which a configuration never needs."""

from dataclasses import dataclass, field
from decimal import Decimal

from policies.concentration import ConcentrationRule
from portfolio.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may happen without a person. Fractions are of equity unless they say otherwise."""

    max_order: Money | None = None
    max_order_fraction: Decimal = Decimal("0.10")
    max_plan_fraction: Decimal = Decimal("0.20")
    max_plan_legs: int = 15
    max_position_sold_fraction: Decimal = Decimal("0.5")
    max_harvest_fraction: Decimal = Decimal("0.10")
    max_day_fraction: Decimal = Decimal("0.50")
    max_volume_fraction: Decimal = Decimal("0.01")
    max_limit_from_quote: Decimal = Decimal("0.01")
    max_price_from_close: Decimal = Decimal("0.10")
    max_orders_per_symbol_per_cycle: int = 2
    max_orders_per_day: int = 60
    max_requests_per_minute: int = 100
    max_cycles_per_symbol_per_session: int = 3
    max_cycles_per_day: int = 5
    warn_single_holding_fraction: Decimal = Decimal("0.10")
    concentration: ConcentrationRule = field(default_factory=ConcentrationRule)
