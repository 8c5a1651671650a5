"""Looking ahead: in which rows of a history anything could call for a trade, while nothing is traded.

The answer may be yes too often, never no too often: whoever skips the rows of a no gets the same
decisions as one who asks every row. It rests on the kernels that a live look uses with one row, with
levels lowered by a little more than their float noise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.book import half_widths_of
from policies.policy import Policy
from policies.triggers.bands import is_out, kernel_widths
from policies.triggers.calendar import Days, last_dates
from policies.triggers.rest import overriding
from portfolio.drift import Block, Shape, drift_in, shape_of

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
    shape: Shape
    days: Days
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

    `cash` without waiting deposits. `sessions_since_run` None: no rest. `done_through` is the
    ordinal of the last session whose dates have their answer. `owed`: a withdrawal is unanswered.
    """

    cash: float
    sessions_since_run: int | None
    done_through: int
    owed: bool


def outlook_of(policy: Policy, days: Days, looks: Rows) -> Outlook:
    """Make the arrays that `could_call` reads; `days` and `looks` are (T,)."""
    target = policy.target
    shape = shape_of(target)
    widths = kernel_widths(target, half_widths_of(policy))
    rules = [*policy.calendar, *([policy.backstop] if policy.backstop is not None else [])]
    return Outlook(
        policy=policy,
        shape=shape,
        days=days,
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
    before the first yes end in a hold that leaves every date up to their session answered.
    """
    policy = outlook.policy
    managed = values.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        drifts = drift_in(values / managed[:, None], outlook.shape)
    rebalances = is_out(drifts, outlook.widths - _SLACK).any(axis=1)
    rested: Rows = np.ones(len(values), dtype=np.bool_)
    since = now.sessions_since_run
    if since is not None and since < policy.rest_sessions:
        count = since + np.arange(len(values))
        rested = count >= policy.rest_sessions
        rested |= is_out(drifts, outlook.overrides - _SLACK).any(axis=1)
    # A date that is due and off is always asked about: only a real look can say that it is answered.
    wants = (rebalances & rested) | _dated(outlook, first, drifts, now)
    if not policy.sells_allowed:
        wants = np.zeros(len(values), dtype=np.bool_)
    wants |= _moves_cash(outlook, values, prices, managed, now, rested)
    wants |= managed <= 0
    asked: Rows = wants & outlook.looks[first : first + len(values)]
    return asked


def _dated(outlook: Outlook, first: int, drifts: Block, now: Standing) -> Rows:
    rows = slice(first, first + len(drifts))
    banded = drifts[:, outlook.banded]
    called = np.zeros(len(drifts), dtype=np.bool_)
    for dates in outlook.dates:
        due = dates.is_new[rows].copy()
        looks = np.flatnonzero(outlook.looks[rows])
        if looks.size:
            due[looks[0]] = dates.last[first + looks[0]] > now.done_through
        if due.any():
            off = is_out(banded[due], dates.min_drift - _SLACK).any(axis=1)
            called[np.flatnonzero(due)[off]] = True
    return called


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
