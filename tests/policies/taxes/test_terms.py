"""Holding periods: every worked case, and the calendar's corners."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.taxes.terms import (
    Term,
    adjusted_acquired,
    days_held_in_window,
    days_to_long_term,
    dividend_is_qualified,
    first_long_term_day,
    is_long_term,
    result_of_sale,
    term_of,
)
from portfolio.lots import Lot, LotSource
from portfolio.money import Money, Quantity
from tests.support.vectors import vectors

CASES = vectors("holding_period")
TERMS = {"ST": Term.SHORT, "LT": Term.LONG, None: None}


def day(text: str) -> date:
    return date.fromisoformat(text)


def lot(**facts: Any) -> Lot:
    base: dict[str, Any] = {
        "lot_id": "a",
        "symbol": "X",
        "quantity": Quantity(Decimal(1)),
        "acquired_on": date(2024, 7, 10),
        "basis": Money(Decimal(10)),
    }
    return Lot(**(base | facts))


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda c: f"{c['acquired']} {c['sold']}")
def test_a_worked_case_of_the_holding_period(case: dict[str, str]) -> None:
    acquired, sold = day(case["acquired"]), day(case["sold"])
    assert first_long_term_day(acquired) == day(case["first_long_term_date"])
    assert is_long_term(acquired, sold) is (case["expected"] == "LT")


@pytest.mark.parametrize("case", CASES["tacking"], ids=lambda c: str(c["tacked_days"]))
def test_tacked_days_make_a_lot_older(case: dict[str, Any]) -> None:
    tacked = lot(acquired_on=day(case["acquired"]), tacked_days=case["tacked_days"])
    assert adjusted_acquired(day(case["acquired"]), case["tacked_days"]) == day(
        case["adjusted_acquired"]
    )
    assert first_long_term_day(day(case["acquired"]), case["tacked_days"]) == day(
        case["expected_first_lt"]
    )
    assert term_of(tacked, day(case["sold"])) is TERMS[case["expected"]]


@pytest.mark.parametrize(
    "case",
    [c for c in CASES["other_acquisitions"] if c["kind"] in ("gift", "inherited")],
    ids=lambda c: f"{c['kind']} sold at {c['sale_price']}",
)
def test_a_gift_has_two_bases_and_an_inheritance_is_long_term(case: dict[str, Any]) -> None:
    if case["kind"] == "gift":
        given_lot = lot(
            source=LotSource.GIFT,
            acquired_on=day(case["donor_acquired"]),
            basis=Money(Decimal(case["donor_basis"])),
            loss_basis=Money(Decimal(case["fmv_at_gift"])),
            loss_acquired_on=day(case["gift_date"]),
        )
    else:
        given_lot = lot(
            source=LotSource.INHERITANCE,
            acquired_on=day(case["death_date"]),
            basis=Money(Decimal(case["death_fmv"])),
            always_long=True,
        )
    found = result_of_sale(given_lot, Decimal(case["sale_price"]), day(case["sale_date"]))
    expected = case["expected"]
    assert (found.gain, found.basis) == (expected["gain"], expected["basis"])
    assert found.term is TERMS[expected["term"]]


def test_a_gift_sold_below_its_value_at_the_gift_is_a_loss_from_the_day_of_the_gift() -> None:
    """Donor basis 10 since 2022, worth 6 when given on 2025-01-06, sold for 5 two months later."""
    given_lot = lot(
        source=LotSource.GIFT,
        acquired_on=date(2022, 1, 3),
        loss_basis=Money(Decimal(6)),
        loss_acquired_on=date(2025, 1, 6),
    )
    found = result_of_sale(given_lot, Decimal(5), date(2025, 3, 3))
    assert (found.gain, found.basis, found.term) == (-1, 6, Term.SHORT)
    later = result_of_sale(given_lot, Decimal(5), date(2026, 1, 7))
    assert later.term is Term.LONG


def test_a_suspended_holding_period_never_becomes_long_term() -> None:
    hedged = lot(acquired_on=date(2020, 1, 2), is_suspended=True)
    assert term_of(hedged, date(2026, 1, 2)) is Term.SHORT
    young = lot(acquired_on=date(2025, 12, 1), is_suspended=True)
    assert days_to_long_term(young, date(2026, 1, 2)) is None


def test_days_to_long_term_count_down_to_zero() -> None:
    assert days_to_long_term(lot(acquired_on=date(2024, 6, 10)), date(2025, 6, 5)) == 6
    assert days_to_long_term(lot(acquired_on=date(2024, 6, 10)), date(2025, 6, 11)) == 0
    assert days_to_long_term(lot(acquired_on=None), date(2025, 6, 11)) is None
    assert days_to_long_term(lot(acquired_on=None, always_long=True), date(2025, 6, 11)) == 0


def test_a_lot_without_basis_or_date_is_neither_gain_nor_term() -> None:
    found = result_of_sale(lot(basis=None, acquired_on=None), Decimal(5), date(2025, 1, 6))
    assert (found.gain, found.basis, found.term) == (None, None, None)


@pytest.mark.parametrize("case", CASES["qualified_dividend"])
def test_a_dividend_on_shares_sold_too_soon_is_not_qualified(case: dict[str, Any]) -> None:
    acquired, sold, ex = day(case["acquired"]), day(case["sold"]), day(case["ex_date"])
    window = timedelta(days=60)
    held = days_held_in_window(acquired, sold, ex - window, ex + window)
    assert held == case["expected_days_held_in_window"]
    assert dividend_is_qualified(acquired, sold, ex) is case["qualified"]
    assert dividend_is_qualified(acquired, None, ex)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 800))
def test_a_year_later_plus_a_day_is_the_first_long_term_day(acquired: date, held: int) -> None:
    first = first_long_term_day(acquired)
    assert 366 <= (first - acquired).days <= 367
    assert is_long_term(acquired, acquired + timedelta(days=held)) is (
        acquired + timedelta(days=held) >= first
    )
