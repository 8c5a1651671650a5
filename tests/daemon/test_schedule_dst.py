"""What we rely on in APScheduler 3.11 when New York changes its offset, and what we keep away from.

The instants are from the tz database: New York goes to UTC-4 on 2027-03-14 07:00Z and back to UTC-5 on
2026-11-01 06:00Z. Our alarms are absolute instants and plain intervals, which no offset can move.
The cron cases show why: should one of them change, the reason in schedule.py wants another look.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.date import DateTrigger  # type: ignore[import-untyped]
from apscheduler.triggers.interval import IntervalTrigger  # type: ignore[import-untyped]

NEW_YORK = ZoneInfo("America/New_York")
SPRING = datetime(2027, 3, 14, 7, 0, tzinfo=UTC)
AUTUMN = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)


def fires(trigger: object, after: datetime, count: int) -> list[datetime]:
    """The first `count` fire times, driven as the scheduler drives a trigger."""
    times: list[datetime] = []
    previous, now = None, after
    for _ in range(count):
        at = cast("datetime", trigger.get_next_fire_time(previous, now))  # type: ignore[attr-defined]
        times.append(at.astimezone(UTC))
        previous, now = at, at + timedelta(microseconds=1)
    return times


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_an_interval_in_utc_does_not_notice_a_change_of_offset(change: datetime) -> None:
    start = change - timedelta(hours=2)
    trigger = IntervalTrigger(seconds=1800, start_date=start, timezone=UTC)
    assert fires(trigger, start, 9) == [start + timedelta(minutes=30 * n) for n in range(9)]


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
@pytest.mark.parametrize("minutes", [-61, -1, 0, 1, 59, 61])
def test_a_one_shot_instant_in_utc_is_kept_exactly(change: datetime, minutes: int) -> None:
    at = change + timedelta(minutes=minutes)
    assert fires(DateTrigger(at, timezone=UTC), change - timedelta(days=1), 1) == [at]


@pytest.mark.parametrize(
    ("day", "opens_at"),
    [
        (date(2027, 3, 12), "14:30"),
        (date(2027, 3, 15), "13:30"),
        (date(2026, 10, 30), "13:30"),
        (date(2026, 11, 2), "14:30"),
    ],
)
def test_an_open_at_half_past_nine_in_new_york_is_the_right_instant(
    day: date, opens_at: str
) -> None:
    at = datetime.combine(day, time(9, 30), NEW_YORK)
    fired = fires(DateTrigger(at.astimezone(UTC), timezone=UTC), at - timedelta(days=3), 1)
    assert fired[0].strftime("%H:%M") == opens_at


def test_a_daily_cron_just_after_midnight_skips_the_day_of_the_spring_change() -> None:
    trigger = CronTrigger(hour=0, minute=5, timezone=NEW_YORK)
    days = [
        at.astimezone(NEW_YORK).day
        for at in fires(trigger, datetime(2027, 3, 13, 0, 0, tzinfo=NEW_YORK), 3)
    ]
    assert days == [13, 14, 16]


def test_a_daily_cron_in_the_repeated_hour_fires_twice() -> None:
    trigger = CronTrigger(hour=1, minute=30, timezone=NEW_YORK)
    assert fires(trigger, datetime(2026, 11, 1, 0, 0, tzinfo=NEW_YORK), 2) == [
        datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
        datetime(2026, 11, 1, 6, 30, tzinfo=UTC),
    ]


def test_a_daily_cron_in_the_missing_hour_fires_at_a_time_that_does_not_exist() -> None:
    trigger = CronTrigger(hour=2, minute=30, timezone=NEW_YORK)
    fired = fires(trigger, datetime(2027, 3, 14, 0, 0, tzinfo=NEW_YORK), 1)
    assert fired == [datetime(2027, 3, 14, 7, 30, tzinfo=UTC)]


def test_a_cron_on_weekday_mornings_is_right_over_both_changes() -> None:
    trigger = CronTrigger(day_of_week="mon-fri", hour=9, minute=35, timezone=NEW_YORK)
    spring = fires(trigger, datetime(2027, 3, 12, 0, 0, tzinfo=NEW_YORK), 2)
    autumn = fires(trigger, datetime(2026, 10, 30, 0, 0, tzinfo=NEW_YORK), 2)
    assert [at.strftime("%d %H:%M") for at in spring] == ["12 14:35", "15 13:35"]
    assert [at.strftime("%d %H:%M") for at in autumn] == ["30 13:35", "02 14:35"]


def test_a_crontab_text_counts_weekdays_from_monday() -> None:
    trigger = CronTrigger.from_crontab("0 0 * * 0", timezone=UTC)
    assert fires(trigger, datetime(2026, 11, 1, 12, 0, tzinfo=UTC), 1)[0].strftime("%A") == "Monday"
