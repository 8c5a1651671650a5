"""Weights and drift, for one moment and for a whole history by the same arithmetic.

Blocks are float64 arrays of shape (T, N): T moments, N leaves with cash as the last when there is one.
A live decision passes T = 1. `leaf_values` and `from_float` are the only places where exact money
becomes a float and comes back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from portfolio.keeping import keeps_answers
from portfolio.money import ZERO, Money, Quantity, Weight, value_of
from portfolio.snapshot import Snapshot
from portfolio.target import Slice, Target
from portfolio.valuations import NO_COUNTS, Counts, counted_values

Block = NDArray[np.float64]
Rows = NDArray[np.bool_]
"""An answer for each row of a block, (T,) or (T, S)."""

EDGE_TOLERANCE = 1e-9
"""A band fires at its edge; a float within this of the edge is at the edge."""


def weights_of(values: Block) -> Block:
    """Values (T, N) as fractions of each row's sum (T, N). A row that sums to zero gives zeros."""
    sums = np.add.reduce(values, axis=1, keepdims=True)
    weights: Block = np.divide(values, sums, out=np.zeros(values.shape), where=sums > 0)
    return weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A target as the arrays that the kernels read; make it once for a whole history.

    `columns` lists the leaf columns of each slice behind one another and `starts` where each slice
    begins in it; `goals` (S,) and `leaf_goals` (N,) are target weights. `is_flat`: every slice is a
    leaf and stands in leaf order, so that leaf weights are slice weights already.
    """

    columns: NDArray[np.intp]
    starts: NDArray[np.intp]
    goals: Block
    leaf_goals: Block
    is_flat: bool


@keeps_answers
def shape_of(target: Target) -> Shape:
    """The arrays of a target, slices in the order of `target.slices`."""
    index = {leaf: n for n, leaf in enumerate(target.leaves)}
    members = [target.members[node.name] for node in target.slices]
    columns = [index[leaf] for leaves in members for leaf in leaves]
    starts = list(accumulate((len(leaves) for leaves in members[:-1]), initial=0))
    return Shape(
        columns=np.array(columns, dtype=np.intp),
        starts=np.array(starts, dtype=np.intp),
        goals=np.array([float(target.weights[node.name]) for node in target.slices]),
        leaf_goals=np.array([float(target.weights[leaf]) for leaf in target.leaves]),
        is_flat=columns == list(range(len(target.leaves))) == starts,
    )


def slice_weights(weights: Block, target: Target) -> Block:
    """Leaf weights (T, N) as the weights of every slice (T, S), in the order of `target.slices`."""
    return slice_weights_in(weights, shape_of(target))


def slice_weights_in(weights: Block, shape: Shape) -> Block:
    """Leaf weights (T, N) as the weights of every slice (T, S), in the order of the slices.

    Each row is summed by itself in the same order, so a row alone gives the same bits as the row
    in a block, which a matrix product does not promise.
    """
    if shape.is_flat:
        return weights
    sums: Block = np.add.reduceat(np.take(weights, shape.columns, axis=1), shape.starts, axis=1)
    return sums


def drift_of(weights: Block, target: Target) -> Block:
    """Actual minus target of every slice (T, S), groups too; positive is overweight."""
    return drift_in(weights, shape_of(target))


def drift_in(weights: Block, shape: Shape) -> Block:
    """`drift_of` for a target whose arrays are made already."""
    drifts: Block = slice_weights_in(weights, shape) - shape.goals
    return drifts


def total_drift(weights: Block, target: Target) -> Block:
    """Half the sum of absolute leaf drift (T,): the fraction that must change hands."""
    return total_drift_in(weights, shape_of(target))


def total_drift_in(weights: Block, shape: Shape) -> Block:
    """`total_drift` for a target whose arrays are made already."""
    return np.asarray(np.abs(weights - shape.leaf_goals).sum(axis=1) / 2, dtype=np.float64)


def from_float(value: float) -> Decimal:
    """A float of the kernels as a decimal of 12 places."""
    return Decimal(f"{value:.12f}").normalize() + ZERO


def leaf_values(
    snapshot: Snapshot, target: Target, counts: Counts = NO_COUNTS
) -> tuple[Money, ...] | None:
    """Value of each leaf in leaf order, the cash slice's being all cash; None when unknown.

    Substitutes count to their slice, and so does what `counts` says. Other holdings in no slice are
    left out: they are shown, never counted towards a slice.
    """
    by_name = {node.name: node for node in target.slices}
    held = snapshot.quantities()
    beside, unknown = counted_values(snapshot, counts)
    if unknown:
        return None
    values: list[Money] = []
    for leaf in target.leaves:
        node = by_name[leaf]
        if node.symbol is None:
            values.append(snapshot.cash)
            continue
        value = _value_of_leaf(snapshot, node, held)
        if value is None:
            return None
        values.append(Money(value + beside.get(leaf, ZERO)))
    return tuple(values)


def _value_of_leaf(snapshot: Snapshot, node: Slice, held: Mapping[str, Quantity]) -> Money | None:
    worth = Money(ZERO)
    for symbol in node.every_symbol:
        quantity = held.get(symbol, Quantity(ZERO))
        if quantity == ZERO:
            continue
        price = snapshot.count_price(symbol)
        if price is None:
            return None
        worth = Money(worth + value_of(quantity, price))
    return worth


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceDrift:
    """One slice at one moment; `drift` is actual minus target, `half_width` the way to its edge."""

    name: str
    target: Weight
    actual: Weight
    half_width: Weight

    @property
    def drift(self) -> Weight:
        """Signed distance from the target."""
        return Weight(self.actual - self.target)


def slice_drifts(
    values: Sequence[Money], target: Target, half_widths: Sequence[Weight]
) -> tuple[SliceDrift, ...]:
    """Every slice's drift for one moment, through the block kernel with T = 1."""
    weights = weights_of(np.array([[float(v) for v in values]]))
    return drifts_of_row(drift_of(weights, target)[0], target, half_widths)


def drifts_of_row(
    row: Block, target: Target, half_widths: Sequence[Weight]
) -> tuple[SliceDrift, ...]:
    """One row (S,) of `drift_of` in exact numbers, in the order of the slices."""
    goals = target.weights
    return tuple(
        SliceDrift(
            name=node.name,
            target=(goal := goals[node.name]),
            actual=Weight(goal + from_float(drift)),
            half_width=half_width,
        )
        for node, drift, half_width in zip(target.slices, row.tolist(), half_widths, strict=True)
    )
