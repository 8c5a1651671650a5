"""The exchange's calendar for service: the broker's rows decide, a library checks them.

A day on which the two disagree is not traded: an unscheduled closure that one of them has not heard of
looks exactly like a fault of the other. While the broker cannot be reached the rows it gave last serve
for a few days.
"""

import gc
from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from portfolio.ports import Clock, Unavailable
from portfolio.snapshot import Session

Rows = Callable[[date, date], Sequence[Session]]
"""Sessions with first <= day <= last, in order."""

AHEAD: Final = timedelta(days=30)
"""So far the rows are fetched, so that the library is needed about once a month."""
_LONGEST_PAUSE: Final = timedelta(days=12)
"""Beyond any pause between two sessions; in 2001 the exchange was closed for six days."""
_REFRESH: Final = timedelta(hours=12)
_RETRY: Final = timedelta(minutes=10)


class CalendarDisagreement(Exception):
    """Broker and library differ on a day that matters now; the message says which and how."""


class CheckedSessions:
    """`ports.Sessions` from a broker's calendar. For one thread.

    `fetch` asks the broker and raises `Unavailable`; `check` gives the same rows from elsewhere, by
    default from exchange_calendars. Only days from a little before today on are checked: history is
    counted, never traded on. Rows serve for `max_age` after the last answer of the broker.
    """

    def __init__(
        self,
        fetch: Rows,
        clock: Clock,
        *,
        check: Rows | None = None,
        max_age: timedelta = timedelta(days=5),
    ) -> None:
        self._fetch = fetch
        self._clock = clock
        self._check = check or library_sessions
        self._max_age = max_age
        self._rows: list[Session] = []
        self._opens: list[datetime] = []
        self._covered: tuple[date, date] | None = None
        self._fetched_at: datetime | None = None
        self._try_at: datetime | None = None
        self._agreed: dict[date, Session | None] = {}
        self._disputed: dict[date, str] = {}

    def current_or_previous(self, at: datetime) -> Session:
        """The session open at `at`, else the last one that opened before it.

        Raises `Unavailable`, or `CalendarDisagreement` when a day from that session on is disputed.
        """
        self._cover(at.date() - _LONGEST_PAUSE, at.date())
        index = bisect_right(self._opens, at) - 1
        if index < 0:
            raise Unavailable(
                f"the broker's calendar has no session in the twelve days before {at}"
            )
        session = self._rows[index]
        self._refuse_disputed(session.day, at.date())
        return session

    def next_after(self, at: datetime) -> Session:
        """The first session that opens after `at`.

        Raises `Unavailable`, or `CalendarDisagreement` when a day until that session is disputed.
        """
        self._cover(at.date(), at.date() + _LONGEST_PAUSE)
        index = bisect_right(self._opens, at)
        if index == len(self._rows):
            raise Unavailable(f"the broker's calendar has no session in the twelve days after {at}")
        session = self._rows[index]
        self._refuse_disputed(at.date() + timedelta(days=1), session.day)
        return session

    def between(self, first: date, last: date) -> Sequence[Session]:
        """Sessions with first <= day <= last, in order, as the broker has them.

        Raises `Unavailable`.
        """
        if first > last:
            return ()
        self._cover(first, last)
        return [row for row in self._rows if first <= row.day <= last]

    def _cover(self, first: date, last: date) -> None:
        """Have rows for first..last, from memory where possible, and not too old."""
        now = self._clock.now()
        if self._covered is None:
            self._load(min(first, now.date() - _LONGEST_PAUSE), max(last, now.date() + AHEAD))
            self._fetched_at, self._try_at = now, now + _REFRESH
            return
        start, end = self._covered
        if first < start:
            self._load(first, start - timedelta(days=1))
        if last > end:
            self._load(end + timedelta(days=1), last + AHEAD)
        if self._try_at is None or now >= self._try_at:
            self._refresh(now, end)

    def _refresh(self, now: datetime, end: date) -> None:
        """Ask the broker again for the days that may still change."""
        try:
            self._load(now.date() - _LONGEST_PAUSE, end)
        except Unavailable:
            if self._fetched_at is None or now - self._fetched_at > self._max_age:
                raise
            self._try_at = now + _RETRY
        else:
            self._fetched_at, self._try_at = now, now + _REFRESH

    def _load(self, first: date, last: date) -> None:
        fresh = [row for row in self._fetch(first, last) if first <= row.day <= last]
        kept = [row for row in self._rows if not first <= row.day <= last]
        self._rows = sorted([*kept, *fresh], key=lambda row: row.day)
        self._opens = [row.opens_at for row in self._rows]
        start, end = self._covered or (first, last)
        self._covered = (min(start, first), max(end, last))
        self._compare(max(first, self._clock.now().date() - _LONGEST_PAUSE), last)

    def _compare(self, first: date, last: date) -> None:
        """Hold the rows of first..last against the library, unless they agreed before."""
        ours = {row.day: row for row in self._rows if first <= row.day <= last}
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        new = [d for d in days if d not in self._agreed or self._agreed[d] != ours.get(d)]
        if not new:
            return
        theirs = {row.day: row for row in self._check(new[0], new[-1])}
        for day in new:
            self._agreed.pop(day, None)
            self._disputed.pop(day, None)
            if ours.get(day) == theirs.get(day):
                self._agreed[day] = ours.get(day)
            else:
                self._disputed[day] = (
                    f"on {day} the broker has {_hours(ours.get(day))}, "
                    f"the calendar library {_hours(theirs.get(day))}"
                )

    def _refuse_disputed(self, first: date, last: date) -> None:
        said = [text for day, text in sorted(self._disputed.items()) if first <= day <= last]
        if said:
            raise CalendarDisagreement("; ".join(said))


def _hours(session: Session | None) -> str:
    if session is None:
        return "no session"
    return f"{session.opens_at:%H:%M} to {session.closes_at:%H:%M} UTC"


def library_sessions(first: date, last: date) -> Sequence[Session]:
    """Sessions of the New York Stock Exchange by exchange_calendars, first <= day <= last."""
    from exchange_calendars.exchange_calendar_xnys import (  # type: ignore[import-untyped]
        XNYSExchangeCalendar,
    )

    # Its default window ends a year from now, and one without any session is an error.
    margin = timedelta(days=14)
    calendar = XNYSExchangeCalendar(start=first - margin, end=last + margin)
    rows = [
        Session(
            day=opens.date(),
            opens_at=opens.to_pydatetime().astimezone(UTC),
            closes_at=closes.to_pydatetime().astimezone(UTC),
        )
        for opens, closes in zip(calendar.opens, calendar.closes, strict=True)
    ]
    # The calendar is a web of cycles, a few MiB that nobody needs until next month.
    del calendar
    gc.collect()
    return [row for row in rows if first <= row.day <= last]
