"""Where a seed is made to die, and what it went through."""

from dataclasses import dataclass, field
from datetime import datetime

from tests.simulation.market import TICKS


class Crash(BaseException):
    """The process is gone."""


@dataclass(slots=True)
class Plan:
    """Where a seed is made to die or to be halted, counted in hooks; for the exhaustive runs."""

    crash_at: frozenset[int] = frozenset()
    kill_at: frozenset[int] = frozenset()
    keep_labels: bool = False
    ticks: int = TICKS


@dataclass(slots=True)
class Tally:
    """What a world went through."""

    hooks: int = 0
    crashes: int = 0
    faults: int = 0
    disturbances: int = 0
    lives: list[list[datetime]] = field(default_factory=list)
    """When each process of the daemon asked or sent; cancels are never held back and do not count."""
    orders: int = 0
    kills: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    labels: list[tuple[int, str]] = field(default_factory=list)
    """Number and label of every hook, when a plan asks for them."""
