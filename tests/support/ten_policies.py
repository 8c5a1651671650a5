"""Ten policies, unlike one another, that every way of running them must trade alike."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from policies.dates import CalendarRule, Period
from policies.policy import Destination, MinimumTrade, Policy, Stop
from portfolio.money import Money, Weight
from portfolio.target import Band, BandRule, Slice, build_target
from tests.support.backtests import flat_target

THREE = flat_target({"A": "0.5", "B": "0.3", "C": "0.2"})
BUFFERED = flat_target({"A": "0.5", "B": "0.3", "C": "0.2"}, cash="0.005")
GROUPED = build_target(
    [
        Slice(name="stocks", weight=Weight(Decimal("0.7"))),
        Slice(name="a", weight=Weight(Decimal("0.6")), parent="stocks", symbol="A"),
        Slice(name="b", weight=Weight(Decimal("0.4")), parent="stocks", symbol="B"),
        Slice(name="c", weight=Weight(Decimal("0.25")), symbol="C"),
        Slice(name="reserve", weight=Weight(Decimal("0.05")), is_cash=True),
    ]
)
NEVER = Band(points=Weight(Decimal(2)), relative=None)


def points(width: str) -> Band:
    return Band(points=Weight(Decimal(width)), relative=None)


def relative(width: str) -> Band:
    return Band(points=None, relative=Decimal(width), floor=Weight(Decimal(0)))


PLAIN = Policy(
    target=THREE,
    default_band=points("0.05"),
    backstop=None,
    rest_sessions=0,
    min_improvement=Decimal(0),
    minimum_trade=MinimumTrade(amount=Money(Decimal(1)), fraction=Weight(Decimal(0))),
    fractional=True,
    limit_offset=Decimal(0),
)
"""Bands of five points, fractional, to the target, nothing in the way."""


def calendar(period: Period, *, day: int = 1, min_drift: str = "0") -> tuple[CalendarRule, ...]:
    return (CalendarRule(period=period, day=day, min_drift=Weight(Decimal(min_drift))),)


TEN: Mapping[str, Policy] = {
    "as it comes: 5/25 bands, rest, backstop, whole shares": Policy(target=BUFFERED),
    "five points, fractional": PLAIN,
    "twenty percent of each weight": replace(PLAIN, default_band=relative("0.2")),
    "first session of the month": replace(
        PLAIN, default_band=NEVER, calendar=calendar(Period.MONTHLY)
    ),
    "a quarter's middle, if two points off": replace(
        PLAIN, default_band=NEVER, calendar=calendar(Period.QUARTERLY, day=15, min_drift="0.02")
    ),
    "half of the way": replace(
        PLAIN,
        default_band=points("0.03"),
        destination=Destination(stop=Stop.PART_WAY),
        rest_sessions=5,
    ),
    "to the edge of the band": replace(
        PLAIN, default_band=points("0.04"), destination=Destination(stop=Stop.BAND_EDGE)
    ),
    "groups and a cash slice, with a rest": replace(
        PLAIN,
        target=GROUPED,
        default_band=Band(rule=BandRule.WIDER),
        rest_sessions=20,
        rest_override=Decimal("1.5"),
    ),
    "only purchases": replace(PLAIN, target=BUFFERED, sells_allowed=False),
    "weekly, in whole shares that must be worth it": replace(
        PLAIN,
        target=BUFFERED,
        default_band=points("0.02"),
        calendar=calendar(Period.WEEKLY, day=3, min_drift="0.015"),
        min_improvement=Decimal("0.5"),
        fractional=False,
        limit_offset=Decimal("0.005"),
        rest_sessions=3,
    ),
}
