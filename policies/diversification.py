"""How spread a portfolio is: effective number, the largest holding, exposures, and what moves alike.

Weights are fractions of the whole, cash among them where the caller counts it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from portfolio.drift import Block

ALIKE = 0.95
"""Two holdings whose daily returns correlate above this do not diversify each other."""
FEWEST_RETURNS = 60
"""A correlation from fewer daily returns says too little to be told."""


def effective_number(weights: Mapping[str, float]) -> float:
    """How many equal holdings would be as concentrated: 1 / sum of squared shares of the sum.

    The inverse of the Herfindahl-Hirschman index. Zero for no holding.

    >>> effective_number({"A": 0.5, "B": 0.5})
    2.0
    """
    total = sum(weights.values())
    if total <= 0:
        return 0.0
    return 1.0 / sum((w / total) ** 2 for w in weights.values())


def exposure(
    weights: Mapping[str, float], parts: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    """Weights by class, sector or region, the largest first.

    `parts` maps each symbol to the fractions of it that belong to each name, summing to at most one;
    what is not said of a symbol, and of symbols that are not in it, is "not known".

    >>> exposure({"AOR": 1.0}, {"AOR": {"equity": 0.6, "bond": 0.4}})
    {'equity': 0.6, 'bond': 0.4}
    """
    found: dict[str, float] = {}
    for symbol, weight in weights.items():
        known = parts.get(symbol, {})
        for name, part in known.items():
            found[name] = found.get(name, 0.0) + weight * part
        rest = 1.0 - sum(known.values())
        if rest > 1e-9:
            found["not known"] = found.get("not known", 0.0) + weight * rest
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two holdings and the correlation of their daily returns."""

    first: str
    second: str
    correlation: float


def alike(prices: Block, symbols: Sequence[str], level: float = ALIKE) -> tuple[Pair, ...]:
    """Pairs whose daily log returns correlate above `level`, the closest first.

    `prices` (T, N) are one row a session, all above zero. Empty for fewer than `FEWEST_RETURNS`
    returns. A price that never moved correlates with nothing.
    """
    if len(prices) <= FEWEST_RETURNS or len(symbols) < 2:
        return ()
    returns = np.diff(np.log(prices), axis=0)
    moving = [n for n in range(len(symbols)) if returns[:, n].std() > 0]
    if len(moving) < 2:
        return ()
    matrix = np.corrcoef(returns[:, moving], rowvar=False)
    pairs = [
        Pair(first=symbols[moving[a]], second=symbols[moving[b]], correlation=float(matrix[a, b]))
        for a in range(len(moving))
        for b in range(a + 1, len(moving))
        if matrix[a, b] > level
    ]
    return tuple(sorted(pairs, key=lambda pair: -pair.correlation))
