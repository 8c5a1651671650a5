"""The year's tax as a function of the two net results, for many points at once, in floats.

T(S, L) is continuous and made of planes; the planes meet on lines S = s, L = l and S + L = n. The
planner needs the value, the slopes, and those lines (`vertices`) to bound T from below exactly.
The exact tax in `policies/taxes/rates.py` is the authority; a test holds the two together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from policies.taxes.rates import (
    NIIT_RATE,
    Bracket,
    FlatRates,
    IncomeRates,
    TaxRates,
    loss_limit,
    table_of,
)
from portfolio.drift import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Marginal rates between knots: `rates[i]` applies from `knots[i]` up to the next knot."""

    knots: Block
    rates: Block

    def tax(self, income: Block) -> Block:
        """Tax on each income, USD; nothing below zero."""
        upper = np.append(self.knots[1:], np.inf)
        filled = np.clip(income[..., None], self.knots, upper) - self.knots
        total: Block = (filled * self.rates).sum(axis=-1)
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Everything T needs. `short`, `long`, `ordinary` are flat rates; None when brackets decide.

    `niit` is the rate of the net investment income tax, `niit_room` how far MAGI is under its
    threshold, and `investment` the other investment income that it looks at.
    """

    limit: float
    state: float
    carried_short: float
    carried_long: float
    flat: tuple[float, float, float] | None
    income: float
    on_ordinary: Schedule
    on_long: Schedule
    niit: float
    niit_room: float
    investment: float

    def tax(self, short: Block, long: Block) -> Block:
        """T at each pair of net results after carry-overs, USD."""
        across = np.minimum(np.maximum(short, 0.0), np.maximum(-long, 0.0))
        short, long = short - across, long + across
        across = np.minimum(np.maximum(long, 0.0), np.maximum(-short, 0.0))
        short, long = short + across, long - across
        from_short = np.minimum(np.maximum(-short, 0.0), self.limit)
        from_long = np.minimum(np.maximum(-long, 0.0), self.limit - from_short)
        deduction = from_short + from_long
        gain_short, gain_long = np.maximum(short, 0.0), np.maximum(long, 0.0)
        later = self.carried_short * (np.maximum(-short, 0.0) - from_short)
        later += self.carried_long * (np.maximum(-long, 0.0) - from_long)
        total: Block = self._federal(gain_short, gain_long, deduction) - later
        total += self.state * (gain_short + gain_long - deduction)
        return total

    def at(self, short: float, long: float) -> float:
        """T at one point."""
        return float(self.tax(np.array([short]), np.array([long]))[0])

    def slopes(self, short: float, long: float, step: float = 0.25) -> tuple[float, float]:
        """Marginal tax of a dollar of short and of long result, the mean of both sides."""
        points = np.array([[step, 0.0], [-step, 0.0], [0.0, step], [0.0, -step]])
        up_s, down_s, up_l, down_l = self.tax(short + points[:, 0], long + points[:, 1])
        return float(up_s - down_s) / (2 * step), float(up_l - down_l) / (2 * step)

    def _federal(self, short: Block, long: Block, deduction: Block) -> Block:
        if self.flat is not None:
            on_short, on_long, on_ordinary = self.flat
            return on_short * short + on_long * long - on_ordinary * deduction
        base = np.maximum(0.0, self.income + short - deduction)
        tax = self.on_ordinary.tax(base) - self.on_ordinary.tax(np.array(self.income))
        tax = tax + self.on_long.tax(base + long) - self.on_long.tax(base)
        more = short + long - deduction
        over = np.minimum(self.investment + more, more - self.niit_room)
        before = max(0.0, min(self.investment, -self.niit_room))
        total: Block = tax + self.niit * (np.maximum(over, 0.0) - before)
        return total

    def lines(self) -> tuple[list[float], list[float], list[float]]:
        """Where planes of T may meet: values of S, of L and of S + L."""
        of_short, of_sum = [0.0, -self.limit], [0.0, -self.limit]
        if self.flat is None:
            ends = [*self.on_ordinary.knots, *self.on_long.knots]
            of_short += [k - self.income for k in ends]
            of_sum += [k - self.income for k in ends]
            of_sum += [self.niit_room, -self.investment]
        return of_short, [0.0, -self.limit], of_sum


def curve_of(rates: TaxRates, year: int) -> Curve:
    """The curve of a household's rates in one year. Raises `NoTaxData`."""
    table = table_of(rates, year)
    nothing = Schedule(knots=np.zeros(1), rates=np.zeros(1))
    flat, income, niit, room, investment = None, 0.0, 0.0, 0.0, 0.0
    match rates.federal:
        case FlatRates() as given:
            extra = float(NIIT_RATE) if rates.niit else 0.0
            flat = (float(given.short) + extra, float(given.long) + extra, float(given.ordinary))
        case IncomeRates(income=other):
            income, investment = float(other.ordinary), float(other.investment)
            niit, room = float(NIIT_RATE), float((table.niit_from if table else 0) - other.magi)
        case _:
            assert_never(rates.federal)
    return Curve(
        limit=float(loss_limit(rates.status)),
        state=float(rates.state),
        carried_short=float(rates.carried_short),
        carried_long=float(rates.carried_long),
        flat=flat,
        income=income,
        on_ordinary=_schedule(table.ordinary) if table else nothing,
        on_long=_schedule(table.long_term) if table else nothing,
        niit=niit,
        niit_room=room,
        investment=investment,
    )


def _schedule(brackets: Sequence[Bracket]) -> Schedule:
    starts = [0.0, *(float(b.up_to) for b in brackets if b.up_to is not None)]
    return Schedule(knots=np.array(starts), rates=np.array([float(b.rate) for b in brackets]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One part of the plane, by the corners at which T can be lowest there: S, L and T (V,)."""

    short: Block
    long: Block
    tax: Block

    def least(self, price_short: float, price_long: float) -> float:
        """The lowest T - price x result in the region."""
        return float((self.tax - price_short * self.short - price_long * self.long).min())


def regions_of(
    curve: Curve, short_range: tuple[float, float], long_range: tuple[float, float]
) -> list[Region]:
    """The reachable rectangle cut where T bends the wrong way (OPT-1): four parts, empty ones left out.

    With usual rates T is convex in each: long result positive and the sum too; long result negative
    and a short loss within the yearly limit; a short loss that outweighs the long gain; a short loss
    beyond the limit with a long loss.
    """
    of_short, of_long, of_sum = curve.lines()
    s_lines = np.clip([*of_short, *short_range], *short_range)
    l_lines = np.clip([*of_long, *long_range], *long_range)
    sums = np.array(of_sum)
    pairs = [
        np.stack(np.meshgrid(s_lines, l_lines), axis=-1).reshape(-1, 2),
        np.array([[s, n - s] for s in s_lines for n in sums]),
        np.array([[n - x, x] for x in l_lines for n in sums]),
    ]
    points = np.unique(np.round(np.concatenate(pairs), 6), axis=0)
    s, x = points[:, 0], points[:, 1]
    slack = 1e-5
    inside = (s >= short_range[0] - slack) & (s <= short_range[1] + slack)
    inside &= (x >= long_range[0] - slack) & (x <= long_range[1] + slack)
    parts = [
        (x >= -slack) & (s + x >= -slack),
        (x <= slack) & (s >= -curve.limit - slack),
        (s <= slack) & (x >= -slack) & (s + x <= slack),
        (s <= -curve.limit + slack) & (x <= slack),
    ]
    return [
        Region(short=s[keep], long=x[keep], tax=curve.tax(s[keep], x[keep]))
        for part in parts
        if (keep := inside & part).any()
    ]
