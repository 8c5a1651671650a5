"""When a partner is changed back: the worked cases and the edges of day 31."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.taxes.switching import KeepingCost, SwitchBack, rebuy_window, switch_back
from portfolio.money import Money
from tests.support.vectors import vectors

CASES = vectors("tlh")
THRESHOLD = Decimal("0.025")


@pytest.mark.parametrize("row", CASES["rebuy_dates"], ids=lambda row: row["loss_sale"])
def test_the_61_days_around_a_loss_sale(row: dict[str, str]) -> None:
    window = rebuy_window(date.fromisoformat(row["loss_sale"]))
    assert str(window.blocked_from) == row["blocked_from"]
    assert str(window.blocked_through) == row["blocked_through"]
    assert str(window.first_safe) == row["first_safe_rebuy"]


@pytest.mark.parametrize("row", CASES["switch_back"], ids=str)
def test_the_worked_switches(row: dict[str, Any]) -> None:
    """A loss in these cases counts as beyond the threshold: 120 of a value of 4,000 is 3 %."""
    gain = Decimal(row["secondary_gain"])
    answer = switch_back(Money(gain), row["days_since"], value=usd(4_000), threshold=THRESHOLD)
    assert answer.value == row["action"]


@pytest.mark.parametrize(
    ("days", "answer"), [(30, SwitchBack.WAIT), (31, SwitchBack.SWITCH)], ids=["day 30", "day 31"]
)
def test_the_first_safe_day_is_the_31st(days: int, answer: SwitchBack) -> None:
    assert switch_back(usd(0), days, value=usd(1_000), threshold=THRESHOLD) is answer


@pytest.mark.parametrize(
    ("loss", "answer"),
    [("24.99", SwitchBack.SWITCH), ("25", SwitchBack.HARVEST)],
    ids=["under the threshold", "at the threshold"],
)
def test_a_small_loss_goes_back_without_a_harvest(loss: str, answer: SwitchBack) -> None:
    assert switch_back(Money(-Decimal(loss)), 40, value=usd(1_000), threshold=THRESHOLD) is answer


@pytest.mark.parametrize(
    ("gain", "answer"),
    [(400, SwitchBack.SWITCH), (600, SwitchBack.KEEP)],
    ids=["tax 60 under what keeping costs", "tax 90 above it"],
)
def test_a_long_term_gain_goes_back_only_where_keeping_is_dearer(
    gain: int, answer: SwitchBack
) -> None:
    """10,000 for 10 years at 8 basis points: keeping costs 80; 15 % of the gain is 60 or 90."""
    keeping = KeepingCost(expense=Decimal("0.0008"), years=10, discount=Decimal(0))
    found = switch_back(
        usd(gain),
        400,
        value=usd(10_000),
        threshold=THRESHOLD,
        long_term=True,
        long_rate=Decimal("0.15"),
        keeping=keeping,
    )
    assert found is answer


def test_a_short_term_gain_is_kept_whatever_it_costs() -> None:
    dear = KeepingCost(expense=Decimal("0.05"))
    answer = switch_back(
        usd(10), 40, value=usd(10_000), threshold=THRESHOLD, long_rate=Decimal(0), keeping=dear
    )
    assert answer is SwitchBack.KEEP


@given(day=st.dates(date(2000, 1, 1), date(2090, 1, 1)))
def test_every_window_has_61_days(day: date) -> None:
    window = rebuy_window(day)
    assert (window.blocked_through - window.blocked_from).days + 1 == 61
    assert window.first_safe - day == timedelta(days=31)


def usd(amount: int) -> Money:
    return Money(Decimal(amount))
