"""A household cut into straight pieces, ready to be priced many times (`priced`).

A row is a slice, or a slice a second time: once with purchases, and losses of the pool that a purchase
would wash barred, and once with those losses and no purchase.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.planning.tax.problem import Flags, Problem
from portfolio.drift import Block

Order = NDArray[np.intp]

_BARRED = 1e7
"""What a dollar bought costs where nothing may be bought: never worth it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Prices: of a dollar of short and of long result, of cash in each account (A,), and what the
    budgets add to each dollar traded and gained."""

    short: float
    long: float
    cash: Block
    trade: float = 0.0
    gain: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """Pieces of chains (R, S): USD that may be sold, the result per USD sold, all other cost per USD
    with `keep` of it left as cash, and the account (S,) of each."""

    value: Block
    short: Block
    long: Block
    fixed: Block
    keep: Block
    account: Order

    def rate(self, at: Point) -> Block:
        """What selling a USD costs at prices, its cash counted (R, S)."""
        total = (at.short + at.gain) * self.short
        total += (at.long + at.gain) * self.long
        total += self.fixed
        total -= at.cash[self.account] * self.keep
        if at.trade:
            total += at.trade
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows (R,) of a problem: `name` says which slice each is, `second` which row is a slice's
    second one (C,), its first where there is none.

    `chain` is a first-in-first-out chain of the account `ordered`, of which `free` (R,) may be sold
    beside purchases, USD; `enveloped` are the columns of the pool that belong to further ones. `buy`
    (A, R) is what a USD bought costs besides cash. `start` (R,), `lengths` (R, 4) and `slopes` (4,) are
    the drift's straight pieces above what is kept, and `bent` (R,) what drift costs there.
    """

    problem: Problem
    name: Order
    second: Order
    kappa: Block
    buy: Block
    held: Block
    start: Block
    lengths: Block
    slopes: Block
    bent: Block
    pool: Pieces
    chain: Pieces
    ordered: int
    free: Block
    enveloped: tuple[slice, ...]


def pieces_of(problem: Problem) -> Rows:
    """Cut a problem into pieces."""
    in_order, ordered = _ordered(problem)
    washes = problem.chains.washes & (problem.chains.value > 0.0)
    pooled = np.delete(washes, ordered, axis=0) if ordered >= 0 else washes
    may_buy = problem.may_buy.any(axis=0)
    twice = np.flatnonzero(pooled.any(axis=(0, 2)) & may_buy)
    count = len(problem.names)
    name = np.concatenate([np.arange(count), twice])
    second = np.arange(count)
    second[twice] = np.arange(count, len(name))
    buys = np.concatenate([may_buy, np.zeros(len(twice), dtype=np.bool_)])
    rate = np.where(problem.may_buy, problem.kappa + problem.holding, _BARRED)[:, name]
    drift = problem.drift
    bends = np.stack([drift.keep, drift.low, drift.goal, drift.high], axis=1)
    bends = np.maximum(bends, drift.keep[:, None])[name]
    above = np.full((len(name), 1), np.inf)
    pool, enveloped = _pool(problem, in_order, ordered, name, buys)
    chain, free = _empty(len(name)), np.zeros(len(name))
    if ordered >= 0:
        chain = _of_account(problem, ordered, name, np.zeros_like(buys))
        free = _before_losses(problem, ordered)[name]
    return Rows(
        problem=problem,
        name=name,
        second=second,
        kappa=problem.kappa[name],
        buy=np.where(buys, rate, _BARRED),
        held=drift.held[name],
        start=bends[:, 0],
        lengths=np.concatenate([np.diff(bends, axis=1), above], axis=1),
        slopes=np.array([-drift.beyond, -drift.inside, drift.inside, drift.beyond]),
        bent=drift.cost(drift.keep)[name],
        pool=pool,
        chain=chain,
        ordered=ordered,
        free=free,
        enveloped=enveloped,
    )


def _ordered(problem: Problem) -> tuple[list[int], int]:
    """The accounts whose chains are sold in order, and the one with most at stake, -1 without any."""
    chains = problem.chains
    stake = np.abs(chains.gain * chains.value).sum(axis=(1, 2))
    in_order = [i for i in range(len(stake)) if problem.fifo[i] and not _is_flat(problem, i)]
    return in_order, max(in_order, key=lambda i: stake[i], default=-1)


def _pool(
    problem: Problem, in_order: list[int], ordered: int, name: Order, buys: Flags
) -> tuple[Pieces, tuple[slice, ...]]:
    """The pieces of all accounts but one, and the columns of those that are sold in order."""
    parts: list[Pieces] = []
    enveloped: list[slice] = []
    at = 0
    for i in range(len(problem.cash)):
        if i == ordered:
            continue
        own = _of_account(problem, i, name, buys)
        if i in in_order:
            enveloped.append(slice(at, at + own.value.shape[1]))
        at += own.value.shape[1]
        parts.append(own)
    return _joined(parts, len(name)), tuple(enveloped)


def _before_losses(problem: Problem, account: int) -> Block:
    """What may be sold of each slice (C,) before the first lot that a purchase would wash."""
    value = problem.chains.value[account]
    barred = np.logical_or.accumulate(problem.chains.washes[account] & (value > 0.0), axis=1)
    free: Block = np.where(barred, 0.0, value).sum(axis=1)
    return free


def _is_flat(problem: Problem, account: int) -> bool:
    """Whether no lot of an account differs from another but in size."""
    chains = problem.chains
    return not (
        chains.gain[account].any() or chains.wait[account].any() or chains.washes[account].any()
    )


def _of_account(problem: Problem, account: int, name: Order, buys: Flags) -> Pieces:
    chains = problem.chains
    barred = chains.washes[account][name] & buys[:, None]
    if problem.fifo[account]:
        barred = np.logical_or.accumulate(barred, axis=1)
    value = np.where(barred, 0.0, chains.value[account][name])
    columns = np.flatnonzero((value > 0.0).any(axis=0))
    if _is_flat(problem, account):
        value = value.sum(axis=1, keepdims=True)
        columns = np.arange(min(1, len(columns)))
    gain, is_short = chains.gain[account][name], chains.short[account][name]
    other = (problem.kappa - problem.holding[account])[name, None] + chains.wait[account][name]
    keep = np.broadcast_to(1.0 - problem.kappa[name, None], value.shape)
    return Pieces(
        value=value[:, columns],
        short=np.where(is_short, gain, 0.0)[:, columns],
        long=np.where(is_short, 0.0, gain)[:, columns],
        fixed=other[:, columns],
        keep=keep[:, columns],
        account=np.full(len(columns), account),
    )


def _empty(rows: int) -> Pieces:
    none = np.zeros((rows, 0))
    return Pieces(
        value=none, short=none, long=none, fixed=none, keep=none, account=np.zeros(0, dtype=np.intp)
    )


def _joined(parts: list[Pieces], rows: int) -> Pieces:
    parts = [_empty(rows), *parts]
    return Pieces(
        value=np.concatenate([p.value for p in parts], axis=1),
        short=np.concatenate([p.short for p in parts], axis=1),
        long=np.concatenate([p.long for p in parts], axis=1),
        fixed=np.concatenate([p.fixed for p in parts], axis=1),
        keep=np.concatenate([p.keep for p in parts], axis=1),
        account=np.concatenate([p.account for p in parts]),
    )
