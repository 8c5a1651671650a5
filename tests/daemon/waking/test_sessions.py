"""The exchange's calendar: the broker decides, the library checks, old rows serve for a while."""

import time as clock
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from daemon.machine.clocks import SteppedClock
from daemon.waking.sessions import CalendarDisagreement, CheckedSessions, library_sessions
from portfolio.ports import Unavailable
from portfolio.snapshot import Session

NEW_YORK = ZoneInfo("America/New_York")


def session(day: date, closes: time = time(16, 0)) -> Session:
    return Session(
        day=day,
        opens_at=datetime.combine(day, time(9, 30), NEW_YORK).astimezone(UTC),
        closes_at=datetime.combine(day, closes, NEW_YORK).astimezone(UTC),
    )


# Holidays and the early close of late 2026 as the exchange publishes them.
HOLIDAYS = {date(2026, 11, 26), date(2026, 12, 25), date(2027, 1, 1)}
EARLY = {date(2026, 11, 27), date(2026, 12, 24)}
ONE_O_CLOCK = time(13, 0)


def truth(first: date, last: date) -> list[Session]:
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [
        session(day, ONE_O_CLOCK if day in EARLY else time(16, 0))
        for day in days
        if day.weekday() < 5 and day not in HOLIDAYS
    ]


class Rows:
    """A calendar that counts the questions, may be out of reach, and may be wrong on a day."""

    def __init__(self) -> None:
        self.asked: list[tuple[date, date]] = []
        self.is_reachable = True
        self.changed: dict[date, Session | None] = {}

    def __call__(self, first: date, last: date) -> Sequence[Session]:
        self.asked.append((first, last))
        if not self.is_reachable:
            raise Unavailable("the broker's calendar does not answer")
        rows = {row.day: row for row in truth(first, last)}
        for day, row in self.changed.items():
            rows.pop(day, None)
            if row is not None and first <= day <= last:
                rows[day] = row
        return [rows[day] for day in sorted(rows)]


