"""Policies held against each other: over the history as it was, and over many that could have been.

They keep the order in which they were named. Nothing here ranks them: the past return of a rule says
little about it, what it does and what that costs says much.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from backtest.bootstrap import calendar_of_paths, drawn_path
from backtest.changing import policies_by_row
from backtest.engine import decision_at_end, without_harvests
from backtest.history import History
from backtest.many import Cores, Told, do_all
from backtest.measures import Measures, Rates, as_row, from_row, measures_of
from backtest.metrics import Result
from backtest.run import run
from backtest.setup import Setup
from policies.policy import Policy
from portfolio.decisions import Decision
from portfolio.drift import Block

SetupFor = Callable[[History], Setup]
FEW = 8
"""Candidates that are run over the history without other cores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One policy by its name. `setup_for` makes what a backtest of it is told, for any history."""

    name: str
    policy: Policy
    setup_for: SetupFor = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """How other histories are drawn: `paths` of at most `years`, in blocks of about `block`
    sessions; `interval` is the part of them that a range holds."""

    paths: int = 100
    years: int = 10
    block: int = 60
    seed: int = 1
    interval: float = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranged:
    """Over the paths: the median of each measure, and the ends of its range."""

    median: Measures
    low: Measures
    high: Measures


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """What is really held: `decides` says what a policy would do with it, `words` where it is from."""

    words: str
    decides: Callable[[Policy], Decision] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came of one candidate. `today` is its decision on what is held, see `today_on`."""

    candidate: Candidate
    result: Result = field(repr=False)
    measures: Measures
    over_paths: Ranged | None
    today: Decision = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All candidates in the order in which they were named.

    `today_on` says on what holdings their decisions of today are: the household's own, else what the
    first candidate holds at the end of the history. `notes` are what a reader should know besides.
    """

    history: History = field(repr=False)
    today_on: str
    notes: tuple[str, ...] = ()
    draw: Draw
    rates: Rates
    path_sessions: int
    rows: tuple[Compared, ...]


def compare(
    candidates: Sequence[Candidate],
    history: History,
    *,
    draw: Draw,
    rates: Rates,
    cores: Cores,
    told: Told = lambda _: None,
    today: Today | None = None,
    notes: tuple[str, ...] = (),
) -> Comparison:
    """Run every candidate over the history and over every path; the same answer on any cores.

    `told` hears of the candidates of a large grid first, then of the paths (`steps_of`). Raises
    `HistoryError` for a target without prices, and `BackendMissing`.
    """
    results = _over_history(candidates, history, cores, told)
    calendar = calendar_of_paths(history, draw.years)
    done = steps_of(len(candidates), 0)
    drawn = _over_paths(candidates, history, calendar, draw, rates, cores, lambda n: told(done + n))
    first = results[0]
    rows = [
        Compared(
            candidate=c,
            result=result,
            measures=measures_of(result, c.setup_for(history), rates),
            over_paths=None if drawn is None else _ranged(drawn[:, n], draw.interval),
            today=decision_at_end(c.policy, history, c.setup_for(history), first.held)
            if today is None
            else today.decides(_in_force_at_end(c, history)),
        )
        for n, (c, result) in enumerate(zip(candidates, results, strict=True))
    ]
    return Comparison(
        history=history,
        today_on=_on_the_history(candidates[0], history) if today is None else today.words,
        notes=notes,
        draw=draw,
        rates=rates,
        path_sessions=len(calendar),
        rows=tuple(rows),
    )


def steps_of(candidates: int, paths: int) -> int:
    """How many steps a comparison tells of: a few candidates run before the first."""
    return paths + (candidates if candidates > FEW else 0)


def _over_history(
    candidates: Sequence[Candidate], history: History, cores: Cores, told: Told
) -> list[Result]:
    """A result of each; a large grid is dealt out over the cores, a few are run here."""
    if len(candidates) <= FEW:
        return [run(c.policy, history, c.setup_for(history)) for c in candidates]
    policies = [(c.policy, c.setup_for) for c in candidates]
    return do_all(partial(_one_policy, policies, history), len(candidates), cores, told)


def _one_policy(
    policies: Sequence[tuple[Policy, SetupFor]], history: History, number: int
) -> Result:
    policy, setup_for = policies[number]
    return run(policy, history, setup_for(history))


def _in_force_at_end(candidate: Candidate, history: History) -> Policy:
    """The policy with the weights that its source gives at the end of the history."""
    setup = candidate.setup_for(history)
    return without_harvests(list(policies_by_row(candidate.policy, history, setup).values())[-1])


def _on_the_history(first: Candidate, history: History) -> str:
    return (
        f"At the closes of {history.sessions[-1]}, holding what “{first.name}” holds then, with "
        "nothing under way and rested"
    )


def _over_paths(
    candidates: Sequence[Candidate],
    history: History,
    calendar: History,
    draw: Draw,
    rates: Rates,
    cores: Cores,
    told: Told,
) -> Block | None:
    """Measures (B, P, K) of every path and candidate; None without paths."""
    if not draw.paths:
        return None
    work = partial(
        _one_path,
        [(c.policy, c.setup_for) for c in candidates],
        history,
        calendar,
        draw,
        rates,
    )
    return np.array(do_all(work, draw.paths, cores, told))


def _one_path(
    policies: Sequence[tuple[Policy, SetupFor]],
    history: History,
    calendar: History,
    draw: Draw,
    rates: Rates,
    number: int,
) -> Block:
    path = drawn_path(history, calendar, number, block=draw.block, seed=draw.seed)
    rows = []
    for policy, setup_for in policies:
        setup = setup_for(path)  # what follows from prices, such as optimised weights, from these
        rows.append(as_row(measures_of(run(policy, path, setup), setup, rates)))
    return np.array(rows)


def _ranged(rows: Block, interval: float) -> Ranged:
    """Of measures (B, K); the range leaves the same part out at both ends."""
    out = (1 - interval) / 2
    low, median, high = np.quantile(rows, [out, 0.5, 1 - out], axis=0)
    return Ranged(median=from_row(median), low=from_row(low), high=from_row(high))
