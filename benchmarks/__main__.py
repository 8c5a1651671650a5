"""Measure the figures of the house: `python -m benchmarks --help`."""

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from rich.console import Console

from benchmarks import (
    backtesting,
    commands,
    cycling,
    deciding,
    idling,
    journaling,
    simulating,
    soaking,
    tax_planning,
)
from benchmarks.effort import Effort, Progress, quick, whole
from benchmarks.figures import Row
from benchmarks.table import as_json, machine, show

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results.json"

BENCHMARKS: Mapping[str, Callable[[Effort, Progress], list[Row]]] = {
    "commands": commands.measure,
    "memory": idling.measure_memory,
    "idle": idling.measure_cpu,
    "decide": deciding.measure,
    "cycle": cycling.measure,
    "backtest": backtesting.measure,
    "journal": journaling.measure,
    "taxes": tax_planning.measure,
    "sessions": simulating.measure_sessions,
    "seeds": simulating.measure_seeds,
    "soak": soaking.measure,
    "setup": simulating.measure_setup,
}


def main() -> int:
    """Measure, print, write; 0 also when a goal is missed: benchmarks measure, they do not judge."""
    asked = _arguments().parse_args()
    effort = (quick if asked.quick else whole)(asked.disk.resolve())
    console = Console(width=None if sys.stdout.isatty() else 150, highlight=False)
    here = machine()
    console.print(
        f"Python {here['python']}, {here['cpus']} × {here['processor']}, load {here['load']:.1f}",
        style="bright_black",
    )
    rows: list[Row] = []
    with _Progress() as progress:
        for name in asked.only or BENCHMARKS:
            rows += BENCHMARKS[name](effort, progress)
    show(rows, console)
    asked.json.write_text(as_json(rows, effort="quick" if asked.quick else "whole"))
    console.print(f"written to {asked.json}", style="bright_black")
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure the figures of the house, with peers."
    )
    parser.add_argument(
        "--only", action="append", choices=list(BENCHMARKS), help="one of them; may be repeated"
    )
    parser.add_argument("--quick", action="store_true", help="fewer runs, wider ranges")
    parser.add_argument(
        "--disk",
        type=Path,
        default=ROOT,
        metavar="DIR",
        help="a directory on the disk to measure (default: this repository's)",
    )
    parser.add_argument(
        "--json", type=Path, default=RESULTS, metavar="FILE", help="where to write the figures"
    )
    return parser


class _Progress:
    """Says on standard error what is being measured: in one line on a terminal, else a line each."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._is_terminal = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_terminal:
            print("\r\033[K", end="", file=sys.stderr)

    def __call__(self, what: str) -> None:
        passed = f"{time.monotonic() - self._started:4.0f} s"
        if self._is_terminal:
            print(f"\r\033[K{passed}  {what}", end="", file=sys.stderr, flush=True)
        else:
            print(f"{passed}  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
