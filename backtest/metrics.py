"""What came of a backtest, in figures."""

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from backtest.history import History
from backtest.returns import daily_returns, drawdowns, money_weighted, turnover, yearly
from backtest.setup import Fill, Setup
from backtest.trace import Order, Planned, Trace, spread_out
from policies.policy import Policy
from portfolio.drift import Block, shape_of, slice_weights_in, total_drift_in, weights_of
from portfolio.orders import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One number each. Returns, drift, turnover and drawdown are fractions; money is in the currency.

    `rebalances` are plans for a band or a date that traded, without the first investment, which
    `orders` includes; `cash_runs` are plans that only invested new cash or raised what was owed.
    `turnover_per_year` is the smaller of buys and sells, without the first investment, over the
    average value and the years. Drift is half the sum of absolute differences between weights and
    target, as each look found it. `cost` is fees plus half the spread of every order.
    """

    first_session: date
    last_session: date
    sessions: int
    years: float
    fill_convention: Fill
    initial_value: float
    paid_in: float
    final_value: float
    total_return: float
    return_per_year: float
    money_weighted_return: float | None
    volatility_per_year: float
    max_drawdown: float
    rebalances: int
    cash_runs: int
    orders: int
    turnover_per_year: float
    average_drift: float
    worst_drift: float
    cost: float
    income: float
    looks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A whole backtest: the figures, and the lines and lists that a report draws.

    Arrays are by session (T,); `weights` (T, S) are those of the slices at the end of each session,
    `growth` (T,) is what one unit of money became, flows aside.
    """

    policy: Policy = field(repr=False)
    history: History = field(repr=False)
    figures: Figures
    orders: tuple[Order, ...] = field(repr=False)
    plans: tuple[Planned, ...] = field(repr=False)
    values: Block = field(repr=False)
    growth: Block = field(repr=False)
    weights: Block = field(repr=False)
    drift: Block = field(repr=False)


def measured(policy: Policy, history: History, setup: Setup, trace: Trace) -> Result:
    """Work the figures out of a walk."""
    rows = len(history)
    units, cash = spread_out(trace.holdings, rows)
    values = (units * history.prices).sum(axis=1) + cash
    flows = _by_row(trace.flows, rows)
    opening = opening_value(setup, history)
    first_day = float(values[0] / (opening + flows[0]))
    returns = daily_returns(values, flows)
    growth = first_day * np.concatenate([[1.0], np.cumprod(1 + returns)])
    leaves = _leaf_weights(policy, history, units, cash)
    drift = _drift_seen(policy, history, units, cash)
    first = _first_investment(trace)
    years = history.years
    periods = (rows - 1) / years if years > 0 else 1.0
    figures = Figures(
        first_session=history.sessions[0],
        last_session=history.sessions[-1],
        sessions=rows,
        years=years,
        fill_convention=setup.fill,
        initial_value=opening,
        paid_in=float(flows.sum()),
        final_value=float(values[-1]),
        total_return=float(growth[-1] - 1),
        return_per_year=yearly(float(growth[-1] - 1), years),
        money_weighted_return=_money_weighted(history, opening, flows, float(values[-1])),
        volatility_per_year=float(np.std(returns, ddof=1) * np.sqrt(periods)) if rows > 2 else 0.0,
        max_drawdown=float(drawdowns(growth).min()),
        rebalances=_runs(trace, first, "rebalance"),
        cash_runs=_runs(trace, first, "invest", "raise"),
        orders=len(trace.orders),
        turnover_per_year=turnover(
            _traded(trace, Side.BUY, first),
            _traded(trace, Side.SELL, first),
            float(values.mean()),
            years,
        ),
        average_drift=float(drift.mean()) if drift.size else 0.0,
        worst_drift=float(drift.max()) if drift.size else 0.0,
        cost=_cost(history, trace),
        income=sum(trace.income.values()),
        looks=trace.looks,
    )
    return Result(
        policy=policy,
        history=history,
        figures=figures,
        orders=tuple(trace.orders),
        plans=tuple(trace.plans),
        values=values,
        growth=growth,
        weights=slice_weights_in(leaves, shape_of(policy.target)),
        drift=np.concatenate([np.zeros(rows - len(drift)), drift]),
    )


def opening_value(setup: Setup, history: History) -> float:
    """What the accounts are worth at the first prices, before anything is traded."""
    cash = sum(float(o.cash) for o in setup.openings)
    held = [(s, q) for o in setup.openings for s, q in o.positions.items() if s in history.symbols]
    return cash + sum(float(q * history.price(s, 0)) for s, q in held)


def _by_row(amounts: dict[int, float], rows: int) -> Block:
    out = np.zeros(rows)
    for row, amount in amounts.items():
        out[row] = amount
    return out


def _columns(policy: Policy, history: History) -> list[int]:
    return [history.symbols.index(s) for s in policy.target.symbols]


def _leaf_weights(policy: Policy, history: History, units: Block, cash: Block) -> Block:
    columns = _columns(policy, history)
    return weights_of(np.column_stack([units[:, columns] * history.prices[:, columns], cash]))


def _drift_seen(policy: Policy, history: History, units: Block, cash: Block) -> Block:
    """Total drift (T - k,) of what was held at one close, at the prices of the next, from the first
    session with holdings on."""
    columns = _columns(policy, history)
    seen = np.column_stack([units[:-1, columns] * history.prices[1:, columns], cash[:-1]])
    invested = np.flatnonzero((units[:-1, columns] > 0).any(axis=1))
    if not invested.size:
        return np.zeros(0)
    return total_drift_in(weights_of(seen[invested[0] :]), shape_of(policy.target))


def _first_investment(trace: Trace) -> int | None:
    """The run that bought into a household that held nothing; None when it held something."""
    return trace.orders[0].run if trace.orders and trace.started_empty else None


def _runs(trace: Trace, without: int | None, *aims: str) -> int:
    aim_of = {plan.run: plan.aim for plan in trace.plans}
    traded = {order.run for order in trace.orders} - {without}
    return sum(aim_of[run] in aims for run in traded)


def _traded(trace: Trace, side: Side, without: int | None) -> float:
    return float(sum(o.value for o in trace.orders if o.side is side and o.run != without))


def _cost(history: History, trace: Trace) -> float:
    fees = sum(float(order.fee) for order in trace.orders)
    column = {symbol: n for n, symbol in enumerate(history.symbols)}
    spread = sum(
        float(o.quantity) * abs(float(o.price) - history.prices[o.row, column[o.symbol]])
        for o in trace.orders
    )
    return fees + float(spread)


def _money_weighted(history: History, opening: float, flows: Block, final: float) -> float | None:
    seen = [(history.sessions[0], -opening)]
    seen += [(history.sessions[row], -float(flows[row])) for row in np.flatnonzero(flows)]
    return money_weighted([*seen, (history.sessions[-1], final)])
