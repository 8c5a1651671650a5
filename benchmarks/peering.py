"""Side by side with other backtesters: `make bench-peers` makes their environments and runs this.

W1 to W3, every backtester on the same prices in the same run: decided and filled at the same close,
in fractions, no costs, invested on the first day. W2 is the price history that skfolio's wheel brings;
W1 and W3 are walks from fixed seeds. All times are processor time of the process, warm. Ours has the
complete list of orders as arrays, turnover and drift; of a peer only the run and its final value count.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from backtest.history import History, history_of
from backtest.run import run
from benchmarks.backtesting import CASH, Work, policy, relative, setup, workloads
from benchmarks.figures import Spread, spread
from benchmarks.table import machine
from benchmarks.timing import cpu_milliseconds

ROOT = Path(__file__).parents[1]
PEERS = ("vectorbt", "bt")
SAME = 1e-9
"""By how much final values may differ, as a fraction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One backtester on one work."""

    final_value: float
    ms: Spread


def main() -> int:
    """Run everybody, compare, print; 1 when a final value disagrees."""
    asked = _arguments().parse_args()
    console = Console(width=None if sys.stdout.isatty() else 130, highlight=False)
    works = peer_works(asked.wheels)
    with tempfile.TemporaryDirectory() as folder:
        write_works(works, Path(folder))
        peers = {}
        for name in PEERS:
            console.print(f"{name} …", style="bright_black")
            peers[name] = run_peer(asked.environments / name, name, Path(folder), asked.runs)
    console.print("trimtab …", style="bright_black")
    ours = {work.name: measure(work, asked.runs) for work in works}
    here = machine()
    console.print(
        f"Python {here['python']}, {here['cpus']} × {here['processor']}, load {here['load']:.1f}"
    )
    console.print(table(ours, {name: found for name, (_, found) in peers.items()}, peers))
    wrong = disagreements(ours, {name: found for name, (_, found) in peers.items()})
    for line in wrong:
        console.print(line, style="red")
    if not wrong:
        console.print(f"All final values agree to {SAME:g} of themselves.")
    return 1 if wrong else 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench-peers", description=__doc__)
    parser.add_argument("--environments", type=Path, default=ROOT / ".peers")
    parser.add_argument("--wheels", type=Path, default=ROOT / ".peers" / "wheels")
    parser.add_argument("--runs", type=int, default=5)
    return parser


def peer_works(wheels: Path) -> list[Work]:
    """W1 to W3 with skfolio's prices in W2."""
    w2 = skfolio_prices(wheels)
    band = relative("0.2")
    return [
        work
        if not work.name.startswith("W2")
        else Work(
            name=work.name,
            policy=policy(w2, band if "band" in work.name else None),
            history=w2,
            goal_ms=work.goal_ms,
        )
        for work in workloads()
    ]


def skfolio_prices(wheels: Path) -> History:
    """Twenty stocks from 1990 to 2022, daily, from the wheel as it was downloaded."""
    (wheel,) = wheels.glob("skfolio-*.whl")
    packed = zipfile.ZipFile(wheel).read("skfolio/datasets/data/sp500_dataset.csv.gz")
    head, *lines = gzip.decompress(packed).decode().splitlines()
    cells = [line.split(",") for line in lines]
    prices = np.array([[float(cell) for cell in row[1:]] for row in cells])
    return history_of([date.fromisoformat(row[0]) for row in cells], head.split(",")[1:], prices)


def write_works(works: Sequence[Work], folder: Path) -> None:
    """The works as files that a peer's own Python reads without ours."""
    told = []
    for number, work in enumerate(works):
        np.savez(
            folder / f"{number}.npz",
            days=work.history.days - date(1970, 1, 1).toordinal(),
            prices=work.history.prices,
        )
        goals = np.array([float(s.weight) for s in work.policy.target.slices if s.symbol])
        band = work.policy.default_band
        widths = (
            goals * float(band.relative) if band.relative else goals * 0 + float(band.points or 0)
        )
        told.append(
            {
                "name": work.name,
                "file": f"{number}.npz",
                "goals": goals.tolist(),
                "widths": None if work.policy.calendar else widths.tolist(),
                "cash": float(CASH),
            }
        )
    (folder / "works.json").write_text(json.dumps(told))


def run_peer(environment: Path, name: str, folder: Path, runs: int) -> tuple[str, dict[str, Ran]]:
    """Run a peer's script by its own Python: its version, and what it found by work."""
    script = ROOT / "benchmarks" / "peers" / f"run_{name}.py"
    said = subprocess.run(  # noqa: S603  our own script by the Python of `make bench-peers`
        [environment / "bin" / "python", "-W", "ignore", script, folder, str(runs)],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    read = json.loads(said.stdout.splitlines()[-1])
    return read["version"], {
        work: Ran(final_value=of["final_value"], ms=spread(of["ms"]))
        for work, of in read["works"].items()
    }


def measure(work: Work, runs: int) -> Ran:
    """Ours, in this process."""
    call = partial(run, work.policy, work.history, setup())
    return Ran(
        final_value=call().figures.final_value,
        ms=spread(cpu_milliseconds(call, runs=runs, seconds=0.3)),
    )


def disagreements(ours: Mapping[str, Ran], peers: Mapping[str, Mapping[str, Ran]]) -> list[str]:
    """Every final value that is not ours, in words."""
    return [
        f"{name}, {work}: {found.final_value:,.6f}, here {ours[work].final_value:,.6f}"
        for name, works in peers.items()
        for work, found in works.items()
        if abs(found.final_value / ours[work].final_value - 1) > SAME
    ]


def table(
    ours: Mapping[str, Ran],
    peers: Mapping[str, Mapping[str, Ran]],
    versions: Mapping[str, tuple[str, object]],
) -> Table:
    """Milliseconds of everybody, and how many times ours a peer takes."""
    shown = Table(title=f"Backtests side by side, {time.strftime('%Y-%m-%d')}, processor time")
    shown.add_column("workload")
    shown.add_column("trimtab, ms", justify="right")
    for name in peers:
        shown.add_column(f"{name} {versions[name][0]}, ms", justify="right")
        shown.add_column("times ours", justify="right")
    for work, own in ours.items():
        row = [work, f"{own.ms.median:.3g} ({own.ms.least:.3g}–{own.ms.most:.3g})"]
        for found in peers.values():
            ms = found[work].ms
            row += [f"{ms.median:,.0f}", f"{ms.median / own.ms.median:,.0f}"]
        shown.add_row(*row)
    return shown


if __name__ == "__main__":
    sys.exit(main())