def utc(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


class World:
    def __init__(self, at: datetime) -> None:
        self.broker, self.library, self.clock = Rows(), Rows(), SteppedClock(at)
        self.sessions = CheckedSessions(self.broker, self.clock, check=self.library)


@pytest.mark.parametrize(
    ("at", "current", "following"),
    [
        (utc(20, 14, 29), date(2026, 11, 19), date(2026, 11, 20)),
        (utc(20, 14, 30), date(2026, 11, 20), date(2026, 11, 23)),
        (utc(20, 23), date(2026, 11, 20), date(2026, 11, 23)),
        (utc(22, 12), date(2026, 11, 20), date(2026, 11, 23)),
        (utc(26, 15), date(2026, 11, 25), date(2026, 11, 27)),
        (utc(28, 1), date(2026, 11, 27), date(2026, 11, 30)),
    ],
)
def test_the_current_and_the_next_session(at: datetime, current: date, following: date) -> None:
    world = World(at)
    assert world.sessions.current_or_previous(at).day == current
    assert world.sessions.next_after(at).day == following


def test_the_day_after_thanksgiving_closes_at_one() -> None:
    at = utc(27, 15)
    assert World(at).sessions.current_or_previous(at).closes_at == utc(27, 18)


def test_between_counts_both_ends() -> None:
    world = World(utc(20, 15))
    rows = world.sessions.between(date(2026, 11, 25), date(2026, 11, 30))
    assert [row.day.day for row in rows] == [25, 27, 30]
    assert world.sessions.between(date(2026, 11, 30), date(2026, 11, 25)) == ()


def test_broker_and_library_are_asked_once() -> None:
    world = World(utc(20, 15))
    for _ in range(100):
        world.sessions.current_or_previous(utc(20, 15))
        world.sessions.next_after(utc(20, 15))
        world.sessions.between(date(2026, 11, 16), date(2026, 12, 1))
    assert (len(world.broker.asked), len(world.library.asked)) == (1, 1)


def test_the_broker_is_asked_again_each_half_day_and_the_library_only_about_new_days() -> None:
    world = World(utc(2, 15))
    for day in range(2, 17):
        world.clock.advance_to(utc(day, 15))
        world.sessions.current_or_previous(utc(day, 15))
        world.sessions.next_after(utc(day, 15))
    assert len(world.broker.asked) == 15
    assert len(world.library.asked) == 1


def test_history_is_fetched_but_not_checked() -> None:
    world = World(utc(20, 15))
    world.sessions.current_or_previous(utc(20, 15))
    assert len(world.sessions.between(date(2026, 1, 1), date(2026, 11, 20))) > 200
    assert len(world.library.asked) == 1


@pytest.mark.parametrize(
    ("broker_has", "words"),
    [
        (None, "the broker has no session, the calendar library 14:30 to 21:00 UTC"),
        (session(date(2026, 11, 20), ONE_O_CLOCK), "the broker has 14:30 to 18:00 UTC"),
    ],
)
def test_a_disputed_session_is_not_traded(broker_has: Session | None, words: str) -> None:
    world = World(utc(20, 15))
    world.broker.changed[date(2026, 11, 20)] = broker_has
    with pytest.raises(CalendarDisagreement, match="on 2026-11-20") as refusal:
        world.sessions.current_or_previous(utc(20, 15))
    assert words in str(refusal.value)


def test_a_session_the_library_does_not_know_is_disputed_too() -> None:
    world = World(utc(26, 15))
    world.broker.changed[date(2026, 11, 26)] = session(date(2026, 11, 26))
    with pytest.raises(CalendarDisagreement, match="library no session"):
        world.sessions.current_or_previous(utc(26, 15))


def test_a_dispute_about_another_day_stops_nothing_today() -> None:
    world = World(utc(20, 15))
    world.library.changed[date(2026, 11, 24)] = None
    assert world.sessions.current_or_previous(utc(20, 15)).day == date(2026, 11, 20)
    assert world.sessions.next_after(utc(20, 15)).day == date(2026, 11, 23)
    with pytest.raises(CalendarDisagreement):
        world.sessions.next_after(utc(23, 22))
    assert world.sessions.current_or_previous(utc(25, 15)).day == date(2026, 11, 25)


def test_a_dispute_ends_when_the_broker_corrects_itself() -> None:
    world = World(utc(20, 0))
    world.broker.changed[date(2026, 11, 20)] = None
    with pytest.raises(CalendarDisagreement):
        world.sessions.current_or_previous(utc(20, 15))
    world.broker.changed.clear()
    world.clock.advance_to(utc(20, 15))
    assert world.sessions.current_or_previous(utc(20, 15)).day == date(2026, 11, 20)


def test_rows_serve_for_five_days_after_the_last_answer() -> None:
    world = World(utc(16, 15))
    world.sessions.current_or_previous(utc(16, 15))
    world.broker.is_reachable = False
    world.clock.advance_to(utc(20, 15))
    assert world.sessions.current_or_previous(utc(20, 15)).day == date(2026, 11, 20)
    world.clock.advance_to(utc(21, 16))
    with pytest.raises(Unavailable, match="does not answer"):
        world.sessions.current_or_previous(utc(21, 16))
    world.broker.is_reachable = True
    assert world.sessions.current_or_previous(utc(21, 16)).day == date(2026, 11, 20)


def test_a_silent_broker_is_not_asked_at_every_look() -> None:
    world = World(utc(16, 15))
    world.sessions.current_or_previous(utc(16, 15))
    world.broker.is_reachable = False
    world.clock.advance_to(utc(17, 15))
    for _ in range(50):
        world.sessions.current_or_previous(utc(17, 15))
    assert len(world.broker.asked) == 2


def test_a_broker_that_never_answered_has_no_rows() -> None:
    world = World(utc(16, 15))
    world.broker.is_reachable = False
    with pytest.raises(Unavailable):
        world.sessions.next_after(utc(16, 15))


def test_a_calendar_without_sessions_says_so() -> None:
    clock = SteppedClock(utc(16, 15))
    empty = CheckedSessions(lambda _first, _last: [], clock, check=lambda _first, _last: [])
    with pytest.raises(Unavailable, match="no session in the twelve days before"):
        empty.current_or_previous(utc(16, 15))
    with pytest.raises(Unavailable, match="no session in the twelve days after"):
        empty.next_after(utc(16, 15))


def test_the_library_knows_what_the_exchange_published() -> None:
    first, last = date(2026, 11, 16), date(2027, 1, 8)
    assert list(library_sessions(first, last)) == truth(first, last)


def test_the_library_answers_for_a_week_without_a_session() -> None:
    assert library_sessions(date(2026, 11, 28), date(2026, 11, 29)) == []


@pytest.mark.parametrize("day", [date(2025, 1, 9), date(2026, 7, 3), date(2027, 6, 18)])
def test_the_library_knows_unusual_closures(day: date) -> None:
    assert library_sessions(day, day) == []


@pytest.mark.parametrize("zone", ["UTC", "Asia/Singapore", "America/New_York", "Pacific/Apia"])
@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        (date(2025, 1, 9), None, None),  # a day of mourning
        (date(2025, 11, 28), 14.5, 18.0),  # the day after Thanksgiving, until one
        (date(2026, 3, 6), 14.5, 21.0),  # the Friday before the clocks go forward
        (date(2026, 3, 9), 13.5, 20.0),  # and the Monday after
        (date(2026, 10, 30), 13.5, 20.0),  # the Friday before they go back
        (date(2026, 11, 2), 14.5, 21.0),
    ],
)
def test_the_zone_of_the_machine_moves_no_session(
    monkeypatch: pytest.MonkeyPatch,
    zone: str,
    day: date,
    opens: float | None,
    closes: float | None,
) -> None:
    monkeypatch.setenv("TZ", zone)
    clock.tzset()
    try:
        found = list(library_sessions(day, day))
    finally:
        monkeypatch.undo()
        clock.tzset()
    if opens is None or closes is None:
        assert found == []
        return
    midnight = datetime.combine(day, time(), UTC)
    (only,) = found
    assert only.opens_at == midnight + timedelta(hours=opens)
    assert only.closes_at == midnight + timedelta(hours=closes)
