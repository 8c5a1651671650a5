"""How long the command line takes to say its version and its help, and what it spends that on."""

import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.effort import Effort, Progress
from benchmarks.figures import Figure, Goal, Peer, Row, spread

COMMAND_MS = Goal(level=150)
HEAVIEST = 5
_FLOORS = {
    "--version": "python -c pass",
    "--help": "python -c pass",
    "status --help": "import typer",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one process took from fork to exit, in milliseconds."""

    cpu: float
    wall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What no command can be faster than, and what it took."""

    name: str
    costs: list[Cost]


def measure(effort: Effort, progress: Progress) -> list[Row]:
    """Processor and wall time of the command line, beside a Python that does nothing."""
    trimtab = str(Path(sys.executable).with_name("trimtab"))
    lines = {
        "--version": [trimtab, "--version"],
        "--help": [trimtab, "--help"],
        "status --help": [trimtab, "status", "--help"],
        "python -c pass": [sys.executable, "-c", "pass"],
        "import typer": [sys.executable, "-c", "import typer"],
    }
    costs: dict[str, list[Cost]] = {name: [] for name in lines}
    for line in lines.values():
        cost_of(line)  # once unmeasured: files and byte code come into the caches
    for run in range(effort.commands):
        progress(f"command line, run {run + 1} of {effort.commands}")
        for name, line in lines.items():
            costs[name].append(cost_of(line))
    rows: list[Row] = []
    for option, floor in _FLOORS.items():
        imports = f"imports most: {', '.join(heaviest_imports(lines[option]))} (ms)"
        rows += _figures(option, costs[option], Floor(name=floor, costs=costs[floor]), imports)
    return rows


def _figures(option: str, costs: list[Cost], floor: Floor, imports: str) -> list[Row]:
    return [
        Figure(
            name=f"trimtab {option}, {kind} time",
            unit="ms",
            measured=spread([getattr(cost, kind) for cost in costs]),
            goal=COMMAND_MS if option in ("--version", "--help") else None,
            peer=Peer(
                name=floor.name, measured=spread([getattr(cost, kind) for cost in floor.costs])
            ),
            notes=(imports,) if kind == "cpu" else (),
        )
        for kind in ("cpu", "wall")
    ]


def cost_of(line: Sequence[str]) -> Cost:
    """Run a command to its end; raises `RuntimeError` when it fails."""
    before = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603
        line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - before
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(line)} ended with {process.returncode}")
    return Cost(cpu=(usage.ru_utime + usage.ru_stime) * 1e3, wall=wall * 1e3)


def run_to_end(line: Sequence[str], *, stream: Literal["stdout", "stderr"] = "stdout") -> str:
    """What a command prints; raises `RuntimeError` when it fails."""
    done = subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(line)} ended with {done.returncode}: {done.stderr[-400:]}")
    return str(getattr(done, stream))


def heaviest_imports(line: Sequence[str]) -> list[str]:
    """The packages that take longest to import by themselves, as "name ms"; longest first."""
    told = run_to_end([sys.executable, "-X", "importtime", *line], stream="stderr")
    own: defaultdict[str, int] = defaultdict(int)
    for entry in told.splitlines():
        own_time, _, rest = entry.removeprefix("import time:").partition("|")
        if own_time.strip().isdigit():
            module = rest.rpartition("|")[2].strip()
            own[package_of(module)] += int(own_time)
    ranked = sorted(own.items(), key=lambda item: -item[1])
    return [f"{name} {microseconds / 1e3:.0f}" for name, microseconds in ranked[:HEAVIEST]]


def package_of(module: str) -> str:
    """The name a module is counted under: the first two parts of `importlib`'s, else the first.

    >>> package_of("importlib.metadata._adapters"), package_of("typer.core")
    ('importlib.metadata', 'typer')
    """
    parts = module.split(".")
    return ".".join(parts[: 2 if parts[0] == "importlib" else 1])
