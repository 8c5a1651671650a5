"""Small charts as SVG text: lines, bands, marks and bars, sharp at any width.

A picture is stretched to its box and its strokes are not, so that a phone and a desk see the same
line; the labels are plain HTML beside it and keep their size.
"""

from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

from portfolio.drift import Block

WIDE, HIGH = 1000, 300
MOST_POINTS = 500
"""Of a line; more than a screen shows. Of every stretch its lowest and highest point stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line over the sessions (T,); `kind` is its class in the style sheet."""

    values: Block
    kind: str = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ribbon:
    """What lies between two lines over the sessions, (T,) each: a band that moves."""

    low: Block
    high: Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A trade at a session: a dot with words for whoever points at it."""

    row: int
    value: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What to draw between `low` and `high`; `bands` are filled (from, to) across the whole width,
    `levels` thin lines. Labels read from the top down at even heights; `years` stand below."""

    title: str
    low: float
    high: float
    labels: tuple[str, ...]
    years: tuple[tuple[float, str], ...]
    lines: tuple[Line, ...] = ()
    bands: tuple[tuple[float, float], ...] = ()
    ribbons: tuple[Ribbon, ...] = ()
    levels: tuple[float, ...] = ()
    marks: tuple[Mark, ...] = ()
    bars: tuple[tuple[float, float, float, str], ...] = ()
    """(left, width, value, words), left and width as fractions."""
    height: int = 220


def round_levels(low: float, high: float, most: int = 5) -> tuple[float, ...]:
    """Round, even levels that hold [low, high], at most `most` of them, from the top down.

    >>> round_levels(0, 47)
    (60.0, 40.0, 20.0, 0.0)
    """
    size = 10.0 ** floor(log10(max(high - low, 1e-9) / most))
    bottom, top, step = 0, most, size
    for step in (size * m for m in (1, 2, 2.5, 5, 10, 20, 25, 50)):
        bottom, top = floor(low / step + 1e-9), ceil(high / step - 1e-9)
        if top - bottom < most:
            break
    return tuple(round(n * step, 12) for n in range(max(top, bottom + 1), bottom - 1, -1))


def drawn(chart: Chart) -> str:
    """The chart as a figure: caption, picture, labels."""
    inside = "".join(
        [
            *(_band(chart, low, high) for low, high in chart.bands),
            *(_ribbon(chart, ribbon) for ribbon in chart.ribbons),
            *(_level(chart, level) for level in chart.levels),
            *(_bar(chart, bar) for bar in chart.bars),
            *(_line(chart, line) for line in chart.lines),
        ]
    )
    count = max((len(line.values) for line in chart.lines), default=1)
    dots = "".join(_mark(chart, mark, count) for mark in chart.marks)
    scale = "".join(f"<span>{escape(label)}</span>" for label in chart.labels)
    years = "".join(
        f'<span style="left:{place * 100:.2f}%">{escape(text)}</span>'
        for place, text in chart.years
    )
    return (
        f"<figure><figcaption>{escape(chart.title)}</figcaption>"
        f'<div class="box" style="height:{chart.height}px"><div class="scale">{scale}</div>'
        f'<div class="plot"><svg viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none"'
        f' role="img" aria-label="{escape(chart.title)}">{inside}</svg>{dots}</div></div>'
        f'<div class="years">{years}</div></figure>'
    )


def _y(chart: Chart, value: float) -> float:
    """The height of a value from the top, as a fraction."""
    span = chart.high - chart.low or 1.0
    return min(max((chart.high - value) / span, 0.0), 1.0)


def _line(chart: Chart, line: Line) -> str:
    return f'<polyline class="{line.kind}" points="{" ".join(_points(chart, line.values))}"/>'


def _ribbon(chart: Chart, ribbon: Ribbon) -> str:
    around = [*_points(chart, ribbon.high), *reversed(_points(chart, ribbon.low))]
    return f'<polygon class="band" points="{" ".join(around)}"/>'


def _points(chart: Chart, line: Block) -> list[str]:
    rows, values = thinned(line)
    last = max(len(line) - 1, 1)
    return [
        f"{row / last * WIDE:.1f},{_y(chart, value) * HIGH:.1f}"
        for row, value in zip(rows.tolist(), values.tolist(), strict=True)
    ]


def thinned(values: Block) -> tuple[NDArray[np.intp], Block]:
    """Rows and values of a line, thinned so that no peak is lost."""
    if len(values) <= MOST_POINTS:
        return np.arange(len(values), dtype=np.intp), values
    edges = np.linspace(0, len(values), MOST_POINTS // 2 + 1).astype(int)
    kept = {0, len(values) - 1}
    for start, end in pairwise(edges.tolist()):
        part = values[start:end]
        kept |= {start + int(part.argmin()), start + int(part.argmax())}
    rows = np.array(sorted(kept), dtype=np.intp)
    return rows, values[rows]


def _band(chart: Chart, low: float, high: float) -> str:
    top, bottom = _y(chart, high) * HIGH, _y(chart, low) * HIGH
    return f'<rect class="band" x="0" width="{WIDE}" y="{top:.1f}" height="{bottom - top:.1f}"/>'


def _level(chart: Chart, level: float) -> str:
    y = _y(chart, level) * HIGH
    return f'<line class="level" x1="0" x2="{WIDE}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _bar(chart: Chart, bar: tuple[float, float, float, str]) -> str:
    left, width, value, words = bar
    top, zero = _y(chart, value) * HIGH, _y(chart, max(chart.low, 0.0)) * HIGH
    return (
        f'<rect class="bar" x="{left * WIDE:.1f}" width="{width * WIDE:.1f}" y="{top:.1f}"'
        f' height="{max(zero - top, 0):.1f}"><title>{escape(words)}</title></rect>'
    )


def _mark(chart: Chart, mark: Mark, count: int) -> str:
    left, top = mark.row / max(count - 1, 1) * 100, _y(chart, mark.value) * 100
    return (
        f'<i class="mark {mark.kind}" style="left:{left:.2f}%;top:{top:.2f}%"'
        f' title="{escape(mark.title)}"></i>'
    )
