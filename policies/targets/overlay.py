"""The tactical overlay: which signals tilt the classes on a day, from what was known then.

Signals are read at each month's end and act from the next month on, so at most once a month. A score
counts when two readings in a row ask for it (TT-1); missing or stale numbers silence a signal at once
(TT-2). Everything here is off unless the user names signals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import assert_never

from policies.targets.series import (
    Observation,
    Series,
    known_on,
    month_end_before,
    month_ends,
    month_ends_until,
)
from policies.targets.signals import (
    Winner,
    dual_momentum,
    momentum_12_1,
    realised_volatility,
    recession_probability,
    sahm_gap,
    sahm_triggers,
    trend_is_up,
    valuation_z,
    volatility_weight,
)
from policies.targets.sources import Reading
from portfolio.drift import from_float

STALE_AFTER = timedelta(days=45)
MOST_MONTHS = 120
"""Readings further back cannot change what two in a row ask for now, as far as anyone could tell."""
RECESSION_LEVEL = 0.30
"""From this probability on the yield curve speaks against growth; a policy of this project."""
MOST_Z = 2.0


class SignalKind(StrEnum):
    """The rules of `policies.targets.signals` by name."""

    TREND = "trend"
    MOMENTUM = "momentum_12_1"
    DUAL_MOMENTUM = "dual_momentum"
    DUAL_MOMENTUM_US_FIRST = "dual_momentum_us_first"
    VOLATILITY = "volatility_target"
    VALUATION = "valuation"
    YIELD_CURVE = "yield_curve"
    SAHM = "sahm"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalRule:
    """One signal: its series, the classes it speaks for, and what a z of one is worth.

    `series` are names: one, and for dual momentum three: US, ex-US, bills (total return indices).
    `classes` get the signal's z; for dual momentum they are three: US, ex-US, bonds. `alpha` is a
    fraction of the portfolio. `target_volatility` is a year's, for that rule alone.
    """

    name: str
    kind: SignalKind
    series: tuple[str, ...]
    classes: tuple[str, ...]
    alpha: Decimal = Decimal("0.025")
    target_volatility: Decimal = Decimal("0.10")

    @property
    def is_dual(self) -> bool:
        """Whether it chooses between three classes."""
        return self.kind in (SignalKind.DUAL_MOMENTUM, SignalKind.DUAL_MOMENTUM_US_FIRST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A signal at one month's end, before persistence."""

    value: float | None
    scores: Mapping[str, float]
    known_on: date | None = None
    note: str = ""


def readings_on(
    day: date, rules: Sequence[SignalRule], series: Mapping[str, Series]
) -> tuple[Reading, ...]:
    """What each signal says on a day, in the order of the rules; nothing known after the end of the
    month before is looked at."""
    return tuple(_reading(day, rule, series) for rule in rules)


def _reading(day: date, rule: SignalRule, series: Mapping[str, Series]) -> Reading:
    end = month_end_before(day)
    missing = [name for name in rule.series if name not in series]
    if missing:
        raw = Raw(value=None, scores={}, note=f"there is no series {missing[0]}")
        return _as_reading(rule, end, raw, {})
    own = [series[name] for name in rule.series]
    first = min((o.period for s in own for o in s.observations), default=end)
    months = month_ends_until(first, end)[-MOST_MONTHS:]
    raws = [raw_scores(rule, own, month) for month in months]
    if not raws:
        return _as_reading(rule, end, Raw(value=None, scores={}, note="no month is complete"), {})
    held = {name: persisting([raw.scores.get(name) for raw in raws]) for name in rule.classes}
    return _as_reading(rule, end, raws[-1], held)


def _as_reading(rule: SignalRule, end: date, raw: Raw, held: Mapping[str, float]) -> Reading:
    return Reading(
        signal=rule.name,
        month_end=end,
        value=None if raw.value is None else from_float(raw.value),
        scores={name: from_float(z) for name, z in held.items()},
        known_on=raw.known_on,
        note=raw.note,
    )


