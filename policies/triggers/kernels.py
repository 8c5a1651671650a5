"""The conditions as kernels: in which rows of a block does one hold. A live look is one row of them.

Every level has the one tolerance for float noise and belongs to its condition: at the level it holds.
"""

from datetime import date
from typing import assert_never

import numpy as np

from policies.conditions import (
    Banded,
    Blackout,
    ByPerson,
    CashOff,
    DateDue,
    Improvement,
    LargestDrift,
    Leaf,
    LookDay,
    Per,
    PortfolioDrift,
    Rested,
    SignalChanged,
    TargetChanged,
    TrackingError,
    has_stop,
)
from policies.triggers.bands import is_out
from policies.triggers.calendar import Days, last_dates
from policies.triggers.moments import Moments, covariance_block
from portfolio.drift import EDGE_TOLERANCE, Block, Rows, total_drift_in

_EPOCH = date(1970, 1, 1).toordinal()


def holds(leaf: Leaf, block: Moments, slack: float = 0.0) -> Rows:
    """Rows (T,) in which a condition holds. `slack` lowers every level by that much of a weight.

    An improvement is judged when there is a plan: here it holds.
    """
    match leaf:
        case Banded():
            return np.asarray(banded(leaf, block, slack).any(axis=1))
        case PortfolioDrift() | TrackingError():
            level = level_of(leaf, leaf.kind in block.latched)
            return np.asarray(measure(leaf, block) >= level - EDGE_TOLERANCE - slack)
        case LargestDrift():
            level = level_of(leaf, leaf.kind in block.latched)
            return np.asarray(is_out(_asked(block), level - slack).any(axis=1))
        case CashOff():
            return cash_off(leaf, block, slack)
        case DateDue(rule=rule, name=name):
            answered = block.answered if name == "calendar" else block.backstop
            due = last_dates(rule, block.days) > answered
            if due.any():
                off = is_out(_asked(block), float(rule.min_drift) - slack).any(axis=1)
                due &= off
            return np.asarray(due)
        case LookDay(rule=rule):
            return np.asarray(last_dates(rule, block.days) > block.previous)
        case Blackout():
            return blacked_out(leaf, block.days)
        case Rested():
            return rested(leaf, block, slack)
        case _:
            return np.full(len(block.days), _in_all_rows(leaf, block))


def _in_all_rows(
    leaf: TargetChanged | SignalChanged | ByPerson | Improvement, block: Moments
) -> bool:
    match leaf:
        case TargetChanged(level=level):
            far = np.abs(block.moved) >= float(level) - EDGE_TOLERANCE
            return bool(far.any() and block.moved.any())
        case SignalChanged(name=name):
            return name in block.signals if name else bool(block.signals)
        case ByPerson():
            return block.person
        case Improvement():
            return True
        case _:
            assert_never(leaf)


def first_row(rows: Rows) -> int:
    """The first row that holds; -1 for none."""
    found = np.flatnonzero(rows)
    return int(found[0]) if found.size else -1


def band_levels(leaf: Banded, block: Moments) -> Block:
    """The drift (S,) from which each slice counts; infinite for those that are not asked."""
    target = block.frame.policy.target
    asked = block.frame.asked[leaf.per]
    if leaf.slices:
        asked = np.array([node.name in leaf.slices for node in target.slices])
    levels = np.where(asked, float(leaf.times) * block.frame.widths, np.inf)
    if leaf.stop is None or not block.latched:
        return levels
    held = np.array([f"band {node.name}" in block.latched for node in target.slices])
    return np.where(held, float(leaf.stop) * levels, levels)


def banded(leaf: Banded, block: Moments, slack: float = 0.0) -> Rows:
    """Which slices (T, S) are at or past their level."""
    return is_out(block.drifts, band_levels(leaf, block) - slack)


