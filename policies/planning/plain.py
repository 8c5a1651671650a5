"""Planning where nothing is in the way, for a block of rows at once, in floats.

A plan to the target in fractions of shares, without a minimum that matters, at prices that are both
counted and paid, comes to: hold the target's share of the whole in every symbol, to the order's step.
That is what `make_plan` and `continue_run` do with such a policy, and tests hold this to them. A row
may be a moment of one household, or one of many policies at one moment.
"""

import numpy as np

from policies.locks import NO_LOCKS, locks_of
from policies.policy import Policy, Stop
from portfolio.drift import Block
from portfolio.money import FRACTION_OF_SHARE, ZERO

STEPS = float(1 / FRACTION_OF_SHARE)
"""Orders per unit: fractions have nine places."""

_NOISE = 1e-4
"""Of a step: what a float of some hundred units may be off by."""


def is_plain(policy: Policy) -> bool:
    """Whether a policy plans like this module as long as every gap is worth its minimum trade.

    No rule of it may depend on the plan's worth, on a limit beyond the quote, on cash kept aside, on
    whole shares, or on where else a rebalance could stop; and dates must not wait for a rest.
    """
    return (
        policy.fractional
        and policy.fire is None
        and policy.sells_allowed
        and policy.buys_allowed
        and policy.destination.moves_all
        and policy.destination.stop is Stop.TARGET
        and policy.limit_offset == ZERO
        and policy.min_improvement == ZERO
        and policy.target.cash_weight == ZERO
        and locks_of(policy) is NO_LOCKS
        and (policy.rest_sessions == 0 or not (policy.calendar or policy.backstop))
    )


def target_units(managed: Block, prices: Block, goals: Block) -> Block:
    """Units (R, M) that hold the target: `managed` (R,) money, `prices` (R, M), `goals` (M,)."""
    units: Block = managed[:, None] * goals / prices
    return units


def on_steps(before: Block, units: Block, prices: Block) -> Block:
    """The units (R, M) that orders of nine places come to, on the way from `before` to `units`.

    A sale rounds down, so that a little more is kept. What all sales together bring too little is
    taken from the purchases in equal amounts of money, as filling level gaps does, and each purchase
    rounds down. `before` stands on whole steps.
    """
    kept = np.ceil(units * STEPS - _NOISE) / STEPS
    buys = units > before
    count = np.maximum(buys.sum(axis=1), 1)
    missing = ((kept - units) * prices).sum(axis=1, where=~buys) / count
    bought = np.floor((units - missing[:, None] / prices) * STEPS + _NOISE) / STEPS
    return np.where(buys, np.maximum(bought, before), np.minimum(kept, before))
