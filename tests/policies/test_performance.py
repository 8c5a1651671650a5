"""Returns, tracking, turnover and tax figures against worked cases and a spreadsheet's own example."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from policies.performance import (
    NoRate,
    after_tax,
    drawdowns,
    harvesting_benefit,
    harvesting_yield,
    implementation_shortfall,
    liquidation_value,
    modified_dietz,
    money_weighted,
    sub_periods,
    tax_alpha,
    time_weighted,
    tracking_error,
    turnover,
    two_sided_turnover,
    yearly,
)

CASES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "performance.json").read_text(encoding="utf-8")
)


def dated(flows: Sequence[tuple[str, float]]) -> list[tuple[date, float]]:
    return [(date.fromisoformat(day), float(amount)) for day, amount in flows]


def test_sub_periods_between_flows_are_linked() -> None:
    case = CASES["twr"]
    periods = sub_periods([(row["value"], row["flow_after"]) for row in case["valuations"]])
    moved = [end / start - 1 for start, end in periods if end != start]
    assert moved == pytest.approx(case["subperiods"], abs=1e-8)
    assert time_weighted(periods) == pytest.approx(case["twr"], abs=1e-8)


def test_the_money_weighted_return_discounts_by_actual_days_over_365() -> None:
    case = CASES["xirr"]
    assert money_weighted(dated(case["flows"])) == pytest.approx(case["xirr"], abs=1e-8)


def test_the_money_weighted_return_is_the_spreadsheets() -> None:
    case = CASES["xirr_excel_doc"]
    assert money_weighted(dated(case["flows"])) == pytest.approx(case["xirr"], abs=1e-8)


def test_money_that_is_lost_whole_has_no_rate() -> None:
    lost = [(date(2025, 1, 2), -1.0), (date(2025, 12, 31), -1.0)]
    assert money_weighted(lost) is NoRate.NONE


def test_flows_that_two_rates_fit_have_no_single_rate() -> None:
    """-100, 230, -132 a year apart is (1.1 v)(1.2 v): both ten and twenty percent fit."""
    flows = [(date(2021, 1, 1), -100.0), (date(2022, 1, 1), 230.0), (date(2023, 1, 1), -132.0)]
    assert money_weighted(flows) is NoRate.SEVERAL


def test_withdrawals_between_deposits_have_a_rate_when_only_one_fits() -> None:
    """100 grows by a tenth, 20 is taken: 90 grows to 99, 21 is paid in: 120 grows to 132."""
    flows = [
        (date(2021, 1, 1), -100.0),
        (date(2022, 1, 1), 20.0),
        (date(2023, 1, 1), -21.0),
        (date(2024, 1, 1), 132.0),
    ]
    assert money_weighted(flows) == pytest.approx(0.1, abs=1e-12)


def test_a_year_of_no_gain_has_a_rate_of_nothing() -> None:
    flows = [(date(2021, 1, 1), -50.0), (date(2021, 7, 1), -50.0), (date(2022, 1, 1), 100.0)]
    assert money_weighted(flows) == pytest.approx(0.0, abs=1e-12)


def test_modified_dietz_weighs_flows_by_the_calendar_days_left() -> None:
    first, last = date(2025, 1, 2), date(2025, 12, 31)
    flows = [(date(2025, 3, 3), 10_000.0), (date(2025, 6, 16), -5_000.0)]
    found = modified_dietz(first, last, 100_000, 120_000, flows)
    assert found == pytest.approx(CASES["modified_dietz"], abs=1e-8)


def test_tax_alpha_is_what_the_lead_gains_by_tax() -> None:
    case = CASES["after_tax"]
    own = after_tax(case["pre_tax_portfolio"], case["tax_paid_over_begin_value_portfolio"])
    other = after_tax(case["pre_tax_benchmark"], case["tax_paid_over_begin_value_benchmark"])
    assert own == pytest.approx(case["after_tax_portfolio"])
    assert other == pytest.approx(case["after_tax_benchmark"])
    alpha = tax_alpha(case["pre_tax_portfolio"], own, case["pre_tax_benchmark"], other)
    assert alpha == pytest.approx(case["tax_alpha"])


def test_harvested_losses_are_counted_against_the_value_at_the_start() -> None:
    case = CASES["harvest_yield"]
    losses = case["st_loss"], case["lt_loss"], case["begin_value"]
    assert harvesting_yield(*losses) == pytest.approx(case["harvesting_yield"])
    benefit = harvesting_benefit(*losses, short_rate=0.35, long_rate=0.15)
    assert benefit == pytest.approx(case["tax_benefit"])


def test_a_liquidation_pays_the_tax_on_what_was_not_realised() -> None:
    case = CASES["liquidation_value"]
    value = liquidation_value(
        case["value"],
        case["value_st"] - case["basis_st"],
        case["value_lt"] - case["basis_lt"],
        short_rate=case["rates"]["st"],
        long_rate=case["rates"]["lt"],
    )
    assert value == pytest.approx(case["post_liquidation"])


def test_turnover_is_the_smaller_side_over_the_average_value() -> None:
    case = CASES["turnover"]
    traded = case["buys"], case["sells"], case["avg_value"]
    assert turnover(*traded) == pytest.approx(case["turnover_min"])
    assert turnover(*traded, years=2) == pytest.approx(0.03)
    assert two_sided_turnover(*traded) == pytest.approx(case["turnover_two_sided_half"])
    assert turnover(1, 1, 0) == two_sided_turnover(1, 1, 0) == 0


def test_tracking_error_is_the_sample_deviation_of_differences() -> None:
    case = CASES["tracking_error"]
    found = tracking_error(
        np.array(case["portfolio"]), np.array(case["benchmark"]), case["periods_per_year"]
    )
    assert found == pytest.approx(case["ex_post_te"], abs=1e-8)


def test_implementation_shortfall_is_what_fills_cost_over_the_decision() -> None:
    case = CASES["implementation_shortfall"]
    bought = implementation_shortfall(case["decision_px"], case["fills"], is_buy=True)
    assert bought * 10_000 == pytest.approx(case["is_bps"])
    sold = implementation_shortfall(case["decision_px"], case["fills"], is_buy=False)
    assert sold * 10_000 == pytest.approx(-case["is_bps"])


def test_a_drawdown_is_measured_from_the_highest_value_before_it() -> None:
    assert drawdowns(np.array([1.0, 2.0, 1.0, 3.0, 2.4])) == pytest.approx([0, 0, -0.5, 0, -0.2])


def test_a_return_of_less_than_a_year_is_not_made_yearly() -> None:
    assert yearly(0.21, 2.0) == pytest.approx(0.1)
    assert yearly(0.05, 0.5) == 0.05
