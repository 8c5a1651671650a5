"""How long a backtest takes: the workloads W1 to W4, by processor time, with a bare loop beside them.

Prices are walks from fixed seeds of the sizes that the workloads name; the real prices that W2 is
quoted with elsewhere are not shipped. Decided and filled at the same close, fractional, no costs,
invested on the first day; every figure, the drift statistics and the orders as arrays included.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import numpy as np

from backtest.history import History, history_of
from backtest.metrics import Result
from backtest.run import run
from backtest.setup import Fill, Opening, Setup
from backtest.sweep import Trial, sweep
from benchmarks.effort import Effort, Progress
from benchmarks.figures import Figure, Goal, Peer, Row, spread
from benchmarks.timing import cpu_milliseconds
from policies.dates import CalendarRule, Period
from policies.policy import MinimumTrade, Policy, PriceRule
from portfolio.accounts import Account
from portfolio.money import Money, Weight
from portfolio.target import Band, Slice, build_target

CASH = Decimal(1_000_000)
NEVER = Band(points=Weight(Decimal(2)), relative=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One workload; `goal_ms` None: none was set."""

    name: str
    policy: Policy
    history: History
    goal_ms: float | None


def measure(effort: Effort, progress: Progress) -> list[Row]:
    """W1 to W3 one by one beside a bare loop over the same prices, then W4 at once."""
    rows: list[Row] = []
    shrink = 1 if effort.runs > 1 else 50
    for work in workloads(shrink):
        progress(f"backtest, {work.name}")
        result = run(work.policy, work.history, setup())
        bare = partial(bare_loop, work)
        if abs(bare() / result.figures.final_value - 1) > 1e-9:
            raise ValueError(f"{work.name}: the bare loop ends at another value")
        rows.append(
            Figure(
                name=f"backtest, {work.name}",
                unit="ms",
                measured=spread(_milliseconds(_whole(work), effort)),
                goal=None if work.goal_ms is None else Goal(level=work.goal_ms),
                peer=Peer(
                    name="a bare numpy loop by day, no orders",
                    measured=spread(cpu_milliseconds(bare, runs=1, seconds=0.0)),
                ),
                notes=(_told(result),),
            )
        )
    progress("backtest, W4")
    return [*rows, _w4(effort, shrink)]


def _told(result: Result) -> str:
    figures = result.figures
    return f"{figures.rebalances} rebalances, {figures.orders} orders; final values agree to 1e-9"


def _whole(work: Work) -> Callable[[], object]:
    return partial(run, work.policy, work.history, setup())


def _milliseconds(call: Callable[[], object], effort: Effort) -> list[float]:
    return cpu_milliseconds(call, runs=effort.runs, seconds=effort.seconds)


def _w4(effort: Effort, shrink: int) -> Row:
    trials, history = thousand(shrink)
    samples = cpu_milliseconds(
        partial(sweep, trials, history), runs=min(effort.runs, 3), seconds=0.0
    )
    return Figure(
        name=f"backtest, W4: {len(trials)} policies over W2",
        unit="s",
        measured=spread([sample / 1000 for sample in samples]),
        goal=Goal(level=3),
        notes=("bands of 1 to 50 % of each weight, looks every 1 to 20 sessions",),
    )


def workloads(shrink: int = 1) -> list[Work]:
    """W1, W2 and W3; `shrink` shortens the histories, to show that they run."""
    w1 = history(2, 7_500 // shrink, seed=1)
    w2 = history(20, 8_313 // shrink, seed=2)
    w3 = history(500, 2_500 // shrink, seed=3)
    points = Band(points=Weight(Decimal("0.05")), relative=None)
    return [
        Work(name="W1, monthly", policy=policy(w1, None), history=w1, goal_ms=3),
        Work(name="W1, 5-point band", policy=policy(w1, points), history=w1, goal_ms=3),
        Work(name="W2, monthly", policy=policy(w2, None), history=w2, goal_ms=10),
        Work(name="W2, 20 % band", policy=policy(w2, relative("0.2")), history=w2, goal_ms=10),
        Work(name="W3, monthly", policy=policy(w3, None), history=w3, goal_ms=15),
    ]


def thousand(shrink: int = 1) -> tuple[list[Trial], History]:
    """W4: fifty bands by twenty schedules."""
    prices = history(20, 8_313 // shrink, seed=2)
    first = policy(prices, NEVER)
    widths = range(1, 51) if shrink == 1 else (10, 20)
    policies = [replace(first, default_band=relative(str(Decimal(n) / 100))) for n in widths]
    trials = []
    for every in range(1, 21) if shrink == 1 else (1, 5):
        looks = np.arange(len(prices)) % every == 0
        trials += [Trial(policy=p, setup=replace(setup(), looks=looks)) for p in policies]
    return trials, prices


def history(assets: int, sessions: int, seed: int) -> History:
    """Weekdays and log-normal walks that start at 100."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.0003, rng.uniform(0.006, 0.02, assets), (sessions, assets))
    steps[0] = 0.0
    days: list[date] = []
    day = date(1990, 1, 2)
    while len(days) < sessions:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    prices = 100 * np.exp(np.cumsum(steps, axis=0))
    return history_of(days, [f"S{n:03}" for n in range(assets)], prices)


def policy(prices: History, band: Band | None) -> Policy:
    """Equal parts (60/40 of two), to the target by a band, or without one in the first session of
    each month."""
    count = len(prices.symbols)
    parts = [Decimal("0.6"), Decimal("0.4")] if count == 2 else [1 / Decimal(count)] * count
    slices = [
        Slice(name=symbol.lower(), weight=Weight(part), symbol=symbol)
        for symbol, part in zip(prices.symbols, parts, strict=True)
    ]
    monthly = CalendarRule(period=Period.MONTHLY, min_drift=Weight(Decimal(0)))
    return Policy(
        target=build_target(slices),
        default_band=band or NEVER,
        calendar=() if band else (monthly,),
        backstop=None,
        rest_sessions=0,
        min_improvement=Decimal(0),
        minimum_trade=MinimumTrade(amount=Money(Decimal("1e-9")), fraction=Weight(Decimal(0))),
        fractional=True,
        limit_offset=Decimal(0),
        prices=PriceRule(max_jump=Decimal(1000)),
    )


def relative(width: str) -> Band:
    """A band of a part of each weight."""
    return Band(points=None, relative=Decimal(width), floor=Weight(Decimal(0)))


def setup() -> Setup:
    """A million in cash, filled at the close that was seen."""
    opening = Opening(account=Account(id="main", broker="simulated"), cash=Money(CASH))
    return Setup(openings=(opening,), fill=Fill.SAME_CLOSE)


def bare_loop(work: Work) -> float:
    """The final value by the plainest loop over the days, written apart from the backtest."""
    goals = np.array([float(s.weight) for s in work.policy.target.slices if s.symbol])
    band = work.policy.default_band
    widths = goals * float(band.relative) if band.relative else float(band.points or 0)
    days, prices = work.history.sessions, work.history.prices
    units, value = float(CASH) * goals / prices[0], float(CASH)
    for row in range(1, len(prices)):
        worth = units * prices[row]
        value = float(worth.sum())
        new_month = work.policy.calendar and days[row].month != days[row - 1].month
        if new_month or (np.abs(worth / value - goals) >= widths - 1e-9).any():
            units = value * goals / prices[row]
    return value
