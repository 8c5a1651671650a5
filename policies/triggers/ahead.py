"""Looking ahead: in which rows of a history anything could call for a trade, while nothing is traded.

The answer may be yes too often, never no too often: whoever skips the rows of a no gets the same
decisions as one who asks every row. It rests on the kernels that a live look uses with one row, with
levels lowered by a little more than their float noise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from policies.allocation import half_widths_of
from policies.conditions import (
    Condition,
    DateDue,
    Leaf,
    Rested,
    leaves_of,
)
from policies.policy import Policy
from policies.targets.sources import signals_of
from policies.triggers.algebra import bounds, firing_rule
from policies.triggers.calendar import Days, last_dates
from policies.triggers.kernels import holds, latches_turn
from policies.triggers.moments import LONG_AGO, Frame, Moments, changed, frame_of, moved
from policies.triggers.rest import overriding
from portfolio.drift import Block, Shape, drift_in
from portfolio.money import Weight

Rows = NDArray[np.bool_]

_SLACK = 1e-9
"""Of a weight, or of the household's value: more than the noise of floats, less than matters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """One calendar rule over a history: the last date (T,) as an ordinal, which sessions with a look
    are the first to see a new one (T,), and the drift that makes it call."""

    last: Days
    is_new: Rows
    min_drift: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """A policy made ready for the sessions of a history; `looks` (T,) says which get a look."""

    policy: Policy
    frame: Frame
    shape: Shape
    days: Days
    before: Days
    """The session of the last look before each (T,), as an ordinal; 0 for none."""
    looks: Rows
    widths: Block
    overrides: Block
    banded: Rows
    dates: tuple[Dates, ...]
    targets: Block
    """Weights of the leaves that are bought (M,), in the order of `target.symbols`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What does not change while nothing is traded, as of the first row of a block.

    `cash` without waiting deposits. `sessions_since_run` None: no rest; `ended_on` is the ordinal of
    the day from which it counts. `done_through` is that of the last session whose dates have their
    answer. `owed`: a withdrawal is unanswered. `latched`, `target_done` and `signals_done` as in
    `Memory`.
    """

    cash: float
    sessions_since_run: int | None
    done_through: int
    owed: bool
    ended_on: int | None = None
    latched: tuple[str, ...] = ()
    target_done: Mapping[str, Weight] = field(default_factory=dict)
    signals_done: Mapping[str, str] = field(default_factory=dict)


def outlook_of(policy: Policy, days: Days, looks: Rows) -> Outlook:
    """Make the arrays that `could_call` reads; `days` and `looks` are (T,)."""
    target = policy.target
    frame = frame_of(policy, half_widths_of(policy))
    shape, widths = frame.shape, frame.widths
    rules = [*policy.calendar, *([policy.backstop] if policy.backstop is not None else [])]
    return Outlook(
        policy=policy,
        frame=frame,
        shape=shape,
        days=days,
        before=_looked_before(days, looks),
        looks=looks,
        widths=widths,
        overrides=overriding(policy, widths),
        banded=np.array([not node.is_cash for node in target.slices]),
        dates=tuple(
            Dates(
                last=(last := last_dates(rule, days)),
                is_new=_first_to_see(last, days, looks),
                min_drift=float(rule.min_drift),
            )
            for rule in rules
        ),
        targets=shape.leaf_goals[: len(target.symbols)],
    )


def _looked_before(days: Days, looks: Rows) -> Days:
    looked = np.maximum.accumulate(np.where(looks, days, 0))
    return np.concatenate([np.zeros(1, dtype=np.int64), looked[:-1]])


def _first_to_see(last: Days, days: Days, looks: Rows) -> Rows:
    """Sessions with a look that see a date later than the session of the look before."""
    rows = np.flatnonzero(looks)
    new = np.zeros(len(days), dtype=np.bool_)
    if rows.size:
        new[rows[0]] = True
        new[rows[1:]] = last[rows[1:]] > days[rows[:-1]]
    return new


def could_call(outlook: Outlook, first: int, values: Block, prices: Block, now: Standing) -> Rows:
    """Rows (T,) of a block from row `first` on in which a look might want to trade.

    `values` (T, N) are those of the leaves with the cash as the last, at `prices` (T, M). All rows
    before the first yes end in a hold that leaves every date up to their session answered, and what
    holds on to a stop level as it was.
    """
    policy = outlook.policy
    managed = values.sum(axis=1)
    tree = firing_rule(policy)
    leaves = leaves_of(tree)
    looks = outlook.looks[first : first + len(values)]
    block = _moments(outlook, first, values, managed, now)
    rested = next(holds(leaf, block, _SLACK) for leaf in leaves if isinstance(leaf, Rested))
    wants = np.zeros(len(values), dtype=np.bool_)
    if policy.sells_allowed and policy.buys_allowed:
        wants = bounds(tree, block, _SLACK).may | _dated(tree, leaves, block)
    wants |= _moves_cash(outlook, values, prices, managed, now, rested)
    wants |= managed <= 0
    for leaf in leaves:
        wants |= latches_turn(leaf, block, _SLACK)
    asked: Rows = wants & looks
    return asked


def _moments(outlook: Outlook, first: int, values: Block, managed: Block, now: Standing) -> Moments:
    rows = slice(first, first + len(values))
    days, before = outlook.days[rows], outlook.before[rows]
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = values / managed[:, None]
    # Looks of this block that are skipped leave every date up to them answered.
    answered = np.where(before >= days[0], before, now.done_through)
    since, ended = now.sessions_since_run, now.ended_on
    count = np.arange(len(days))
    return Moments(
        frame=outlook.frame,
        weights=weights,
        drifts=drift_in(weights, outlook.shape),
        managed=managed,
        days=days,
        previous=outlook.days[first - 1 : rows.stop - 1]
        if first
        else np.concatenate([np.zeros(1, dtype=np.int64), days[:-1]]),
        answered=answered,
        backstop=answered,
        sessions_since=np.full(len(days), LONG_AGO) if since is None else since + count,
        days_since=np.full(len(days), LONG_AGO) if ended is None else days - ended,
        latched=frozenset(now.latched),
        moved=moved(outlook.policy.target, now.target_done),
        signals=changed(signals_of(outlook.policy.weighing), now.signals_done),
    )


def _dated(tree: Condition, leaves: Sequence[Leaf], block: Moments) -> Rows:
    """Rows with a date that is due and would call but for a rest or a blackout.

    Such a date is always asked about: only a real look can say that it is answered.
    """
    due = np.zeros(len(block.days), dtype=np.bool_)
    for leaf in leaves:
        if isinstance(leaf, DateDue):
            due |= holds(leaf, block, _SLACK)
    if due.any():
        due &= bounds(tree, block, _SLACK, waits_over=True).may
    return due


def _moves_cash(
    outlook: Outlook,
    values: Block,
    prices: Block,
    managed: Block,
    now: Standing,
    rested: Rows,
) -> Rows:
    """Cash to invest that could buy anything at all, or cash to raise."""
    policy = outlook.policy
    rule = policy.minimum_trade
    minimum = np.maximum(float(rule.amount), float(rule.fraction) * managed)
    above = now.cash - float(policy.target.cash_weight) * managed
    slack = _SLACK * np.abs(managed)
    calls: Rows = (above > 0) & (above >= minimum - slack)
    if not policy.buys_allowed:
        calls = np.zeros(len(managed), dtype=np.bool_)
    if calls.any():
        calls &= _could_buy(outlook, values, prices, managed, above + slack)
    if policy.sells_allowed:
        short = (-above > 0) & (-above >= minimum - slack)
        calls |= (short & (rested | now.owed)) | (now.cash < 0)
    return calls


def _could_buy(
    outlook: Outlook, values: Block, prices: Block, managed: Block, money: Block
) -> Rows:
    """Whether a symbol under its target costs no more than the money: one share, or any part."""
    targets = outlook.targets
    under = values[:, : len(targets)] < targets * managed[:, None]
    if outlook.policy.fractional:
        return np.asarray(under.any(axis=1), dtype=np.bool_)
    # A limit is rounded down by less than a tick of 0.01, or of a hundredth of that below one.
    least = np.where(under, prices * (1 + float(outlook.policy.limit_offset)) - 0.01, np.inf)
    return np.asarray(least.min(axis=1) <= money, dtype=np.bool_)
