"""Taxes, harvesting, gifts and hedging in the text."""

from datetime import date
from decimal import Decimal

import pytest

from config.tax_rules import shipped_partners
from policies.taxes.netting import CapitalResult
from policies.taxes.planning_rule import Planner
from policies.taxes.rates import FilingStatus, FlatRates, IncomeRates
from tests.support.configurations import SMALLEST, refused, settings

FLAT = """
[taxes]
short_term_percent = 35
long_term_percent = 15
ordinary_percent = 24
"""
DECLARED = "\n[harvest]\ndeclared_all_accounts = 2026-01-02\n"


def test_without_rates_nothing_is_said_of_taxes() -> None:
    policy = settings().policy
    assert policy.taxes is None
    assert policy.harvest.declared_on is None


def test_flat_rates_are_read_as_fractions() -> None:
    taxes = settings(SMALLEST + FLAT + "state_percent = 5\n").policy.taxes
    assert taxes is not None
    assert taxes.rates.federal == FlatRates(
        short=Decimal("0.35"), long=Decimal("0.15"), ordinary=Decimal("0.24")
    )
    assert taxes.rates.state == Decimal("0.05")


def test_an_income_takes_the_brackets_of_its_filing_status() -> None:
    text = SMALLEST + '\n[taxes]\nfiling_status = "joint"\nordinary_income_usd = 90_000\n'
    taxes = settings(text).policy.taxes
    assert taxes is not None
    assert isinstance(taxes.rates.federal, IncomeRates)
    assert taxes.rates.status is FilingStatus.JOINT
    assert taxes.rates.federal.income.magi == 90_000
    of_2026 = next(t for t in taxes.rates.federal.tables if t.year == 2026)
    assert of_2026.long_term[0].up_to == 98_900


def test_what_was_realised_elsewhere_counts_in_its_year_alone() -> None:
    more = "year = 2026\nrealised_long_usd = -1_200\ncarried_short_usd = 800\n"
    taxes = settings(SMALLEST + FLAT + more).policy.taxes
    assert taxes is not None
    in_2026 = taxes.typed_in(2026)
    assert (in_2026.long, in_2026.carried_short) == (-1_200, 800)
    assert taxes.typed_in(2027) == CapitalResult()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "[taxes]\nshort_term_percent = 35\nlong_term_percent = 15\n",
            "ordinary_percent is missing",
        ),
        (FLAT + "ordinary_income_usd = 90_000\n", "exclude each other"),
        (FLAT + "carried_long_usd = 5\n", "for which tax year"),
        (DECLARED, "no worth without tax rates"),
        (FLAT + '[harvest]\ndeclared_all_accounts = "yes"\n', "is not a date"),
        ('[taxes]\nfiling_status = "married"\n', "is not known here"),
        (FLAT + "[backtest]\nlong_gains_tax_percent = 15\n", "gives the rates of backtests too"),
    ],
    ids=[
        *("two flat rates", "both kinds", "no year", "no rates", "no date", "unknown status"),
        "rates in two places",
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(text: str, found: str) -> None:
    (line,) = refused(SMALLEST + "\n" + text)
    assert found in line


def test_a_declared_household_lets_partners_count_to_their_slices() -> None:
    policy = settings(SMALLEST + FLAT + DECLARED).policy
    assert policy.harvest.declared_on == date(2026, 1, 2)
    assert policy.target.slice_named("stocks").substitutes == ("SCHB", "ITOT")
    assert policy.target.slice_named("bonds").substitutes == ("BIV",)


def test_undeclared_no_slice_is_changed() -> None:
    assert settings(SMALLEST + FLAT).policy.target.slice_named("stocks").substitutes == ()


def test_partners_typed_in_stand_before_the_shipped_ones_and_none_is_possible() -> None:
    more = 'partners = { VTI = ["ITOT"], BND = [] }\nexpenses_percent = { ITOT = 0.03 }\n'
    policy = settings(SMALLEST + FLAT + DECLARED + more).policy
    assert [f.symbol for f in policy.harvest.partners["VTI"]] == ["ITOT"]
    assert policy.harvest.partners["VTI"][0].expense == Decimal("0.0003")
    assert policy.target.slice_named("bonds").substitutes == ()


def test_a_partner_that_has_a_slice_of_its_own_stays_there() -> None:
    text = SMALLEST.replace('symbol = "BND"', 'symbol = "SCHB"') + FLAT + DECLARED
    policy = settings(text).policy
    assert policy.target.slice_named("stocks").substitutes == ("ITOT",)


def test_the_shipped_partners_are_read_both_ways_and_never_pair_one_index() -> None:
    partners = shipped_partners()
    assert partners["SCHB"][0] == "VTI"
    same_index = {"SPY", "IVV", "VOO"}
    assert all(not same_index & set(partners[fund]) for fund in same_index)
    assert all(fund not in stands_in for fund, stands_in in partners.items())


def test_gifts_and_hedging_have_their_own_tables() -> None:
    text = (
        SMALLEST
        + "\n[gifts]\nadjusted_gross_income_usd = 200_000\nmarginal_percent = 24\n"
        + "\n[hedge]\nenabled = true\nbetas = { VTI = 1.05 }\n"
    )
    found = settings(text)
    assert (found.policy.gifts.income, found.policy.gifts.marginal_rate) == (
        200_000,
        Decimal("0.24"),
    )
    assert (found.hedge.enabled, found.hedge.betas) == (True, {"VTI": Decimal("1.05")})


def test_the_exact_planner_takes_brackets_too() -> None:
    text = SMALLEST + '\n[taxes]\nordinary_income_usd = 90_000\nplanner = "exact"\n'
    assert settings(text).policy.tax_planning.planner is Planner.EXACT


def test_the_planner_is_the_fast_one_unless_asked() -> None:
    rule = settings(SMALLEST + FLAT).policy.tax_planning
    assert rule.planner is Planner.FAST
    exact = settings(SMALLEST + FLAT + 'planner = "exact"\nplan_gain_usd = 500\n').policy
    assert exact.tax_planning.planner is Planner.EXACT
    assert exact.tax_planning.most_gain == 500
