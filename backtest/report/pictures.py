"""What the page shows of a result: each chart with its scales, from the result's lines."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from backtest.metrics import Result
from backtest.report.charts import Chart, Line, Mark, Ribbon, drawn, round_levels
from backtest.trace import Order
from backtest.words import percent, target_words
from policies.performance import drawdowns
from portfolio.drift import Block
from portfolio.orders import Side
from portfolio.target import Slice

LAST_LABEL = 0.95
"""A label further right would stand outside the page."""
SMALLEST = 0.001
"""The weight under which a slice of target zero is not drawn."""
MOST_SLICES = 16
"""Charts of weights; the others are in the table."""


def pictures(result: Result) -> Iterator[str]:
    """The charts from top to bottom."""
    years = _years(result)
    yield drawn(_value(result, years))
    yield drawn(_drawdown(result, years))
    yield _weights(result, years)
    yield drawn(_drift(result, years))
    yield _by_year(result)


def _years(result: Result) -> tuple[tuple[float, str], ...]:
    """Up to six years along the bottom, each at its first session."""
    days = result.history.sessions
    starts = [n for n in range(1, len(days)) if days[n].year != days[n - 1].year]
    every = max(1, -(-len(starts) // 6))
    places = [(n / (len(days) - 1), str(days[n].year)) for n in starts[::every]]
    return tuple((place, year) for place, year in places if place < LAST_LABEL)


def _value(result: Result, years: tuple[tuple[float, str], ...]) -> Chart:
    high, low = float(result.values.max()), float(result.values.min())
    levels = round_levels(0.0 if low < high / 2 else low, high, 6)
    return Chart(
        title="Value, USD",
        low=levels[-1],
        high=levels[0],
        labels=tuple(f"{v:,.0f}" for v in levels),
        levels=levels,
        years=years,
        lines=(Line(values=result.values),),
    )


def _drawdown(result: Result, years: tuple[tuple[float, str], ...]) -> Chart:
    falls = drawdowns(result.growth)
    levels = round_levels(min(float(falls.min()), -0.01), 0.0, 5)
    return Chart(
        title="Drawdown from the highest value before, flows aside",
        low=levels[-1],
        high=0.0,
        labels=tuple(percent(v, 0) for v in levels),
        levels=levels,
        years=years,
        lines=(Line(values=falls, kind="fall"),),
        height=120,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One slice with its weights, targets and half-widths (T,); an infinite width is none."""

    node: Slice
    weights: Block
    targets: Block
    half_widths: Block
    orders: tuple[Order, ...]

    @property
    def has_band(self) -> bool:
        """Whether it can leave its band at all."""
        return bool((self.half_widths > 0).any() and (self.half_widths < 1).all())

    @property
    def moves(self) -> bool:
        """Whether its target or its band changed on the way."""
        return bool(np.ptp(self.targets) or (self.has_band and np.ptp(self.half_widths)))


def _rows(result: Result) -> list[_Row]:
    lines = result.weights()
    targets, half_widths = result.targets()
    if result.orders:
        lines[: result.orders[0].row] = lines[result.orders[0].row]  # nothing was held before
    by_symbol: dict[str, list[Order]] = defaultdict(list)
    for order in result.orders:
        by_symbol[order.symbol].append(order)
    return [
        _Row(
            node=node,
            weights=line,
            targets=goals,
            half_widths=widths,
            orders=tuple(by_symbol.get(node.symbol or "", ())),
        )
        for node, line, goals, widths in zip(
            result.policy.target.slices, lines.T, targets.T, half_widths.T, strict=True
        )
    ]


def _weights(result: Result, years: tuple[tuple[float, str], ...]) -> str:
    rows = _rows(result)
    largest = sorted(range(len(rows)), key=lambda n: -rows[n].targets.max())[:MOST_SLICES]
    shown = [
        row
        for n, row in enumerate(rows)
        if n in largest and (row.targets.max() or row.weights.max() > SMALLEST)
    ]
    charts = "".join(drawn(_weight(result, row, years)) for row in shown)
    return (
        "<h2>Weights against their bands</h2>"
        '<p class="key"><i class="swatch band"></i>band around the target '
        '<i class="mark sell"></i>sold <i class="mark buy"></i>bought '
        '<i class="mark buy minor"></i>new cash</p>'
        f'<div class="small">{charts}</div>'
    )


