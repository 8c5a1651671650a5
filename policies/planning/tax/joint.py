"""A lower bound at given prices for several accounts that share their slices.

With the price of a dollar of cash in each account given too, the household splits into slices. A
slice's cost is the drift of its value plus each account's own chain; they meet only in the value, so a
price of exposure (a dollar of the slice held) splits them again. Any price of exposure gives a lower
bound, and the best one is found for all slices at once by bisection. A slice either sells losses that a
purchase would wash, or is bought: the cheaper of the two counts.
"""

from dataclasses import dataclass

import numpy as np

from policies.planning.tax.menu import Prices, stack_of
from policies.planning.tax.problem import Flags, Problem
from portfolio.drift import Block

_ROUNDS = 6
_NOTHING = 1e-12
_DEAREST = 8.0
"""Times all that drift can cost: a slice at what it keeps is not sold at any lower price."""
_FITS = 1.0
"""USD: so much cash left over or missing is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The corners of every chain at given prices: `amount` and `paid` (A, C, K + 1), USD."""

    amount: Block
    paid: Block


def shelf_of(problem: Problem, prices: Prices, keep_losses: Flags) -> Shelf:
    """The chains of all accounts; `keep_losses` (C,) bars lots whose loss a purchase would wash."""
    a, c, _ = problem.shape
    stacks = [stack_of(problem, i, prices, keep_losses) for i in range(a)]
    value = np.stack([s.value for s in stacks])
    rate = np.stack([s.rate for s in stacks])
    nothing = np.zeros((a, c, 1))
    return Shelf(
        amount=np.concatenate([nothing, np.cumsum(value, axis=2)], axis=2),
        paid=np.concatenate([nothing, np.cumsum(value * rate, axis=2)], axis=2),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelves:
    """Both ways to treat a slice: with purchases, or with sales of losses that they would wash."""

    with_buys: Shelf
    with_losses: Shelf
    buy_rate: Block


def shelves_of(problem: Problem, prices: Prices) -> Shelves:
    """The shelves at prices of result; `buy_rate` (A, C) is infinite where nothing may be bought."""
    every = np.ones(len(problem.names), dtype=np.bool_)
    rate = problem.kappa + prices.trade + problem.holding
    return Shelves(
        with_buys=shelf_of(problem, prices, every),
        with_losses=shelf_of(problem, prices, ~every),
        buy_rate=np.where(problem.may_buy, rate, np.inf),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Least:
    """The bound at prices of cash, USD, and the plan behind it, which need not fit the accounts' cash.

    `cash` (A,) is what each account has left; `amount` (A, C) signed, sold positive; `harvests` (C,)
    are the slices that sell losses instead of being bought.
    """

    value: float
    cash: Block
    amount: Block
    harvests: Flags
    cash_price: Block


def least_of(problem: Problem, shelves: Shelves, cash_price: Block) -> Least:
    """The lower bound at prices of cash (A,)."""
    rates = shelves.buy_rate + cash_price[:, None] * (1.0 + problem.kappa)
    where = rates.argmin(axis=0)
    dearest = _DEAREST * (1.0 + problem.drift.beyond)
    cap = np.clip(rates.min(axis=0), -problem.drift.beyond, dearest)
    bought = _solve(problem, shelves.with_buys, cash_price, cap)
    limit = np.full(len(cap), dearest)
    harvested = _solve(problem, shelves.with_losses, cash_price, limit)
    buys = bought[0] <= harvested[0]
    value = float(np.where(buys, bought[0], harvested[0]).sum())
    amount = np.where(buys, bought[1], harvested[1])
    cash = problem.cash + amount @ (1.0 - problem.kappa)
    need = np.where(buys & np.isfinite(rates.min(axis=0)), np.maximum(bought[2], 0.0), 0.0)
    np.subtract.at(cash, where, (1.0 + problem.kappa) * need)
    np.subtract.at(amount, (where, np.arange(len(cap))), need)
    return Least(
        value=value - float(cash_price @ problem.cash),
        cash=cash,
        amount=amount,
        harvests=~buys,
        cash_price=cash_price,
    )


def _solve(
    problem: Problem, shelf: Shelf, cash_price: Block, cap: Block
) -> tuple[Block, Block, Block]:
    """Value (C,), sold (A, C), and what must be bought to stand where it stands (C,).

    Minimises over x, n >= 0 the drift of x + chains, with the price m of exposure on
    x - held + sum n <= bought; m runs up to `cap`, the price at which buying pays.
    """
    drift = problem.drift
    bends = np.maximum([drift.keep, drift.low, drift.goal, drift.high], drift.keep)
    at_bends = np.stack([drift.cost(b) for b in bends])
    base = shelf.paid - (cash_price[:, None] * (1.0 - problem.kappa))[:, :, None] * shelf.amount

    def at(price: Block) -> tuple[Block, Block, Block]:
        return _at(base, shelf.amount, bends, at_bends, drift.held, price)

    low, high = np.full(len(cap), -drift.beyond), cap
    under, above = at(low), at(high)
    best = _where(under[0] >= above[0], under, above)
    for _ in range(_ROUNDS):
        if not ((under[2] > 0.0) & (above[2] < 0.0)).any():
            break
        steeper = np.maximum(under[2] - above[2], _NOTHING)
        meet = (above[0] - under[0] + under[2] * low - above[2] * high) / steeper
        inside = (under[2] > 0.0) & (above[2] < 0.0)
        meet = np.where(inside, np.clip(meet, low, high), np.where(under[2] > 0.0, high, low))
        found = at(meet)
        rising = found[2] > 0.0
        low, high = np.where(rising, meet, low), np.where(rising, high, meet)
        under, above = _where(rising, found, under), _where(rising, above, found)
        best = _where(found[0] > best[0], found, best)
    return best


def _where(
    first: Flags, one: tuple[Block, Block, Block], other: tuple[Block, Block, Block]
) -> tuple[Block, Block, Block]:
    return (
        np.where(first, one[0], other[0]),
        np.where(first, one[1], other[1]),
        np.where(first, one[2], other[2]),
    )


def _at(
    base: Block, amount: Block, bends: Block, at_bends: Block, held: Block, price: Block
) -> tuple[Block, Block, Block]:
    priced = base + price[:, None] * amount
    pick = priced.argmin(axis=2)[:, :, None]
    sold = np.take_along_axis(amount, pick, axis=2)[:, :, 0]
    chains = np.take_along_axis(priced, pick, axis=2)[:, :, 0]
    stands = at_bends + price * bends
    bend = stands.argmin(axis=0)
    rows = np.arange(len(held))
    value = stands[bend, rows] + chains.sum(axis=0) - price * held
    return value, sold, bends[bend, rows] - held + sold.sum(axis=0)


def least_over_cash(
    problem: Problem, prices: Prices, start: Block, highest: float, *, rounds: int = 2
) -> Least:
    """The best bound over prices of cash, climbed from `start` (A,) along one direction after another.

    One account's price alone, and the prices of all accounts but the first together: untaxed accounts
    often trade places with each other at no cost, and then no single price can move.
    """
    shelves = shelves_of(problem, prices)
    best = least_of(problem, shelves, np.clip(start, -problem.idle, highest))
    accounts = len(start)
    ways = [*np.eye(accounts), np.ones(accounts), np.arange(accounts) > 0]
    for _ in range(rounds):
        before = best.value
        for way in ways:
            if abs(float(np.asarray(way) @ best.cash)) < _FITS:
                continue
            best = _climb(problem, shelves, best, np.asarray(way, dtype=np.float64), highest)
        if best.value - before < 1e-4 * (abs(before) + 1.0):
            break
    return best


def _climb(problem: Problem, shelves: Shelves, best: Least, way: Block, highest: float) -> Least:
    """Along a direction of the prices: tangents from both sides meet where the bound may be higher."""
    sign = 1.0 if float(way @ best.cash) < 0.0 else -1.0
    ahead, width = best, 0.002
    for _ in range(8):
        price = np.clip(ahead.cash_price + sign * width * way, -problem.idle, highest)
        trial = least_of(problem, shelves, price)
        crossed = sign * float(way @ trial.cash) >= 0.0
        if crossed or np.array_equal(price, ahead.cash_price):
            return _meet(problem, shelves, ahead, trial)
        ahead, width = trial, 4.0 * width
    return ahead if ahead.value > best.value else best


def _meet(problem: Problem, shelves: Shelves, one: Least, other: Least) -> Least:
    best = one if one.value >= other.value else other
    for _ in range(4):
        step = other.cash_price - one.cash_price
        rise, fall = -float(step @ one.cash), -float(step @ other.cash)
        if rise <= 0.0 or fall >= 0.0 or rise - fall < _NOTHING:
            break
        share = min(max((other.value - one.value - fall) / (rise - fall), 0.0), 1.0)
        trial = least_of(problem, shelves, one.cash_price + share * step)
        if trial.value > best.value:
            best = trial
        if -float(step @ trial.cash) > 0.0:
            one = trial
        else:
            other = trial
    return best
