"""What a loss is worth: the worked cases, and what must hold of every loss."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.taxes.harvest_value import LaterTax, break_even, use_of_loss, waiting_threshold
from policies.taxes.netting import CapitalResult
from policies.taxes.rates import FlatRates, TaxRates
from portfolio.money import Money
from tests.support.vectors import vectors

CASES = vectors("tlh")
RATES = TaxRates(
    federal=FlatRates(
        short=CASES["usage_pv"]["rates"]["st"],
        long=CASES["usage_pv"]["rates"]["lt"],
        ordinary=CASES["usage_pv"]["rates"]["ordinary"],
    )
)
FIVE_PERCENT = CASES["usage_pv"]["rates"]["r"]


@pytest.mark.parametrize("row", CASES["breakeven"]["rows"], ids=str)
def test_break_even_losses_are_those_of_the_cases(row: dict[str, Any]) -> None:
    later = LaterTax(
        rate=row["tau_future"],
        years=row["T"],
        discount=row["r"],
        step_up=Decimal(row["stepup_prob"]),
    )
    now = Decimal(row["tau_now"]) * Decimal(row["usable_pv_fraction"])
    found = break_even(row["round_trip_cost"], now, later)
    if row["breakeven_loss_fraction"] is None:
        assert found is None
    else:
        assert found is not None
        assert round(found, 6) == row["breakeven_loss_fraction"]


@pytest.mark.parametrize("row", CASES["usage_pv"]["rows"], ids=str)
def test_the_use_of_a_loss_is_that_of_the_cases(row: dict[str, Any]) -> None:
    short, long = (row["loss"], 0) if row["term"] == "ST" else (0, row["loss"])
    use = use_of_loss(
        RATES,
        2026,
        CapitalResult(short=usd(row["st_gains"][0]), long=usd(row["lt_gains"][0])),
        short=Decimal(short),
        long=Decimal(long),
        discount=FIVE_PERCENT,
    )
    assert round(use.saving, 2) == row["pv_tax_saving"]
    assert round(use.rate(Decimal(row["loss"])), 4) == row["effective_rate"]
    assert use.years == row["years_to_use"]


def test_a_loss_behind_an_old_carry_waits_for_its_turn() -> None:
    """6,000 carried in: this year and the next are taken; 3,000 more save 720 in the third year."""
    use = use_of_loss(
        RATES,
        2026,
        CapitalResult(carried_short=usd(6_000)),
        short=Decimal(3_000),
        discount=FIVE_PERCENT,
    )
    assert round(use.saving, 2) == Decimal("653.06")  # 720 / 1.05^2
    assert use.years == 3


def test_gains_expected_later_use_a_carry_sooner() -> None:
    """9,000 of loss: 3,000 now at 24 %, the other 6,000 against next year's short gains at 35 %."""
    use = use_of_loss(
        RATES,
        2026,
        CapitalResult(),
        short=Decimal(9_000),
        discount=FIVE_PERCENT,
        later=[CapitalResult(short=usd(8_000))],
    )
    assert round(use.saving, 2) == Decimal("2720.00")  # 720 + 2,100 / 1.05


@given(loss=st.integers(1, 200_000), more=st.integers(1, 50_000))
def test_a_larger_loss_is_worth_more_but_no_dollar_more_than_the_highest_rate(
    loss: int, more: int
) -> None:
    smaller = use_of_loss(RATES, 2026, CapitalResult(), short=Decimal(loss))
    larger = use_of_loss(RATES, 2026, CapitalResult(), short=Decimal(loss + more))
    assert smaller.saving <= larger.saving <= Decimal("0.35") * (loss + more)


@given(loss=st.integers(1, 100_000), gain=st.integers(0, 100_000))
def test_gains_to_offset_never_make_a_loss_worth_less(loss: int, gain: int) -> None:
    bare = use_of_loss(RATES, 2026, CapitalResult(), short=Decimal(loss))
    offset = use_of_loss(RATES, 2026, CapitalResult(short=usd(gain)), short=Decimal(loss))
    assert offset.saving >= bare.saving


@pytest.mark.parametrize(
    ("cost", "threshold"),
    [("0", "0.02"), ("0.0002", "0.02"), ("0.001", "0.03"), ("0.002", "0.0525"), ("0.01", "0.075")],
)
def test_dear_trades_wait_for_larger_losses(cost: str, threshold: str) -> None:
    assert waiting_threshold(Decimal(cost)) == Decimal(threshold)


def usd(amount: int | str) -> Money:
    return Money(Decimal(amount))
