"""Five quiet weeks of the daemon, tick by tick in its own process: nobody is paged, nothing grows."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
WEEKS, TICK_SECONDS = 5, 300
WARM_UP_TICKS = 4_000
"""Two weeks: the first letter of a month and the first rebalance have loaded what they need."""
MIB = 2**20


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("quiet")
    line = [sys.executable, "-m", "benchmarks.quiet_weeks", str(folder)]
    line += ["--weeks", str(WEEKS), "--tick-seconds", str(TICK_SECONDS)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def samples(lived: Any) -> list[dict[str, int]]:
    """What the process had, from the end of the second week on."""
    found = [sample for sample in lived["samples"] if sample["ticks"] >= WARM_UP_TICKS]
    assert len(found) >= 10
    return found


pytestmark = pytest.mark.timeout(1000)


def test_the_weeks_were_lived_whole(lived: Any) -> None:
    assert lived["sessions"] == 5 * WEEKS
    assert lived["ticks"] > 0.95 * WEEKS * 7 * 86_400 / TICK_SECONDS
    assert lived["orders"] >= 3, "there was something to trade"
    assert lived["told"]["run_ended"] >= 2
    assert lived["told"]["review"] == 1


def test_quiet_weeks_page_at_most_once_a_week_and_these_not_at_all(lived: Any) -> None:
    assert lived["pages"] == {}
    assert lived["urgent"] == {}


def test_no_object_file_or_thread_is_left_behind(samples: list[dict[str, int]]) -> None:
    first = samples[0]
    assert {s["objects"] <= 1.01 * first["objects"] for s in samples} == {True}
    assert {abs(s["files"] - first["files"]) <= 2 for s in samples} == {True}
    assert {s["threads"] for s in samples} == {first["threads"]}


def test_memory_does_not_climb(samples: list[dict[str, int]]) -> None:
    """Three MiB in ten thousand ticks would be a leak of 300 bytes in each; a cache may still fill."""
    slopes = [
        (later["resident"] - earlier["resident"]) / (later["ticks"] - earlier["ticks"])
        for at, earlier in enumerate(samples)
        for later in samples[at + 1 :]
    ]
    assert median(slopes) * 10_000 <= 3 * MIB
    assert samples[-1]["resident"] - samples[0]["resident"] <= 10 * MIB


def test_a_quiet_session_leaves_a_few_rows_and_a_year_of_them_is_small(
    samples: list[dict[str, int]],
) -> None:
    ticks_a_week = 7 * 86_400 // TICK_SECONDS
    weeks = (samples[-1]["ticks"] - samples[0]["ticks"]) / ticks_a_week
    rows = samples[-1]["rows"] - samples[0]["rows"]
    assert rows <= 20 * weeks, "two rows a session, and those of what was traded"
    grown = samples[-1]["database"] - samples[0]["database"]
    assert 52 * grown / weeks <= 25 * MIB
    assert all(later["rows"] >= earlier["rows"] for earlier, later in pairwise(samples))
