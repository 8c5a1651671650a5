"""The tables of `[[rebalance.fire]]`: conditions that a user writes; private to this room.

Within one table every line must hold; of several tables one is enough.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

from config.fields import (
    BlackoutText,
    CalendarText,
    FilePath,
    Flag,
    Name,
    Percent,
    Points,
    PointsOrNone,
    UsdAbove,
    choice,
    number,
    whole,
)
from config.places import Path as KeyPath
from config.rules import parse_blackout, parse_calendar
from config.tables import Table, key
from policies.conditions import (
    AllOf,
    AnyOf,
    Banded,
    ByPerson,
    CashOff,
    Condition,
    Covariance,
    DateDue,
    Improvement,
    LargestDrift,
    LookDay,
    Per,
    PortfolioDrift,
    Rested,
    SignalChanged,
    TargetChanged,
    TrackingError,
    Unless,
)
from portfolio.money import ZERO, Money, Weight

Times = Annotated[Decimal, number(least=0, most=100, above=True, unit=" times the band")]
StopPercent = Annotated[Decimal, number(most=100, unit=" %")]


class FireTable(Table):
    """One way in which a rebalance comes to be due: every line of it must hold."""

    look: CalendarText | None = key(
        None, "only in the session of such a date", "every 2 weeks on friday"
    )
    calendar: CalendarText | None = key(
        None, "such a date is due and not answered yet", "yearly on 2 january"
    )
    band: Annotated[str, choice(*Per)] | None = key(
        None,
        "a slice is out of its band: each slice, each class at the top, or each instrument",
        "slice",
    )
    band_slices: list[Name] = key([], "only these slices are asked, instead of all that band says")
    band_times: Times = key(Decimal(1), "out by this many times the band")
    band_stop_percent: StopPercent | None = key(
        None, "once out, it counts until back within this part of the band", 50
    )
    portfolio_drift_points: Points | None = key(
        None, "half the sum of all drifts, so much would have to change hands", 5
    )
    portfolio_drift_stop_points: PointsOrNone | None = key(
        None, "once there, it counts until under this", 2
    )
    largest_drift_points: PointsOrNone | None = key(None, "some slice is off by this", 5)
    largest_drift_stop_points: PointsOrNone | None = key(
        None, "once there, it counts until under this", 2
    )
    tracking_error_percent: Annotated[Decimal, number(above=True, most=100, unit=" %")] | None = (
        key(None, "expected deviation from the target a year; needs covariance_file", 1)
    )
    tracking_error_stop_percent: Percent | None = key(
        None, "once there, it counts until under this", Decimal("0.5")
    )
    covariance_file: FilePath | None = key(
        None,
        "a CSV file: yearly covariance of returns, symbols in the first line and column",
        "covariance.csv",
    )
    cash_above_points: PointsOrNone | None = key(None, "cash is this far above its slice", 2)
    cash_above_usd: UsdAbove | None = key(None, "and by this much money", 5000)
    cash_below_points: PointsOrNone | None = key(None, "cash is this far under its slice", 1)
    cash_below_usd: UsdAbove | None = key(None, "and by this much money", 5000)
    target_changed_points: Points | None = key(
        None, "a slice's target has moved this far since the last rebalance", 1
    )
    signal_changed: Flag | Name | None = key(
        None,
        "a tactical signal, or the one named, reads otherwise than at the last rebalance",
        True,
    )
    person: Flag = key(False, "a person asked with `trimtab run-now`")
    blackout: list[BlackoutText] = key(
        [], "inside one of these spans of days; stands under unless", ["15 december to 2 january"]
    )
    rested_sessions: Annotated[int, whole(most=260)] | None = key(
        None, "so many sessions since the last rebalance; instead of rest_sessions", 10
    )
    rested_days: Annotated[int, whole(most=366)] | None = key(None, "and so many days", 14)
    rested_override_bands: Annotated[Decimal, number(least=1, most=100, unit=" bands")] | None = (
        key(None, "a drift of this many times the band ends the rest; left out, nothing does", 2)
    )
    improvement_percent: Percent | None = key(
        None, "the plan removes this part of the drift; instead of min_improvement_percent", 20
    )
    all_of: "list[FireTable]" = key([], "tables of the same lines that must all hold")
    any_of: "list[FireTable]" = key([], "tables of the same lines of which one must hold")
    unless: "FireTable | None" = key(None, "a table of the same lines that must not hold")


Matrices = dict[str, Covariance]
"""Covariances by the name of their file."""


def tree_of(tables: list[FireTable], matrices: Matrices) -> Condition | None:
    """One is enough of several tables; None for none."""
    if not tables:
        return None
    parts = tuple(condition_of(table, matrices) for table in tables)
    return parts[0] if len(parts) == 1 else AnyOf(parts=parts)


def tables_in(table: FireTable, path: KeyPath) -> Iterator[tuple[FireTable, KeyPath]]:
    """A table and every one inside it, with the path of its key."""
    yield table, path
    for name in ("all_of", "any_of"):
        for place, inner in enumerate(getattr(table, name)):
            yield from tables_in(inner, (*path, name, place))
    if table.unless is not None:
        yield from tables_in(table.unless, (*path, "unless"))


def condition_of(table: FireTable, matrices: Matrices) -> Condition:
    """Every line of one table must hold."""
    parts: list[Condition] = [
        *_of_time(table),
        *_of_drift(table, matrices),
        *_of_cash(table),
        *_of_news(table),
        *(condition_of(inner, matrices) for inner in table.all_of),
    ]
    if table.any_of:
        inner = tuple(condition_of(part, matrices) for part in table.any_of)
        parts.append(AnyOf(parts=inner))
    if table.improvement_percent is not None:
        parts.append(Improvement(level=_part(table.improvement_percent)))
    whole_table = parts[0] if len(parts) == 1 else AllOf(parts=tuple(parts))
    if table.unless is None:
        return whole_table
    return Unless(part=whole_table, bar=condition_of(table.unless, matrices))


def _of_time(table: FireTable) -> list[Condition]:
    parts: list[Condition] = []
    if table.look is not None:
        parts.append(LookDay(rule=parse_calendar(table.look, min_drift=Weight(ZERO))))
    if table.calendar is not None:
        parts.append(DateDue(rule=parse_calendar(table.calendar, min_drift=Weight(ZERO))))
    spans: tuple[Condition, ...] = tuple(parse_blackout(text) for text in table.blackout)
    if spans:
        parts.append(spans[0] if len(spans) == 1 else AnyOf(parts=spans))
    if table.rested_sessions is not None or table.rested_days is not None:
        parts.append(
            Rested(
                sessions=table.rested_sessions or 0,
                days=table.rested_days or 0,
                override=table.rested_override_bands,
            )
        )
    return parts


def _of_drift(table: FireTable, matrices: Matrices) -> list[Condition]:
    parts: list[Condition] = []
    if table.band is not None or table.band_slices:
        stop = table.band_stop_percent
        parts.append(
            Banded(
                per=Per(table.band or Per.SLICE),
                slices=tuple(table.band_slices),
                times=table.band_times,
                stop=None if stop is None else _part(stop),
            )
        )
    if table.portfolio_drift_points is not None:
        parts.append(
            PortfolioDrift(
                level=Weight(_part(table.portfolio_drift_points)),
                stop=_weight(table.portfolio_drift_stop_points),
            )
        )
    if table.largest_drift_points is not None:
        parts.append(
            LargestDrift(
                level=Weight(_part(table.largest_drift_points)),
                stop=_weight(table.largest_drift_stop_points),
            )
        )
    if table.tracking_error_percent is not None and table.covariance_file is not None:
        parts.append(
            TrackingError(
                level=_part(table.tracking_error_percent),
                stop=_weight(table.tracking_error_stop_percent),
                covariance=matrices[table.covariance_file],
            )
        )
    return parts


def _of_cash(table: FireTable) -> list[Condition]:
    parts: list[Condition] = []
    if table.cash_above_points is not None or table.cash_above_usd is not None:
        parts.append(
            CashOff(
                side="above",
                part=_weight(table.cash_above_points),
                amount=None if table.cash_above_usd is None else Money(table.cash_above_usd),
            )
        )
    if table.cash_below_points is not None or table.cash_below_usd is not None:
        parts.append(
            CashOff(
                side="below",
                part=_weight(table.cash_below_points),
                amount=None if table.cash_below_usd is None else Money(table.cash_below_usd),
            )
        )
    return parts


def _of_news(table: FireTable) -> list[Condition]:
    parts: list[Condition] = []
    if table.target_changed_points is not None:
        parts.append(TargetChanged(level=Weight(_part(table.target_changed_points))))
    if table.signal_changed:
        name = table.signal_changed if isinstance(table.signal_changed, str) else ""
        parts.append(SignalChanged(name=name))
    if table.person:
        parts.append(ByPerson())
    return parts


def _part(percent: Decimal) -> Decimal:
    return percent.scaleb(-2)


def _weight(percent: Decimal | None) -> Weight | None:
    return None if percent is None else Weight(_part(percent))
