"""The planner's float tax against the exact one, and the corners that bound it."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.tax_years import tax_tables
from policies.planning.tax.curve import curve_of, regions_of
from policies.taxes.netting import CapitalResult
from policies.taxes.rates import FilingStatus, Income, IncomeRates, TaxRates, tax_of_year
from portfolio.money import Money
from tests.support.tax_households import FLAT


def by_income(ordinary: int, *, status: FilingStatus = FilingStatus.SINGLE) -> TaxRates:
    income = Income(
        ordinary=Money(Decimal(ordinary)),
        magi=Money(Decimal(ordinary + 16_100)),
        investment=Money(Decimal(2_000)),
    )
    federal = IncomeRates(tables=tax_tables(status), income=income)
    return TaxRates(federal=federal, status=status, state=Decimal("0.05"))


RATES = st.sampled_from(
    [FLAT, *(by_income(n) for n in (0, 1_000, 45_000, 60_000, 190_000, 700_000))]
)
RESULTS = st.integers(-80_000, 300_000)


@given(RATES, RESULTS, RESULTS)
def test_it_is_the_exact_tax_of_the_year(rates: TaxRates, short: int, long: int) -> None:
    curve = curve_of(rates, 2026)
    result = CapitalResult(short=Money(Decimal(short)), long=Money(Decimal(long)))
    assert curve.at(short, long) == pytest.approx(float(tax_of_year(rates, result, 2026)), abs=1e-4)


@given(RATES, st.integers(-40_000, 40_000), st.integers(-40_000, 40_000), st.data())
def test_nowhere_is_it_below_what_the_corners_of_its_regions_say(
    rates: TaxRates, short: int, long: int, data: st.DataObject
) -> None:
    curve = curve_of(rates, 2026)
    p = data.draw(st.integers(0, 60)) / 100
    q = data.draw(st.integers(0, 60)) / 100
    regions = regions_of(curve, (-40_000.0, 40_000.0), (-40_000.0, 40_000.0))
    least = min(region.least(p, q) for region in regions)
    assert curve.at(short, long) - p * short - q * long >= least - 1e-4


def test_slopes_are_the_marginal_rates() -> None:
    curve = curve_of(FLAT, 2026)
    assert curve.slopes(10_000, 5_000) == pytest.approx((0.35, 0.15))
    assert curve.slopes(10_000, -5_000) == pytest.approx((0.35, 0.35))
    assert curve.slopes(-5_000, 10_000) == pytest.approx((0.15, 0.15))
    assert curve.slopes(-9_000, -5_000) == pytest.approx((0.20, 0.12))


def test_many_points_are_taxed_at_once() -> None:
    curve = curve_of(FLAT, 2026)
    tax = curve.tax(np.array([10_000.0, -4_000.0]), np.array([0.0, 0.0]))
    assert tax.tolist() == pytest.approx([3_500.0, -1_050.0 - 200.0])
