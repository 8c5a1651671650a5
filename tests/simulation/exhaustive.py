"""Every single place at which a world's daemon can die or be halted, one run each."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.simulation.chance import QUIET
from tests.simulation.life import Result, run_seed
from tests.simulation.market import TICKS_A_SESSION
from tests.simulation.plan import Plan

TICKS = 2 * TICKS_A_SESSION
"""Two sessions: in the first something happens, the second shows how it ends."""
RECOVERY_HOOKS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One planned end: in which world, crash or kill, at which hooks."""

    seed: int
    crash_at: tuple[int, ...] = ()
    kill_at: tuple[int, ...] = ()


def points(seed: int) -> Iterator[Point]:
    """A crash and a kill at every commit, send and cancel of a world without other faults."""
    for hook in acting_hooks(seed):
        yield Point(seed=seed, crash_at=(hook,))
        yield Point(seed=seed, kill_at=(hook,))


def double_points(seed: int) -> Iterator[Point]:
    """Two crashes: the second at every hook of the recovery that follows the first."""
    for hook in acting_hooks(seed):
        for later in range(1, RECOVERY_HOOKS + 1):
            yield Point(seed=seed, crash_at=(hook, hook + later))


def acting_hooks(seed: int) -> list[int]:
    """Numbers of the hooks around what the daemon does; between two reads it only looks."""
    labels = run_seed(seed, menu=QUIET, plan=Plan(keep_labels=True, ticks=TICKS)).tally.labels
    last = max(number for number, label in labels if label.endswith("before daemon_stopped"))
    return [number for number, label in labels if " read " not in label and number < last]


def run_point(point: Point) -> Result:
    """For a pool of processes."""
    plan = Plan(crash_at=frozenset(point.crash_at), kill_at=frozenset(point.kill_at), ticks=TICKS)
    return run_seed(point.seed, menu=QUIET, plan=plan)
