"""The same tree of slices with other weights: what sources of weights do to a target."""

import decimal
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from portfolio.money import ONE, ZERO, Weight
from portfolio.target import Target, TargetError

STEP = Decimal("0.000001")
"""Weights from sources have six places: a ten-thousandth of a percent."""


def exact_weights(weights: Mapping[str, Decimal]) -> dict[str, Weight]:
    """Weights on six places that sum to exactly one; what rounding leaves goes to the largest.

    Ties go to the first name. Raises `TargetError` when there are none, one is negative, or they sum
    to zero.

    >>> exact_weights({"a": Decimal(2), "b": Decimal(1)})
    {'a': Decimal('0.666667'), 'b': Decimal('0.333333')}
    """
    whole = sum(weights.values(), ZERO)
    negative = [name for name, weight in weights.items() if weight < ZERO]
    if negative:
        raise TargetError(f"the weight of {negative[0]!r} is negative")
    if whole <= ZERO:
        raise TargetError("the weights sum to nothing")
    with decimal.localcontext(prec=50):
        rounded = {name: (weight / whole).quantize(STEP) for name, weight in weights.items()}
    largest = max(rounded, key=lambda name: rounded[name])
    rounded[largest] += ONE - sum(rounded.values(), ZERO)
    return {name: Weight(weight) for name, weight in rounded.items()}


def reweighed(target: Target, leaves: Mapping[str, Weight]) -> Target:
    """The target with these leaf weights, which name every leaf and sum to exactly one.

    `weights` is exact; the slices' own `weight`, a share of the parent, is rounded to 12 places.
    Raises `TargetError`.
    """
    if set(leaves) != set(target.leaves):
        missing = sorted(set(target.leaves) ^ set(leaves))
        raise TargetError(f"the weights must name every leaf and nothing else: {missing[0]!r}")
    if any(weight < ZERO for weight in leaves.values()):
        raise TargetError("a weight is negative")
    if sum(leaves.values(), ZERO) != ONE:
        raise TargetError("the weights do not sum to exactly one")
    weights = {
        name: Weight(sum((leaves[leaf] for leaf in members), ZERO))
        for name, members in target.members.items()
    }
    slices = tuple(
        replace(
            node, weight=_share(weights[node.name], weights.get(node.parent or "", Weight(ONE)))
        )
        for node in target.slices
    )
    return replace(target, slices=slices, weights=weights)


def _share(weight: Weight, parent: Weight) -> Weight:
    if parent == ZERO:
        return Weight(ZERO)
    share = Fraction(weight) / Fraction(parent)
    return Weight(Decimal(round(share * 10**12)).scaleb(-12).normalize() + ZERO)


def out_of_bounds(target: Target) -> tuple[str, ...]:
    """Slices whose target weight is under their least or above their most, in words."""
    said: list[str] = []
    for node in target.slices:
        weight = target.weights[node.name]
        if node.least is not None and weight < node.least:
            said.append(
                f"{node.name} at {weight * 100:f} % is under its least {node.least * 100:f} %"
            )
        if node.most is not None and weight > node.most:
            said.append(f"{node.name} at {weight * 100:f} % is over its most {node.most * 100:f} %")
    return tuple(said)
