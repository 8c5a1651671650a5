"""The small languages: when to look, which dates, where to stop."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.look import MOST_MINUTES, Anchor, Every, Look, parse_look
from config.rules import calendar_text, destination_text, parse_calendar, parse_destination
from policies.dates import CalendarRule, Period
from policies.policy import Destination, Stop
from portfolio.money import Weight
from portfolio.snapshot import Session

POINT = Weight(Decimal("0.01"))
FRIDAY = Session(
    day=date(2026, 11, 27),  # a half day
    opens_at=datetime(2026, 11, 27, 14, 30, tzinfo=UTC),
    closes_at=datetime(2026, 11, 27, 18, 0, tzinfo=UTC),
)


def calendar(text: str) -> CalendarRule:
    return parse_calendar(text, min_drift=POINT)


@pytest.mark.parametrize(
    ("text", "look"),
    [
        ("every session, 30 minutes after open", Look()),
        ("every session", Look()),
        (
            "Every Session,  1 minute  before close",
            Look(anchor=Anchor.CLOSE, offset=timedelta(minutes=1)),
        ),
        ("weekly, at open", Look(every=Every.WEEK, offset=timedelta(0))),
        ("yearly, at close", Look(every=Every.YEAR, anchor=Anchor.CLOSE, offset=timedelta(0))),
    ],
)
def test_a_look_is_read(text: str, look: Look) -> None:
    assert parse_look(text) == look


@given(
    st.builds(
        Look,
        every=st.sampled_from(Every),
        anchor=st.sampled_from(Anchor),
        offset=st.integers(1, MOST_MINUTES).map(lambda m: timedelta(minutes=m)),
    )
)
def test_every_look_reads_back_from_its_own_text(look: Look) -> None:
    assert parse_look(str(look)) == look


def test_a_look_falls_into_a_half_day_on_either_side() -> None:
    assert Look().instant_in(FRIDAY) == datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
    late = Look(anchor=Anchor.CLOSE, offset=timedelta(minutes=MOST_MINUTES))
    assert late.instant_in(FRIDAY) == datetime(2026, 11, 27, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("every", "day", "previous", "due"),
    [
        (Every.SESSION, date(2026, 11, 27), date(2026, 11, 25), True),
        (Every.WEEK, date(2026, 11, 27), date(2026, 11, 25), False),
        (Every.WEEK, date(2026, 11, 30), date(2026, 11, 27), True),
        (Every.WEEK, date(2026, 1, 2), date(2025, 12, 31), False),  # one ISO week over New Year
        (Every.MONTH, date(2026, 12, 1), date(2026, 11, 30), True),
        (Every.MONTH, date(2026, 11, 30), date(2026, 11, 27), False),
        (Every.QUARTER, date(2026, 10, 1), date(2026, 9, 30), True),
        (Every.QUARTER, date(2026, 12, 1), date(2026, 11, 30), False),
        (Every.QUARTER, date(2027, 1, 4), date(2026, 1, 5), True),
        (Every.YEAR, date(2027, 1, 4), date(2026, 12, 31), True),
        (Every.YEAR, date(2026, 7, 1), date(2026, 6, 30), False),
    ],
)
def test_a_look_is_due_in_the_first_session_of_its_period(
    every: Every, day: date, previous: date, due: bool
) -> None:
    assert Look(every=every).is_due_in(day, previous) is due


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("weekly", CalendarRule(period=Period.WEEKLY, day=1)),
        ("weekly on friday", CalendarRule(period=Period.WEEKLY, day=5)),
        ("monthly", CalendarRule(period=Period.MONTHLY, day=1)),
        ("Monthly  on day 31", CalendarRule(period=Period.MONTHLY, day=31)),
        ("quarterly", CalendarRule(period=Period.QUARTERLY)),
        ("quarterly from march", CalendarRule(period=Period.QUARTERLY, month=3)),
        (
            "quarterly on day 15 from february",
            CalendarRule(period=Period.QUARTERLY, day=15, month=2),
        ),
        ("yearly", CalendarRule(period=Period.YEARLY)),
        ("yearly on 24 december", CalendarRule(period=Period.YEARLY, day=24, month=12)),
        ("every session", CalendarRule(period=Period.DAILY)),
        ("every 2 weeks on friday", CalendarRule(period=Period.WEEKLY, every=2, day=5)),
        ("half-yearly from april", CalendarRule(period=Period.MONTHLY, every=6, month=4)),
        ("every 3 months on day 15", CalendarRule(period=Period.MONTHLY, every=3, day=15)),
        ("every 2 years on 2 january", CalendarRule(period=Period.YEARLY, every=2, day=2)),
    ],
)
def test_a_calendar_date_is_read_and_reads_back_from_its_own_text(
    text: str, rule: CalendarRule
) -> None:
    assert calendar(text) == rule
    assert calendar(calendar_text(rule)) == rule


@pytest.mark.parametrize(
    "text",
    [
        "weekly on sunday",
        "monthly on day 0",
        "quarterly from april",
        "yearly on 2",
        "daily",
        "every 0 weeks",
        "every 2 weeks on day 3",
        "monthly on friday",
        "every session on friday",
    ],
)
def test_other_dates_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a date that comes round|no month has"):
        calendar(text)


@pytest.mark.parametrize(
    ("text", "destination"),
    [
        ("target", Destination()),
        ("Band Edge", Destination(stop=Stop.BAND_EDGE)),
        ("part way 50 %", Destination(stop=Stop.PART_WAY, part=Decimal("0.5"))),
        ("part way 33.3%", Destination(stop=Stop.PART_WAY, part=Decimal("0.333"))),
        ("part way 100 %", Destination(stop=Stop.PART_WAY, part=Decimal(1))),
    ],
)
def test_a_destination_is_read_and_reads_back_from_its_own_text(
    text: str, destination: Destination
) -> None:
    assert parse_destination(text) == destination
    assert parse_destination(destination_text(destination)) == destination
