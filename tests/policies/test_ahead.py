"""Looking ahead may say yes too often, never no too often; and its dates are those of a live look."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.engine import walk
from backtest.history import history_of
from policies.dates import CalendarRule, Period
from policies.triggers import ahead
from policies.triggers.calendar import last_date, last_dates
from tests.support.backtests import random_prices, same_close, weekdays
from tests.support.ten_policies import TEN

RULES = st.one_of(
    st.builds(CalendarRule, period=st.just(Period.DAILY)),
    st.builds(
        CalendarRule,
        period=st.just(Period.WEEKLY),
        every=st.integers(1, 9),
        day=st.integers(1, 5),
    ),
    st.builds(
        CalendarRule,
        every=st.integers(1, 7),
        period=st.sampled_from([Period.MONTHLY, Period.QUARTERLY, Period.YEARLY]),
        day=st.integers(1, 31),
        month=st.integers(1, 12),
    ),
)


@given(rule=RULES, first=st.dates(date(1950, 1, 1), date(2090, 1, 1)))
def test_the_dates_of_a_block_are_the_dates_of_each_day(rule: CalendarRule, first: date) -> None:
    days = np.arange(first.toordinal(), first.toordinal() + 800, 7, dtype=np.int64)
    expected = [last_date(rule, date.fromordinal(day)).toordinal() for day in days.tolist()]
    assert last_dates(rule, days).tolist() == expected


@pytest.mark.parametrize("name", TEN)
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_no_skipped_look_would_have_traded(name: str, seed: int) -> None:
    """Every row asked in full gives the same orders as the rows that could call."""
    history = history_of(weekdays(150), ("A", "B", "C"), random_prices(150, 3, seed))
    skipping = walk(TEN[name], history, same_close())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "backtest.engine.could_call",
            lambda outlook, first, values, *_: np.ones(len(values), dtype=np.bool_),
        )
        asking = walk(TEN[name], history, same_close())
    assert skipping.orders == asking.orders
    assert skipping.plans == asking.plans
    assert skipping.looks <= asking.looks


def test_a_policy_made_ready_knows_its_bought_leaves() -> None:
    policy = TEN["groups and a cash slice, with a rest"]
    days = np.array([day.toordinal() for day in weekdays(3)], dtype=np.int64)
    outlook = ahead.outlook_of(policy, days, np.ones(3, dtype=np.bool_))
    assert outlook.targets.tolist() == [0.42, pytest.approx(0.28), 0.25]
    assert outlook.widths.tolist()[-1] == np.inf
    assert outlook.overrides[0] == pytest.approx(1.5 * outlook.widths[0])
