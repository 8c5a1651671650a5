"""How long the demo takes over what: its seconds, and what is to be done later."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Later:
    """Something to do at a moment of the wall clock, seconds on the monotonic clock."""

    at: float
    act: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """Seconds: the whole demo, the stop after something notable, the time a caption needs.

    What is left after the stops is spread over the sessions; on a slow machine they run as fast as
    they can.
    """

    whole: float
    sessions: int
    dwell: float
    read: float
