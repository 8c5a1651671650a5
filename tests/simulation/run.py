"""Run seeds, every single crash and halt, or the mutants; `--help` tells how."""

import argparse
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from itertools import islice, takewhile
from pathlib import Path
from typing import TypeVar

from tests.simulation import io_sweep
from tests.simulation.chance import draw_every
from tests.simulation.exhaustive import Point, double_points, points, run_point
from tests.simulation.life import Result, run_seed, state_directories
from tests.simulation.mutant import Catch, Mutant, catch
from tests.simulation.mutants import MUTANTS
from tests.simulation.second_locks import DEFECTS, Held, try_lock

PAGE = Path(__file__).parents[2] / "docs" / "simulation.md"
BEGIN, END = "<!-- mutants: begin -->", "<!-- mutants: end -->"

Q = TypeVar("Q")
A = TypeVar("A")


def spread(work: Callable[[Q], A], questions: Iterable[Q], jobs: int, chunk: int) -> Iterator[A]:
    """The answers in order, from one process or from several."""
    if jobs <= 1:
        yield from map(work, questions)
        return
    # A few chunks ahead only, so that a stream of questions that ends with the time does end.
    with ProcessPoolExecutor(jobs) as pool:
        asked: deque[Future[list[A]]] = deque()
        rest = iter(questions)
        while chosen := list(islice(rest, chunk)):
            asked.append(pool.submit(_each, work, chosen))
            if len(asked) > 2 * jobs:
                yield from asked.popleft().result()
        while asked:
            yield from asked.popleft().result()


def _each(work: Callable[[Q], A], questions: Sequence[Q]) -> list[A]:
    return [work(question) for question in questions]


def run_seeds(
    first: int,
    count: int,
    jobs: int,
    *,
    minutes: float = 0.0,
    traces: bool = False,
    every: Sequence[str] = (),
) -> int:
    """Live seeds and print what they broke; how many broke something.

    After so many `minutes`, when they are given, no further seed is begun. `every` names faults and
    traits that each seed has besides what it draws.
    """
    began, bad, lived = time.monotonic(), 0, 0
    seeds = _until(began + minutes * 60, range(first, first + count)) if minutes else None
    kinds: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for result in spread(
        partial(run_seed, every=every), seeds or range(first, first + count), jobs, 5
    ):
        lived += 1
        if traces:
            print(result.seed, result.trace)
        totals.update(_counts(result))
        kinds.update({v.invariant for v in result.violations})
        bad += bool(result.violations)
        for violation in result.violations[:3]:
            print(f"seed {result.seed}: {violation}", flush=True)
    seconds = time.monotonic() - began
    told = ", ".join(f"{n:,} {what}" for what, n in sorted(totals.items()))
    print(f"{lived:,} seeds from {first}, {bad} with violations; {told}")
    print(f"{seconds:.1f} s, {lived / seconds * 60:,.0f} seeds a minute")
    for kind, number in kinds.most_common():
        print(f"  {number} seeds: {kind}")
    return bad


def _until(end: float, questions: Iterable[Q]) -> Iterator[Q]:
    return takewhile(lambda _question: time.monotonic() < end, questions)


def _counts(result: Result) -> dict[str, int]:
    tally = result.tally
    ends = {f"ended by {how}": n for how, n in tally.ends.items()}
    named = {"hooks": tally.hooks, "orders": tally.orders, "crashes": tally.crashes}
    return {**named, "halts": tally.kills, "faults": tally.faults, **ends}


def run_exhaustive(
    first: int, worlds: int, jobs: int, *, double: bool, minutes: float = 0.0
) -> int:
    """Every single crash and halt (or every crash in the recovery from a crash) of some worlds.

    Each world has its line as soon as it is done. After so many `minutes` no further run is begun.
    """
    began, bad, runs, tried = time.monotonic(), 0, 0, 0
    end = began + minutes * 60 if minutes else float("inf")
    for seed in _until(end, range(first, first + worlds)):
        chosen = list(double_points(seed) if double else points(seed))
        done, broken = _run_points(chosen, jobs, end)
        runs, bad, tried = runs + done, bad + broken, tried + 1
    seconds = time.monotonic() - began
    print(f"{runs:,} runs of {tried} worlds from {first}, {bad} with violations, {seconds:.0f} s")
    return bad


def _run_points(chosen: Sequence[Point], jobs: int, end: float) -> tuple[int, int]:
    """How many points of one world were run before the end, and how many of them broke something."""
    began, done, broken = time.monotonic(), 0, 0
    for point, result in zip(chosen, spread(run_point, _until(end, chosen), jobs, 4), strict=False):
        done += 1
        broken += bool(result.violations)
        for violation in result.violations[:2]:
            print(f"{point}: {violation}", flush=True)
    told = f"world {chosen[0].seed}: {done:,} of {len(chosen):,} points, {broken} bad"
    print(f"{told}, {time.monotonic() - began:.0f} s", flush=True)
    return done, broken


