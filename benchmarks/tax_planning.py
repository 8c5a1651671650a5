"""The tax planner on synthetic books: time, and how far from a proven bound, beside an exact solver.

The gap is a share of the achievable saving: from the naive proportional first-in-first-out rebalance
to a bound below which no plan can cost. The solver (HiGHS, through highspy) gets a few of the same
books in the same run, with a time limit.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.effort import Effort, Progress
from benchmarks.figures import Figure, Goal, Peer, Row, spread
from benchmarks.tax_books import BookKind, book
from policies.planning.tax.exact import NoSolver, solve
from policies.planning.tax.naive import naive_trades
from policies.planning.tax.planner import plan
from policies.planning.tax.problem import Problem, cost_of

GOAL_MS, GOAL_PERCENT, PROVEN_PERCENT = 20.0, 1.0, 0.1
NOTHING = 1e-6
"""Percent: a smaller gap is shown as this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One book planned with its bound: processor milliseconds, and the gap to the bound in percent of
    the achievable saving."""

    milliseconds: float
    gap_percent: float


def measure(effort: Effort, progress: Progress) -> list[Row]:
    """Each size with one account and with three, named lots and first in, first out."""
    rows: list[Row] = []
    for accounts in (1, 3):
        for names in effort.tax_names:
            for lots in (1, 10):
                kind = BookKind(names=names, lots=lots, accounts=accounts)
                rows += _of_kind(kind, effort, progress, fifo=False)
        kind = BookKind(names=max(effort.tax_names), lots=10, accounts=accounts)
        rows += _of_kind(kind, effort, progress, fifo=True)
    return rows


def _of_kind(kind: BookKind, effort: Effort, progress: Progress, *, fifo: bool) -> list[Row]:
    count = effort.tax_books
    relief = ", first in first out" if fifo else ""
    size = f"{kind.names} × {kind.lots}, {kind.accounts} account{'s' * (kind.accounts > 1)}{relief}"
    progress(f"tax plan, {size}")
    plan(book(kind, count, fifo=fifo))  # the first plan of a process also loads what it needs
    found = [instance(book(kind, seed, fifo=fifo)) for seed in range(count)]
    proven = sum(i.gap_percent <= PROVEN_PERCENT for i in found) / count
    times = [i.milliseconds for i in found]
    gaps = [max(i.gap_percent, NOTHING) for i in found]
    is_goal = (kind.names, kind.lots) == (500, 10)
    peer = _peer([book(kind, seed, fifo=fifo) for seed in range(effort.tax_solved)], effort)
    solver = "" if peer is None else f"; highspy's gap {peer[1]:.3f} % within its time"
    return [
        Figure(
            name=f"tax plan, p99 of time, {size}",
            unit="ms",
            measured=spread([float(np.percentile(times, 99))]),
            goal=Goal(level=GOAL_MS) if is_goal else None,
            peer=None if peer is None else Peer(name="highspy", measured=spread(peer[0])),
            notes=((f"processor time, {count} books; median {np.median(times):.1f} ms"),),
        ),
        Figure(
            name=f"tax plan, p99 of gap, {size}",
            unit="%",
            measured=spread([float(np.percentile(gaps, 99))]),
            goal=Goal(level=GOAL_PERCENT) if is_goal else None,
            notes=(
                (
                    f"of the achievable saving; median {np.median(gaps):.4f} %;"
                    f" {proven:.0%} proven to {PROVEN_PERCENT} %{solver}"
                ),
            ),
        ),
    ]


def instance(problem: Problem) -> Instance:
    """Plan one book."""
    before = time.thread_time()
    answer = plan(problem)
    spent = time.thread_time() - before
    return Instance(
        milliseconds=spent * 1e3,
        gap_percent=gap_percent(problem, answer.cost.total, answer.bound),
    )


def gap_percent(problem: Problem, total: float, bound: float) -> float:
    """What a plan misses of the saving from the naive plan to the bound, in percent."""
    naive = cost_of(problem, naive_trades(problem)).total
    return 100.0 * max(0.0, total - bound) / max(naive - bound, 1.0)


def _peer(problems: Sequence[Problem], effort: Effort) -> tuple[list[float], float] | None:
    """Milliseconds of the solver, and its worst gap in percent; None without it."""
    times, gaps = [], []
    for problem in problems:
        before = time.perf_counter()
        try:
            solved = solve(problem, seconds=effort.tax_solver_seconds)
        except NoSolver:
            return None
        times.append((time.perf_counter() - before) * 1e3)
        gaps.append(gap_percent(problem, solved.objective, solved.bound))
    return (times, max(gaps)) if times else None
