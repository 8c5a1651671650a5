"""Growth, volatility and the deepest fall, against numbers made by hand."""

from datetime import date
from decimal import Decimal

import pytest

from daemon.review.course import course
from portfolio.money import Money

DAYS = [date(2020, 1, day) for day in (2, 3, 6, 7)]


def curve(*values: str) -> list[tuple[date, Money]]:
    return [(day, Money(Decimal(v))) for day, v in zip(DAYS, values, strict=False)]


def test_a_flat_curve_has_no_return_no_risk_and_no_fall() -> None:
    done = course(curve("100", "100", "100"), {})
    assert (done.growth, done.volatility, done.deepest_fall) == (0.0, 0.0, 0.0)


def test_the_deepest_fall_is_from_the_highest_point_before() -> None:
    # 100, 120, 90, 99: from 120 to 90 is a quarter
    done = course(curve("100", "120", "90", "99"), {})
    assert done.deepest_fall == pytest.approx(-0.25)
    assert done.growth == pytest.approx(-0.01)


def test_volatility_is_the_yearly_deviation_of_daily_returns() -> None:
    # returns +10 % and -10 %: mean 0, squares 0.01 + 0.01 over n - 1 = 1, root 0.141421
    done = course(curve("100", "110", "99"), {})
    assert done.volatility == pytest.approx(0.02**0.5 * 252**0.5)


def test_a_deposit_is_no_return() -> None:
    done = course(curve("100", "150", "150"), {DAYS[1]: Money(Decimal(50))})
    assert done.growth == pytest.approx(0.0)
    assert done.final == 150


def test_no_close_is_refused() -> None:
    with pytest.raises(ValueError, match="no close"):
        course([], {})
