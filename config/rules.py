"""The small languages of `calendar`, `backstop` and `destination`."""

import re
from decimal import Decimal

from policies.policy import CalendarRule, Destination, Period, Stop
from portfolio.money import Weight

CALENDAR_FORMS = (
    '"weekly on friday"',
    '"monthly on day 15"',
    '"quarterly on day 1 from february"',
    '"yearly on 2 january"',
)
DESTINATION_FORMS = ('"target"', '"part way 50 %"', '"band edge"')

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

_WEEKLY = re.compile(rf"weekly(?: on ({'|'.join(WEEKDAYS)}))?")
_MONTHLY = re.compile(r"monthly(?: on day ([0-9]{1,2}))?")
_QUARTERLY = re.compile(rf"quarterly(?: on day ([0-9]{{1,2}}))?(?: from ({'|'.join(MONTHS[:3])}))?")
_YEARLY = re.compile(rf"yearly(?: on ([0-9]{{1,2}}) ({'|'.join(MONTHS)}))?")
_PART_WAY = re.compile(r"part way ([0-9]{1,3}(?:\.[0-9]{1,6})?) ?%")


def parse_calendar(text: str, *, min_drift: Weight) -> CalendarRule:
    """Read a date that comes round. `min_drift` is a fraction of the portfolio.

    A day that a month lacks means its last one; a date that is no session moves to the next.
    Raises `ValueError` for anything else.

    >>> parse_calendar("yearly on 15 march", min_drift=Weight(Decimal(0))).month
    3
    """
    words = " ".join(text.lower().split())
    if found := _WEEKLY.fullmatch(words):
        day = WEEKDAYS.index(found[1]) + 1 if found[1] else 1
        return CalendarRule(period=Period.WEEKLY, day=day, min_drift=min_drift)
    if found := _MONTHLY.fullmatch(words):
        return CalendarRule(period=Period.MONTHLY, day=_day(found[1]), min_drift=min_drift)
    if found := _QUARTERLY.fullmatch(words):
        month = MONTHS.index(found[2]) + 1 if found[2] else 1
        return CalendarRule(
            period=Period.QUARTERLY, day=_day(found[1]), month=month, min_drift=min_drift
        )
    if found := _YEARLY.fullmatch(words):
        month = MONTHS.index(found[2]) + 1 if found[2] else 1
        return CalendarRule(
            period=Period.YEARLY, day=_day(found[1]), month=month, min_drift=min_drift
        )
    raise ValueError("is not a date that comes round")


def calendar_text(rule: CalendarRule) -> str:
    """The text that reads back to the rule.

    >>> calendar_text(CalendarRule(period=Period.YEARLY))
    'yearly on 1 january'
    """
    match rule.period:
        case Period.WEEKLY:
            return f"weekly on {WEEKDAYS[rule.day - 1]}"
        case Period.MONTHLY:
            return f"monthly on day {rule.day}"
        case Period.QUARTERLY:
            return f"quarterly on day {rule.day} from {MONTHS[rule.month - 1]}"
        case Period.YEARLY:
            return f"yearly on {rule.day} {MONTHS[rule.month - 1]}"


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
    if found := _PART_WAY.fullmatch(words):
        percent = Decimal(found[1])
        if not 0 < percent <= 100:
            raise ValueError("stops nowhere; the part is above 0 % and at most 100 %")
        return Destination(stop=Stop.PART_WAY, part=percent.scaleb(-2))
    raise ValueError("is not a destination")


def destination_text(destination: Destination) -> str:
    """The text that reads back to the destination.

    >>> destination_text(Destination(stop=Stop.PART_WAY))
    'part way 50 %'
    """
    match destination.stop:
        case Stop.TARGET:
            return "target"
        case Stop.BAND_EDGE:
            return "band edge"
        case Stop.PART_WAY:
            return f"part way {(destination.part * 100).normalize():f} %"


def _day(text: str | None) -> int:
    day = 1 if text is None else int(text)
    if not 1 <= day <= 31:
        raise ValueError("has a day that no month has; it is 1 to 31")
    return day