def _weight(result: Result, row: _Row, years: tuple[tuple[float, str], ...]) -> Chart:
    reach = row.half_widths if row.has_band else np.zeros_like(row.targets)
    low, high = row.targets - reach, row.targets + reach
    levels = round_levels(
        max(0.0, min(float(row.weights.min()), float(low.min()))),
        min(1.0, max(float(row.weights.max()), float(high.max()))),
    )
    rebalances = {plan.run for plan in result.plans if plan.aim == "rebalance"}
    marks = tuple(
        Mark(
            row=order.row,
            value=float(row.weights[order.row]),
            kind=_kind(order, rebalances),
            title=_words(result, order),
        )
        for order in row.orders
    )
    return Chart(
        title=f"{row.node.name}, target {target_words(row.targets)}",
        low=levels[-1],
        high=levels[0],
        labels=tuple(percent(v, 1) for v in levels),
        levels=levels if row.moves else (*levels, float(row.targets[0])),
        years=years[::2],
        bands=((float(low[0]), float(high[0])),) if row.has_band and not row.moves else (),
        ribbons=(Ribbon(low=low, high=high),) if row.has_band and row.moves else (),
        lines=(*([Line(values=row.targets, kind="target")] * row.moves), Line(values=row.weights)),
        marks=marks,
        height=150,
    )


def _kind(order: Order, rebalances: set[int]) -> str:
    """A rebalance is marked plainly; what new cash bought is a small dot, there may be hundreds."""
    return order.side.value if order.run in rebalances else f"{order.side.value} minor"


def _words(result: Result, order: Order) -> str:
    day = result.history.sessions[order.row]
    verb = "bought" if order.side is Side.BUY else "sold"
    return f"{day}: {verb} {order.quantity:.4f} at {float(order.price):,.2f}. {order.reason}"


def _drift(result: Result, years: tuple[tuple[float, str], ...]) -> Chart:
    levels = round_levels(0.0, max(float(result.drift.max()), 0.01))
    return Chart(
        title="Drift: what part of the portfolio would have to change hands",
        low=0.0,
        high=levels[0],
        labels=tuple(percent(v, 1) for v in levels),
        levels=levels,
        years=years,
        lines=(Line(values=result.drift),),
        height=150,
    )


def _by_year(result: Result) -> str:
    """Turnover and cost as bars by calendar year, the first investment aside."""
    days = result.history.sessions
    years = sorted({day.year for day in days})
    traded, cost = _sums(result)
    average = {
        year: float(result.values[[day.year == year for day in days]].mean()) for year in years
    }
    shares = {y: min(traded[y, "buy"], traded[y, "sell"]) / (average[y] or 1.0) for y in years}
    turned = _bars("Turnover by year, of the average value", shares, lambda v: percent(v, 1))
    return drawn(turned) + drawn(_bars("Fees and spread by year, USD", cost, lambda v: f"{v:,.0f}"))


def _sums(result: Result) -> tuple[dict[tuple[int, str], float], dict[int, float]]:
    traded: dict[tuple[int, str], float] = defaultdict(float)
    cost: dict[int, float] = {day.year: 0.0 for day in result.history.sessions}
    column = {symbol: n for n, symbol in enumerate(result.history.symbols)}
    first = result.orders[0].run if result.orders else None
    for order in result.orders:
        year = result.history.sessions[order.row].year
        middle = result.history.prices[order.row, column[order.symbol]]
        cost[year] += float(order.fee) + float(order.quantity) * abs(float(order.price) - middle)
        if order.run != first:
            traded[year, order.side.value] += float(order.value)
    return traded, cost


def _bars(title: str, values: Mapping[int, float], words: Callable[[float], str]) -> Chart:
    levels = round_levels(0.0, max(*values.values(), 0.001))
    count = len(values)
    every = max(1, -(-count // 6))
    return Chart(
        title=title,
        low=0.0,
        high=levels[0],
        labels=tuple(words(level) for level in levels),
        levels=levels,
        years=tuple((n / count, str(y)) for n, y in enumerate(values) if n % every == 0),
        bars=tuple(
            ((n + 0.15) / count, 0.7 / count, value, f"{year}: {words(value)}")
            for n, (year, value) in enumerate(values.items())
        ),
        height=120,
    )
