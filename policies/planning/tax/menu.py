"""What one account can do with each slice, priced: the closed form that the planner rests on.

With a price on each dollar of short and long result the cost of selling more of a slice is a chain of
straight pieces, cheapest lot first (in order under FIFO), and the cost of drift bends only at the edges
of the destination and at the goal. So the best amount, whatever a dollar of cash is worth, is one of a
few: a chain's corner, or a bend of the drift. `menu_of` lists them; `best` picks in one pass.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from policies.planning.tax.problem import Flags, Problem
from portfolio.drift import Block

Order = NDArray[np.intp]

_MILL = 1e-6
"""USD: less is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a dollar of net short and of net long result costs, fractions; `trade` is added to every
    dollar traded and `gain` to every dollar of gain, while a budget binds."""

    short: float
    long: float
    trade: float = 0.0
    gain: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """The chains of one account in the order they are sold (C, K): USD, cost per USD, and the lot."""

    value: Block
    rate: Block
    lot: Order

    def sold(self, amount: Block) -> Block:
        """Split sold amounts (C,) over the lots (C, K), in lot order; negative amounts sell nothing."""
        before = np.cumsum(self.value, axis=1) - self.value
        part = np.clip(np.maximum(amount, 0.0)[:, None] - before, 0.0, self.value)
        lots = np.zeros_like(part)
        np.put_along_axis(lots, self.lot, part, axis=1)
        return lots


def stack_of(problem: Problem, account: int, prices: Prices, keep_losses: Flags) -> Stack:
    """The chains of an account at these prices; `keep_losses` (C,) bars what a purchase would wash."""
    chains = problem.chains
    gain = chains.gain[account]
    rate = np.where(chains.short[account], prices.short, prices.long) * gain
    rate += prices.gain * gain + chains.wait[account]
    rate += (problem.kappa + prices.trade - problem.holding[account])[:, None]
    barred = chains.washes[account] & keep_losses[:, None]
    value = chains.value[account]
    if problem.fifo[account]:
        barred = np.logical_or.accumulate(barred, axis=1)
        lot = np.broadcast_to(np.arange(rate.shape[1]), rate.shape)
        return Stack(value=np.where(barred, 0.0, value), rate=rate, lot=lot)
    value = np.where(barred, 0.0, value)
    lot = np.argsort(np.where(value > 0.0, rate, np.inf), axis=1, kind="stable")
    return Stack(
        value=np.take_along_axis(value, lot, axis=1),
        rate=np.take_along_axis(rate, lot, axis=1),
        lot=lot,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Menu:
    """Options (C, M) of each slice in one account: `amount` USD, sold positive and bought negative;
    `cost` without the price of cash; `cash` what it brings."""

    amount: Block
    cost: Block
    cash: Block

    def best(self, price: float) -> Order:
        """The cheapest option of each slice (C,) when a dollar of cash is worth `price`."""
        choice: Order = np.argmin(self.cost - price * self.cash, axis=1)
        return choice

    def pick(self, choice: Order) -> tuple[Block, Block, Block]:
        """Amount, cost and cash (C,) of a choice."""
        rows = np.arange(len(choice))
        return self.amount[rows, choice], self.cost[rows, choice], self.cash[rows, choice]


def menu_of(
    problem: Problem, account: int, stack: Stack, value: Block, *, prices: Prices, no_buys: Flags
) -> Menu:
    """Every amount that can be best, for slices standing at `value` (C,) before this account trades."""
    drift = problem.drift
    corners = np.concatenate([np.zeros((len(value), 1)), np.cumsum(stack.value, axis=1)], axis=1)
    paid = np.concatenate(
        [np.zeros((len(value), 1)), np.cumsum(stack.value * stack.rate, axis=1)], axis=1
    )
    bends = np.stack([drift.high, drift.goal, drift.low, drift.keep], axis=1)
    over = value[:, None] - bends
    sells = np.clip(over, 0.0, corners[:, -1:])
    rest = np.clip(sells[:, :, None] - corners[:, None, :-1], 0.0, stack.value[:, None, :])
    bend_paid = np.einsum("cbk,ck->cb", rest, stack.rate)
    allowed = problem.may_buy[account] & ~no_buys
    buys = np.where(allowed[:, None], np.maximum(-over[:, :3], 0.0), 0.0)
    buy_rate = problem.kappa + prices.trade + problem.holding[account]
    amount = np.concatenate([corners, sells, -buys], axis=1)
    cost = np.concatenate([paid, bend_paid, buys * buy_rate[:, None]], axis=1)
    cost += drift.cost((value[:, None] - amount).T).T
    cost[(amount > _MILL) & (value[:, None] - amount < drift.keep[:, None] - _MILL)] = np.inf
    kappa = problem.kappa[:, None]
    cash = np.where(amount > 0.0, (1.0 - kappa) * amount, (1.0 + kappa) * amount)
    return Menu(amount=amount, cost=cost, cash=cash)
