"""Returns against worked cases: linked by hand, a spreadsheet's own example, Modified Dietz."""

from datetime import date

import numpy as np
import pytest

from backtest.returns import (
    drawdowns,
    modified_dietz,
    money_weighted,
    time_weighted,
    tracking_error,
    turnover,
    yearly,
)

FLOWS = [
    (date(2025, 1, 2), -100_000.0),
    (date(2025, 3, 3), -10_000.0),
    (date(2025, 6, 16), 5_000.0),
    (date(2025, 12, 31), 120_000.0),
]


def test_sub_periods_between_flows_are_linked() -> None:
    periods = [(100_000, 104_000), (114_000, 111_000), (106_000, 120_000)]
    assert time_weighted(periods) == pytest.approx(0.14637537, abs=1e-8)


def test_the_money_weighted_return_discounts_by_actual_days_over_365() -> None:
    assert money_weighted(FLOWS) == pytest.approx(0.14286887, abs=1e-8)


def test_the_money_weighted_return_is_the_spreadsheets() -> None:
    """The example in Microsoft's help for XIRR."""
    flows = [
        (date(2008, 1, 1), -10_000.0),
        (date(2008, 3, 1), 2_750.0),
        (date(2008, 10, 30), 4_250.0),
        (date(2009, 2, 15), 3_250.0),
        (date(2009, 4, 1), 2_750.0),
    ]
    assert money_weighted(flows) == pytest.approx(0.373362535, abs=1e-8)


def test_money_that_is_lost_whole_has_no_rate() -> None:
    assert money_weighted([(date(2025, 1, 2), -1.0), (date(2025, 12, 31), -1.0)]) is None


def test_modified_dietz_weighs_flows_by_the_time_left() -> None:
    days = (date(2025, 12, 31) - date(2025, 1, 2)).days
    flows = [(-amount, (date(2025, 12, 31) - day).days / days) for day, amount in FLOWS[1:-1]]
    assert modified_dietz(100_000, 120_000, flows) == pytest.approx(0.14201878, abs=1e-8)


def test_turnover_is_the_smaller_side_over_the_average_value() -> None:
    assert turnover(18_000, 15_000, 250_000) == pytest.approx(0.06)
    assert turnover(18_000, 15_000, 250_000, years=2) == pytest.approx(0.03)


def test_tracking_error_is_the_sample_deviation_of_differences() -> None:
    portfolio = np.array([0.01, -0.004, 0.006, -0.012, 0.008, 0.003])
    benchmark = np.array([0.009, -0.003, 0.004, -0.01, 0.01, 0.002])
    assert tracking_error(portfolio, benchmark, 12) == pytest.approx(0.00596657, abs=1e-8)


def test_a_drawdown_is_measured_from_the_highest_value_before_it() -> None:
    assert drawdowns(np.array([1.0, 2.0, 1.0, 3.0, 2.4])) == pytest.approx([0, 0, -0.5, 0, -0.2])


def test_a_return_of_less_than_a_year_is_not_made_yearly() -> None:
    assert yearly(0.21, 2.0) == pytest.approx(0.1)
    assert yearly(0.05, 0.5) == 0.05
