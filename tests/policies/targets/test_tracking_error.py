"""A tilt whose tracking error is bounded by a covariance of the slices."""

from datetime import date
from decimal import Decimal

import pytest

from policies.conditions import Covariance
from policies.targets.sources import Fixed, Overlay, Reading, Weighing
from policies.targets.tilt import Bounds
from policies.targets.weighing import weights_on
from portfolio.money import Weight

d = Decimal
DAY = date(2026, 3, 2)
# Stocks vary by 20 % a year, two funds of half of them each, alike; bonds not at all.
STOCKS = Covariance(symbols=("us", "world"), rows=((d("0.04"), d("0.04")), (d("0.04"), d("0.04"))))


def tilted(bounds: Bounds, covariance: Covariance | None) -> dict[str, Decimal]:
    """60/40, the stocks in two halves; a z of one for stocks, worth 5 points."""
    reading = Reading(
        signal="trend", month_end=date(2026, 2, 28), value=d(1), scores={"stocks": d(1)}
    )
    inputs = Weighing(
        source=Fixed(),
        day=DAY,
        base={"us": Weight(d("0.3")), "world": Weight(d("0.3")), "bonds": Weight(d("0.4"))},
        classes={"stocks": ("us", "world"), "bonds": ("bonds",)},
        overlay=Overlay(
            alphas={"trend": d("0.05")}, readings=(reading,), bounds=bounds, covariance=covariance
        ),
    )
    return dict(weights_on(DAY, inputs))


def test_without_a_covariance_the_tilt_is_what_the_signal_is_worth() -> None:
    # 5 points for one of two classes, made to sum to zero: 2.5 points each way
    assert tilted(Bounds(), None)["bonds"] == d("0.375")


def test_a_tilt_is_cut_to_its_tracking_error() -> None:
    # 2.5 points of a class that varies by 20 % are a tracking error of 0.5 %; a quarter of a percent
    # allows half of them.
    found = tilted(Bounds(tracking_error=d("0.0025")), STOCKS)
    assert found["bonds"] == pytest.approx(d("0.3875"), abs=d("0.000001"))
    assert found["us"] == found["world"] == pytest.approx(d("0.30625"), abs=d("0.000001"))


def test_a_tilt_within_its_tracking_error_is_left_as_it_is() -> None:
    assert tilted(Bounds(tracking_error=d("0.005")), STOCKS)["bonds"] == pytest.approx(d("0.375"))


def test_a_slice_that_the_covariance_does_not_list_does_not_vary() -> None:
    # only half of the stocks vary: 10 % for the class, so that a quarter of a percent allows it all
    half = Covariance(symbols=("us",), rows=((d("0.04"),),))
    assert tilted(Bounds(tracking_error=d("0.0025")), half)["bonds"] == pytest.approx(d("0.375"))
