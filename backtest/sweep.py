"""Many policies over one history at once: session by session, a row for each policy.

The kernels take any block of rows. Here the rows of a block are not the days of one policy but many
policies on one day, so that a thousand of them cost about what their numbers cost. It serves plain
policies of one target that are called by their bands; every other trial is run by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backtest.history import History
from backtest.metrics import Figures, Result
from backtest.plain import may_be_plain, plain_walk_at
from backtest.plain_result import measured_plain
from backtest.run import run
from backtest.setup import Setup
from policies.performance import DAYS_A_YEAR, turnover, yearly
from policies.policy import Policy
from policies.triggers.ahead import Rows, outlook_of
from policies.triggers.bands import is_out
from portfolio.drift import Block, Shape, drift_in, shape_of, total_drift_in

MOST_AT_ONCE = 1000
"""Policies of one block; beyond it a processor's cache holds no row of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One policy with its setup."""

    policy: Policy
    setup: Setup


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of a trial. `rows` are the sessions in which it traded, None if it was run alone."""

    trial: Trial
    figures: Figures
    rows: NDArray[np.int32] | None = field(repr=False)

    def result(self, history: History) -> Result:
        """The whole result with its orders and lines; made again from the rows of the trades."""
        policy, setup = self.trial.policy, self.trial.setup
        if self.rows is None:
            return run(policy, history, setup)
        walk = plain_walk_at(policy, history, setup, self.rows.astype(np.intp))
        return measured_plain(policy, history, setup, walk)


def sweep(trials: Sequence[Trial], history: History) -> list[Tried]:
    """Run every trial, in the order given, those that can be together in blocks."""
    together = [n for n, trial in enumerate(trials) if _can_share(trial, trials[0], history)]
    found: dict[int, Tried] = {}
    for start in range(0, len(together), MOST_AT_ONCE):
        numbers = together[start : start + MOST_AT_ONCE]
        shared = _shared([trials[n] for n in numbers], history)
        found |= {n: tried for n, tried in zip(numbers, shared, strict=True) if tried is not None}
    return [found[n] if n in found else _alone(trials[n], history) for n in range(len(trials))]


def _alone(trial: Trial, history: History) -> Tried:
    return Tried(trial=trial, figures=run(trial.policy, history, trial.setup).figures, rows=None)


def _can_share(trial: Trial, first: Trial, history: History) -> bool:
    policy, looks = trial.policy, trial.setup.looks
    return (
        may_be_plain(policy, history, trial.setup)
        and not (policy.calendar or policy.backstop or policy.rest_sessions)
        and (looks is None or bool(looks[0]))
        and (policy.target is first.policy.target or policy.target == first.policy.target)
    )


@dataclass(slots=True, kw_only=True)
class _Block:
    """The policies of a block, each a row: what they hold, and their sums so far."""

    shape: Shape
    goals: Block
    widths: Block
    minimum: Block
    fraction: Block
    units: Block
    value: Block
    highest: Block
    drawdown: Block
    steps: Block
    squares: Block
    values: Block
    drifts: Block
    worst: Block
    buys: Block
    sells: Block
    orders: NDArray[np.int64]
    spoiled: Rows
    events: list[NDArray[np.intp]]
    """By session, the policies that traded in it."""


def _shared(trials: Sequence[Trial], history: History) -> list[Tried | None]:
    """Figures of each trial; None where an order was too small to be placed."""
    target = trials[0].policy.target
    columns = [history.symbols.index(s) for s in target.symbols]
    prices = np.ascontiguousarray(history.prices[:, columns])
    block = _block(trials, history, prices[0])
    looks = _looks(trials, len(history))
    leaves = np.zeros((len(trials), len(columns) + 1))
    for row in range(1, len(prices)):
        np.multiply(block.units, prices[row], out=leaves[:, :-1])
        found = leaves.sum(axis=1)
        drifts = _measure(block, leaves, found)
        asked = looks[row]
        fired = asked[is_out(drifts[asked], block.widths[asked]).any(axis=1)]
        block.events.append(fired)
        if fired.size:
            _trade(block, fired, leaves[fired, :-1], found[fired], prices[row])
    return _finished(trials, history, block)


def _looks(trials: Sequence[Trial], rows: int) -> list[NDArray[np.intp]]:
    """By session, the policies that look in it; schedules that many share are read once."""
    of: dict[int, list[int]] = {}
    schedules: dict[int, Rows] = {}
    for n, trial in enumerate(trials):
        looks = trial.setup.looks
        schedules[id(looks)] = np.ones(rows, dtype=np.bool_) if looks is None else looks
        of.setdefault(id(looks), []).append(n)
    table = np.array(list(schedules.values()))
    members = [np.array(of[key], dtype=np.intp) for key in schedules]
    nobody = np.zeros(0, dtype=np.intp)
    return [
        np.concatenate([nobody, *(members[n] for n in np.flatnonzero(table[:, row]))])
        for row in range(rows)
    ]


def _block(trials: Sequence[Trial], history: History, prices: Block) -> _Block:
    """Every policy invested at the first prices."""
    target = trials[0].policy.target
    shape = shape_of(target)
    goals = shape.leaf_goals[: len(target.symbols)]
    cash = np.array([float(trial.setup.openings[0].cash) for trial in trials])
    nothing = np.zeros(len(trials))
    rules = [trial.policy.minimum_trade for trial in trials]
    minimum = np.array([float(rule.amount) for rule in rules])
    fraction = np.array([float(rule.fraction) for rule in rules])
    first = cash[:, None] * goals
    one_day = np.ones(1, dtype=np.bool_)
    return _Block(
        shape=shape,
        goals=goals,
        widths=np.array([outlook_of(t.policy, history.days[:1], one_day).widths for t in trials]),
        minimum=minimum,
        fraction=fraction,
        units=first / prices,
        value=cash.copy(),
        highest=cash.copy(),
        drawdown=nothing.copy(),
        steps=nothing.copy(),
        squares=nothing.copy(),
        values=cash.copy(),
        drifts=nothing.copy(),
        worst=nothing.copy(),
        buys=nothing.copy(),
        sells=nothing.copy(),
        orders=np.full(len(trials), np.count_nonzero(goals)),
        spoiled=(first < np.maximum(minimum, fraction * cash)[:, None]).any(axis=1),
        events=[np.arange(len(trials))],
    )


def _measure(block: _Block, leaves: Block, found: Block) -> Block:
    """Add a session to every sum; returns the drifts (P, S) that its looks find."""
    step = found / block.value - 1
    block.steps += step
    block.squares += step * step
    block.value = found
    block.values += found
    np.maximum(block.highest, found, out=block.highest)
    np.minimum(block.drawdown, found / block.highest - 1, out=block.drawdown)
    weights = leaves / found[:, None]
    total = total_drift_in(weights, block.shape)
    block.drifts += total
    np.maximum(block.worst, total, out=block.worst)
    return drift_in(weights, block.shape)


def _trade(
    block: _Block, fired: NDArray[np.intp], leaves: Block, found: Block, prices: Block
) -> None:
    goals = found[:, None] * block.goals
    gaps = goals - leaves
    bought = np.maximum(gaps, 0.0).sum(axis=1)
    block.buys[fired] += bought
    block.sells[fired] += bought - gaps.sum(axis=1)
    block.orders[fired] += np.count_nonzero(gaps, axis=1)
    least = np.maximum(block.minimum[fired], block.fraction[fired] * found)
    block.spoiled[fired] |= (np.abs(gaps) < least[:, None]).any(axis=1)
    block.units[fired] = goals / prices


def _finished(trials: Sequence[Trial], history: History, block: _Block) -> list[Tried | None]:
    sizes = [len(fired) for fired in block.events]
    who = np.concatenate(block.events)
    when = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    order = np.argsort(who, kind="stable")
    starts = np.searchsorted(who[order], np.arange(len(trials) + 1))
    return [
        None
        if block.spoiled[n]
        else Tried(
            trial=trial,
            figures=_figures(trial, history, block, n, int(starts[n + 1] - starts[n])),
            rows=when[order[starts[n] : starts[n + 1]]],
        )
        for n, trial in enumerate(trials)
    ]


def _figures(trial: Trial, history: History, block: _Block, n: int, trades: int) -> Figures:
    cash, rows = float(trial.setup.openings[0].cash), len(history)
    final, years, steps = float(block.value[n]), history.years, rows - 1
    mean = float(block.steps[n]) / steps
    variance = max(float(block.squares[n]) - steps * mean * mean, 0.0) / max(steps - 1, 1)
    average = float(block.values[n]) / rows
    days = (history.sessions[-1] - history.sessions[0]).days
    return Figures(
        first_session=history.sessions[0],
        last_session=history.sessions[-1],
        sessions=rows,
        years=years,
        fill_convention=trial.setup.fill,
        initial_value=cash,
        paid_in=0.0,
        final_value=final,
        total_return=final / cash - 1,
        return_per_year=yearly(final / cash - 1, years),
        money_weighted_return=(final / cash) ** (DAYS_A_YEAR / days) - 1,
        volatility_per_year=(variance * steps / years) ** 0.5,
        max_drawdown=float(block.drawdown[n]),
        rebalances=trades - 1,
        cash_runs=0,
        orders=int(block.orders[n]),
        turnover_per_year=turnover(float(block.buys[n]), float(block.sells[n]), average, years),
        average_drift=float(block.drifts[n]) / steps,
        worst_drift=float(block.worst[n]),
        cost=0.0,
        income=0.0,
        looks=trades,
    )
