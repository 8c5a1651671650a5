"""How much is measured: the whole, a quick look, or the least that still runs every line."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[str], None]
"""Is told in a few words what is being measured now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """Runs and sizes. `seconds` is about how long one timed sample of a fast thing lasts.

    `disk` is a directory on the disk whose durability is measured.
    """

    disk: Path
    runs: int = 7
    seconds: float = 0.2
    commands: int = 20
    positions: tuple[int, ...] = (10, 100, 1000)
    commits: int = 300
    sessions: int = 120
    soak_weeks: int = 5
    idle_ticks: int = 12
    idle_tick_seconds: int = 2
    tax_names: tuple[int, ...] = (10, 50, 100, 500)
    tax_books: int = 40
    tax_solved: int = 1
    tax_solver_seconds: float = 5.0


def whole(disk: Path) -> Effort:
    """What the published figures come from; about three minutes."""
    return Effort(disk=disk)


def quick(disk: Path) -> Effort:
    """Fewer runs of the same things; about one minute, and wider ranges."""
    return Effort(
        disk=disk,
        runs=3,
        seconds=0.05,
        commands=7,
        commits=100,
        sessions=40,
        soak_weeks=2,
        idle_ticks=5,
        tax_books=10,
        tax_solver_seconds=2.0,
    )


def least(disk: Path) -> Effort:
    """One or two runs of the smallest sizes: shows that a benchmark works, measures nothing."""
    return Effort(
        disk=disk,
        runs=1,
        seconds=0.0,
        commands=1,
        positions=(3,),
        commits=2,
        sessions=2,
        soak_weeks=1,
        idle_ticks=1,
        idle_tick_seconds=1,
        tax_names=(3,),
        tax_books=1,
        tax_solver_seconds=1.0,
    )
