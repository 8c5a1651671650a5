"""The band trigger: a slice fires when its drift reaches its half-width, at the edge included."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.book import Book
from portfolio.drift import EDGE_TOLERANCE, Block, Shape, SliceDrift, drift_of
from portfolio.money import Weight
from portfolio.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """Which rows of a block fire and why: `drifts` and `fired` are (T, S) in slice order, `first` is
    (T,) the index of the first slice that fires in a row, -1 for none.
    """

    drifts: Block
    fired: NDArray[np.bool_]
    first: NDArray[np.intp]

    @property
    def first_row(self) -> int:
        """The first row in which any slice fires; -1 for none."""
        rows = np.flatnonzero(self.first >= 0)
        return int(rows[0]) if rows.size else -1


def fires(weights: Block, target: Target, half_widths: Block) -> Firing:
    """Ask every band of every row: leaf weights (T, N), half-widths (S,) as fractions.

    A half-width of infinity never fires (the cash slice). The edge fires: 60 % with 5 points fires
    at exactly 65 %, within `EDGE_TOLERANCE` of float noise.
    """
    return firing_of(drift_of(weights, target), half_widths)


def firing_of(drifts: Block, half_widths: Block) -> Firing:
    """`fires` for drifts (T, S) already known."""
    fired = is_out(drifts, half_widths)
    first = np.where(fired.any(axis=1), fired.argmax(axis=1), -1)
    return Firing(drifts=drifts, fired=fired, first=first)


def is_out(drifts: Block, levels: Block | float) -> NDArray[np.bool_]:
    """Whether each drift is off by its level or more, to either side; the edge counts.

    The one comparison behind bands, calendar dates and the end of a rest. Blocks may have a row for
    each moment, or for each of many policies at one moment.
    """
    out: NDArray[np.bool_] = np.abs(drifts) >= levels - EDGE_TOLERANCE
    return out


def kernel_widths(target: Target, half_widths: tuple[Weight, ...]) -> Block:
    """Half-widths for the kernel: infinity for the cash slice."""
    return np.array(
        [
            np.inf if node.is_cash else float(w)
            for node, w in zip(target.slices, half_widths, strict=True)
        ]
    )


def never_fires(widths: Block, shape: Shape) -> bool:
    """Whether no weight from 0 to 1 is far enough from its target for any half-width (S,)."""
    farthest = np.maximum(shape.goals, 1 - shape.goals)
    return bool((farthest < widths - 2 * EDGE_TOLERANCE).all())


def slices_out(book: Book, levels: Block | float) -> tuple[SliceDrift, ...]:
    """The slices with a band that are off by their level or more, through the same kernel."""
    outs = is_out(book.block[0], levels).tolist()
    rows = zip(book.policy.target.slices, book.drifts, outs, strict=True)
    return tuple(drift for node, drift, out in rows if out and not node.is_cash)
