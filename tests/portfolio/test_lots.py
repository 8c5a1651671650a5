"""Lots: what a sale takes, what a split does, and the broker's word on what is held."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.accounts import Position
from portfolio.lots import (
    Lot,
    after_split,
    divided,
    matching_position,
    sold_first_in_first_out,
)
from portfolio.money import Money, Price, Quantity, exact_arithmetic


def q(number: str | int) -> Quantity:
    return Quantity(Decimal(number))


def lot(
    lot_id: str, quantity: str | int, year: int | None, cost: str | None = "10", symbol: str = "A"
) -> Lot:
    return Lot(
        lot_id=lot_id,
        symbol=symbol,
        quantity=q(quantity),
        acquired_on=None if year is None else date(year, 1, 2),
        basis=None if cost is None else Money(Decimal(cost) * q(quantity)),
    )


def position(quantity: str | int, average: str | None = None) -> Position:
    return Position(
        symbol="A",
        quantity=q(quantity),
        available=q(quantity),
        average_cost=None if average is None else Price(Decimal(average)),
    )


BOOK = (
    lot("2021", 10, 2021),
    lot("b", 99, 2000, symbol="B"),
    lot("2019", 4, 2019),
    lot("?", 1, None),
)


def test_the_oldest_lots_go_first_and_one_of_unknown_date_is_the_oldest() -> None:
    left, sold = sold_first_in_first_out(BOOK, "A", q(7))
    assert [(x.lot_id, x.quantity) for x in sold] == [("?", 1), ("2019", 4), ("2021", 2)]
    assert [(x.lot_id, x.quantity) for x in left] == [("2021", 8), ("b", 99)]


def test_what_is_not_held_cannot_be_sold() -> None:
    with pytest.raises(ValueError, match="the ledger holds 15 A, 16 were sold"):
        sold_first_in_first_out(BOOK, "A", q(16))


def test_a_sale_of_nothing_changes_nothing() -> None:
    assert sold_first_in_first_out(BOOK, "A", q(0)) == (BOOK, ())


def test_a_basis_is_known_with_its_cost_and_the_date_is_another_matter() -> None:
    assert lot("x", 3, 2020).basis == 30
    assert lot("x", 3, None).basis_known
    assert lot("x", 3, 2020, None).basis is None
    assert not lot("x", 3, 2020, None).basis_known


def test_a_split_keeps_the_basis_and_leaves_others_alone() -> None:
    book = (lot("a", 10, 2020, "30"), lot("?", 2, 2020, None), lot("b", 5, 2020, symbol="B"))
    after = after_split(book, "A", Decimal(3))
    assert (after[0].quantity, after[0].unit_cost, after[0].basis) == (q(30), Decimal(10), 300)
    assert (after[1].quantity, after[1].unit_cost) == (q(6), None)
    assert after[2] is book[2]


def test_lots_are_made_to_sum_to_the_position() -> None:
    assert matching_position(BOOK, position(15)) == tuple(x for x in BOOK if x.symbol == "A")
    fewer = matching_position(BOOK, position(12))
    assert [(x.lot_id, x.quantity) for x in fewer] == [("2021", 10), ("2019", 2)]
    more = matching_position(BOOK, position(20))
    assert (more[-1].lot_id, more[-1].quantity, more[-1].unit_cost) == ("unknown-A", q(5), None)


def test_an_average_cost_tells_what_unknown_lots_cost() -> None:
    """15 units at 12 cost 180, ten known ones 100 of it: five cost 80, 16 each."""
    book = (lot("a", 10, 2020), lot("?", 5, None, None))
    found = matching_position(book, position(15, "12"))
    assert [x.unit_cost for x in found] == [10, 16]
    assert matching_position(book[:1], position(10, "12")) == book[:1]
    absurd = matching_position(book, position(15, "1"))
    assert absurd[1].unit_cost is None


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(2000, 2030)), min_size=1, max_size=8),
    st.integers(0, 100),
)
def test_a_sale_moves_units_and_loses_none(parts: list[tuple[int, int]], percent: int) -> None:
    book = tuple(lot(str(i), n, year) for i, (n, year) in enumerate(parts))
    held = sum(n for n, _ in parts)
    amount = q(held * percent // 100)
    left, sold = sold_first_in_first_out(book, "A", amount)
    assert sum(x.quantity for x in sold) == amount
    assert sum(x.quantity for x in left) == held - amount
    newest_sold = max((x.acquired_on for x in sold if x.acquired_on), default=date.min)
    assert all((x.acquired_on or date.max) >= newest_sold for x in left)
    assert all(x == replace(x) for x in left)


@given(st.integers(1, 10**14), st.integers(2, 10**12), st.data())
def test_a_divided_lot_loses_nothing_to_rounding(
    cents: int, units: int, data: st.DataObject
) -> None:
    part = q(data.draw(st.integers(1, units - 1))).scaleb(-9)
    whole = Lot(
        lot_id="a",
        symbol="A",
        quantity=Quantity(q(units).scaleb(-9)),
        basis=Money(Decimal(cents).scaleb(-2)),
        original_basis=Money(Decimal(cents).scaleb(-3)),
    )
    first, rest = divided(whole, part)
    assert rest is not None
    assert first.quantity == part
    assert first.quantity + rest.quantity == whole.quantity
    with exact_arithmetic():
        assert (first.basis or 0) + (rest.basis or 0) == whole.basis
        assert (first.original_basis or 0) + (rest.original_basis or 0) == whole.original_basis


def test_a_lot_cannot_be_divided_beyond_itself() -> None:
    with pytest.raises(ValueError, match="11 of 10 A in lot x"):
        divided(lot("x", 10, 2020), q(11))
    assert divided(lot("x", 10, 2020), q(10))[1] is None
