"""The period of a review: a month, a quarter or a year, by session dates."""

import re
from calendar import month_name
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_FORM = re.compile(r"(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?")


class NotAPeriod(ValueError):
    """A text that names no month, quarter or year; says what to write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Sessions from `first` to `last`, both counted. `name` is as typed: 2026-11, 2026-Q4 or 2026."""

    name: str
    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def title(self) -> str:
        """In words.

        >>> parse_period("2026-11").title, parse_period("2026-Q4").title
        ('November 2026', 'fourth quarter of 2026')
        """
        if "-Q" in self.name:
            year, number = self.name.split("-Q")
            return f"{('first', 'second', 'third', 'fourth')[int(number) - 1]} quarter of {year}"
        if "-" in self.name:
            return f"{month_name[self.first.month]} {self.first.year}"
        return self.name


def parse_period(text: str) -> Period:
    """A month, quarter or year as a person types it. Raises `NotAPeriod`.

    >>> parse_period("2026-02").last
    datetime.date(2026, 2, 28)
    >>> parse_period("2026-Q3").first
    datetime.date(2026, 7, 1)
    """
    found = _FORM.fullmatch(text.strip())
    if found is None:
        raise NotAPeriod(
            f"{text!r} is no period; write a month 2026-11, a quarter 2026-Q4 or a year 2026."
        )
    year, month, quarter = (int(part) if part else None for part in found.groups())
    if year is None or not date.min.year < year < date.max.year:
        raise NotAPeriod(f"{text!r} is no year that an account can have.")
    if month is not None:
        return _months(text.strip(), year, month, 1)
    if quarter is not None:
        return _months(text.strip(), year, 3 * quarter - 2, 3)
    return _months(text.strip(), year, 1, 12)


def month_of(day: date) -> Period:
    """The month that a day is in."""
    return _months(f"{day:%Y-%m}", day.year, day.month, 1)


def _months(name: str, year: int, first: int, count: int) -> Period:
    behind = first + count
    end = date(year + 1, 1, 1) if behind > 12 else date(year, behind, 1)
    return Period(name=name, first=date(year, first, 1), last=end - timedelta(days=1))
