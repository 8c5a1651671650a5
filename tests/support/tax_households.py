"""Households with tax rates for tests: lots with dates and prices, flat rates, two kinds of account."""

from datetime import date
from decimal import Decimal
from typing import Any

from policies.policy import Policy
from policies.taxes.guards import LotRule
from policies.taxes.household import HouseholdTaxes
from policies.taxes.netting import CapitalResult
from policies.taxes.rates import FlatRates, TaxRates
from portfolio.lots import Lot
from portfolio.money import Money, Quantity
from tests.support.households import stocks_and_bonds

FLAT = TaxRates(
    federal=FlatRates(short=Decimal("0.35"), long=Decimal("0.15"), ordinary=Decimal("0.35")),
    carried_short=Decimal("0.20"),
    carried_long=Decimal("0.12"),
)
OLD, NEW = date(2021, 3, 1), date(2025, 12, 1)
"""More than a year, and less than a year but more than 30 days before the test's day in March 2026."""


def bought(symbol: str, units: int | str, price: int | str, on: date = OLD, name: str = "") -> Lot:
    """A lot bought at a price each."""
    quantity = Decimal(units)
    return Lot(
        lot_id=name or f"{symbol}-{on}-{price}",
        symbol=symbol,
        quantity=Quantity(quantity),
        acquired_on=on,
        basis=Money(quantity * Decimal(price)),
    )


def taxed(**result: int) -> HouseholdTaxes:
    """Flat rates of 35 % short and 15 % long, with a year so far."""
    typed = CapitalResult(**{name: Money(Decimal(value)) for name, value in result.items()})
    return HouseholdTaxes(rates=FLAT, typed_year=2026, typed=typed)


def taxed_policy(**settings: Any) -> Policy:
    """60/40 stocks and bonds of a household with tax rates."""
    guarded = {"taxes": taxed(), "lots": LotRule(guards=True), "limit_offset": Decimal("0.001")}
    return stocks_and_bonds(**{**guarded, **settings})
