"""Accounts that settle their cash in turn at given prices of a dollar of result, until it stands."""

from dataclasses import replace

import numpy as np

from policies.planning.tax.cash_price import Settled, settle
from policies.planning.tax.menu import Prices, menu_of, stack_of
from policies.planning.tax.problem import Flags, Problem, Trades
from portfolio.drift import Block

_SWEEPS = 4
_CENT = 0.01


def in_turn(problem: Problem, prices: Prices, start: Block, harvests: Flags) -> Block:
    """Signed amounts (A, C) from `start` on: each account plans all its trades beside the others'.

    Slices that harvest (C,) are not bought; of all others no loss is sold that a purchase would wash.
    """
    amount = start.copy()
    for _ in range(_SWEEPS):
        before = amount.copy()
        for a in reversed(range(len(amount))):
            amount[a] = _settle(problem, prices, amount, a, ~harvests, harvests).amount
        if np.abs(amount - before).max() < _CENT:
            break
    return amount


def _settle(
    problem: Problem, prices: Prices, amount: Block, a: int, keep_losses: Flags, no_buys: Flags
) -> Settled:
    others = amount.sum(axis=0) - amount[a]
    stack = stack_of(problem, a, prices, keep_losses)
    value = problem.drift.held - others
    menu = menu_of(problem, a, stack, value, prices=prices, no_buys=no_buys)
    return settle(menu, float(problem.cash[a]), problem.idle, problem.lack)


def trades_of(problem: Problem, prices: Prices, amount: Block) -> Trades:
    """The lots behind signed amounts (A, C), the cheapest at these prices first, or in FIFO order."""
    sold = np.zeros(problem.shape)
    for a in range(len(amount)):
        buys: Flags = np.asarray((amount < -_CENT).any(axis=0))
        sold[a] = stack_of(problem, a, prices, buys).sold(amount[a])
    return Trades(sold=sold, bought=np.maximum(-amount, 0.0))


def purchases_in_turn(
    problem: Problem, prices: Prices, sold: Block, bought: Block, harvests: Flags
) -> Block:
    """Purchases (A, C) beside sales that stand: each account in turn spends what it has.

    Slices that harvest are not bought.
    """
    bought = bought.copy()
    nothing = stack_of(problem, 0, prices, harvests)
    nothing = replace(
        nothing, value=np.zeros((len(harvests), 1)), rate=np.zeros((len(harvests), 1))
    )
    funds = problem.cash + sold @ (1.0 - problem.kappa)
    for _ in range(_SWEEPS):
        before = bought.copy()
        for a in reversed(range(len(bought))):
            others = bought.sum(axis=0) - bought[a]
            value = problem.drift.held - sold.sum(axis=0) + others
            menu = menu_of(problem, a, nothing, value, prices=prices, no_buys=harvests)
            settled = settle(menu, float(funds[a]), problem.idle, problem.lack)
            bought[a] = np.maximum(-settled.amount, 0.0)
        if np.abs(bought - before).max() < _CENT:
            break
    return bought
