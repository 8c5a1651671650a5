"""The exact planner under brackets: its objective is the year's tax, and the fast plan's oracle."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.tax_years import tax_tables
from policies.planning.tax.curve import curve_of
from policies.planning.tax.exact import solve
from policies.planning.tax.planner import plan
from policies.planning.tax.problem import Problem, cost_of
from policies.taxes.netting import CapitalResult
from policies.taxes.rates import (
    FilingStatus,
    FlatRates,
    Income,
    IncomeRates,
    TaxRates,
    tax_of_year,
)
from portfolio.money import Money
from tests.support.tax_problems import problems

QUICK = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
INCOMES = st.sampled_from([0, 11_000, 48_000, 100_000, 195_000, 255_000, 540_000, 700_000])


def rates(income: int) -> TaxRates:
    """Single in 2026, with some state tax."""
    earned = Money(Decimal(income))
    other = Income(ordinary=earned, magi=earned, investment=Money(Decimal(1000)))
    tables = tax_tables(FilingStatus.SINGLE)
    return TaxRates(federal=IncomeRates(tables=tables, income=other), state=Decimal("0.05"))


def taxed(problem: Problem, income: int) -> Problem:
    return replace(problem, curve=curve_of(rates(income), 2026))


@QUICK
@given(problems(names=2, lots=3), INCOMES)
def test_its_objective_is_the_year_in_exact_money(problem: Problem, income: int) -> None:
    problem = taxed(problem, income)
    exact = solve(problem)
    cost = cost_of(problem, exact.trades)
    start_short, start_long = (Decimal(f"{b:.2f}") for b in problem.base)
    before = CapitalResult(short=Money(start_short), long=Money(start_long))
    after = before.with_sale(short=Decimal(f"{cost.short:.4f}"), long=Decimal(f"{cost.long:.4f}"))
    of_year = rates(income)
    tax = tax_of_year(of_year, after, 2026) - tax_of_year(of_year, before, 2026)
    assert exact.optimal
    slack = 0.02 + 1e-6 * abs(exact.objective)
    assert exact.objective == pytest.approx(cost.total - cost.tax + float(tax), abs=slack)


@QUICK
@given(problems(names=2, lots=3), INCOMES)
def test_the_fast_plan_is_never_cheaper_and_its_bound_never_above(
    problem: Problem, income: int
) -> None:
    problem = taxed(problem, income)
    fast, exact = plan(problem), solve(problem)
    slack = 0.02 + 1e-6 * abs(exact.objective)
    assert exact.objective <= fast.cost.total + slack
    assert fast.bound <= exact.objective + slack


@QUICK
@given(problems(names=2, lots=3))
def test_a_loss_is_deducted_before_it_is_carried_although_carrying_is_worth_more(
    problem: Problem,
) -> None:
    low = FlatRates(short=Decimal("0.10"), long=Decimal("0.05"), ordinary=Decimal("0.10"))
    problem = replace(problem, curve=curve_of(TaxRates(federal=low), 2026))
    exact = solve(problem)
    slack = 0.02 + 1e-6 * abs(exact.objective)
    assert exact.objective == pytest.approx(cost_of(problem, exact.trades).total, abs=slack)
