"""Numbers over time with the day on which each became known, so that no rule sees a later revision."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One number: the day or month it is about, the day it became known (its vintage), its value."""

    period: date
    known_on: date
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Observations by name; a period may stand several times, once for each revision."""

    name: str
    observations: tuple[Observation, ...]


def known_on(series: Series, day: date) -> tuple[Observation, ...]:
    """What was known at the end of a day: each period's newest vintage until then, by period.

    An observation that became known on the day itself counts; of two with the same period and
    vintage the later in the series does.
    """
    newest: dict[date, Observation] = {}
    for observation in series.observations:
        if observation.known_on > day:
            continue
        before = newest.get(observation.period)
        if before is None or observation.known_on >= before.known_on:
            newest[observation.period] = observation
    return tuple(newest[period] for period in sorted(newest))


def month_ends(observations: Iterable[Observation]) -> tuple[Observation, ...]:
    """The last observation of each month, by period."""
    last: dict[tuple[int, int], Observation] = {}
    for observation in observations:
        month = observation.period.year, observation.period.month
        if month not in last or observation.period >= last[month].period:
            last[month] = observation
    return tuple(last[month] for month in sorted(last))


def month_end_before(day: date) -> date:
    """The last day of the month before a day's.

    >>> month_end_before(date(2026, 3, 1))
    datetime.date(2026, 2, 28)
    """
    return day.replace(day=1) - timedelta(days=1)


def month_ends_until(first: date, last: date) -> tuple[date, ...]:
    """The last days of the months from the one of `first` to the last that ended by `last`."""
    ends: list[date] = []
    following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    while following - timedelta(days=1) <= last:
        ends.append(following - timedelta(days=1))
        following = (following + timedelta(days=32)).replace(day=1)
    return tuple(ends)
