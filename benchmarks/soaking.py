"""Quiet weeks: what memory and the database grow by while nothing goes wrong, and who is told."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.effort import Effort, Progress
from benchmarks.figures import Figure, Goal, Row, spread

ROOT = Path(__file__).parents[1]
TICK_SECONDS = 300
MIB = 2**20
MEMORY_MIB = Goal(level=150)
DATABASE_MIB_A_YEAR = Goal(level=25)


def measure(effort: Effort, progress: Progress) -> list[Row]:
    """One household, a tick every five minutes, in a process of its own."""
    progress(f"{effort.soak_weeks} quiet weeks")
    with tempfile.TemporaryDirectory(prefix="trimtab-bench-", dir=effort.disk) as folder:
        line = [sys.executable, "-m", "benchmarks.quiet_weeks", folder]
        line += ["--weeks", str(effort.soak_weeks), "--tick-seconds", str(TICK_SECONDS)]
        told = subprocess.run(  # noqa: S603  our own module
            line, cwd=ROOT, capture_output=True, text=True, check=True
        )
    lived = json.loads(told.stdout.splitlines()[-1])
    samples = lived["samples"]
    first, last = samples[len(samples) // 2], samples[-1]
    years = (last["ticks"] - first["ticks"]) * TICK_SECONDS / (365 * 86_400)
    pages = sum(lived["pages"].values())
    return [
        Figure(
            name=f"memory after {lived['ticks']:,} quiet ticks",
            unit="MiB",
            measured=spread([last["resident"] / MIB]),
            goal=MEMORY_MIB,
            notes=(
                f"{_slope(samples[len(samples) // 2 :]):+.1f} MiB in 10,000 ticks of the second half",
                f"{pages} pages in {lived['weeks']} weeks",
            ),
        ),
        Figure(
            name="journal in a quiet year",
            unit="MiB",
            measured=spread([(last["database"] - first["database"]) / MIB / years]),
            goal=DATABASE_MIB_A_YEAR,
            notes=("two symbols, a tick every five minutes; from the second half",),
        ),
        Figure(
            name="processor time of a quiet week",
            unit="s",
            measured=spread([lived["cpu_seconds"] / lived["weeks"]]),
            notes=("2,016 ticks and five sessions",),
        ),
    ]


def _slope(samples: list[dict[str, Any]]) -> float:
    """MiB in ten thousand ticks: the median of the slopes between all pairs (Theil and Sen)."""
    slopes = [
        (later["resident"] - earlier["resident"]) / (later["ticks"] - earlier["ticks"])
        for at, earlier in enumerate(samples)
        for later in samples[at + 1 :]
    ]
    return median(slopes) * 10_000 / MIB if slopes else 0.0
