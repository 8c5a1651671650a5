"""Dates that come round: the rule of a calendar, without the arithmetic of its sessions."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from portfolio.money import Weight


class Period(StrEnum):
    """How often a calendar date comes round, before `CalendarRule.every` stretches it."""

    DAILY = "every session"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRule:
    """Dates on which a rebalance is due whatever the drift, if any slice is off by `min_drift`.

    `day` is the weekday 1 (Monday) to 5 for weekly, else the day of the month 1 to 31 (the month's
    last day when it has fewer); `month` is 1 to 12 for yearly, and for quarterly the first month of
    the cycle (1: January, April, July, October). `every` keeps each so-manieth date only: weekly 2 is
    every second week, monthly 6 twice a year, counted from `month`, yearly 2 the even years. A daily
    rule names every day, so every session. A date that is no session moves to the next one.
    """

    period: Period
    every: int = 1
    day: int = 1
    month: int = 1
    min_drift: Weight = Weight(Decimal("0.01"))  # noqa: RUF009
