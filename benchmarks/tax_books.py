"""Synthetic households for the tax planner: fixed seeds, so that every run plans the same books."""

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from policies.planning.tax.curve import curve_of
from policies.planning.tax.problem import Chains, Drift, Problem
from policies.taxes.rates import FlatRates, TaxRates
from portfolio.drift import Block

RATES = TaxRates(
    federal=FlatRates(short=Decimal("0.35"), long=Decimal("0.15"), ordinary=Decimal("0.35"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BookKind:
    """A size of book: how many slices, lots in each taxable holding, and accounts (1 or 3)."""

    names: int
    lots: int
    accounts: int


def book(kind: BookKind, seed: int, *, fifo: bool = False) -> Problem:
    """One household of about a million USD.

    Lots are of random age and gained or lost with it; weights have drifted by about a fifth of their
    target; the year so far and carried losses are random. Of three accounts the first is taxable with
    60 %, the others tax-deferred and tax-free.
    """
    rng = np.random.default_rng([seed, kind.names, kind.lots, kind.accounts])
    a, c, k = kind.accounts, kind.names, kind.lots
    goal_weight = rng.dirichlet(np.full(c, 5.0))
    held_weight = goal_weight * rng.lognormal(0.0, 0.25, c)
    total = 1_000_000.0
    held = total * held_weight / held_weight.sum()
    share = _shares(rng, a, c)
    value = np.zeros((a, c, k))
    parts = rng.dirichlet(np.full(k, 2.0), size=c)
    value[0] = (share[0] * held)[:, None] * parts
    for other in range(1, a):
        value[other, :, 0] = share[other] * held
    years = np.sort(rng.uniform(0.02, 6.0, (c, k)))[:, ::-1]
    growth = np.exp((0.06 - 0.02) * years + 0.22 * np.sqrt(years) * rng.normal(size=(c, k)))
    gain, short = np.zeros((a, c, k)), np.zeros((a, c, k), dtype=np.bool_)
    gain[0], short[0] = 1.0 - 1.0 / growth, years <= 1.0
    cash = np.zeros(a)
    cash[0] = rng.choice([0.0, 5_000.0, 20_000.0])
    goal = goal_weight * (total + cash.sum())
    base = (
        float(rng.choice([0.0, 4_000.0, -6_000.0])),
        float(rng.choice([0.0, 9_000.0, -8_000.0])),
    )
    return Problem(
        names=tuple(f"S{i:03}" for i in range(c)),
        cash=cash,
        fifo=np.array([fifo, *([False] * (a - 1))]),
        may_buy=np.ones((a, c), dtype=np.bool_),
        holding=np.zeros((a, c)),
        kappa=np.full(c, 0.0005),
        idle=0.002,
        drift=_drift(held, goal),
        chains=Chains(
            value=value,
            gain=gain,
            short=short,
            wait=np.zeros((a, c, k)),
            washes=gain < 0.0,
        ),
        curve=curve_of(RATES, 2026),
        base=base,
    )


def _shares(rng: np.random.Generator, accounts: int, names: int) -> Block:
    if accounts == 1:
        return np.ones((1, names))
    ira = rng.uniform(0.0, 0.5, names)
    roth = rng.uniform(0.0, 0.3, names)
    return np.stack([1.0 - ira - roth, ira, roth])


def _drift(held: Block, goal: Block) -> Drift:
    half = 0.1 * goal
    return Drift(
        held=held,
        goal=goal,
        low=goal - half,
        high=goal + half,
        keep=np.zeros_like(held),
        inside=0.02,
        beyond=0.30,
    )


def with_cheap_drift(problem: Problem) -> Problem:
    """The same book where drift beyond the destination costs no more than inside it."""
    return replace(problem, drift=replace(problem.drift, beyond=problem.drift.inside))
