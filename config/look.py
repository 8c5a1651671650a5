"""The small language of `look`: on which sessions and when in them the daemon takes a full look."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from portfolio.snapshot import Session

LOOK_FORMS = (
    '"every session, 30 minutes after open"',
    '"weekly, 30 minutes before close"',
    '"monthly, at open"',
)
"""Examples for sentences; every 2 weeks, quarterly and yearly work as weekly and monthly do."""

MOST_MINUTES = 180
"""The longest offset: a half day has 210 minutes, and a look must fall into every session."""


class Every(StrEnum):
    """How often a look is taken; all but the first mean the first session of their period."""

    SESSION = "every session"
    WEEK = "weekly"
    FORTNIGHT = "every 2 weeks"
    MONTH = "monthly"
    QUARTER = "quarterly"
    YEAR = "yearly"


class Anchor(StrEnum):
    """What the offset counts from."""

    OPEN = "open"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """When to look: `offset` after the open or before the close, never negative."""

    every: Every = Every.SESSION
    anchor: Anchor = Anchor.OPEN
    offset: timedelta = field(default=timedelta(minutes=30))

    def __str__(self) -> str:
        """The text that reads back to the same look."""
        minutes = int(self.offset.total_seconds()) // 60
        if minutes == 0:
            return f"{self.every}, at {self.anchor}"
        unit = "minute" if minutes == 1 else "minutes"
        side = "after open" if self.anchor is Anchor.OPEN else "before close"
        return f"{self.every}, {minutes} {unit} {side}"

    def instant_in(self, session: Session) -> datetime:
        """The instant of the look in a session, UTC."""
        if self.anchor is Anchor.OPEN:
            return session.opens_at + self.offset
        return session.closes_at - self.offset

    def is_due_in(self, day: date, previous: date) -> bool:
        """Whether a session gets a look, given the date of the session before it."""
        match self.every:
            case Every.SESSION:
                return True
            case Every.WEEK:
                return day.isocalendar()[:2] != previous.isocalendar()[:2]
            case Every.FORTNIGHT:
                # Pairs of weeks are counted from Monday, 1 January of year 1.
                return (day.toordinal() - 1) // 14 != (previous.toordinal() - 1) // 14
            case Every.MONTH:
                return (day.year, day.month) != (previous.year, previous.month)
            case Every.QUARTER:
                return (day.year, (day.month - 1) // 3) != (
                    previous.year,
                    (previous.month - 1) // 3,
                )
            case Every.YEAR:
                return day.year != previous.year


_LOOK = re.compile(
    r"(every session|weekly|every 2 weeks|monthly|quarterly|yearly)"
    r"(?:\s*,\s*(?:at (open|close)|([0-9]{1,4}) minutes? (after open|before close)))?"
)


def parse_look(text: str) -> Look:
    """Read a look; without a time it is 30 minutes after the open.

    Raises `ValueError` saying which part is wrong.

    >>> str(parse_look("weekly, 15 minutes before close"))
    'weekly, 15 minutes before close'
    """
    found = _LOOK.fullmatch(" ".join(text.lower().split()))
    if found is None:
        raise ValueError("is not a time to look")
    every, at, minutes, side = found.groups()
    if at is not None:
        return Look(every=Every(every), anchor=Anchor(at), offset=timedelta(0))
    if minutes is None:
        return Look(every=Every(every))
    if int(minutes) > MOST_MINUTES:
        raise ValueError(f"lies outside a half day; the offset is at most {MOST_MINUTES} minutes")
    anchor = Anchor.OPEN if side == "after open" else Anchor.CLOSE
    return Look(every=Every(every), anchor=anchor, offset=timedelta(minutes=int(minutes)))
