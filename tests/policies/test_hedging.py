"""Sizing a hedge, against published examples."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.hedging import (
    Market,
    call,
    covered_calls,
    exposure_of,
    futures_hedge,
    put,
    put_hedge,
    zero_cost_call,
)


@pytest.mark.parametrize(
    ("value", "beta", "wanted", "future", "multiplier", "exact", "contracts"),
    [
        (5_050_000, 1.5, 0.0, 1010, 250, -30.0, -30),
        (5_050_000, 1.5, 0.75, 1010, 250, -15.0, -15),
        (20_000_000, 1.2, 0.0, 1080, 250, -88.89, -88),
        (10_000_000, 1.75, 0.0, 2767, 50, -126.49, -126),
    ],
    ids=["to nothing", "to half", "S&P at 1080", "E-mini at 2767"],
)
def test_futures_hedge_the_published_portfolios(
    value: float,
    beta: float,
    wanted: float,
    future: float,
    multiplier: float,
    exact: float,
    contracts: int,
) -> None:
    hedge = futures_hedge(value, beta, wanted_beta=wanted, future=future, multiplier=multiplier)
    assert hedge.exact == pytest.approx(exact, abs=0.005)
    assert hedge.contracts == contracts


def test_textbooks_round_to_the_nearest_contract() -> None:
    hedge = futures_hedge(
        20_000_000, 1.2, wanted_beta=0, future=1080, multiplier=250, to_nearest=True
    )
    assert hedge.contracts == -89


def test_what_whole_futures_leave_is_said_as_beta() -> None:
    """88 contracts of 270,000 take 23,760,000 of the 24,000,000 at risk away: 0.012 of 20 million."""
    hedge = futures_hedge(20_000_000, 1.2, wanted_beta=0, future=1080, multiplier=250)
    assert hedge.residual_beta == pytest.approx(0.012)


ARTICLE = Market(spot=600, years=0.25, volatility=0.18)


def test_seven_puts_protect_half_of_the_example() -> None:
    hedge = put_hedge(900_000, 1.05, ARTICLE, hedged_part=0.5, strike=570)
    assert hedge.contracts == 7
    assert hedge.neutral_contracts == 32
    assert hedge.cost_fraction == pytest.approx(0.0063, abs=0.00005)
    assert hedge.collar_strike == pytest.approx(642.55, abs=0.02)
    assert hedge.uncovered == pytest.approx(52_500)  # 7.875 contracts wanted, of 60,000 each


def test_the_exposure_counts_the_puts_delta() -> None:
    hedge = put_hedge(900_000, 1.05, ARTICLE, hedged_part=0.5, strike=570)
    assert hedge.exposure_before == pytest.approx(945_000)
    assert hedge.exposure_after == pytest.approx(945_000 + 700 * hedge.delta * 600)
    assert exposure_of(945_000, 7, -0.25, 600) == pytest.approx(840_000)


def test_hulls_example_of_a_call_is_reproduced() -> None:
    """Hull, chapter 15: 42 against 40, half a year, 10 %, 20 %: call 4.76, put 0.81."""
    market = Market(spot=42, years=0.5, volatility=0.2, rate=0.1, dividend_yield=0)
    assert call(market, 40).price == pytest.approx(4.76, abs=0.005)
    assert put(market, 40).price == pytest.approx(0.81, abs=0.005)


@given(
    strike=st.floats(300, 1200),
    years=st.floats(0.02, 2),
    volatility=st.floats(0.05, 0.8),
)
def test_a_put_and_a_call_differ_by_the_forward(
    strike: float, years: float, volatility: float
) -> None:
    market = Market(spot=600, years=years, volatility=volatility)
    forward = 600 * math.exp(-0.012 * years) - strike * math.exp(-0.04 * years)
    assert call(market, strike).price - put(market, strike).price == pytest.approx(
        forward, abs=1e-6
    )
    assert -1 <= put(market, strike).delta <= 0 <= call(market, strike).delta <= 1


@given(premium=st.floats(0.5, 100))
def test_the_collars_call_brings_what_the_put_costs(premium: float) -> None:
    strike = zero_cost_call(ARTICLE, premium)
    assert call(ARTICLE, strike).price == pytest.approx(premium, abs=1e-4)


@given(value=st.floats(1_000, 1e7), beta=st.floats(0.1, 2.5), part=st.floats(0, 1))
def test_puts_never_cover_more_than_the_hedged_part(value: float, beta: float, part: float) -> None:
    hedge = put_hedge(value, beta, ARTICLE, hedged_part=part, strike=570)
    assert hedge.contracts * 100 * 600 <= value * beta * part * (1 + 1e-9)
    assert 0 <= hedge.uncovered <= 60_000


def test_only_whole_hundreds_cover_a_call() -> None:
    assert [covered_calls(units) for units in (99.9, 100, 250)] == [0, 1, 2]


@pytest.mark.parametrize(("spot", "years", "volatility"), [(0, 1, 0.2), (600, 0, 0.2), (600, 1, 0)])
def test_a_market_without_price_time_or_movement_is_refused(
    spot: float, years: float, volatility: float
) -> None:
    with pytest.raises(ValueError, match="must be above zero"):
        Market(spot=spot, years=years, volatility=volatility)
