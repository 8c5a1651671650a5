"""What is only listed anew, and what is not: transfers, mergers, trades on the way."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.renames import renames_among

UNITS = st.integers(1, 10**12).map(lambda n: Decimal(n).scaleb(-9))


def units(**quantities: str) -> dict[str, Decimal]:
    return {symbol: Decimal(quantity) for symbol, quantity in quantities.items()}


@pytest.mark.parametrize(
    ("expected", "shown", "renamed"),
    [
        (units(OLD="600"), units(NEW="600"), {"OLD": "NEW"}),
        (units(OLD="0.123456789", KO="3"), units(NEW="0.123456789", KO="3"), {"OLD": "NEW"}),
        # Five of the new symbol were bought by hand before anybody looked, five sold, or all of them.
        (units(OLD="600", NEW="5"), units(NEW="605"), {"OLD": "NEW"}),
        (units(OLD="600", NEW="-5"), units(NEW="595"), {"OLD": "NEW"}),
        (units(OLD="600", NEW="-600"), units(), {"OLD": "NEW"}),
        (units(OLD="6", BEF="7"), units(NEW="6", AFT="7"), {"OLD": "NEW", "BEF": "AFT"}),
    ],
)
def test_units_that_left_one_symbol_and_came_under_another_were_listed_anew(
    expected: dict[str, Decimal], shown: dict[str, Decimal], renamed: dict[str, str]
) -> None:
    assert renames_among(expected, shown) == renamed


@pytest.mark.parametrize(
    ("expected", "shown"),
    [
        (units(OLD="600"), units()),  # moved away, or merged for cash
        (units(OLD="600"), units(NEW="300")),  # a merger
        (units(OLD="600"), units(OLD="1", NEW="599")),  # a part of it was moved
        (units(OLD="600"), units(OLD="600", NEW="600")),  # something came in
        (units(OLD="600", ETC="600"), units(NEW="600")),  # one of the two: nobody knows which
        (units(OLD="600"), units(NEW="600", ETC="600")),
        (units(OLD="-600"), units(NEW="-600")),  # a short position has no lots
    ],
)
def test_what_only_a_person_knows_is_not_guessed(
    expected: dict[str, Decimal], shown: dict[str, Decimal]
) -> None:
    assert renames_among(expected, shown) == {}


@given(st.dictionaries(st.sampled_from("ABCDEF"), UNITS, min_size=1), UNITS)
def test_holdings_that_did_not_change_were_not_listed_anew(
    held: dict[str, Decimal], more: Decimal
) -> None:
    assert renames_among(held, held) == {}
    grown = {symbol: quantity + more for symbol, quantity in held.items()}
    assert renames_among(held, grown) == {}
