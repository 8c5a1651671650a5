"""The overlay: vintages, persistence, silence, and no knowledge of later numbers."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.targets.overlay import SignalKind, SignalRule, persisting, readings_on
from policies.targets.series import Observation, Series, known_on, month_ends_until

TREND = SignalRule(name="trend", kind=SignalKind.TREND, series=("index",), classes=("stocks",))
SAHM = SignalRule(name="sahm", kind=SignalKind.SAHM, series=("jobless",), classes=("stocks",))


def monthly(name: str, values: list[float], *, first: date = date(2024, 1, 1)) -> Series:
    """One number for each month, known at the month's end."""
    ends = month_ends_until(first, first + timedelta(days=31 * len(values)))
    return Series(
        name=name,
        observations=tuple(
            Observation(period=end, known_on=end, value=value)
            for end, value in zip(ends, values, strict=False)
        ),
    )


def score(day: date, rule: SignalRule, *series: Series) -> Decimal:
    (reading,) = readings_on(day, [rule], {one.name: one for one in series})
    return reading.scores.get("stocks", Decimal(0))


def test_a_trend_counts_when_two_month_ends_in_a_row_say_so() -> None:
    # Ten rising months, then two that close under the mean of ten.
    series = monthly("index", [100.0 + n for n in range(12)] + [80.0, 80.0])
    assert score(date(2024, 11, 15), TREND, series) == 0  # one reading: October
    assert score(date(2024, 12, 15), TREND, series) == 1  # October and November
    assert score(date(2025, 2, 15), TREND, series) == 1  # January fell: one reading
    assert score(date(2025, 3, 15), TREND, series) == -1  # January and February fell


def test_a_reading_acts_from_the_first_of_the_next_month() -> None:
    series = monthly("index", [100.0 + n for n in range(12)])
    assert score(date(2024, 11, 30), TREND, series) == 0
    assert score(date(2024, 12, 1), TREND, series) == 1


def test_a_revision_is_not_seen_before_its_vintage() -> None:
    first = Observation(period=date(2024, 1, 1), known_on=date(2024, 2, 2), value=3.7)
    revised = Observation(period=date(2024, 1, 1), known_on=date(2025, 1, 10), value=3.9)
    series = Series(name="jobless", observations=(revised, first))
    assert known_on(series, date(2024, 2, 1)) == ()
    assert known_on(series, date(2024, 12, 31)) == (first,)
    assert known_on(series, date(2025, 1, 10)) == (revised,)


def test_numbers_older_than_45_days_silence_a_signal_at_once_and_say_so() -> None:
    series = monthly("index", [100.0 + n for n in range(12)])  # through December 2024
    assert score(date(2025, 2, 15), TREND, series) == 1  # 31 January is within 45 days
    (reading,) = readings_on(date(2025, 3, 15), [TREND], {"index": series})
    assert reading.scores == {"stocks": 0}
    assert "stale" in reading.note


def test_a_signal_without_its_series_is_silent() -> None:
    (reading,) = readings_on(date(2025, 3, 15), [TREND], {})
    assert reading.scores == {}
    assert reading.note == "there is no series index"


def test_too_short_a_series_is_silent_and_says_what_it_needs() -> None:
    (reading,) = readings_on(date(2024, 5, 1), [TREND], {"index": monthly("index", [1.0] * 4)})
    assert reading.note == "10 points are needed, there are 4"


@pytest.mark.parametrize(
    ("scores", "held"),
    [
        ([], 0.0),
        ([1.0], 0.0),
        ([1.0, 1.0], 1.0),
        ([1.0, 1.0, -1.0], 1.0),
        ([1.0, 1.0, -1.0, 1.0], 1.0),
        ([1.0, 1.0, -1.0, -1.0], -1.0),
        ([1.0, 1.0, None], 0.0),
        ([1.0, 1.0, None, 1.0], 0.0),
        ([0.5, 1.5], 0.5),
        ([-1.0, -1.0, 0.0, 0.0], 0.0),
    ],
)
def test_a_score_persists_before_it_counts(scores: list[float | None], held: float) -> None:
    assert persisting(scores) == held


@given(st.data())
def test_no_reading_knows_what_became_known_later(data: st.DataObject) -> None:
    """Every number that became known after a month's end is replaced by noise: nothing changes."""
    values = data.draw(st.lists(st.floats(1, 200), min_size=30, max_size=30))
    noise = data.draw(st.lists(st.floats(1, 200), min_size=30, max_size=30))
    day = data.draw(st.dates(date(2024, 3, 1), date(2026, 7, 1)))
    kind = data.draw(st.sampled_from([SignalKind.TREND, SignalKind.MOMENTUM, SignalKind.SAHM]))
    rule = replace(TREND, kind=kind)
    series = monthly("index", values)
    cut = day.replace(day=1)
    noisy = replace(
        series,
        observations=tuple(
            o if o.known_on < cut else replace(o, value=other)
            for o, other in zip(series.observations, noise, strict=True)
        ),
    )
    assert readings_on(day, [rule], {"index": series}) == readings_on(day, [rule], {"index": noisy})


def test_the_sahm_rule_speaks_against_stocks_two_months_after_it_triggers() -> None:
    rates = [3.5] * 12 + [3.5, 3.6, 3.8, 4.2, 4.6, 4.9]
    series = monthly("jobless", rates)
    # Means of three: 3.63, 3.87, 4.2, 4.57 against 3.5: over half a point from the 17th month on.
    assert score(date(2025, 6, 15), SAHM, series) == 0
    assert score(date(2025, 7, 15), SAHM, series) == -1


def test_dual_momentum_speaks_for_the_winner_and_against_the_others() -> None:
    rule = SignalRule(
        name="gem",
        kind=SignalKind.DUAL_MOMENTUM,
        series=("us", "world", "bills"),
        classes=("us stocks", "other stocks", "bonds"),
    )
    rising = [100 * 1.01**n for n in range(14)]
    flat = [100.0] * 14
    found = readings_on(
        date(2025, 3, 15),
        [rule],
        {
            "us": monthly("us", rising),
            "world": monthly("world", flat),
            "bills": monthly("bills", flat),
        },
    )
    assert found[0].scores == {"us stocks": 1, "other stocks": -1, "bonds": -1}