def run_locks(first: int, most: int, jobs: int) -> int:
    """Try every second lock; how many broke a promise, or were not seen to close."""
    bad = 0
    trial = partial(_held, first=first, most=most)
    for defect, held in zip(DEFECTS, spread(trial, range(len(DEFECTS)), jobs, 1), strict=True):
        broken = {violation.invariant for _, violation in held.broken}
        bad += bool(broken) or not held.closed
        told = f"broken: {', '.join(sorted(broken))}" if broken else "every promise of safety held"
        print(
            f"{defect.name}: closed {held.closed} times in {held.seeds} seeds, {told}", flush=True
        )
    return bad


def _held(number: int, first: int, most: int) -> Held:
    return try_lock(DEFECTS[number], first, most)


def run_mutants(first: int, most: int, jobs: int, *, write: bool) -> int:
    """Hunt every mutant; how many got away. `write` puts the table into the page."""
    caught = []
    hunt = partial(_catch, first=first, most=most)
    for mutant, found in zip(MUTANTS, spread(hunt, range(len(MUTANTS)), jobs, 1), strict=True):
        caught.append((mutant, found))
        told = f"{found.seeds} seeds, {found.invariant}" if found.seed else f"not in {most} seeds"
        print(f"{mutant.name}: {told} (seed {found.seed})", flush=True)
    if write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{before}{BEGIN}\n{table(caught)}{END}{after}", encoding="utf-8")
    return sum(found.seed is None for _, found in caught)


def _catch(number: int, first: int, most: int) -> Catch:
    return catch(MUTANTS[number], first, most)


def table(caught: Iterable[tuple[Mutant, Catch]]) -> str:
    """The mutants as a table of Markdown."""
    columns = ("mutant", "what is missing", "also out", "faults drawn in every seed", "seeds")
    lines = [f"| {' | '.join(columns)} | broken promise |", "|---|---|---|---|---|---|"]
    for mutant, found in caught:
        faults = ", ".join(mutant.faults) or "none"
        layers = ", ".join(layer.name for layer in mutant.without) or "nothing"
        seeds = str(found.seeds) if found.seed is not None else f"not in {found.seeds}"
        seeds += f", from {mutant.first}" if mutant.first else ""
        told = (mutant.name, mutant.says, layers, faults, seeds, found.invariant)
        lines.append(f"| {' | '.join(told)} |")
    return "\n".join(lines) + "\n"


def _names(text: str) -> tuple[str, ...]:
    """Faults and traits by name, joined by commas."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    try:
        draw_every(1, names)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(str(problem)) from None
    return names


def main() -> int:
    """Do what is asked; 1 when a promise was broken or a mutant got away."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--seeds", type=int, default=100, help="how many seeds, worlds or tries")
    words.add_argument("--start", type=int, default=1, help="the first seed")
    words.add_argument("--jobs", type=int, default=2, help="processes beside each other")
    words.add_argument("--minutes", type=float, default=0.0, help="begin no seed after that")
    words.add_argument("--traces", action="store_true", help="print each seed's trace hash")
    words.add_argument("--exhaustive", action="store_true", help="each single crash and halt")
    words.add_argument("--double", action="store_true", help="each crash in each recovery")
    words.add_argument("--io", action="store_true", help="fail each sync and write of a disk")
    words.add_argument("--stride", type=int, default=1, help="of the disk's, each so many-th only")
    words.add_argument("--locks", action="store_true", help="defects that a second lock must hold")
    words.add_argument("--coverage", action="store_true", help="the branches that seeds take")
    words.add_argument("--mutants", action="store_true", help="hunt the mutants")
    words.add_argument(
        "--every", type=_names, default=(), help="what each seed gets besides: rename,split,guards"
    )
    words.add_argument(
        "--write", action="store_true", help="the table goes into docs/simulation.md"
    )
    asked = words.parse_args()
    if asked.io:
        bad = io_sweep.all_sweeps(asked.stride)
    elif asked.mutants:
        bad = run_mutants(asked.start, asked.seeds, asked.jobs, write=asked.write)
    elif asked.exhaustive or asked.double:
        bad = run_exhaustive(
            asked.start, asked.seeds, asked.jobs, double=asked.double, minutes=asked.minutes
        )
    elif asked.locks:
        bad = run_locks(asked.start, asked.seeds, asked.jobs)
    elif asked.coverage:
        counted = ["--seeds", str(asked.seeds), "--start", str(asked.start)]
        module = [sys.executable, "-m", "tests.simulation.covered", *counted]
        bad = subprocess.run(module, check=False).returncode
    else:
        bad = run_seeds(
            asked.start,
            asked.seeds,
            asked.jobs,
            minutes=asked.minutes,
            traces=asked.traces,
            every=asked.every,
        )
    return 1 if bad else 0


if __name__ == "__main__":
    with state_directories():
        sys.exit(main())