def persisting(scores: Sequence[float | None]) -> float:
    """The score in force after monthly scores, the oldest first; None is a silent month.

    It moves when two readings in a row lie on the same side of the one in force, to the nearer of
    them. A silent month puts it to zero at once.

    >>> persisting([1.0, 1.0, -1.0]), persisting([1.0, 1.0, -1.0, -1.0])
    (1.0, -1.0)
    """
    held, before = 0.0, None
    for score in scores:
        if score is None:
            held, before = 0.0, None
            continue
        if before is not None and (score - held) * (before - held) > 0:
            held = min((score, before), key=lambda z: abs(z - held))
        before = score
    return held


def raw_scores(rule: SignalRule, series: Sequence[Series], month_end: date) -> Raw:
    """A rule at one month's end, from what was known then; silent when that is too little or stale."""
    known = [known_on(one, month_end) for one in series]
    newest = min((max((o.known_on for o in one), default=date.min) for one in known), default=None)
    if newest is None or newest < month_end - STALE_AFTER:
        return Raw(value=None, scores={}, known_on=newest, note="the numbers are stale or missing")
    try:
        value, scores = _scored(rule, known, month_end)
    except (ValueError, ZeroDivisionError) as error:
        return Raw(value=None, scores={}, known_on=newest, note=str(error))
    return Raw(value=value, scores=scores, known_on=newest)


def _scored(
    rule: SignalRule, known: Sequence[tuple[Observation, ...]], month_end: date
) -> tuple[float, dict[str, float]]:
    if rule.is_dual:
        return _dual(rule, known)
    value, z = _single(rule, known[0], month_end)
    return value, dict.fromkeys(rule.classes, max(-MOST_Z, min(MOST_Z, z)))


def _single(
    rule: SignalRule, known: tuple[Observation, ...], month_end: date
) -> tuple[float, float]:
    """The value and the z of a rule on one series."""
    monthly = [o.value for o in month_ends(known)]
    match rule.kind:
        case SignalKind.TREND:
            up = trend_is_up(monthly)
            return monthly[-1], 1.0 if up else -1.0
        case SignalKind.MOMENTUM:
            value = momentum_12_1(monthly)
            return value, float((value > 0) - (value < 0))
        case SignalKind.VOLATILITY:
            value = realised_volatility(_daily_returns(known, month_end))
            return value, volatility_weight(value, float(rule.target_volatility)) - 1
        case SignalKind.VALUATION:
            return monthly[-1], -valuation_z(monthly[-1])
        case SignalKind.YIELD_CURVE:
            value = recession_probability(monthly[-1])
            return value, -1.0 if value >= RECESSION_LEVEL else 0.0
        case SignalKind.SAHM:
            value = sahm_gap(monthly, as_published=True)
            return value, -1.0 if sahm_triggers(value) else 0.0
        case SignalKind.DUAL_MOMENTUM | SignalKind.DUAL_MOMENTUM_US_FIRST:
            raise ValueError("dual momentum needs three series")
        case _:
            assert_never(rule.kind)


def _dual(
    rule: SignalRule, known: Sequence[tuple[Observation, ...]]
) -> tuple[float, dict[str, float]]:
    returns = []
    for one in known:
        monthly = [o.value for o in month_ends(one)]
        if len(monthly) < 13:
            raise ValueError(f"13 month-ends are needed, there are {len(monthly)}")
        returns.append(monthly[-1] / monthly[-13] - 1)
    us_first = rule.kind is SignalKind.DUAL_MOMENTUM_US_FIRST
    winner = dual_momentum(returns[0], returns[1], returns[2], us_first=us_first)
    place = (Winner.US, Winner.EX_US, Winner.BONDS).index(winner)
    scores = {name: 1.0 if n == place else -1.0 for n, name in enumerate(rule.classes)}
    return returns[place if place < 2 else 0], scores


def _daily_returns(known: tuple[Observation, ...], month_end: date) -> list[float]:
    """Returns of the sessions of one month."""
    first = month_end.replace(day=1)
    values = [(o.period, o.value) for o in known]
    returns = [
        now / before - 1
        for (_, before), (day, now) in pairwise(values)
        if first <= day <= month_end
    ]
    if len(returns) < 10:
        raise ValueError(f"10 daily returns in a month are needed, there are {len(returns)}")
    return returns
