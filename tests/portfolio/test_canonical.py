"""One text for one value: equal values have equal texts, and nothing inexact has one."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.canonical import canonical, decimal_text, digest, plain


class Colour(StrEnum):
    RED = "red"


class Number(Enum):
    ONE = 1


@dataclass(frozen=True)
class Pair:
    a: Any
    b: Any


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (3, "3"),
        ("é", '"\\u00e9"'),
        (Colour.RED, '"red"'),
        (Number.ONE, "1"),
        (Decimal("1.500"), '"1.5"'),
        (Decimal("-0.000"), '"0"'),
        (Decimal("1E+3"), '"1000"'),
        (Decimal("1E-9"), '"0.000000001"'),
        (date(2026, 1, 2), '"2026-01-02"'),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), '"2026-01-02T03:00:00+00:00"'),
        (timedelta(minutes=1, microseconds=5), '"PT60.000005S"'),
        ((1, [2]), "[1,[2]]"),
        (frozenset({"b", "a"}), '["a","b"]'),
        ({Colour.RED: Decimal(1), "a": None}, '{"a":null,"red":"1"}'),
        (Pair(a=1, b=(Pair(a=2, b=3),)), '{"a":1,"b":[{"a":2,"b":3}]}'),
    ],
)
def test_a_value_has_one_text(value: object, text: str) -> None:
    assert canonical(value) == text


@pytest.mark.parametrize(
    "value",
    [1.5, Decimal("NaN"), Decimal("Infinity"), datetime(2026, 1, 2), object(), Pair, b"bytes"],  # noqa: DTZ001
)
def test_what_would_not_come_back_exactly_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical({"x": value})


@given(st.decimals(allow_nan=False, allow_infinity=False, places=9), st.integers(0, 6))
def test_equal_decimals_have_equal_texts_that_read_back(value: Decimal, zeros: int) -> None:
    text = decimal_text(value)
    assert Decimal(text) == value
    longer = Decimal(f"{value:f}" + "0" * zeros)
    assert decimal_text(longer) == text


_VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(max_size=5),
        st.decimals(allow_nan=False, allow_infinity=False),
        st.dates(),
        st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))])),
        st.timedeltas(),
        st.sampled_from([Colour.RED, Number.ONE]),
        st.frozensets(st.text(max_size=3), max_size=3),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.builds(Pair, a=inner, b=inner),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers(0, 3)), inner, max_size=3),
    ),
    max_leaves=12,
)


@given(_VALUES)
def test_the_text_is_what_json_makes_of_the_plain_value(value: object) -> None:
    assert canonical(value) == json.dumps(plain(value), sort_keys=True, separators=(",", ":"))


@given(st.dictionaries(st.text(max_size=5), st.integers(), max_size=6))
def test_a_digest_does_not_know_the_order_of_a_mapping(value: dict[str, int]) -> None:
    turned = dict(sorted(value.items(), reverse=True))
    assert digest(value) == digest(turned)
    assert digest({**value, "and one more": 1}) != digest(value)
