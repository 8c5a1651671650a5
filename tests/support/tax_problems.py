"""Small planning problems for properties: every number drawn, so that hypothesis can shrink them."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from benchmarks.tax_books import RATES
from policies.planning.tax.curve import curve_of
from policies.planning.tax.problem import Chains, Drift, Problem

CURVE = curve_of(RATES, 2026)


@st.composite
def problems(
    draw: st.DrawFn, *, names: int = 3, lots: int = 3, accounts: int = 2, fifo: bool | None = None
) -> Problem:
    """Up to so many slices, lots and accounts; the first account is taxed."""
    c = draw(st.integers(1, names))
    k = draw(st.integers(1, lots))
    a = draw(st.integers(1, accounts))
    thousands = st.integers(0, 20).map(lambda n: 1000.0 * n)
    value = _array(draw, thousands, (a, c, k))
    gain = _array(draw, st.integers(-8, 8).map(lambda n: n / 10), (a, c, k))
    gain[1:] = 0.0
    short = _array(draw, st.integers(0, 1).map(float), (a, c, k)) > 0.5
    cash = _array(draw, st.integers(-2, 10).map(lambda n: 500.0 * n), (a,))
    held = value.sum(axis=(0, 2)) + _array(draw, thousands, (c,)) * draw(st.sampled_from([0, 1]))
    parts = _array(draw, st.integers(1, 9).map(float), (c,))
    goal = (held.sum() + cash.sum()) * parts / parts.sum() if held.sum() > 0 else held
    room = draw(st.sampled_from([0.0, 0.1, 0.3])) * np.abs(goal)
    in_order = draw(st.booleans()) if fifo is None else fifo
    return Problem(
        names=tuple(f"S{i}" for i in range(c)),
        cash=cash,
        fifo=np.array([in_order, *([False] * (a - 1))]),
        may_buy=_array(draw, st.integers(0, 5).map(float), (a, c)) > 0.5,
        holding=np.zeros((a, c)),
        kappa=np.full(c, 0.0005),
        idle=0.002,
        drift=Drift(
            held=held,
            goal=goal,
            low=goal - room,
            high=goal + room,
            keep=draw(st.sampled_from([np.zeros(c), np.minimum(held, goal)])),
            inside=0.02,
            beyond=draw(st.sampled_from([0.02, 1.0])),
        ),
        chains=Chains(
            value=value, gain=gain, short=short, wait=np.zeros((a, c, k)), washes=gain < 0.0
        ),
        curve=CURVE,
        base=(
            draw(st.sampled_from([0.0, 4000.0, -5000.0])),
            draw(st.sampled_from([0.0, 9000.0, -2000.0])),
        ),
    )


def _array(
    draw: st.DrawFn, numbers: st.SearchStrategy[float], shape: tuple[int, ...]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    size = int(np.prod(shape))
    drawn = draw(st.lists(numbers, min_size=size, max_size=size))
    return np.array(drawn, dtype=np.float64).reshape(shape)


def with_budgets(problem: Problem, *, traded: float, gain: float) -> Problem:
    """The same problem with a turnover and a gain budget."""
    return replace(problem, most_traded=traded, most_gain=gain)
