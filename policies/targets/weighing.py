"""From a source of weights to the weights of every leaf: pure, so that a record can be asked again.

A backtest asks `weights_on` for one day or `weights_over` for a block of days (T, N); the daemon asks
for today. Neither reads a clock or a file.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import assert_never

import numpy as np

from policies.conditions import Covariance
from policies.explain import percent
from policies.targets.glide_path import growth_on, in_steps, years_between
from policies.targets.sources import (
    Fixed,
    Given,
    GlidePath,
    Goal,
    Goals,
    RiskProfile,
    Source,
    Weighing,
)
from policies.targets.tilt import tilted
from portfolio.drift import Block, from_float
from portfolio.money import ONE, ZERO, Weight
from portfolio.reweigh import exact_weights
from portfolio.target import TargetError


def weights_on(day: date, inputs: Weighing) -> dict[str, Weight]:
    """The weight of every leaf on a day, on six places, summing to exactly one.

    `inputs.base` names the leaves in order. The tilt is the one of the recorded readings, whatever the
    day. Raises `TargetError` when a share cannot be had: no growth leaf, or nothing but growth.
    """
    source = inputs.source
    match source:
        case Fixed():
            weights = dict(inputs.base)
        case GlidePath() | Goals() | RiskProfile():
            weights = with_growth(
                inputs.base, inputs.growth, growth_share(source, day), kept=inputs.kept
            )
        case Given():
            weights = _given(source, inputs)
        case _:
            assert_never(source)
    return _tilted(weights, inputs)


def weights_over(days: Sequence[date], inputs: Weighing) -> Block:
    """`weights_on` for each of the days, as a block (T, N) with the leaves in the order of `base`.

    Days with the same growth share are worked out once. The tilt of `inputs` is left out: a
    backtest works out the readings of each month and asks `weights_on` with them.
    """
    untilted = Weighing(
        source=inputs.source,
        day=inputs.day,
        base=inputs.base,
        growth=inputs.growth,
        classes=inputs.classes,
        kept=inputs.kept,
    )
    source = inputs.source
    if not isinstance(source, GlidePath | Goals):
        row = [float(w) for w in weights_on(inputs.day, untilted).values()]
        return np.tile(np.array(row), (len(days), 1))
    block = np.empty((len(days), len(inputs.base)))
    known: dict[Decimal, list[float]] = {}
    for number, day in enumerate(days):
        share = growth_share(source, day)
        if share not in known:
            known[share] = [float(w) for w in weights_on(day, untilted).values()]
        block[number] = known[share]
    return block


def growth_share(source: GlidePath | Goals | RiskProfile, day: date) -> Decimal:
    """The share of growth assets that a source asks for on a day, a fraction."""
    match source:
        case RiskProfile():
            return source.growth
        case GlidePath():
            shares = growth_on(source.nodes, source.until, [day])
        case Goals():
            shares = np.array([_goals_share(source, day)])
        case _:
            assert_never(source)
    return from_float(float(in_steps(shares, float(source.step))[0]))


def open_goals(source: Goals, day: date) -> tuple[Goal, ...]:
    """The goals whose date has not come yet."""
    return tuple(goal for goal in source.goals if goal.until > day)


def _goals_share(source: Goals, day: date) -> float:
    ahead = open_goals(source, day)
    amounts = sum(float(goal.amount) for goal in ahead)
    if not ahead or amounts <= 0:
        return 0.0
    shares = (float(g.amount) * float(growth_on(g.nodes, g.until, [day])[0]) for g in ahead)
    return sum(shares) / amounts


def with_growth(
    base: Mapping[str, Weight], growth: Sequence[str], share: Decimal, *, kept: Sequence[str] = ()
) -> dict[str, Weight]:
    """The base weights with their growth leaves at `share` together, the others at the rest.

    Within each of the two, leaves keep their proportions; `kept` leaves keep their weight, and the
    share is one of what they leave. Raises `TargetError` when a part that must
    hold something has no weight in the base.
    """
    grows = frozenset(growth)
    moving = {name: w for name, w in base.items() if name not in kept}
    high = sum((w for name, w in moving.items() if name in grows), ZERO)
    low = sum((w for name, w in moving.items() if name not in grows), ZERO)
    if share > ZERO and high == ZERO:
        raise TargetError("no slice counts as growth; give slices asset_class")
    if share < ONE and low == ZERO:
        raise TargetError("every slice counts as growth; give a slice of bonds or cash a weight")
    rest = ONE - sum((base[name] for name in kept), ZERO)
    result: dict[str, Decimal] = dict(base)
    for name, weight in moving.items():
        part, of = (share, high) if name in grows else (ONE - share, low)
        result[name] = weight * rest * part / of if weight else ZERO
    return exact_weights(result)


def _given(source: Given, inputs: Weighing) -> dict[str, Weight]:
    named = set(source.weights)
    if named == set(inputs.base):
        return exact_weights({name: source.weights[name] for name in inputs.base})
    cash = [name for name in inputs.base if not any(name in c for c in inputs.classes.values())]
    reserve = sum((inputs.base[name] for name in cash), ZERO)
    if named == set(inputs.base) - set(cash):
        kept = {n: source.weights[n] * (ONE - reserve) for n in inputs.base if n not in cash}
        return exact_weights({**kept, **{name: inputs.base[name] for name in cash}})
    if named != set(inputs.classes) and named != set(inputs.classes) | set(cash):
        strangers = sorted(named - set(inputs.base) - set(inputs.classes))
        if strangers:
            raise TargetError(f"there is no slice {strangers[0]!r} to give a weight to")
        raise TargetError(
            "the weights must name every slice that holds something, or every top slice; missing is "
            f"{min(set(inputs.base) - set(cash) - named)!r}"
        )
    scale = ONE if named & set(cash) else ONE - reserve
    weights = {name: source.weights.get(name, inputs.base[name]) for name in cash}
    for top, leaves in inputs.classes.items():
        inside = sum((inputs.base[leaf] for leaf in leaves), ZERO)
        if inside == ZERO and source.weights[top] > ZERO:
            raise TargetError(f"slice {top!r} has no weights of its own to divide a share by")
        for leaf in leaves:
            part = inputs.base[leaf] / inside if inside else ZERO
            weights[leaf] = Weight(source.weights[top] * scale * part)
    return exact_weights({name: weights[name] for name in inputs.base})


def _tilted(weights: Mapping[str, Weight], inputs: Weighing) -> dict[str, Weight]:
    overlay = inputs.overlay
    if overlay is None or not overlay.readings:
        return dict(weights)
    tops = {
        top: sum((weights[leaf] for leaf in leaves), ZERO) for top, leaves in inputs.classes.items()
    }
    after = tilted(
        {top: float(weight) for top, weight in tops.items()},
        {r.signal: {name: float(z) for name, z in r.scores.items()} for r in overlay.readings},
        {name: float(alpha) for name, alpha in overlay.alphas.items()},
        overlay.bounds,
        _class_covariance(overlay.covariance, weights, inputs.classes),
    )
    result: dict[str, Decimal] = dict(weights)
    for top, leaves in inputs.classes.items():
        if tops[top] > ZERO:
            factor = from_float(after[top]) / tops[top]
            result.update({leaf: weights[leaf] * factor for leaf in leaves})
    return exact_weights({name: max(ZERO, weight) for name, weight in result.items()})


def _class_covariance(
    covariance: Covariance | None,
    weights: Mapping[str, Weight],
    classes: Mapping[str, Sequence[str]],
) -> Block | None:
    """The covariance (K, K) of the classes, each a mix of its leaves at their weights.

    Leaves that it does not list, and classes without weight, do not vary.
    """
    if covariance is None:
        return None
    place = {name: n for n, name in enumerate(covariance.symbols)}
    mixes = np.zeros((len(classes), len(place)))
    for row, leaves in enumerate(classes.values()):
        whole = sum((weights[leaf] for leaf in leaves), ZERO)
        for leaf in leaves:
            if leaf in place and whole > ZERO:
                mixes[row, place[leaf]] = float(weights[leaf] / whole)
    matrix = np.array([[float(cell) for cell in row] for row in covariance.rows])
    return np.asarray(mixes @ matrix @ mixes.T, dtype=np.float64)


def reason_for(inputs: Weighing, day: date) -> str:
    """Where the weights come from, in one sentence with its numbers."""
    text = _source_words(inputs.source, day)
    overlay = inputs.overlay
    if overlay is not None:
        loud = [r.signal for r in overlay.readings if any(z != ZERO for z in r.scores.values())]
        text += f"; tilted by {', '.join(loud)}" if loud else "; no signal tilts them"
    return text


def _source_words(source: Source, day: date) -> str:
    match source:
        case Fixed():
            return "the weights as typed in"
        case GlidePath():
            years = years_between(day, source.until)
            when = f"{years:.1f} years before" if years >= 0 else f"{-years:.1f} years after"
            return f"glide path: {percent(growth_share(source, day))} growth, {when} {source.until}"
        case RiskProfile():
            return f"risk profile of {source.answered_on}: {source.words}"
        case Goals():
            ahead = open_goals(source, day)
            names = ", ".join(f"{goal.name} {goal.until}" for goal in ahead) or "none is left"
            return f"goals ({names}): {percent(growth_share(source, day))} growth"
        case Given():
            note = f" ({source.note})" if source.note else ""
            return f"{source.origin} of {source.as_of}{note}"
        case _:
            assert_never(source)
