"""Which branches of the most trusted files the seeds take by themselves, and why not the others.

`make sim ARGS=--coverage SEEDS=60 START=3000000000` runs it in a process of its own, because what is
measured must be imported after the measuring has begun.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from coverage import Coverage

ROOT = Path(__file__).parents[2]
FILES = (
    *("daemon/executor.py", "daemon/protocol.py", "daemon/settle.py", "daemon/recovery.py"),
    "policies/limits.py",
)

_ASSERTION = "an assertion: a sound daemon asks for no such move"
_ONCE = "a second send, and nothing is sent twice"
_NO_HARVEST = "these households do not harvest"
WHY: Mapping[tuple[str, str], str] = {
    (
        "if (intent.account, intent.symbol) in purse.sent:",
        'return f"{intent.symbol} has had its order in this look already"',
    ): "a second lock: a sound planner names a symbol of an account once",
    (
        "if why := why_wash(house, intent):",
        "return why",
    ): "a second lock: planner and limits refuse the same before it",
    (
        "if not (is_legal_move(leg.state, after) or same_state_more_filled):",
        'raise BrokenInvariant(f"{leg.client_order_id}: no move from {leg.state} to {after}")',
    ): _ASSERTION,
    (
        "if moved.filled_quantity < leg.filled_quantity:",
        'raise BrokenInvariant(f"{leg.client_order_id}: the filled quantity fell")',
    ): _ASSERTION,
    (
        "if after is LegState.REJECTED and moved.sends > 1 and leg.state is LegState.SUBMITTING:",
        'raise BrokenInvariant(f"{leg.client_order_id}: a second send proves no refusal")',
    ): _ASSERTION,
    (
        "if first:",
        'return Judgement(state=LegState.AMBIGUOUS, note="too many requests on a second send")',
    ): _ONCE,
    (
        "if first:",
        'return Judgement(state=LegState.AMBIGUOUS, note=f"not sent the second time: {message}")',
    ): _ONCE,
    ("if leg.intent.account in house.readers:", "for leg in live:"): (
        "an account that has left the configuration; this household has one"
    ),
    ("if sender is None or leg.broker_order_id is None:", "return"): (
        "only a dry run has nothing to send with"
    ),
    ("if broken:", "raise broken[0]"): _ASSERTION,
    ("case LegState.DEFERRED:", "case _:"): (
        "a wave that was broken off, as only an assertion does to a process that lives on"
    ),
    (
        "if proposal.harvests:",
        "level = Money(limits.max_harvest_fraction * equity)",
    ): _NO_HARVEST,
    ("if proposal.harvests:", "return"): _NO_HARVEST,
    (
        "if quote is not None:",
        "for leg in proposal.legs:",
    ): "a sound planner plans nothing without a quote",
}
"""Branches that no sound daemon takes in these worlds, by what stands at their two ends, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How far one file's branches were taken. `missing` are the line numbers of a branch's ends."""

    file: str
    branches: int
    missing: tuple[tuple[int, int], ...]

    @property
    def taken(self) -> int:
        return self.branches - len(self.missing)

    def __str__(self) -> str:
        share = 100 * self.taken / self.branches
        return f"{self.taken} of {self.branches} branches, {share:.0f} %"

    def ends_of(self, branch: tuple[int, int]) -> tuple[str, str]:
        """What is written where a branch begins and where it leads; the end of a function is ""."""
        lines = (ROOT / self.file).read_text(encoding="utf-8").splitlines()
        start, end = branch
        return lines[start - 1].strip(), lines[end - 1].strip() if end > 0 else ""


class Counting:
    """Counts the branches that some work takes. Nothing of ours may have been imported before."""

    def __init__(self) -> None:
        self._included = [str(ROOT / file) for file in FILES]
        settings = str(ROOT / "pyproject.toml")
        self._coverage = Coverage(
            data_file=None, branch=True, config_file=settings, include=self._included
        )
        self._coverage.set_option("run:source", None)

    def __enter__(self) -> Self:
        self._coverage.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._coverage.stop()

    def taken(self) -> list[Taken]:
        """What all work so far has taken of each file."""
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            self._coverage.json_report(outfile=str(report), include=self._included)
            found = json.loads(report.read_text(encoding="utf-8"))["files"]
        return [_taken(file, found) for file in FILES]


def _taken(file: str, found: Mapping[str, Any]) -> Taken:
    told = next(value for name, value in found.items() if name.endswith(file))
    missing = tuple((start, end) for start, end in told["missing_branches"])
    return Taken(file=file, branches=told["summary"]["num_branches"], missing=missing)


def show(files: list[Taken]) -> int:
    """Print what was taken; how many branches are missing without a reason."""
    unexplained = 0
    for one in files:
        print(f"{one.file}: {one}")
        for branch in one.missing:
            start, end = one.ends_of(branch)
            why = WHY.get((start, end), "")
            print(f"  {branch[0]} -> {branch[1]}: {end or start}")
            print(f"      {why or 'no seed came here'}")
            unexplained += not why
    return unexplained


def main() -> int:
    """Live the seeds, then the second locks; 1 when a branch is missing without a reason."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--seeds", type=int, default=60)
    words.add_argument("--start", type=int, default=3_000_000_000)
    asked = words.parse_args()
    counting = Counting()
    with counting:
        from tests.simulation.life import state_directories
        from tests.simulation.run import run_locks, run_seeds

        with state_directories():
            bad = run_seeds(asked.start, asked.seeds, 1)
    print("taken by the seeds alone:")
    unexplained = show(counting.taken())
    with counting, state_directories():
        bad += run_locks(asked.start, 20, 1)
    print("with the second locks:")
    show(counting.taken())
    return 1 if unexplained or bad else 0


if __name__ == "__main__":
    sys.exit(main())
