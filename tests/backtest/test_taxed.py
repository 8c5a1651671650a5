"""Backtests of a taxed household: lots, the year's tax, its payment, and what is left after it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from backtest.history import History, history_of
from backtest.measures import Rates, measures_of
from backtest.run import run
from backtest.setup import Fill, Flow, Opening, Setup
from backtest.taxed import rates_in_the_past
from config.tax_years import tax_tables
from policies.policy import Policy
from policies.taxes.household import HouseholdTaxes
from policies.taxes.planning_rule import Planner, PlanningRule
from policies.taxes.rates import FilingStatus, FlatRates, Income, IncomeRates, TaxRates
from portfolio.accounts import Account, AccountKind, Autonomy
from portfolio.money import Money
from portfolio.orders import Side
from tests.support.backtests import random_history
from tests.support.day_by_day import backtest_orders, daemon_orders, same_orders
from tests.support.ten_policies import PLAIN

RATES = TaxRates(
    federal=FlatRates(short=Decimal("0.30"), long=Decimal("0.15"), ordinary=Decimal("0.25"))
)
TAXED = replace(
    PLAIN,
    taxes=HouseholdTaxes(rates=RATES),
    tax_planning=PlanningRule(planner=Planner.OFF),
)
"""Bands of five points, back to 50/30/20 whatever it costs."""
DAYS = (
    date(2019, 1, 2), date(2019, 6, 3), date(2019, 12, 31), date(2020, 4, 14), date(2020, 4, 15),
    date(2020, 6, 1), date(2021, 4, 15), date(2021, 4, 16),
)  # fmt: skip


def setup(*flows: Flow, kind: AccountKind = AccountKind.TAXABLE) -> Setup:
    account = Account(id="main", broker="simulated", kind=kind, autonomy=Autonomy.AUTO)
    opening = Opening(account=account, cash=Money(Decimal(100_000)))
    return Setup(openings=(opening,), fill=Fill.SAME_CLOSE, flows=flows)


def prices(*of_a: float) -> History:
    """A as given, B and C at 100; jumps are let through."""
    rows = np.column_stack([np.array(of_a), np.full((len(of_a), 2), 100.0)])
    return history_of(DAYS[: len(of_a)], ("A", "B", "C"), rows)


def loose(policy: Policy = TAXED) -> Policy:
    return replace(policy, prices=replace(policy.prices, max_jump=Decimal(9)))


def test_a_years_tax_leaves_on_its_day_of_the_next_year() -> None:
    # 500 A at 100 rise to 150: of 75,000 in 125,000 they go back to half, so 12,500 are sold, 83.33
    # units, with a short-term gain of 83.33 x 50 = 4,166.67; 30 % of it is 1,250. Half of that is
    # raised from A on 15 April 2020, 4.17 units, with a long-term gain of 208.33: 31.25 are owed.
    result = run(loose(), prices(100, 150, 150, 150, 150), setup())
    f = result.figures
    assert f.tax_paid == pytest.approx(1250.0, abs=0.01)
    assert (f.tax_owed, f.tax_deducted) == (pytest.approx(31.25, abs=0.01), 0.0)
    assert result.values.tolist() == pytest.approx([100e3, 125e3, 125e3, 125e3, 123_750], abs=0.02)
    assert f.total_return == pytest.approx(0.2375, abs=1e-6)
    assert f.paid_in == 0.0


def test_what_is_held_more_than_a_year_is_taxed_at_the_long_rate() -> None:
    # The same rise on 1 June 2020, more than a year after the purchase: 15 % of 4,166.67.
    result = run(loose(), prices(100, 100, 100, 100, 100, 150, 150), setup())
    assert result.figures.tax_paid == pytest.approx(625.0, abs=0.01)


def test_a_tax_that_is_not_due_yet_is_owed_and_taken_off_the_value_after_tax() -> None:
    result = run(loose(), prices(100, 150, 150), setup())
    f = result.figures
    assert (f.tax_paid, f.final_value) == (0.0, pytest.approx(125_000))
    assert f.tax_owed == pytest.approx(1250.0, abs=0.01)
    assert f.after_tax_value == pytest.approx(123_750, abs=0.02)


def test_selling_everything_at_the_end_is_taxed_with_the_year() -> None:
    # 416.67 A are left, each with 50 of short-term gain: 20,833.33 more, at 30 % 6,250; B and C have
    # not moved.
    f = run(loose(), prices(100, 150, 150), setup()).figures
    assert f.liquidation_value == pytest.approx(125_000 - 1250 - 6250, abs=0.05)


def test_a_loss_brings_no_money_and_is_carried_into_the_next_year() -> None:
    # A falls from 100 to 40 in 2019 and is bought, nothing is sold at a loss: B and C are sold without
    # gain. It rises to 80 on 1 June 2020; what is sold then was bought at 100 first: 500 at 100 are the
    # first lot, so a loss of 20 a unit.
    result = run(loose(), prices(100, 40, 40, 40, 40, 80, 80, 80), setup())
    sold = [o for o in result.orders if o.side is Side.SELL and o.symbol == "A"]
    loss = float(sum(o.quantity for o in sold)) * 20.0
    f = result.figures
    assert loss > 0.0
    assert (f.tax_paid, f.tax_owed) == (0.0, 0.0)
    assert f.tax_deducted == pytest.approx(0.25 * min(loss, 3000.0), abs=0.02)


def test_an_account_that_is_not_taxed_pays_nothing_and_says_nothing_of_taxes() -> None:
    sheltered = run(loose(), prices(100, 150, 150, 150, 150), setup(kind=AccountKind.TAX_DEFERRED))
    assert sheltered.figures.tax_paid is None
    assert sheltered.figures.liquidation_value is None
    assert sheltered.figures.final_value == pytest.approx(125_000)


def test_the_planner_pays_less_tax_than_not_caring() -> None:
    history = random_history(600, ("A", "B", "C"), seed=4, volatility=0.02)
    caring = replace(TAXED, tax_planning=PlanningRule())
    own = run(caring, history, setup()).figures
    other = run(TAXED, history, setup()).figures
    assert other.tax_paid is not None
    assert own.tax_paid is not None
    assert own.tax_paid < other.tax_paid
    assert own.worst_drift < 0.2


def test_a_comparison_tells_the_return_after_tax() -> None:
    result = run(loose(), prices(100, 150, 150, 150, 150), setup())
    measures = measures_of(result, setup(), Rates())
    f = result.figures
    assert f.liquidation_value is not None
    growth = f.liquidation_value / 100_000
    assert measures.after_tax_per_year == pytest.approx(growth ** (1 / f.years) - 1, abs=1e-6)
    assert measures.after_tax_per_year < measures.return_per_year
    years = result.history.years
    assert measures.tax_per_year == pytest.approx(
        1281.25 / float(result.values.mean()) / years, abs=1e-6
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("planner", [Planner.OFF, Planner.FAST])
def test_a_taxed_year_gives_the_same_orders_as_the_daemon(tmp_path: Path, planner: Planner) -> None:
    # Until the first payment of tax: the daemon pays none.
    history = random_history(320, ("A", "B", "C"), seed=7, volatility=0.02)
    policy = replace(
        TAXED,
        tax_planning=PlanningRule(planner=planner),
        lots=replace(TAXED.lots, guards=True),
    )
    fast = backtest_orders(run(policy, history, replace(setup(), tax_paid_on=(12, 31))))
    slow = daemon_orders(tmp_path, policy, history)
    assert same_orders(fast, slow) == ""
    assert sum(order.side is Side.SELL for order in fast) >= 2


def test_brackets_are_taken_at_their_latest_marginal_rates() -> None:
    # 2026, single, 100,000 of other income: 22 % on a dollar more, 15 % on a long-term one.
    income = Income(ordinary=Money(Decimal(100_000)), magi=Money(Decimal(100_000)))
    rates = TaxRates(
        federal=IncomeRates(tables=tax_tables(FilingStatus.SINGLE), income=income),
        state=Decimal("0.05"),
    )
    flat = rates_in_the_past(rates).federal
    assert isinstance(flat, FlatRates)
    assert (flat.short, flat.long) == (Decimal("0.22"), Decimal("0.15"))
