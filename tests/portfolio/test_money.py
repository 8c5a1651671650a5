"""Exact money: reading, rounding toward what can be afforded or is held, and no floats."""

import decimal
from decimal import Decimal
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.money import (
    MONEY_CONTEXT,
    Money,
    exact_arithmetic,
    finite,
    price_tick,
    round_down,
    tick_down,
    tick_up,
    to_cents,
    total,
    use_exact_arithmetic_everywhere,
)

prices = st.integers(1, 10**12).map(lambda n: Decimal(n) / 10**6)


@pytest.mark.parametrize("text", ["", "abc", "1,5", "NaN", "Infinity", "-inf", "sNaN", "0x10"])
def test_what_is_no_finite_number_is_refused_with_the_text(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a (finite )?number"):
        finite(text)


def test_a_number_is_read_exactly() -> None:
    assert finite("-12.50") == Decimal("-12.50")
    assert str(finite("0.1")) == "0.1"


def test_a_float_cannot_slip_into_money() -> None:
    with exact_arithmetic(), pytest.raises(decimal.FloatOperation):
        assert Decimal(1) < 1.5


def test_exact_arithmetic_ends_with_its_block() -> None:
    before = decimal.getcontext().prec
    with exact_arithmetic():
        assert decimal.getcontext().prec == 34
    assert decimal.getcontext().prec == before


def test_exact_arithmetic_everywhere_holds_in_threads_started_later() -> None:
    default, mine = decimal.DefaultContext.copy(), decimal.getcontext().copy()
    seen: list[int] = []
    try:
        use_exact_arithmetic_everywhere()
        thread = Thread(target=lambda: seen.append(decimal.getcontext().prec))
        thread.start()
        thread.join()
        assert decimal.getcontext().prec == MONEY_CONTEXT.prec
    finally:
        decimal.DefaultContext.prec = default.prec
        for signal, trapped in default.traps.items():
            decimal.DefaultContext.traps[signal] = trapped
        decimal.setcontext(mine)
    assert seen == [34]


@pytest.mark.parametrize(
    ("amount", "cents"),
    [("0.005", "0.00"), ("0.015", "0.02"), ("0.025", "0.02"), ("-0.015", "-0.02"), ("1", "1.00")],
)
def test_half_cents_go_to_the_even_cent(amount: str, cents: str) -> None:
    assert to_cents(Decimal(amount)) == Decimal(cents)


def test_nothing_sums_to_zero() -> None:
    assert total([]) == 0
    assert total([Money(Decimal("0.1"))] * 3) == Decimal("0.3")


def test_ticks_are_a_cent_from_one_dollar_on_and_a_hundredth_of_it_below() -> None:
    assert price_tick(Decimal(1)) == Decimal("0.01")
    assert price_tick(Decimal("0.9999")) == Decimal("0.0001")
    assert tick_up(Decimal("0.99995")) == 1
    assert tick_down(Decimal("10.019")) == Decimal("10.01")


@given(prices)
def test_a_tick_is_never_farther_than_one_step_and_on_the_right_side(price: Decimal) -> None:
    assert 0 <= price - tick_down(price) < price_tick(price)
    assert 0 <= tick_up(price) - price < price_tick(price)


@given(st.integers(-(10**15), 10**15), st.sampled_from(["1", "0.5", "0.01", "0.000000001"]))
def test_rounding_down_never_leaves_zero_behind(units: int, step: str) -> None:
    value, size = Decimal(units) / 10**7, Decimal(step)
    rounded = round_down(value, size)
    assert abs(rounded) <= abs(value)
    assert abs(value - rounded) < size
    assert rounded % size == 0
