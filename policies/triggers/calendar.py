"""The calendar trigger: dates on which a rebalance is due, moved to the next session when shut."""

import calendar
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from policies.book import Book
from policies.conditions import DateDue
from policies.dates import CalendarRule, Period
from policies.explain import points
from policies.triggers.bands import slices_out
from portfolio.decisions import Gate
from portfolio.money import ZERO

Days = NDArray[np.int64]
"""Sessions as proleptic ordinals (`date.toordinal`), rising."""

_BY_DAYS = (Period.DAILY, Period.WEEKLY)
_MONTHS_APART = {Period.MONTHLY: 1, Period.QUARTERLY: 3, Period.YEARLY: 12}


def last_date(rule: CalendarRule, day: date) -> date:
    """The latest date of a rule on or before `day`.

    >>> last_date(CalendarRule(period=Period.QUARTERLY, day=31), date(2026, 4, 29))
    datetime.date(2026, 1, 31)
    """
    if rule.period in _BY_DAYS:
        return date.fromordinal(int(last_dates(rule, np.array([day.toordinal()]))[0]))
    first = day.year - _years_apart(rule)
    return max(d for d in _dates_of_years(rule, first, day.year) if d <= day)


def next_date(rule: CalendarRule, day: date) -> date:
    """The first date of a rule after `day`.

    >>> next_date(CalendarRule(period=Period.MONTHLY, day=31), date(2026, 1, 31))
    datetime.date(2026, 2, 28)
    """
    if rule.period in _BY_DAYS:
        apart = 1 if rule.period is Period.DAILY else 7
        return last_date(rule, day) + timedelta(days=apart * rule.every)
    last = day.year + _years_apart(rule)
    return min(d for d in _dates_of_years(rule, day.year, last) if d > day)


def last_dates(rule: CalendarRule, days: Days) -> Days:
    """`last_date` of every day of a rising block (T,), both as proleptic ordinals."""
    if rule.period is Period.DAILY:
        return days
    if rule.period is Period.WEEKLY:
        # An ordinal of 1 is a Monday; weeks are counted from there.
        return days - (days - rule.day) % (7 * rule.every)
    first = date.fromordinal(int(days[0])).year - _years_apart(rule)
    years = first, date.fromordinal(int(days[-1])).year
    dates = np.array([d.toordinal() for d in _dates_of_years(rule, *years)], dtype=np.int64)
    found: Days = dates[np.searchsorted(dates, days, side="right") - 1]
    return found


def is_due(rule: CalendarRule, done_through: date, day: date) -> bool:
    """Whether a date of the rule lies after the last answered session and not after `day`.

    `day` is a session. A date between two sessions is due in the later one, however long the gap.
    """
    return last_date(rule, day) > done_through


def ask_date(book: Book, leaf: DateDue) -> Gate:
    """Whether a date is due that no look has answered, and a slice with a band is off enough.

    At exactly the rule's `min_drift` it calls. A backstop's period starts on the day the journal was
    opened.
    """
    memory, rule, name = book.memory, leaf.rule, leaf.name
    done = memory.calendar_done_through
    if name == "backstop":
        done = memory.backstop_done_on or memory.started_on
    day = book.snapshot.day
    banded = [
        drift
        for node, drift in zip(book.policy.target.slices, book.drifts, strict=True)
        if not node.is_cash
    ]
    due = is_due(rule, done, day)
    off = slices_out(book, float(rule.min_drift))
    largest = max((abs(drift.drift) for drift in banded), default=ZERO)
    following = next_date(rule, day)
    level = points(rule.min_drift)
    often = rule.period.value if rule.every == 1 else f"{rule.period.value}, every {rule.every}"
    word = f"{name} ({often})"
    if due and off:
        text = (
            f"{word} date {last_date(rule, day)} is due, largest drift {points(largest):.1f} points"
        )
    elif due:
        text = (
            f"{word} date {last_date(rule, day)} is due, but no slice is off by {level:.1f} points "
            f"(largest {points(largest):.1f})"
        )
    else:
        text = f"{word} date {last_date(rule, day)} is answered"
    return Gate(
        name=name,
        passed=due and bool(off),
        scope=rule.period.value,
        value=points(largest),
        level=level,
        margin=level - points(largest),
        unit="points",
        text=text,
        next_possible=following,
    )


def _dates_of_years(rule: CalendarRule, first: int, last: int) -> Iterator[date]:
    """The rule's dates from the first day of one year to the last of another, rising."""
    apart = _MONTHS_APART[rule.period] * rule.every
    years = range(first, last + 1)
    return chain.from_iterable(
        (
            _in_month(year, month, rule.day)
            for month in range(1, 13)
            if (12 * year + month - rule.month) % apart == 0
        )
        for year in years
    )


def _years_apart(rule: CalendarRule) -> int:
    """So many years hold at least one date."""
    return -(-_MONTHS_APART[rule.period] * rule.every // 12)


def _in_month(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))
