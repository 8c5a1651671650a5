"""Weights and drift: one arithmetic for a moment and for a history."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from portfolio.drift import (
    drift_of,
    from_float,
    leaf_values,
    slice_drifts,
    slice_weights,
    total_drift,
    weights_of,
)
from portfolio.money import Money, Price, Weight
from portfolio.snapshot import PriceFault, RefusedPrice
from portfolio.target import Slice, build_target
from tests.support.households import account, d, household, quote, target

TREE = build_target(
    [
        Slice(name="stocks", weight=Weight(d("0.6"))),
        Slice(name="us", weight=Weight(d("0.5")), parent="stocks", symbol="US"),
        Slice(name="ex", weight=Weight(d("0.5")), parent="stocks", symbol="EX"),
        Slice(name="bonds", weight=Weight(d("0.4")), symbol="BND"),
    ]
)


def test_weights_are_fractions_of_each_row_and_an_empty_row_is_zero() -> None:
    block = weights_of(np.array([[1.0, 3.0], [0.0, 0.0], [-1.0, 3.0]]))
    assert block.tolist() == [[0.25, 0.75], [0.0, 0.0], [-0.5, 1.5]]


def test_groups_weigh_what_their_leaves_weigh() -> None:
    weights = np.array([[0.4, 0.3, 0.2, 0.1]])
    assert np.allclose(slice_weights(weights, TREE), [[0.7, 0.4, 0.3, 0.2, 0.1]])
    assert np.allclose(drift_of(weights, TREE), [[0.1, 0.1, 0.0, -0.2, 0.1]])


def test_total_drift_is_what_must_change_hands() -> None:
    assert total_drift(np.array([[0.4, 0.3, 0.2, 0.1]]), TREE)[0] == np.float64(0.2)


def test_leaf_values_are_in_leaf_order_with_all_cash_last_and_without_strangers() -> None:
    snapshot = household(
        account(100, {"US": 2, "XYZ": 9}, name="a"),
        account(50, {"US": 1, "BND": 5}, name="b"),
        quotes=(quote("US", 10), quote("BND", 4), quote("XYZ", 1)),
    )
    assert leaf_values(snapshot, TREE) == (30, 0, 20, 150)


def test_leaf_values_are_unknown_when_a_held_leaf_has_no_price() -> None:
    snapshot = household(account(0, {"US": 1}), quotes=())
    assert leaf_values(snapshot, TREE) is None
    refused = RefusedPrice(
        symbol="US", fault=PriceFault.STALE, detail="old", count_at=Price(Decimal(7))
    )
    counted = replace(snapshot, refused={"US": refused})
    assert leaf_values(counted, TREE) == (7, 0, 0, 0)


def test_slice_drifts_are_exact_numbers_of_twelve_places() -> None:
    values = [Money(d(v)) for v in (1, 1, 1, 0)]
    drifts = slice_drifts(values, TREE, [Weight(d("0.05"))] * 5)
    assert [s.name for s in drifts] == ["stocks", "us", "ex", "bonds", "cash"]
    assert drifts[0].drift == d("0.066666666667")
    assert drifts[3].actual == d("0.333333333333")


def test_a_float_comes_back_as_a_short_decimal() -> None:
    assert str(from_float(0.1 + 0.2)) == "0.3"
    assert str(from_float(100.0)) == "100"
    assert from_float(-1e-15) == 0


@given(st.lists(st.lists(st.floats(0, 1e9), min_size=4, max_size=4), min_size=1, max_size=30))
def test_a_row_alone_is_the_row_in_its_block(rows: list[list[float]]) -> None:
    block = np.array(rows)
    whole = drift_of(weights_of(block), TREE)
    for t in range(len(rows)):
        alone = drift_of(weights_of(block[t : t + 1]), TREE)
        assert (alone[0] == whole[t]).all()


@given(st.lists(st.integers(0, 10**9), min_size=3, max_size=3).filter(any))
def test_drifts_of_the_leaves_sum_to_zero(values: list[int]) -> None:
    tree = target({"A": "60", "B": "40"}, buffer="1")
    drifts = slice_drifts([Money(d(v)) for v in values], tree, [Weight(d(0))] * 3)
    assert abs(sum((s.drift for s in drifts), d(0))) < d("1e-11")
