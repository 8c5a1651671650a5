"""The small languages of dates that come round, of spans of days, and of `destination`."""

import re
from datetime import date
from decimal import Decimal

from policies.conditions import Blackout
from policies.dates import CalendarRule, Period
from policies.policy import Destination, Stop
from portfolio.money import Weight

CALENDAR_FORMS = (
    '"weekly on friday"',
    '"monthly on day 15"',
    '"quarterly on day 1 from february"',
    '"yearly on 2 january"',
)
"""Examples for sentences; "every session", "half-yearly" and "every 2 weeks|months|years" read too."""
DESTINATION_FORMS = ('"target"', '"part way 50 %"', '"band edge"')
"""Examples; "band edge, 12.5 % inside", "band edge, 175 of 200" and "by cost" read too."""
BLACKOUT_FORMS = ('"15 december to 2 january"', '"2026-11-20 to 2026-12-04"')

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)

_MONTH_NAMES = "|".join(MONTHS)
_DATES = re.compile(
    r"(?P<often>every session|weekly|monthly|quarterly|half-yearly|yearly"
    r"|every (?P<every>[1-9][0-9]?) (?P<unit>weeks|months|years))"
    rf"(?: on (?:(?P<weekday>{'|'.join(WEEKDAYS)})|day (?P<day>[0-9]{{1,2}})"
    rf"|(?P<dayof>[0-9]{{1,2}}) (?P<month>{_MONTH_NAMES})))?"
    rf"(?: from (?P<start>{_MONTH_NAMES}))?"
)
_PERIODS = {
    "every session": Period.DAILY,
    "weeks": Period.WEEKLY,
    "months": Period.MONTHLY,
    "years": Period.YEARLY,
    "half-yearly": Period.MONTHLY,
}
_ALLOWED = {
    Period.DAILY: (),
    Period.WEEKLY: ("weekday",),
    Period.MONTHLY: ("day", "start"),
    Period.QUARTERLY: ("day", "start"),
    Period.YEARLY: ("dayof", "month"),
}
_INSIDE = re.compile(r"band edge, ([0-9]{1,3}(?:\.[0-9]{1,6})?) ?% inside")
_OF = re.compile(r"band edge, ([0-9]{1,4}) of ([1-9][0-9]{0,3})")
_SPAN = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) to ([0-9]{4}-[0-9]{2}-[0-9]{2})")
_YEARLY_SPAN = re.compile(rf"([0-9]{{1,2}}) ({_MONTH_NAMES}) to ([0-9]{{1,2}}) ({_MONTH_NAMES})")
_LEAP_YEAR = 2000
_PART_WAY = re.compile(r"part way ([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%")


def parse_calendar(text: str, *, min_drift: Weight) -> CalendarRule:
    """Read a date that comes round. `min_drift` is a fraction of the portfolio.

    A day that a month lacks means its last one; a date that is no session moves to the next.
    Raises `ValueError` for anything else.

    >>> parse_calendar("yearly on 15 march", min_drift=Weight(Decimal(0))).month
    3
    """
    found = _DATES.fullmatch(" ".join(text.lower().split()))
    if found is None:
        raise ValueError("is not a date that comes round")
    often = found["unit"] or found["often"]
    period = _PERIODS.get(often) or Period(often)
    every = 6 if often == "half-yearly" else int(found["every"] or 1)
    said = {name for name, word in found.groupdict().items() if word} - {"often", "every", "unit"}
    if not said <= set(_ALLOWED[period]):
        raise ValueError("is not a date that comes round")
    start = found["month"] or found["start"]
    if start and period is Period.MONTHLY and every == 1:
        raise ValueError("is monthly, so every month is one of its months")
    if found["start"] and period is Period.QUARTERLY and start not in MONTHS[:3]:
        raise ValueError(f"is not a date that comes round from {start}, but from a first month")
    day = WEEKDAYS.index(found["weekday"]) + 1 if found["weekday"] else None
    return CalendarRule(
        period=period,
        every=every,
        day=day or _day(found["day"] or found["dayof"]),
        month=MONTHS.index(start) + 1 if start else 1,
        min_drift=min_drift,
    )


