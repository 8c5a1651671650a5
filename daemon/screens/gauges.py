"""A slice's weight drawn against its band: edges, target tick, marker.

The picture is zoomed on the band, so that five points fill the same width for a slice of 60 % and for
one of 5 %. It reads without colour: `···├────┼──●─┤···` is a weight above its target, inside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from portfolio.drift import EDGE_TOLERANCE

Tone = Literal["outside", "band", "edge", "target", "calm", "near", "beyond"]
"""What a cell means; `calm`, `near` and `beyond` are the marker's three moods."""

REACH = 1.6
"""The picture shows this many half-widths to either side of the target."""
NEAR = 0.75
"""A marker further out than this part of the half-width is near its edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One character of a gauge and what it means."""

    text: str
    tone: Tone


def mood(drift: Decimal, half_width: Decimal) -> Literal["calm", "near", "beyond"]:
    """How a drift stands to its band; exactly at the edge is beyond, as the band rule has it.

    >>> mood(Decimal("0.05"), Decimal("0.05")), mood(Decimal("-0.04"), Decimal("0.05"))
    ('beyond', 'near')
    """
    distance, width = abs(float(drift)), float(half_width)
    if distance >= width - EDGE_TOLERANCE:
        return "beyond"
    return "near" if distance > NEAR * width else "calm"


def gauge(drift: Decimal, half_width: Decimal, width: int) -> tuple[Cell, ...]:
    """`width` cells (9 or more): the band in the middle, the marker where the drift is.

    `drift` is actual minus target, positive to the right. A marker beyond the picture becomes an
    arrow at its end.

    >>> "".join(c.text for c in gauge(Decimal("0.02"), Decimal("0.05"), 21))
    '····├─────┼─●───┤····'
    >>> "".join(c.text for c in gauge(Decimal("-0.20"), Decimal("0.05"), 21))
    '◀···├─────┼─────┤····'
    """
    middle = width // 2
    per_half_width = middle / REACH
    edge = round(per_half_width)
    cells = [_ground(abs(place - middle), edge, place < middle) for place in range(width)]
    offset = round(float(drift / half_width) * per_half_width) if half_width else 0
    feeling = mood(drift, half_width)
    if feeling != "beyond":  # rounding must not draw a marker on an edge that it has not reached
        offset = max(-edge + 1, min(edge - 1, offset))
    place = middle + offset
    if place < 0:
        cells[0] = Cell(text="◀", tone=feeling)
    elif place >= width:
        cells[-1] = Cell(text="▶", tone=feeling)
    else:
        cells[place] = Cell(text="●", tone=feeling)
    return tuple(cells)


def _ground(distance: int, edge: int, is_left: bool) -> Cell:
    if distance == 0:
        return Cell(text="┼", tone="target")
    if distance == edge:
        return Cell(text="├" if is_left else "┤", tone="edge")
    if distance < edge:
        return Cell(text="─", tone="band")
    return Cell(text="·", tone="outside")


def drawn(cells: Sequence[Cell]) -> str:
    """The gauge as plain text."""
    return "".join(cell.text for cell in cells)
