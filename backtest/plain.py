"""The walk of a plain policy in floats: the same kernels, block by block, and no object per order.

It serves where `is_plain` holds and nothing else happens: one account, no costs, no flows, fills at
the close that was seen. `walk_plain` says None where it does not, and then the engine walks.
"""

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backtest.history import History
from backtest.setup import Costs, Fill, Setup
from policies.planning.plain import is_plain, on_steps, target_units
from policies.policy import Policy
from policies.triggers.ahead import Outlook, outlook_of
from policies.triggers.bands import is_out, never_fires
from portfolio.accounts import AccountKind
from portfolio.drift import Block, Shape, drift_in, shape_of

Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainWalk:
    """What a plain walk leaves: `rows` (E,) of its trades, the first investment first, and by symbol
    of the target the `units` (E, M) held after each, those that were `traded` (signed), on the steps
    of orders, and the `prices` (E, M)."""

    rows: Index
    units: Block
    traded: Block
    prices: Block
    own_prices: Block
    """Of all sessions (T, M), by symbol of the target."""
    shape: Shape
    cash: float


def may_be_plain(policy: Policy, history: History, setup: Setup) -> bool:
    """Whether the quick way applies, before anything is walked."""
    opening = setup.openings[0]
    return (
        is_plain(policy)
        and len(setup.openings) == 1
        and opening.account.can_trade
        and not opening.positions
        and not (policy.taxes is not None and opening.account.kind is AccountKind.TAXABLE)
        and setup.fill is Fill.SAME_CLOSE
        and setup.costs == Costs()
        and not (setup.flows or setup.interest or setup.changes or history.dividends)
        and history.largest_jump <= float(policy.prices.max_jump)
        and set(policy.target.symbols) <= set(history.symbols)
    )


def walk_plain(policy: Policy, history: History, setup: Setup) -> PlainWalk | None:
    """Walk a plain policy; None when it, the setup or an order too small asks for the engine."""
    if not may_be_plain(policy, history, setup):
        return None
    looks = np.ones(len(history), dtype=np.bool_) if setup.looks is None else setup.looks
    if not looks.any():
        return None
    outlook = outlook_of(policy, history.days, looks)
    own = _own_prices(policy, history)
    walk = _walk_at(setup, outlook.shape, own, _trades(outlook, own))
    rule = policy.minimum_trade
    managed = (walk.units * walk.prices).sum(axis=1)
    minimum = np.maximum(float(rule.amount), float(rule.fraction) * managed)
    if (np.abs(walk.traded) * walk.prices < minimum[:, None]).any():
        return None
    return walk


def plain_walk_at(policy: Policy, history: History, setup: Setup, rows: Index) -> PlainWalk:
    """The walk whose trades (E,) are known already, from a sweep."""
    return _walk_at(setup, shape_of(policy.target), _own_prices(policy, history), rows)


def _own_prices(policy: Policy, history: History) -> Block:
    if policy.target.symbols == history.symbols:
        return history.prices
    columns = [history.symbols.index(s) for s in policy.target.symbols]
    return np.ascontiguousarray(history.prices[:, columns])


def _walk_at(setup: Setup, shape: Shape, own: Block, rows: Index) -> PlainWalk:
    cash, goals = float(setup.openings[0].cash), shape.leaf_goals
    prices = own[rows]
    held = _held_after(prices, goals[: own.shape[1]], cash)
    return PlainWalk(
        rows=rows,
        units=held,
        traded=np.diff(held, axis=0, prepend=0.0),
        prices=prices,
        own_prices=own,
        shape=shape,
        cash=cash,
    )


LEAST_BLOCK, LARGEST_BLOCK = 16, 1024
MOST_ROUNDS = 3
"""Of counting again. Two are enough, and none is where a float has no nine places left."""