def calendar_text(rule: CalendarRule) -> str:
    """The text that reads back to the rule.

    >>> calendar_text(CalendarRule(period=Period.YEARLY))
    'yearly on 1 january'
    >>> calendar_text(CalendarRule(period=Period.MONTHLY, every=6, month=4))
    'every 6 months on day 1 from april'
    """
    often = rule.period.value
    if rule.every > 1:
        unit = {Period.WEEKLY: "weeks", Period.YEARLY: "years"}.get(rule.period, "months")
        often = f"every {rule.every} {unit}"
    match rule.period:
        case Period.DAILY:
            return "every session"
        case Period.WEEKLY:
            return f"{often} on {WEEKDAYS[rule.day - 1]}"
        case Period.MONTHLY if rule.every == 1:
            return f"{often} on day {rule.day}"
        case Period.MONTHLY | Period.QUARTERLY:
            return f"{often} on day {rule.day} from {MONTHS[rule.month - 1]}"
        case Period.YEARLY:
            return f"{often} on {rule.day} {MONTHS[rule.month - 1]}"


def parse_destination(text: str) -> Destination:
    """Read where a rebalance stops; raises `ValueError`.

    >>> parse_destination("part way 50 %").part
    Decimal('0.50')
    """
    words = " ".join(text.lower().split())
    if words == "target":
        return Destination()
    if words == "band edge":
        return Destination(stop=Stop.BAND_EDGE)
    if words == "by cost":
        return Destination(stop=Stop.BY_COST)
    if found := _OF.fullmatch(words):
        return _inside(1 - Decimal(found[1]) / Decimal(found[2]))
    if found := _INSIDE.fullmatch(words):
        return _inside(Decimal(found[1]).scaleb(-2))
    if found := _PART_WAY.fullmatch(words):
        percent = Decimal(found[1])
        if not 0 < percent <= 100:
            raise ValueError("stops nowhere; the part is above 0 % and at most 100 %")
        return Destination(stop=Stop.PART_WAY, part=percent.scaleb(-2))
    raise ValueError("is not a destination")


def _inside(part: Decimal) -> Destination:
    if not 0 <= part <= 1:
        raise ValueError("does not stop between the target and the edge")
    return Destination(stop=Stop.BAND_EDGE, inside=part)


def destination_text(destination: Destination) -> str:
    """The text that reads back to the destination.

    >>> destination_text(Destination(stop=Stop.PART_WAY))
    'part way 50 %'
    """
    match destination.stop:
        case Stop.TARGET:
            return "target"
        case Stop.BY_COST:
            return "by cost"
        case Stop.BAND_EDGE if destination.inside == Destination().inside:
            return "band edge"
        case Stop.BAND_EDGE:
            return f"band edge, {(destination.inside * 100).normalize():f} % inside"
        case Stop.PART_WAY:
            return f"part way {(destination.part * 100).normalize():f} %"


def parse_blackout(text: str) -> Blackout:
    """Read a span of days, both ends included; without years it is every year's. Raises `ValueError`.

    >>> parse_blackout("15 december to 2 january").yearly
    True
    """
    words = " ".join(text.lower().split())
    if found := _SPAN.fullmatch(words):
        first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2])
        if last < first:
            raise ValueError("ends before it begins")
        return Blackout(first=first, last=last)
    if found := _YEARLY_SPAN.fullmatch(words):
        first = date(_LEAP_YEAR, MONTHS.index(found[2]) + 1, int(found[1]))
        last = date(_LEAP_YEAR, MONTHS.index(found[4]) + 1, int(found[3]))
        return Blackout(first=first, last=last, yearly=True)
    raise ValueError("is no span of days")


def _day(text: str | None) -> int:
    day = 1 if text is None else int(text)
    if not 1 <= day <= 31:
        raise ValueError("has a day that no month has; it is 1 to 31")
    return day
