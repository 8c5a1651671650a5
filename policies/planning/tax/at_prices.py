"""All accounts planned at given prices of a dollar of result: account by account, until it stands."""

from dataclasses import dataclass

import numpy as np

from policies.planning.tax.cash_price import Settled, settle
from policies.planning.tax.joint import least_over_cash
from policies.planning.tax.menu import Prices, menu_of, stack_of
from policies.planning.tax.problem import Flags, Problem, Trades
from portfolio.drift import Block

_SWEEPS = 4
_CENT = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """Signed amounts (A, C), sold positive, in one or two versions; the price of cash (A,).

    `bound` is the least that any trades cost at the prices of result.
    """

    amounts: tuple[Block, ...]
    cash_price: Block
    bound: float


def highest_price(problem: Problem) -> float:
    """A price of cash above which nothing more would be sold."""
    steepest = problem.drift.beyond + float(np.abs(problem.holding).max(initial=0.0))
    return 4.0 * (1.0 + steepest)


def plan_at(problem: Problem, prices: Prices, near: Block) -> Planned:
    """Plan at prices of result; `near` (A,) are prices of cash to start from, NaN without any.

    One account alone is solved in one go. Several are first priced together, which also says what is
    bought where and which slices rather sell a loss; then each account in turn settles its own cash
    with that in mind, until a round changes nothing.
    """
    accounts = len(problem.cash)
    highest = highest_price(problem)
    if accounts == 1:
        free = np.zeros(len(problem.names), dtype=np.bool_)
        amount = np.zeros((1, len(problem.names)))
        settled = _settle(problem, prices, amount, 0, free, free)
        return Planned(
            amounts=(settled.amount[None, :],),
            cash_price=np.array([settled.price]),
            bound=settled.bound,
        )
    rough = _in_turn(problem, prices, np.zeros((accounts, len(problem.names))))
    start = rough.cash_price if np.isnan(near).any() else near
    least = least_over_cash(problem, prices, start, highest)
    guided = _in_turn(problem, prices, least.amount, least.harvests)
    return Planned(
        amounts=(guided.amount, rough.amount), cash_price=least.cash_price, bound=least.value
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turns:
    amount: Block
    cash_price: Block


def _in_turn(
    problem: Problem, prices: Prices, start: Block, harvests: Flags | None = None
) -> _Turns:
    """Settle account by account, the last first, until a round changes nothing."""
    amount, price = start.copy(), np.zeros(len(problem.cash))
    for _ in range(_SWEEPS):
        before = amount.copy()
        for a in reversed(range(len(amount))):
            keep, no_buys = (
                _guards(problem, prices, amount, a) if harvests is None else (~harvests, harvests)
            )
            settled = _settle(problem, prices, amount, a, keep, no_buys)
            amount[a], price[a] = settled.amount, settled.price
        if np.abs(amount - before).max() < _CENT:
            break
    return _Turns(amount=amount, cash_price=price)


def _guards(problem: Problem, prices: Prices, amount: Block, a: int) -> tuple[Flags, Flags]:
    """What the other accounts' trades bar in this one: losses of slices they buy, and purchases of
    slices whose losses they sell."""
    others = [b for b in range(len(amount)) if b != a]
    keep: Flags = np.asarray((amount[others] < -_CENT).any(axis=0))
    no_buys: Flags = np.zeros(amount.shape[1], dtype=np.bool_)
    for b in others:
        if problem.chains.washes[b].any():
            lots = stack_of(problem, b, prices, np.zeros_like(keep)).sold(amount[b])
            no_buys |= ((lots > _CENT) & problem.chains.washes[b]).any(axis=1)
    return keep, no_buys


def _settle(
    problem: Problem, prices: Prices, amount: Block, a: int, keep_losses: Flags, no_buys: Flags
) -> Settled:
    others = amount.sum(axis=0) - amount[a]
    stack = stack_of(problem, a, prices, keep_losses)
    value = problem.drift.held - others
    menu = menu_of(problem, a, stack, value, prices=prices, no_buys=no_buys)
    return settle(menu, float(problem.cash[a]), problem.idle, highest_price(problem))


def trades_of(problem: Problem, prices: Prices, amount: Block) -> Trades:
    """The lots behind signed amounts (A, C), the cheapest at these prices first, or in FIFO order."""
    sold = np.zeros(problem.shape)
    for a in range(len(amount)):
        buys: Flags = np.asarray((amount < -_CENT).any(axis=0))
        sold[a] = stack_of(problem, a, prices, buys).sold(amount[a])
    return Trades(sold=sold, bought=np.maximum(-amount, 0.0))
