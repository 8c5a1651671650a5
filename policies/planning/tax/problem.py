"""A tax-aware rebalance as arrays, and the one function that says what a set of trades costs.

A accounts, C slices (`names`), K lots of a slice in an account at most; shorter chains are padded
with lots worth nothing. Everything is in USD or per USD of value, float64. Sections OPT-1 and AL of
the reference.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from policies.planning.tax.curve import Curve
from portfolio.drift import Block

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What being off target costs: per USD inside the destination (`inside`), and beyond (`beyond`).

    `held` (C,) is the value now in all accounts, `goal` the target, `low` and `high` the edges of
    the destination, low <= goal <= high. Sales never take a slice under
    `keep`, which is at most `held`.
    """

    held: Block
    goal: Block
    low: Block
    high: Block
    keep: Block
    inside: float
    beyond: float

    def cost(self, value: Block) -> Block:
        """Of each slice at `value` (..., C), USD; 0 at the goal, convex."""
        off: Block = self.inside * np.abs(value - self.goal)
        more = np.maximum(value - self.high, 0.0) + np.maximum(self.low - value, 0.0)
        return off + (self.beyond - self.inside) * more


@dataclass(frozen=True, slots=True, kw_only=True)
class Chains:
    """The lots that may be sold, (A, C, K): in FIFO order where the broker relieves so.

    `value` is USD at the price now; `gain` the gain per USD sold, 0 in accounts that are not taxed;
    `short` says the term. `wait` is added to the cost per USD of a lot that is about to become
    long-term. `washes` marks lots whose loss a purchase of the slice would wash.
    """

    value: Block
    gain: Block
    short: Flags
    wait: Block
    washes: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One household, ready to plan.

    `cash` (A,) is what an account may spend, negative when it must raise cash; `fifo` (A,) whether
    its lots are sold in their order; `may_buy` (A, C); `holding` (A, C) what keeping a USD there
    costs (location); `kappa` (C,) what trading a USD costs; `idle` what a USD left in cash beyond
    need costs. `base` is the year's net short and long result so far, carry-overs taken off.
    `most_traded` and `most_gain` are budgets in USD.
    """

    names: tuple[str, ...]
    cash: Block
    fifo: Flags
    may_buy: Flags
    holding: Block
    kappa: Block
    idle: float
    drift: Drift
    chains: Chains
    curve: Curve
    base: tuple[float, float]
    most_traded: float = np.inf
    most_gain: float = np.inf

    @property
    def lack(self) -> float:
        """What a USD costs that an account lacks: more than any way to raise it, so that it is raised
        where anything can be sold."""
        steepest = self.drift.beyond + float(np.abs(self.holding).max(initial=0.0))
        return 4.0 * (1.0 + steepest)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Accounts, slices, lots."""
        a, c, k = self.chains.value.shape
        return a, c, k


@dataclass(frozen=True, slots=True, kw_only=True)
class Trades:
    """What is sold of each lot (A, C, K) and bought of each slice in each account (A, C), USD."""

    sold: Block
    bought: Block

    @classmethod
    def none(cls, problem: Problem) -> "Trades":
        """Doing nothing."""
        a, c, k = problem.shape
        return cls(sold=np.zeros((a, c, k)), bought=np.zeros((a, c)))

    @property
    def net(self) -> Block:
        """Sold less bought, of each slice in each account (A, C), USD."""
        return np.asarray(self.sold.sum(axis=2) - self.bought)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What trades come to, USD. `tax` is the change of the year's tax, `lacking` the price of cash that
    an account still lacks afterwards; `total` the sum of all parts."""

    tax: float
    trading: float
    drift: float
    holding: float
    waiting: float
    idle: float
    lacking: float
    short: float
    long: float
    cash: tuple[float, ...] = field(default=())

    @property
    def total(self) -> float:
        """The objective."""
        own = self.tax + self.trading + self.drift + self.holding + self.waiting
        return own + self.idle + self.lacking


def realised(problem: Problem, sold: Block) -> tuple[float, float]:
    """Short and long result that the sales realise, USD, losses negative."""
    gains = problem.chains.gain * sold
    short = float(gains[problem.chains.short].sum())
    return short, float(gains.sum()) - short


def cash_after(problem: Problem, trades: Trades) -> Block:
    """Spendable cash of each account afterwards (A,); trading costs come out of it."""
    keep, pay = 1.0 - problem.kappa, 1.0 + problem.kappa
    after: Block = problem.cash + trades.sold.sum(axis=2) @ keep - np.asarray(trades.bought @ pay)
    return after


def cost_of(problem: Problem, trades: Trades) -> Cost:
    """The objective of trades, part by part; the tax is netted exactly."""
    sold = trades.sold.sum(axis=2)
    short, long = realised(problem, trades.sold)
    start_s, start_l = problem.base
    curve, drift = problem.curve, problem.drift
    cash = cash_after(problem, trades)
    change = trades.bought - sold
    return Cost(
        tax=curve.at(start_s + short, start_l + long) - curve.at(start_s, start_l),
        trading=float(problem.kappa @ (sold + trades.bought).sum(axis=0)),
        drift=float(drift.cost(drift.held + change.sum(axis=0)).sum()),
        holding=float((problem.holding * change).sum()),
        waiting=float((problem.chains.wait * trades.sold).sum()),
        idle=problem.idle * float(np.maximum(cash, 0.0).sum()),
        lacking=problem.lack * float(np.maximum(-cash, 0.0).sum()),
        short=short,
        long=long,
        cash=tuple(cash.tolist()),
    )