def latches_turn(leaf: Leaf, block: Moments, slack: float) -> Rows:
    """Rows (T,) in which a condition with a stop level might come to hold, or cease to, give or take
    `slack` of a weight; no row for the others.
    """
    if not has_stop(leaf):
        return np.zeros(len(block.days), dtype=np.bool_)
    if isinstance(leaf, Banded):
        names = [f"band {node.name}" for node in block.frame.policy.target.slices]
        holding = np.array([name in block.latched for name in names])
        holding &= np.isfinite(band_levels(leaf, block))
        turned = np.where(holding, ~banded(leaf, block, -slack), banded(leaf, block, slack))
        return np.asarray(turned.any(axis=1), dtype=np.bool_)
    if leaf.kind in block.latched:
        return ~holds(leaf, block, -slack)
    return holds(leaf, block, slack)


def level_of(leaf: PortfolioDrift | LargestDrift | TrackingError, latched: bool) -> float:
    """The level that counts now: the stop level of a condition that held at the last look."""
    return float(leaf.stop if latched and leaf.stop is not None else leaf.level)


def measure(leaf: PortfolioDrift | LargestDrift | TrackingError, block: Moments) -> Block:
    """What the condition compares with its level (T,), as a fraction; tracking error is a year's."""
    match leaf:
        case PortfolioDrift():
            return total_drift_in(block.weights, block.frame.shape)
        case LargestDrift():
            return np.asarray(np.abs(_asked(block)).max(axis=1, initial=0.0), dtype=np.float64)
        case TrackingError(covariance=covariance):
            matrix = covariance_block(covariance, block.frame.policy.target)
            return tracking_error(block.weights - block.frame.shape.leaf_goals, matrix)
        case _:
            assert_never(leaf)


def tracking_error(drifts: Block, covariance: Block) -> Block:
    """sqrt(d' S d) for drifts (T, N) and a covariance (N, N) of yearly returns: (T,), a year.

    >>> bool(abs(tracking_error(np.array([[0.1]]), np.array([[0.04]]))[0] - 0.02) < 1e-12)
    True
    """
    # Row by row in the same order, so that a row alone gives the same bits as in a block.
    squares = ((drifts[:, :, None] * covariance).sum(axis=1) * drifts).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)), dtype=np.float64)


def cash_off(leaf: CashOff, block: Moments, slack: float = 0.0) -> Rows:
    """Whether cash is off its slice to the side and by the level, of the portfolio and in money."""
    goal = float(block.frame.policy.target.cash_weight)
    off = block.weights[:, -1] - goal
    off = off if leaf.side == "above" else -off
    far: Rows = off > -slack
    if leaf.part is not None:
        far = far & (off >= float(leaf.part) - EDGE_TOLERANCE - slack)
    if leaf.amount is not None:
        money = (off + EDGE_TOLERANCE + slack) * block.managed
        far = far & (money >= float(leaf.amount))
    return np.asarray(far)


def blacked_out(leaf: Blackout, days: Days) -> Rows:
    """Whether each session (T,) lies in the blackout, first and last day included."""
    first, last = leaf.first.toordinal(), leaf.last.toordinal()
    if not leaf.yearly:
        return np.asarray((days >= first) & (days <= last))
    dates = (days - _EPOCH).astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month = months.astype(np.int64) % 12 + 1
    of_year = 100 * month + (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
    begins, ends = (100 * day.month + day.day for day in (leaf.first, leaf.last))
    after, before = of_year >= begins, of_year <= ends
    return np.asarray(after | before if begins > ends else after & before)


def rested(leaf: Rested, block: Moments, slack: float = 0.0) -> Rows:
    """Whether the last run is long enough ago, or a slice is so far out that it does not matter."""
    over = (block.sessions_since >= leaf.sessions) & (block.days_since >= leaf.days)
    if leaf.override is None or over.all():
        return np.asarray(over)
    levels = float(leaf.override) * block.frame.widths
    return np.asarray(over | is_out(block.drifts, levels - slack).any(axis=1))


def _asked(block: Moments) -> Block:
    """Drifts of the slices that have a band; the cash slice has none."""
    return block.drifts[:, block.frame.asked[Per.SLICE]]
