"""How spread a portfolio is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.diversification import FEWEST_RETURNS, alike, effective_number, exposure


def test_sixty_forty_is_as_concentrated_as_not_quite_two_equal_holdings() -> None:
    # one over the sum of 0.36 and 0.16
    assert effective_number({"A": 0.6, "B": 0.4}) == pytest.approx(1.9230769)


@given(st.dictionaries(st.text("ABCDEF", min_size=1), st.floats(0.001, 10), min_size=1))
def test_the_effective_number_lies_between_one_and_the_number_of_holdings(
    weights: dict[str, float],
) -> None:
    found = effective_number(weights)
    assert 1 - 1e-9 <= found <= len(weights) + 1e-9
    doubled = {symbol: 2 * weight for symbol, weight in weights.items()}
    assert effective_number(doubled) == pytest.approx(found)


def test_what_is_not_said_of_a_fund_is_shown_as_not_known() -> None:
    parts = {"FUND": {"equity": 0.7, "bond": 0.2}}
    assert exposure({"FUND": 0.5, "OTHER": 0.5}, parts) == pytest.approx(
        {"not known": 0.55, "equity": 0.35, "bond": 0.1}
    )


def _walk(seed: int, rows: int) -> np.ndarray:
    return np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, rows)))


def test_two_funds_of_one_index_are_told_and_two_walks_of_their_own_are_not() -> None:
    index = _walk(1, 250)
    prices = np.column_stack([index, 3 * index, _walk(2, 250)])
    pairs = alike(prices, ("VOO", "IVV", "BND"))
    assert [(p.first, p.second) for p in pairs] == [("VOO", "IVV")]
    assert pairs[0].correlation == pytest.approx(1.0)


def test_too_short_a_history_says_nothing() -> None:
    index = _walk(1, FEWEST_RETURNS)
    assert alike(np.column_stack([index, index]), ("VOO", "IVV")) == ()


def test_a_price_that_never_moved_is_like_no_other() -> None:
    prices = np.column_stack([np.ones(100), _walk(3, 100)])
    assert alike(prices, ("CASHLIKE", "VOO")) == ()
