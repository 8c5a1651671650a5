"""Gains that a backtest realised, by term: first in, first out, for each account and symbol."""

from collections import defaultdict, deque
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from backtest.metrics import Result
from backtest.setup import Setup
from policies.taxes.terms import is_long_term
from portfolio.money import ZERO
from portfolio.orders import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """Net gains of what was sold, by term, USD; losses are negative, fees in cost and proceeds."""

    short: Decimal
    long: Decimal


@dataclass(slots=True, kw_only=True)
class _Held:
    acquired: date
    units: Decimal
    unit_cost: Decimal


def realised(result: Result, setup: Setup) -> Realised:
    """Gains of the taxable accounts. What was held at the start counts as bought on the first day, at
    its stated cost or else at the first price. Wash sales are not looked for.
    """
    lots: dict[tuple[str, str], deque[_Held]] = defaultdict(deque)
    taxable = {o.account.id for o in setup.openings if o.account.kind.value == "taxable"}
    history = result.history
    for opening in setup.openings:
        for symbol, units in opening.positions.items():
            if units and (symbol in opening.costs or symbol in history.symbols):
                cost = opening.costs.get(symbol) or history.price(symbol, 0)
                lots[opening.account.id, symbol].append(
                    _Held(acquired=history.sessions[0], units=units, unit_cost=cost)
                )
    short = long = ZERO
    for order in result.orders if taxable else ():
        if order.account not in taxable:
            continue
        day, held = history.sessions[order.row], lots[order.account, order.symbol]
        each_fee = order.fee / order.quantity
        if order.side is Side.BUY:
            paid = order.price + each_fee
            held.append(_Held(acquired=day, units=order.quantity, unit_cost=paid))
            continue
        left = Decimal(order.quantity)
        while left > ZERO and held:
            lot = held[0]
            sold = min(left, lot.units)
            gain = sold * (order.price - each_fee - lot.unit_cost)
            if is_long_term(lot.acquired, day):
                long += gain
            else:
                short += gain
            left, lot.units = left - sold, lot.units - sold
            if lot.units <= ZERO:
                held.popleft()
    return Realised(short=short, long=long)
