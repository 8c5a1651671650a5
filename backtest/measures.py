"""What a policy is judged by in a comparison: what it does, what that costs, how far it strays."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

import numpy as np

from backtest.bootstrap import total_steps
from backtest.changing import goals_by_row
from backtest.gains import realised
from backtest.history import History
from backtest.metrics import Result, columns_of
from backtest.setup import Setup
from policies.performance import tracking_error, yearly
from policies.policy import Policy
from portfolio.drift import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """One number each, a year where it says so. Fractions are fractions of the portfolio.

    `events_per_year` are rebalances without the first investment; `tracking_error` is against the
    target rebalanced every session without costs. `gains_per_year` are net realised gains of taxable
    accounts over the average value, and `tax_per_year` their tax: what was paid and is owed where
    `[taxes]` gives rates, else at flat rates, told and not taken out, a loss saving none.
    `after_tax_per_year` is the return a year if everything taxable were sold at the end; without
    rates it is the return.
    """

    events_per_year: float
    turnover_per_year: float
    cost_per_year: float
    average_drift: float
    worst_drift: float
    tracking_error: float
    return_per_year: float
    volatility: float
    drawdown: float
    gains_per_year: float
    tax_per_year: float
    after_tax_per_year: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Flat rates of tax on short and long gains, fractions."""

    short: float = 0.0
    long: float = 0.0


def _percent(places: int) -> Callable[[float], str]:
    return lambda value: f"{value * 100:.{places}f} %"


def _count(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


SHOWN: dict[str, tuple[str, Callable[[float], str]]] = {
    "events_per_year": ("rebalances a year", _count),
    "turnover_per_year": ("turnover a year", _percent(1)),
    "cost_per_year": ("cost a year", _percent(3)),
    "average_drift": ("average drift", _percent(2)),
    "worst_drift": ("worst drift", _percent(1)),
    "tracking_error": ("tracking error", _percent(2)),
    "return_per_year": ("return a year", _percent(2)),
    "volatility": ("volatility", _percent(1)),
    "drawdown": ("worst drawdown", _percent(1)),
    "gains_per_year": ("gains realised a year", _percent(2)),
    "tax_per_year": ("tax a year", _percent(2)),
    "after_tax_per_year": ("after tax, a year", _percent(2)),
}
"""Each measure's words and how it is written, in the order in which it is shown."""
NAMES = tuple(field.name for field in fields(Measures))


def measures_of(result: Result, setup: Setup, rates: Rates) -> Measures:
    """The measures of one backtest."""
    f = result.figures
    years = max(f.years, 1e-9)
    average = float(result.values.mean()) or 1.0
    gains = realised(result, setup)
    tax = max(0.0, float(gains.short) * rates.short + float(gains.long) * rates.long)
    growth = 1.0 + f.total_return
    if f.tax_paid is not None and f.tax_owed is not None and f.liquidation_value is not None:
        tax = f.tax_paid + f.tax_owed
        growth *= f.liquidation_value / f.final_value
    return Measures(
        events_per_year=f.rebalances / years,
        turnover_per_year=f.turnover_per_year,
        cost_per_year=f.cost / average / years,
        average_drift=f.average_drift,
        worst_drift=f.worst_drift,
        tracking_error=_tracking(result, setup),
        return_per_year=f.return_per_year,
        volatility=f.volatility_per_year,
        drawdown=f.max_drawdown,
        gains_per_year=float(gains.short + gains.long) / average / years,
        tax_per_year=tax / average / years,
        after_tax_per_year=yearly(growth - 1.0, f.years),
    )


def shown(results: Iterable[Result], rates: Rates) -> list[str]:
    """The names of the measures that say something: of tax only where it is configured."""
    taxed = any(r.figures.tax_paid is not None for r in results)
    told = taxed or bool(rates.short or rates.long)
    hidden = set() if taxed else {"after_tax_per_year"}
    hidden |= set() if told else {"tax_per_year"}
    return [name for name in NAMES if name not in hidden]


def as_row(measures: Measures) -> Block:
    """The measures (K,) in the order of `NAMES`."""
    return np.array([getattr(measures, name) for name in NAMES])


def from_row(row: Block) -> Measures:
    """Measures of a row (K,)."""
    return Measures(**dict(zip(NAMES, row.tolist(), strict=True)))


def daily_target_steps(policy: Policy, history: History, setup: Setup) -> Block:
    """Returns (T - 1,) of the target in force rebalanced at every close without cost; cash earns
    nothing."""
    goals = goals_by_row(policy, history, setup)[..., : len(policy.target.symbols)]
    steps = total_steps(history)[:, columns_of(policy, history)] - 1
    held = goals[:-1] if goals.ndim == 2 else goals
    return np.asarray((steps * held).sum(axis=1))


def _tracking(result: Result, setup: Setup) -> float:
    """From the first session after the first investment on."""
    units, _ = result.held.by_row(len(result.history))
    invested = np.flatnonzero((units > 0).any(axis=1))
    if not invested.size or len(result.history) - invested[0] < 3:
        return 0.0
    first = int(invested[0])
    own = result.growth[first + 1 :] / result.growth[first:-1] - 1
    wanted = daily_target_steps(result.policy, result.history, setup)[first:]
    years = (result.history.days[-1] - result.history.days[first]) / 365.25
    return tracking_error(own, wanted, len(own) / max(float(years), 1e-9))
