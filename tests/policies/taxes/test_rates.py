"""What a netted year costs under flat rates and under the brackets of 2025 and 2026."""

from decimal import Decimal
from typing import Any

import pytest

from config.tax_years import LONG_TERM_RATES, ORDINARY_RATES, tax_tables
from policies.taxes.netting import CapitalResult
from policies.taxes.rates import (
    FilingStatus,
    FlatRates,
    Income,
    IncomeRates,
    NoTaxData,
    TaxRates,
    TaxTable,
    loss_limit,
    net_investment_tax,
    stacked,
    table_of,
    tax_of_year,
)
from portfolio.money import Money
from tests.support.vectors import vectors

CASES = vectors("netting")
NAMES = {"single": FilingStatus.SINGLE, "mfj": FilingStatus.JOINT, "mfs": FilingStatus.SEPARATE}


def table(year: int, status: FilingStatus) -> TaxTable:
    return next(t for t in tax_tables(status) if t.year == year)


def by_income(status: FilingStatus, ordinary: int, magi: int) -> TaxRates:
    income = Income(ordinary=Money(Decimal(ordinary)), magi=Money(Decimal(magi)))
    return TaxRates(
        federal=IncomeRates(tables=tax_tables(status), income=income),
        status=status,
        carried_short=Decimal(0),
        carried_long=Decimal(0),
    )


def gains(short: int = 0, long: int = 0) -> CapitalResult:
    return CapitalResult(short=Money(Decimal(short)), long=Money(Decimal(long)))


@pytest.mark.parametrize("year", ["2025", "2026"])
@pytest.mark.parametrize("name", ["single", "mfj"])
def test_the_shipped_brackets_are_those_of_the_revenue_procedure(year: str, name: str) -> None:
    shipped, expected = table(int(year), NAMES[name]), CASES["brackets"][year][name]
    assert [b.up_to for b in shipped.ordinary] == [end for end, _ in expected["ord"]]
    assert [b.rate for b in shipped.ordinary] == [rate for _, rate in expected["ord"]]
    assert [b.up_to for b in shipped.long_term] == [*expected["lt"], None]
    assert [b.rate for b in shipped.long_term] == list(LONG_TERM_RATES)
    assert shipped.niit_from == CASES["niit_thresholds"][name]
    assert len(ORDINARY_RATES) == len(shipped.ordinary)


@pytest.mark.parametrize("name", list(CASES["niit_thresholds"]))
def test_the_net_investment_income_tax_begins_at_the_statutes_threshold(name: str) -> None:
    assert table(2026, NAMES[name]).niit_from == CASES["niit_thresholds"][name]


@pytest.mark.parametrize("case", CASES["stacking_cases"], ids=lambda c: c["status"])
def test_long_term_gain_is_taxed_on_top_of_ordinary_income(case: dict[str, Any]) -> None:
    shipped = table(case["year"], NAMES[case["status"]])
    ordinary, gain = Decimal(case["ordinary_taxable_income"]), Decimal(case["net_lt_gain"])
    assert stacked(gain, ordinary, shipped.long_term) == case["lt_tax"]
    assert stacked(ordinary, Decimal(0), shipped.ordinary) == case["ordinary_tax"]
    magi = Decimal(case["magi"])
    assert net_investment_tax(gain, magi, shipped.niit_from) == case["niit"]


@pytest.mark.parametrize("case", CASES["stacking_cases"], ids=lambda c: c["status"])
def test_a_year_costs_the_tax_with_its_gains_less_the_tax_without(case: dict[str, Any]) -> None:
    rates = by_income(
        NAMES[case["status"]],
        case["ordinary_taxable_income"],
        case["magi"] - case["net_lt_gain"],
    )
    assert tax_of_year(rates, gains(long=case["net_lt_gain"]), case["year"]) == case["lt_tax"]


def test_a_short_term_gain_pushes_the_long_term_gain_up() -> None:
    # Single, 2026, 45,000 of ordinary income, 10,000 short and 10,000 long. The short-term gain is
    # taxed 5,400 at 12 % and 4,600 at 22 %: 1,660. It lifts the long-term gain wholly over 49,450:
    # 10,000 at 15 % are 1,500.
    rates = by_income(FilingStatus.SINGLE, 45_000, 61_100)
    assert tax_of_year(rates, gains(10_000, 10_000), 2026) == 3160


def test_the_net_investment_income_tax_is_on_what_is_over_the_threshold() -> None:
    # Single, 190,000 of ordinary income and 190,000 of MAGI, 30,000 long: 15 % of 30,000 is 4,500;
    # MAGI is then 220,000, so 3.8 % of 20,000 is 760.
    rates = by_income(FilingStatus.SINGLE, 190_000, 190_000)
    assert tax_of_year(rates, gains(long=30_000), 2026) == 5260


def test_a_net_loss_saves_at_the_marginal_rate() -> None:
    # Single, 2026, 60,000 of ordinary income is in the 22 % bracket; 3,000 deducted save 660.
    rates = by_income(FilingStatus.SINGLE, 60_000, 76_100)
    assert tax_of_year(rates, gains(short=-5000), 2026) == -660


def test_a_state_adds_its_rate_to_every_kind_of_gain() -> None:
    flat = FlatRates(short=Decimal("0.35"), long=Decimal("0.15"), ordinary=Decimal("0.35"))
    rates = TaxRates(federal=flat, state=Decimal("0.05"), niit=True)
    # 1,000 at 35 + 5 + 3.8 % and 2,000 at 15 + 5 + 3.8 %
    assert tax_of_year(rates, gains(1000, 2000), 2030) == Decimal("914.0")


def test_a_year_without_brackets_is_refused() -> None:
    with pytest.raises(NoTaxData, match=r"no tax brackets for 2031 .*known: 2025, 2026"):
        tax_of_year(by_income(FilingStatus.SINGLE, 60_000, 76_100), gains(long=1), 2031)


def test_flat_rates_know_every_year() -> None:
    flat = FlatRates(short=Decimal("0.35"), long=Decimal("0.15"), ordinary=Decimal("0.35"))
    assert table_of(TaxRates(federal=flat), 1999) is None


def test_the_separate_return_deducts_half() -> None:
    assert loss_limit(FilingStatus.SEPARATE) == 1500
    assert loss_limit(FilingStatus.JOINT) == 3000
