"""The sources of weights and what they were asked: values that are recorded with every decision.

`Weighing` is all that `policies.targets.weighing` needs to reach the same weights again, so that a
recorded decision explains its target too. Weights are fractions of the portfolio.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from policies.conditions import Covariance
from policies.targets.glide_path import TARGET_DATE_PATH, Node
from policies.targets.tilt import Bounds
from portfolio.money import Money, Weight

POINT = Decimal("0.01")

SPENDING_PATH = tuple(
    Node(years=Decimal(years), growth=Decimal(percent) / 100)
    for years, percent in ((15, 90), (10, 70), (5, 40), (3, 20), (1, 0))
)
"""For money that is spent on a date: at or under the caps by horizon of the risk profile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """The weights as typed in."""

    kind: Literal["fixed"] = "fixed"


@dataclass(frozen=True, slots=True, kw_only=True)
class GlidePath:
    """A growth share by the years to a date, in steps of `step` (0.01: a point)."""

    kind: Literal["glide_path"] = "glide_path"
    until: date
    nodes: tuple[Node, ...] = TARGET_DATE_PATH
    step: Decimal = POINT


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskProfile:
    """A growth share from a household's own answers; `words` says which term binds and why.

    `answered_on` and `version` name the questionnaire that it rests on.
    """

    kind: Literal["risk_profile"] = "risk_profile"
    growth: Decimal
    answered_on: date
    version: int
    answers: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Money wanted on a date, invested along its own path until then."""

    name: str
    amount: Money
    until: date
    nodes: tuple[Node, ...] = SPENDING_PATH


@dataclass(frozen=True, slots=True, kw_only=True)
class Goals:
    """Several goals: the growth share is the mean of theirs, weighted by their amounts.

    A goal whose date has come is left out. Without any left the share is zero.
    """

    kind: Literal["goals"] = "goals"
    goals: tuple[Goal, ...]
    step: Decimal = POINT


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Weights from outside, as they were taken: a file, a feed, a plug-in, an optimiser.

    `weights` name every leaf, or every top slice, whose leaves then keep their shares of it. `origin`
    says where they come from, `digest` is the SHA-256 of what was read, `as_of` is their own date.
    """

    kind: Literal["given"] = "given"
    origin: str
    weights: Mapping[str, Weight]
    as_of: date
    digest: str = ""
    note: str = ""


Source = Fixed | GlidePath | RiskProfile | Goals | Given


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One signal at one month's end: its value, and its z of each class. `note` says why it is silent.

    `known_on` is when the newest number that it rests on became known.
    """

    signal: str
    month_end: date
    value: Decimal | None
    scores: Mapping[str, Decimal]
    known_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """A tilt in force: what a z of one is worth by signal, and the readings that it rests on.

    `covariance` is that of the leaves, by their names; without one the tracking error is not bounded.
    """

    alphas: Mapping[str, Decimal]
    readings: tuple[Reading, ...]
    bounds: Bounds = field(default_factory=Bounds)
    covariance: Covariance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighing:
    """Everything that a day's weights follow from.

    `base` are the leaf weights as typed in, `growth` the names of the leaves that count as growth,
    `classes` each top slice that is not cash with its leaves. `kept` leaves keep their weight whatever
    the growth share, which is then one of the rest: a cash buffer. `day` is the first day of these
    weights.
    """

    source: Source
    day: date
    base: Mapping[str, Weight]
    growth: tuple[str, ...] = ()
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    overlay: Overlay | None = None


def signals_of(weighing: Weighing | None) -> dict[str, str]:
    """What each tactical signal says in the weights in force: its scores by class, in words."""
    if weighing is None or weighing.overlay is None:
        return {}
    return {
        reading.signal: ", ".join(f"{name} {z:+f}" for name, z in sorted(reading.scores.items()))
        for reading in weighing.overlay.readings
    }
