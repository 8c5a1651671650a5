"""The price of a dollar of cash in one account, found by bisection, and the trades it calls for."""

from dataclasses import dataclass

import numpy as np

from policies.planning.tax.menu import Menu, Order
from portfolio.drift import Block

_ROUNDS = 48
_FINE = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One account planned: signed amounts (C,), the price of cash, and the least that `cost - price x
    (cash + spendable)` can be, a lower bound on what this account must cost."""

    amount: Block
    price: float
    bound: float


def settle(menu: Menu, spendable: float, idle: float, highest: float) -> Settled:
    """The cheapest trades that leave no less than nothing to spend, and the price that makes them so.

    Cash grows with its price. Between the two prices that the bisection ends at, some slices change
    their option; they change one by one, the largest first, until the money is there, and the last one
    only as far as needed. Where even the highest price brings too little, the most is raised.
    """
    low, high = -idle, highest
    choice = menu.best(low)
    if _left(menu, choice, spendable) >= 0.0:
        return _settled(menu, choice, low, spendable)
    rich = menu.best(high)
    if _left(menu, rich, spendable) < 0.0:
        return _settled(menu, rich, high, spendable)
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        at = menu.best(middle)
        if _left(menu, at, spendable) >= 0.0:
            high, rich = middle, at
        else:
            low, choice = middle, at
        if high - low < _FINE or np.count_nonzero(rich != choice) <= 1:
            break
    amount = _between(menu, choice, rich, spendable)
    _, cost, cash = menu.pick(menu.best(high))
    bound = float((cost - high * cash).sum()) - high * spendable
    return Settled(amount=amount, price=high, bound=bound)


def _left(menu: Menu, choice: Order, spendable: float) -> float:
    return float(menu.cash[np.arange(len(choice)), choice].sum()) + spendable


def _settled(menu: Menu, choice: Order, price: float, spendable: float) -> Settled:
    amount, cost, cash = menu.pick(choice)
    bound = float((cost - price * cash).sum()) - price * spendable
    return Settled(amount=amount, price=price, bound=bound)


def _between(menu: Menu, poor: Order, rich: Order, spendable: float) -> Block:
    """From the options that spend too much towards those that spend too little, until it fits."""
    amount, _, cash = menu.pick(poor)
    rich_amount, _, rich_cash = menu.pick(rich)
    need = -(float(cash.sum()) + spendable)
    gain = rich_cash - cash
    for c in np.argsort(-gain, kind="stable"):
        if need <= 0.0 or gain[c] <= 0.0:
            break
        if gain[c] <= need:
            amount[c] = rich_amount[c]
            need -= gain[c]
    left = np.flatnonzero((gain > need) & (amount != rich_amount))
    if need > 0.0 and len(left):
        c = left[np.argmin(gain[left])]
        amount[c] = _amount_for(float(cash[c]) + need, menu, int(c), amount[c])
    return amount


def _amount_for(cash: float, menu: Menu, c: int, start: float) -> float:
    """The amount of a slice that brings so much cash; a straight line on either side of zero."""
    side = menu.amount[c] > 0.0 if cash > 0.0 else menu.amount[c] < 0.0
    if not side.any() or cash == 0.0:
        return start if cash else 0.0
    k = int(np.flatnonzero(side)[0])
    return float(cash * menu.amount[c, k] / menu.cash[c, k])