@dataclass(slots=True, kw_only=True)
class _Scan:
    """Where the walk looks: prices (T, M) of the sessions with a look, a block to work in, the dates.

    A household that was brought to its target holds units in proportion to goals over prices, so
    that its weights do not depend on what it is worth: the walk counts in shares of the whole.
    """

    shape: Shape
    widths: Block
    overrides: Block
    prices: Block
    values: Block
    date_rows: list[int]
    date_levels: list[Block | None]
    """None: whatever the drift."""
    can_fire: bool
    size: int = 64

    def first_out(self, first: int, stop: int, units: Block, levels: Block) -> int:
        """The first row in [first, stop) in which a slice is off by its level; `stop` when none."""
        row, across = first, len(levels)
        while row < stop:
            end = min(stop, row + self.size)
            fired = is_out(self.drifts(row, end, units), levels).ravel()
            place = int(fired.argmax())
            if fired[place]:
                found = row + place // across
                # Blocks of about one and a half gaps are read with the least waste.
                self.size = min(max((found - first) * 3 // 2, LEAST_BLOCK), LARGEST_BLOCK)
                return found
            row = end
        return stop

    def drifts(self, first: int, end: int, units: Block) -> Block:
        """Drift (T, S) of every slice in the rows [first, end), cash being nothing."""
        prices, values = self.prices[first:end], self.values[: end - first]
        np.multiply(prices, units, out=values[:, :-1])
        return drift_in(values / prices.dot(units)[:, None], self.shape)

    def next_trade(self, row: int, units: Block, rest: int) -> int | None:
        """The first row after `row` that trades what has been held since; None when none does."""
        at, rested = row + 1, row + rest
        while True:
            place = bisect_left(self.date_rows, at)
            dated = place < len(self.date_rows)
            stop = self.date_rows[place] if dated else len(self.prices)
            found = self._first_band(at, stop, rested, units) if self.can_fire else stop
            if found < stop:
                return found
            if not dated:
                return None
            level = self.date_levels[place]
            if level is None or is_out(self.drifts(stop, stop + 1, units), level).any():
                return stop
            at = stop + 1

    def _first_band(self, at: int, stop: int, rested: int, units: Block) -> int:
        if at < rested:
            early = min(rested, stop)
            found = self.first_out(at, early, units, self.overrides)
            if found < early:
                return found
            at = early
        return self.first_out(at, stop, units, self.widths)


def _held_after(prices: Block, goals: Block, cash: float) -> Block:
    """Units (E, M) after each trade at `prices` (E, M), on the steps of orders.

    What a rounding leaves in cash earns nothing until the next trade: the money to place is counted
    again from the rounded units until they stay as they are.
    """
    managed = cash * np.concatenate([[1.0], np.cumprod((prices[1:] / prices[:-1]).dot(goals))])
    units = target_units(managed, prices, goals)
    before = np.zeros_like(units)
    before[1:] = units[:-1]
    held = on_steps(before, units, prices)
    for _ in range(MOST_ROUNDS):
        left = -(np.diff(held, axis=0, prepend=0.0) * prices).sum(axis=1)
        left[0] += cash  # from here on sums of small numbers, and so nearly exact ones
        np.cumsum(left, out=left)
        managed[1:] = (held[:-1] * prices[1:]).sum(axis=1) + left[:-1]
        before[1:] = held[:-1]
        again = on_steps(before, target_units(managed, prices, goals), prices)
        if np.array_equal(again, held):
            break
        held = again
    return held


def _trades(outlook: Outlook, prices: Block) -> Index:
    """Rows (E,) of the trades, the first investment first."""
    looks = np.flatnonzero(outlook.looks)
    if len(looks) < len(prices):
        prices = prices[looks]
    scan = _scan(outlook, prices, looks)
    goals, rest = outlook.targets, outlook.policy.rest_sessions
    rows = [0]
    if not scan.can_fire and all(level is None for level in scan.date_levels):
        rows += [row for row in scan.date_rows if row > 0]
    else:
        row = scan.next_trade(
            0, goals / prices[0], 0
        )  # the first investment is followed by no rest
        while row is not None:
            rows.append(row)
            row = scan.next_trade(row, goals / prices[row], rest)
    return looks[rows]


def _scan(outlook: Outlook, prices: Block, looks: Index) -> _Scan:
    levels: dict[int, Block | None] = {}
    for dates in outlook.dates:
        always = dates.min_drift <= 0  # a drift of nothing is off by nothing
        level = None if always else np.where(outlook.banded, dates.min_drift, np.inf)
        for row in np.flatnonzero(dates.is_new[looks]).tolist():
            other = levels.get(row, outlook.widths)
            levels[row] = None if level is None or other is None else np.minimum(level, other)
    rows = sorted(levels)
    return _Scan(
        shape=outlook.shape,
        widths=outlook.widths,
        overrides=outlook.overrides,
        prices=prices,
        values=np.zeros((LARGEST_BLOCK, prices.shape[1] + 1)),
        date_rows=rows,
        date_levels=[levels[row] for row in rows],
        can_fire=not never_fires(outlook.widths, outlook.shape),
    )
