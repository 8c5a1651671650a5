"""What a household's slices are worth against their targets: values, weights and drift, no orders.

It is all that the conditions on prices ask, at every poll; a decision opens a book on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from policies.cash_floor import with_floor
from policies.flows import kept_cash, waiting_deposits
from policies.policy import Policy
from policies.vanished import presumed_values
from portfolio.drift import Block, drift_of, weights_of
from portfolio.keeping import keeps_answers
from portfolio.memory import Memory
from portfolio.money import ZERO, Money, Price, Quantity, Weight, total, value_of
from portfolio.snapshot import Snapshot
from portfolio.target import Slice, Target
from portfolio.valuations import Counts, counted_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Values at count prices, keyed by the symbol that a slice buys, and what they are of the whole.

    `cash` leaves out what is set `aside` by account: deposits that still wait (`waiting` in all) and
    money that a person will take out (`kept` by account). `managed` is the value of all slices with
    that cash. `policy.target` holds the cash floor; `sought` is the target without it. `weights`
    (1, N) are of the leaves, `block` (1, S) the drift of the slices, `half_widths` their bands'.
    """

    snapshot: Snapshot
    policy: Policy
    memory: Memory
    prices: Mapping[str, Price]
    values: Mapping[str, Money]
    cash: Money
    waiting: Money
    kept: Mapping[str, Money]
    aside: Mapping[str, Money]
    managed: Money
    weights: Block
    block: Block
    half_widths: tuple[Weight, ...]
    sought: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The weights cannot be known; why, in sentences."""

    reasons: tuple[str, ...]


_ALL_TAKEN = "the money to be taken out is all that there is, or more"
_WORTH_NOTHING = "the slices and the cash are together worth nothing"


def allocation_of(snapshot: Snapshot, policy: Policy, memory: Memory) -> Allocation | Unknown:
    """Weigh the slices of a snapshot whose prices were judged.

    Unknown when something that counts to a slice has no price or value, or when the slices and the
    cash are together worth nothing.
    """
    sought = policy.target
    leaves = {node.name: node for node in sought.slices if node.symbol or node.is_cash}
    prices, values, unpriced = _values(snapshot, leaves, policy.counts)
    if unpriced:
        return Unknown(reasons=tuple(unpriced))
    waiting = waiting_deposits(snapshot, policy.deposits, memory)
    kept = kept_cash(snapshot, policy, memory)
    # A deposit that waits may be what is taken out: it is set aside once.
    aside = {
        name: max(waiting.get(name, Money(ZERO)), kept.get(name, Money(ZERO)))
        for name in (*waiting, *kept)
    }
    cash = Money(snapshot.cash - total(aside.values()))
    values |= presumed_values(values, sought, memory.vanished, cash)
    managed = Money(total(values.values()) + cash)
    if managed <= ZERO:
        return Unknown(reasons=(_ALL_TAKEN if kept else _WORTH_NOTHING,))
    target = with_floor(sought, policy.cash_floor, managed)
    policy = policy if target is sought else replace(policy, target=target)
    symbols = (leaves[name].symbol for name in target.leaves)
    worth = [float(cash if symbol is None else values[symbol]) for symbol in symbols]
    weights = weights_of(np.array([worth]))
    return Allocation(
        snapshot=snapshot,
        policy=policy,
        memory=memory,
        prices=prices,
        values=values,
        cash=cash,
        waiting=total(waiting.values()),
        kept=kept,
        aside=aside,
        managed=managed,
        weights=weights,
        block=drift_of(weights, target),
        half_widths=half_widths_of(policy),
        sought=sought,
    )


def _values(
    snapshot: Snapshot, leaves: Mapping[str, Slice], counts: Counts
) -> tuple[dict[str, Price], dict[str, Money], list[str]]:
    prices: dict[str, Price] = {}
    values: dict[str, Money] = {}
    held = snapshot.quantities()
    beside, unpriced = counted_values(snapshot, counts)
    for node in leaves.values():
        for symbol in node.every_symbol:
            key = node.symbol or symbol
            price = snapshot.count_price(symbol)
            quantity = held.get(symbol, Quantity(ZERO))
            worth = values.get(key, ZERO)
            if price is not None:
                prices[symbol] = price
                values[key] = Money(worth + value_of(quantity, price))
            elif quantity == ZERO:
                values[key] = Money(worth)
            else:
                detail = snapshot.refused[symbol].detail
                unpriced.append(f"{node.name}: {quantity} {symbol} cannot be counted, {detail}")
    for name, counted in beside.items():
        key = leaves[name].symbol or name
        values[key] = Money(values.get(key, ZERO) + counted)
    return prices, values, unpriced


@keeps_answers
def half_widths_of(policy: Policy) -> tuple[Weight, ...]:
    """Of every slice, in order; zero for the cash slice, which has no band."""
    weights = policy.target.weights
    return tuple(
        Weight(ZERO)
        if node.is_cash
        else (node.band or policy.default_band).half_width(weights[node.name])
        for node in policy.target.slices
    )
