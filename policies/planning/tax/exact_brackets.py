"""Brackets in the exact program: tax on stacked income as pieces, and the 3.8 % (OPT-2).

The long-term tax is that on all income less that on ordinary income, so the pieces of ordinary income
are not convex: a binary says when the next one begins. Constants that do not depend on the plan are
left to the caller, who takes off the tax of the year as it stands.
"""

from dataclasses import dataclass

import numpy as np

from policies.planning.tax.curve import Curve, Schedule
from policies.planning.tax.program import INFINITY, Model

Entries = list[tuple[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Netted:
    """The year after netting as sums of columns: gains by term, and what is deducted."""

    short: Entries
    long: Entries
    deducted: Entries


def brackets(model: Model, curve: Curve, netted: Netted) -> None:
    """Add the federal tax of the year to the program."""
    change = [*netted.short, *((c, -part) for c, part in netted.deducted)]
    highest = curve.income + _highest(model, netted.short)
    most = highest + _highest(model, netted.long)
    base, knots = _base(model, curve, highest)
    model.row(curve.income, INFINITY, *base, *((c, -part) for c, part in change))
    total = _convex(model, curve.on_long, most)
    model.row(
        0.0, INFINITY, *total, *((c, -p) for c, p in base), *((c, -p) for c, p in netted.long)
    )
    _surtax(model, curve, [*change, *netted.long], most)
    fixed = curve.on_ordinary.tax(np.array(curve.income))
    before = curve.niit * max(0.0, min(curve.investment, -curve.niit_room))
    model.column(1.0, low=1.0, cost=-float(fixed) - before)
    assert knots  # noqa: S101  a schedule has a first bracket


def _highest(model: Model, entries: Entries) -> float:
    return sum(part * model.high[column] for column, part in entries if part > 0.0)


def _base(model: Model, curve: Curve, highest: float) -> tuple[Entries, list[float]]:
    """Ordinary income in pieces, filled in order: its tax, less the long-term tax that lies below."""
    knots = sorted({*curve.on_ordinary.knots.tolist(), *curve.on_long.knots.tolist()})
    knots = [k for k in knots if k < highest] or [0.0]
    ends = [*knots[1:], max(highest, knots[-1]) + 1.0]
    pieces: Entries = []
    before: tuple[int, float] | None = None
    for start, end in zip(knots, ends, strict=True):
        rate = _rate(curve.on_ordinary, start) - _rate(curve.on_long, start)
        column = model.column(end - start, cost=rate)
        if before is not None:
            opened = model.flag()
            filled, width = before
            model.row(0.0, INFINITY, (filled, 1.0), (opened, -width))
            model.row(-INFINITY, 0.0, (column, 1.0), (opened, -(end - start)))
        before = column, end - start
        pieces.append((column, 1.0))
    return pieces, knots


def _convex(model: Model, schedule: Schedule, highest: float) -> Entries:
    """Income in pieces of rising rates; the cheapest are filled first by themselves."""
    knots = [*schedule.knots.tolist(), INFINITY]
    return [
        (model.column(min(end, max(highest, start) + 1.0) - start, cost=float(rate)), 1.0)
        for start, end, rate in zip(knots, knots[1:], schedule.rates, strict=False)
    ]


def _surtax(model: Model, curve: Curve, more: Entries, most: float) -> None:
    """The 3.8 % on the smaller of investment income and what lies over the threshold."""
    taxed = model.column(cost=curve.niit)
    by_income = model.flag()
    reach = most + abs(curve.investment) + abs(curve.niit_room) + 10_000.0
    minus = [(c, -part) for c, part in more]
    model.row(curve.investment - reach, INFINITY, (taxed, 1.0), *minus, (by_income, -reach))
    model.row(-curve.niit_room, INFINITY, (taxed, 1.0), *minus, (by_income, reach))


def _rate(schedule: Schedule, income: float) -> float:
    place = int(np.searchsorted(schedule.knots, income, side="right")) - 1
    return float(schedule.rates[place])
