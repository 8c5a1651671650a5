"""A measured figure: its spread over several runs, its goal, and what it is held against."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Several runs of one measurement: the median, and the range it lies in."""

    median: float
    least: float
    most: float
    runs: int


def spread(values: Sequence[float]) -> Spread:
    """Summarise at least one finite value; raises `ValueError` for none or for NaN.

    >>> spread([3.0, 1.0, 2.0])
    Spread(median=2.0, least=1.0, most=3.0, runs=3)
    """
    if not values or not all(math.isfinite(value) for value in values):
        raise ValueError(f"{list(values)!r} is no measurement")
    return Spread(
        median=statistics.median(values), least=min(values), most=max(values), runs=len(values)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """What a figure is held against: a floor or another way, in the same unit and the same run."""

    name: str
    measured: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """The level a figure should reach, itself included.

    `at_least` False means the level is a ceiling. `of_ratio` holds it against figure over peer
    instead of the figure itself.
    """

    level: float
    at_least: bool = False
    of_ratio: bool = False

    def __str__(self) -> str:
        """In signs: "≤ 150", or "≥ 0.5 ×" of a ratio."""
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.level:g}{' ×' if self.of_ratio else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row. `notes` say how it was measured and what it consists of."""

    name: str
    unit: str
    measured: Spread
    goal: Goal | None = None
    peer: Peer | None = None
    notes: tuple[str, ...] = ()

    @property
    def ratio(self) -> float | None:
        """The medians, figure over peer; None without a peer or when the peer measures zero."""
        if self.peer is None or self.peer.measured.median == 0:
            return None
        return self.measured.median / self.peer.measured.median

    @property
    def is_met(self) -> bool | None:
        """Whether the median reaches the goal; None without a goal."""
        if self.goal is None:
            return None
        value = self.ratio if self.goal.of_ratio else self.measured.median
        if value is None:
            return False
        return value >= self.goal.level if self.goal.at_least else value <= self.goal.level


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A figure that could not be measured here, and why."""

    name: str
    reason: str


Row = Figure | Skipped
