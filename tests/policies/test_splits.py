"""A split is told from a trade by units and price together."""

from decimal import Decimal

import pytest

from policies.splits import split_like
from portfolio.money import Price, Quantity

TENTH = Decimal("0.1")


def ratio(before: str, after: str, was: str, now: str) -> tuple[int, int] | None:
    units = (Quantity(Decimal(before)), Quantity(Decimal(after)))
    return split_like(*units, Price(Decimal(was)), Price(Decimal(now)), TENTH)


@pytest.mark.parametrize(
    ("before", "after", "was", "now", "expected"),
    [
        ("100", "200", "80", "40", (2, 1)),
        ("100", "150", "90", "60", (3, 2)),
        ("100", "10", "5", "50", (1, 10)),
        ("100", "700", "700", "100", (7, 1)),
        ("80", "100", "100", "80", (5, 4)),
        # Cash for the part of a unit: 33 of 33.3 are there.
        ("333", "33", "5", "50", (1, 10)),
        ("1.5", "3", "80", "40", (2, 1)),
    ],
)
def test_units_that_changed_n_for_m_and_a_price_that_changed_inversely_are_a_split(
    before: str, after: str, was: str, now: str, expected: tuple[int, int]
) -> None:
    assert ratio(before, after, was, now) == expected


@pytest.mark.parametrize(
    ("before", "after", "was", "now"),
    [
        ("100", "200", "80", "80"),  # bought as many again
        ("100", "50", "80", "80"),  # sold half
        ("100", "50", "80", "40"),  # sold half in a crash
        ("100", "100", "80", "40"),  # only the price fell: held by the price jump
        ("800", "1100", "88", "64"),  # 11 for 8: nobody splits so
        ("100", "0", "80", "8"),  # renamed, or a spin-off of all of it
    ],
)
def test_what_a_trade_or_a_fall_would_show_is_no_split(
    before: str, after: str, was: str, now: str
) -> None:
    found = ratio(before, after, was, now)
    assert found is None


def test_the_value_may_have_moved_by_a_tenth_and_not_by_more() -> None:
    assert ratio("100", "200", "80", "44") == (2, 1)
    assert ratio("100", "200", "80", "44.01") is None
    assert ratio("100", "200", "80", "36") == (2, 1)
    assert ratio("100", "200", "80", "35.99") is None


def test_a_whole_unit_left_over_is_no_cash_in_lieu() -> None:
    assert ratio("100", "199.5", "80", "40") == (2, 1)
    assert ratio("1000", "1999", "80", "40") is None
