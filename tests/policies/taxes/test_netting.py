"""Netting of a year by term, against worked cases and the rules it must keep."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.taxes.netting import CapitalResult, net_year
from policies.taxes.rates import FlatRates, TaxRates, tax_of_year, value_of_loss
from portfolio.money import Money
from tests.support.vectors import vectors

CASES = vectors("netting")
FLAT = TaxRates(
    federal=FlatRates(short=Decimal("0.35"), long=Decimal("0.15"), ordinary=Decimal("0.35")),
    carried_short=Decimal(0),
    carried_long=Decimal(0),
)
amounts = st.integers(-50_000, 50_000).map(lambda n: Money(Decimal(n)))
losses = st.integers(0, 20_000).map(lambda n: Money(Decimal(n)))
years = st.builds(
    CapitalResult, short=amounts, long=amounts, carried_short=losses, carried_long=losses
)


def result(short: int, long: int, carry_short: int = 0, carry_long: int = 0) -> CapitalResult:
    return CapitalResult(
        short=Money(Decimal(short)),
        long=Money(Decimal(long)),
        carried_short=Money(Decimal(carry_short)),
        carried_long=Money(Decimal(carry_long)),
    )


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_a_year_nets_as_schedule_d_does(case: dict[str, Any]) -> None:
    year = result(case["st"], case["lt"], case["carry_st"], case["carry_lt"])
    netted = net_year(year, Money(Decimal(case["limit"])))
    expected = case["expected"]
    assert netted.short_gain == expected["st_gain"]
    assert netted.long_gain == expected["lt_gain"]
    assert netted.deduction == expected["deduction"]
    assert netted.carry_short == expected["carry_st"]
    assert netted.carry_long == expected["carry_lt"]


def test_the_tax_is_not_convex_in_the_long_term_result() -> None:
    witness = CASES["non_convexity_witness"]
    left, mid, right = (tax_of_year(FLAT, result(10_000, long), 2026) for long in (-5000, 0, 5000))
    assert (left, mid, right) == (witness["f_left"], witness["f_mid"], witness["f_right"])
    assert mid > (left + right) / 2


@pytest.mark.parametrize(
    "row", CASES["marginal_value_of_losses"], ids=lambda r: f"{r['st']}/{r['lt']}"
)
def test_a_loss_is_worth_what_it_nets_against(row: dict[str, Any]) -> None:
    # The vectors count the gains of this year alone: no deduction against other income.
    rates = TaxRates(
        federal=FlatRates(short=Decimal("0.35"), long=Decimal("0.15"), ordinary=Decimal(0)),
        carried_short=Decimal(0),
        carried_long=Decimal(0),
    )
    year, loss = result(row["st"], row["lt"]), Decimal(1000)
    assert value_of_loss(rates, year, 2026, short=loss) == row["value_of_1000_ST_loss"]
    assert value_of_loss(rates, year, 2026, long=loss) == row["value_of_1000_LT_loss"]


@given(years)
def test_nothing_is_lost_in_netting(year: CapitalResult) -> None:
    netted = net_year(year)
    left = netted.short_gain + netted.long_gain - netted.deduction
    assert left - netted.carry_short - netted.carry_long == year.net_short + year.net_long


@given(years)
def test_a_year_has_a_gain_or_a_deduction_never_both(year: CapitalResult) -> None:
    netted = net_year(year)
    assert min(netted.short_gain + netted.long_gain, netted.deduction) == 0
    assert netted.deduction <= 3000
    if netted.carry_short + netted.carry_long > 0:
        assert netted.deduction == 3000


@given(years)
def test_what_is_carried_keeps_its_character_and_never_grows(year: CapitalResult) -> None:
    netted = net_year(year)
    assert netted.carry_short <= max(-year.net_short, Decimal(0))
    assert netted.carry_long <= max(-year.net_long, Decimal(0))


@given(years, st.integers(0, 10_000))
def test_another_loss_never_costs_tax(year: CapitalResult, loss: int) -> None:
    assert value_of_loss(FLAT, year, 2026, short=Decimal(loss)) >= 0
    assert value_of_loss(FLAT, year, 2026, long=Decimal(loss)) >= 0
