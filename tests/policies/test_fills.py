"""Filling and draining by the published cases, their properties, and what it would take not to sell."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.planning.cash_first import (
    drain_relative,
    fill_relative,
    no_buy_withdrawal,
    no_sell_deposit,
    water_fill,
)
from portfolio.money import exact_arithmetic
from tests.support.households import d

CASES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "cashflow_waterfill.json").read_text(),
    parse_float=Decimal,
)
CENT = Decimal("0.0001")


def named(numbers: list[Any]) -> dict[str, Decimal]:
    return {str(n): d(number) for n, number in enumerate(numbers)}


def flow(case: dict[str, Any]) -> Decimal:
    return d(case["cash"]) if case["kind"] == "contribution" else -d(case["amount"])


def goals_of(case: dict[str, Any]) -> dict[str, Decimal]:
    whole = sum(case["values"]) + flow(case)
    return {n: w * whole for n, w in named(case["weights"]).items()}


def close(parts: dict[str, Any], expected: list[Any]) -> None:
    for name, number in named(expected).items():
        assert abs(parts.get(name, d(0)) - number) <= CENT, name


@pytest.mark.parametrize("case", CASES["contributions"], ids=lambda c: str(c["name"]))
def test_a_contribution_is_spread_as_published(case: dict[str, Any]) -> None:
    values, goals, cash = named(case["values"]), goals_of(case), d(case["cash"])
    gaps = {n: goals[n] - values[n] for n in values}
    with exact_arithmetic():
        level, relative = water_fill(gaps, cash), fill_relative(values, goals, cash)
    close(level, case["L2"]["buys"])
    close(relative, case["relative_M1"]["buys"])
    off = [values[n] + level.get(n, d(0)) - goals[n] for n in values]
    assert [abs(a - b) <= CENT for a, b in zip(off, case["L2"]["post_dev"], strict=True)] == [
        True
    ] * len(off)


@pytest.mark.parametrize("case", CASES["withdrawals"], ids=lambda c: str(c["name"]))
def test_a_withdrawal_is_taken_as_published(case: dict[str, Any]) -> None:
    values, goals, amount = named(case["values"]), goals_of(case), d(case["amount"])
    over = {n: values[n] - goals[n] for n in values}
    with exact_arithmetic():
        close(water_fill(over, amount), case["L2"]["sells"])
        close(drain_relative(values, goals, amount), case["relative_M1"]["sells"])
    weights = named(case["weights"])
    found = no_buy_withdrawal(values, weights, sum(values.values(), d(0)))
    assert found == case["W_star_no_buy"]


@pytest.mark.parametrize("case", CASES["contributions"], ids=lambda c: str(c["name"]))
def test_the_deposit_with_which_nothing_is_sold(case: dict[str, Any]) -> None:
    values, weights = named(case["values"]), named(case["weights"])
    with exact_arithmetic():
        found = no_sell_deposit(values, weights, sum(values.values(), d(0)))
    expected = case["C_star_no_sell"]
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert abs(found - expected) <= CENT


def test_what_has_no_goal_is_drained_first() -> None:
    values, goals = named([5000, 3000, 2000]), named([5400, 3600, 0])
    assert drain_relative(values, goals, d(1500)) == {"2": d(1500)}


BOOKS = st.lists(st.tuples(st.integers(0, 90_000), st.integers(1, 50)), min_size=1, max_size=6).map(
    lambda rows: ([d(v) for v, _ in rows], [d(w) for _, w in rows])
)
AMOUNTS = st.integers(1, 100_000).map(d)


def filled(book: tuple[list[Decimal], list[Decimal]], cash: Decimal) -> list[dict[str, Any]]:
    """The same money spread by both fills."""
    values, parts = named(book[0]), named(book[1])
    whole = sum(values.values()) + cash
    goals = {n: w / sum(parts.values()) * whole for n, w in parts.items()}
    gaps = {n: goals[n] - values[n] for n in values}
    return [water_fill(gaps, cash), fill_relative(values, goals, cash)]


@settings(max_examples=150, deadline=None)
@given(BOOKS, AMOUNTS)
def test_all_money_is_spread_and_nothing_sold(
    book: tuple[list[Decimal], list[Decimal]], cash: Decimal
) -> None:
    with exact_arithmetic():
        for parts in filled(book, cash):
            assert abs(sum(parts.values()) - cash) < Decimal("1e-12")
            assert all(part > 0 for part in parts.values())


@settings(max_examples=150, deadline=None)
@given(BOOKS, AMOUNTS, st.integers(2, 1000).map(d))
def test_ten_times_the_money_is_spread_ten_times_over(
    book: tuple[list[Decimal], list[Decimal]], cash: Decimal, scale: Decimal
) -> None:
    with exact_arithmetic():
        large = filled(([v * scale for v in book[0]], book[1]), cash * scale)
        for small, big in zip(filled(book, cash), large, strict=True):
            for name in small.keys() | big.keys():
                step = abs(small.get(name, d(0)) * scale - big.get(name, d(0)))
                assert step < Decimal("1e-9")


@settings(max_examples=150, deadline=None)
@given(BOOKS, AMOUNTS, st.randoms())
def test_the_order_of_the_holdings_does_not_matter(
    book: tuple[list[Decimal], list[Decimal]], cash: Decimal, chance: Any
) -> None:
    places = list(range(len(book[0])))
    chance.shuffle(places)
    turned = ([book[0][n] for n in places], [book[1][n] for n in places])
    with exact_arithmetic():
        for one, other in zip(filled(book, cash), filled(turned, cash), strict=True):
            for place, n in enumerate(places):
                step = abs(one.get(str(n), d(0)) - other.get(str(place), d(0)))
                assert step < Decimal("1e-12")


@settings(max_examples=150, deadline=None)
@given(BOOKS, AMOUNTS, AMOUNTS)
def test_more_money_never_buys_less_of_anything(
    book: tuple[list[Decimal], list[Decimal]], cash: Decimal, more: Decimal
) -> None:
    with exact_arithmetic():
        for less, larger in zip(filled(book, cash), filled(book, cash + more), strict=True):
            for name, part in less.items():
                assert larger.get(name, d(0)) >= part - Decimal("1e-12")


@settings(max_examples=150, deadline=None)
@given(BOOKS)
def test_the_no_sell_deposit_is_just_enough(book: tuple[list[Decimal], list[Decimal]]) -> None:
    values = named(book[0])
    weights = {n: w / sum(book[1]) for n, w in named(book[1]).items()}
    with exact_arithmetic():
        found = no_sell_deposit(values, weights, sum(values.values(), d(0)))
        assert found is not None
        whole = sum(values.values()) + found
        over = {n: values[n] - weights[n] * whole for n in values}
        assert max(over.values()) < Decimal("1e-9")
        assert max(over.values()) > -Decimal("1e-9")
