"""Moments as the condition kernels see them: a block of rows, one for each look."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from policies.allocation import Allocation
from policies.book import Book
from policies.conditions import Covariance, Per
from policies.policy import Policy
from policies.triggers.bands import kernel_widths
from policies.triggers.calendar import Days
from portfolio.drift import Block, Rows, Shape, shape_of
from portfolio.keeping import keeps_answers
from portfolio.money import Weight
from portfolio.target import Target
from portfolio.wakes import BY_HAND

LONG_AGO = 10**6
"""Sessions and days since a run that never was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What a policy says of every row: its `shape`, the half-widths (S,), infinite for cash, and which
    slices (S,) each kind of band condition asks."""

    policy: Policy
    shape: Shape
    widths: Block
    asked: Mapping[Per, Rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """A block of T rows. `weights` (T, N) are of the leaves, `drifts` (T, S) of the slices.

    `managed` (T,) is the value in money. `days` and `previous` (T,) are the ordinals of each session
    and of the one before, `answered` (T,) that of the last session whose dates have their answer,
    `backstop` likewise. `sessions_since` and `days_since` (T,) count from the last run that could
    sell. What is the same in all rows: `latched`, how far each slice's target `moved` (S,) since the
    last rebalance, the `signals` that changed, and whether it was a `person` who asked.
    """

    frame: Frame
    weights: Block
    drifts: Block
    managed: Block
    days: Days
    previous: Days
    answered: Days
    backstop: Days
    sessions_since: Days
    days_since: Days
    latched: frozenset[str] = frozenset()
    moved: Block
    signals: frozenset[str] = frozenset()
    person: bool = False


@keeps_answers
def frame_of(policy: Policy, half_widths: tuple[Weight, ...]) -> Frame:
    """Make the arrays of a policy; once for a whole history."""
    target = policy.target
    return Frame(
        policy=policy,
        shape=shape_of(target),
        widths=kernel_widths(target, half_widths),
        asked={per: _asked(target, per) for per in Per},
    )


def _asked(target: Target, per: Per) -> Rows:
    asked = np.array([not node.is_cash for node in target.slices])
    if per is Per.CLASS:
        asked &= np.array([node.parent is None for node in target.slices])
    if per is Per.INSTRUMENT:
        asked &= np.array([node.symbol is not None for node in target.slices])
    return asked


def moment_of(book: Book | Allocation) -> Moments:
    """One row: the look of a book, or of an allocation that nobody means to trade on."""
    memory, day = book.memory, book.snapshot.day
    frame = frame_of(book.policy, book.half_widths)
    since, ended = memory.sessions_since_run, memory.last_run_ended_on
    backstop = memory.backstop_done_on or memory.started_on
    return Moments(
        frame=frame,
        weights=book.weights,
        drifts=book.block,
        managed=np.array([float(book.managed)]),
        days=_one(day.toordinal()),
        previous=_one(0 if (before := memory.previous_session) is None else before.toordinal()),
        answered=_one(memory.calendar_done_through.toordinal()),
        backstop=_one(backstop.toordinal()),
        sessions_since=_one(LONG_AGO if since is None else since),
        days_since=_one(LONG_AGO if ended is None else (day - ended).days),
        latched=frozenset(memory.latched),
        moved=moved(book.sought, memory.target_done),
        signals=changed(memory.signals, memory.signals_done),
        person=memory.wake.kind.value == "person" and memory.wake.detail.startswith(BY_HAND),
    )


def moved(target: Target, done: Mapping[str, Weight]) -> Block:
    """How far each slice's target (S,) is from that of the last rebalance; zero when none is known.

    A slice that is new has come all the way from nothing.
    """
    if not done:
        return np.zeros(len(target.slices))
    return np.array([float(target.weights[n.name] - done.get(n.name, 0)) for n in target.slices])


def changed(now: Mapping[str, str], done: Mapping[str, str]) -> frozenset[str]:
    """Signals that read otherwise than at the last rebalance; none when none is known."""
    return frozenset(name for name, reading in now.items() if done and done.get(name) != reading)


def covariance_block(covariance: Covariance, target: Target) -> Block:
    """The matrix (N, N) in leaf order; zero for cash and for symbols that it does not list."""
    place = {symbol: n for n, symbol in enumerate(covariance.symbols)}
    symbols = [target.slice_named(leaf).symbol for leaf in target.leaves]
    rows = [None if s is None else place.get(s) for s in symbols]
    matrix = np.zeros((len(rows), len(rows)))
    for i, row in enumerate(rows):
        for j, column in enumerate(rows):
            if row is not None and column is not None:
                matrix[i, j] = float(covariance.rows[row][column])
    return matrix


def _one(number: int) -> Days:
    return np.array([number], dtype=np.int64)
