"""What came of a backtest, in figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from backtest.changing import goals_by_row, policies_by_row
from backtest.history import History
from backtest.setup import Fill, Setup
from backtest.trace import Held, Order, Planned, Tally, TaxOutcome, Trace
from policies.allocation import half_widths_of
from policies.performance import NoRate, drawdowns, money_weighted, turnover, yearly
from policies.policy import Policy
from portfolio.drift import Block, shape_of, slice_weights_in, total_drift_in, weights_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One number each. Returns, drift, turnover and drawdown are fractions; money is in the currency.

    `rebalances` are plans for a band or a date that traded, without the first investment, which
    `orders` includes; `cash_runs` are plans that only invested new cash or raised what was owed.
    `turnover_per_year` is the smaller of buys and sells, without the first investment, over the
    average value and the years. Drift is half the sum of absolute differences between weights and
    target, as each look found it. `cost` is fees plus half the spread of every order.

    The last five are known where tax rates are: `tax_paid` has left the accounts and so lowers the
    returns, `tax_owed` is of the last years and has not; `tax_deducted` is what net losses saved on
    other income, outside the accounts. `after_tax_value` is the final value less what is owed, and
    `liquidation_value` what would be left if everything taxable were sold at the last close.
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
    tax_paid: float | None = None
    tax_owed: float | None = None
    tax_deducted: float | None = None
    after_tax_value: float | None = None
    liquidation_value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A whole backtest: the figures, the orders, and the lines that a report draws.

    Arrays are by session (T,): `values` at the closes, `growth` what one unit of money became with
    flows aside, `drift` as the session's look found it.
    """

    policy: Policy = field(repr=False)
    history: History = field(repr=False)
    figures: Figures
    held: Held = field(repr=False)
    values: Block = field(repr=False)
    growth: Block = field(repr=False)
    drift: Block = field(repr=False)
    story: Callable[[], tuple[tuple[Order, ...], tuple[Planned, ...]]] = field(repr=False)
    """Makes the orders and the plans; a quick walk keeps them as arrays until somebody asks."""
    in_force: Mapping[int, Policy] = field(default_factory=dict, repr=False)
    """Policies by the row from which on they are in force; empty when `policy` is, all along."""

    @property
    def orders(self) -> tuple[Order, ...]:
        """Every order as it was filled, in order."""
        return self.story()[0]

    @property
    def plans(self) -> tuple[Planned, ...]:
        """Every accepted plan, in order."""
        return self.story()[1]

    def targets(self) -> tuple[Block, Block]:
        """Target weights and half-widths of bands, (T, S) each, as they were in force by session."""
        in_force = self.in_force or {0: self.policy}
        counts = np.diff(list(in_force), append=len(self.history))
        goals = [
            [float(p.target.weights[n.name]) for n in p.target.slices] for p in in_force.values()
        ]
        widths = [[float(width) for width in half_widths_of(p)] for p in in_force.values()]
        return np.repeat(np.array(goals), counts, axis=0), np.repeat(
            np.array(widths), counts, axis=0
        )

    def weights(self) -> Block:
        """Weights (T, S) of every slice at the end of each session, groups and cash too."""
        units, cash = self.held.by_row(len(self.history))
        own = columns_of(self.policy, self.history)
        leaves = np.column_stack([units[:, own] * self.history.prices[:, own], cash])
        return slice_weights_in(weights_of(leaves), shape_of(self.policy.target))


def measured(policy: Policy, history: History, setup: Setup, trace: Trace) -> Result:
    """Work out what came of the engine's walk."""
    rows = len(history)
    held = trace.held
    units, cash = held.by_row(rows)
    values = (units * history.prices).sum(axis=1) + cash
    flows = _by_row(trace.flows, rows)
    drift = _drift_seen(policy, history, setup, units, cash)
    figures, growth = figures_of(
        history,
        setup,
        values=values,
        flows=flows,
        drift=drift,
        tally=trace.tally(history.prices),
        income=sum(trace.income.values()),
        looks=trace.looks,
    )
    if trace.taxes is not None:
        figures = _with_taxes(figures, trace.taxes)
    return Result(
        policy=policy,
        history=history,
        figures=figures,
        held=held,
        values=values,
        growth=growth,
        drift=np.concatenate([np.zeros(rows - len(drift)), drift]),
        story=lambda: (tuple(trace.orders), tuple(trace.plans)),
        in_force=policies_by_row(policy, history, setup) if setup.changes else {},
    )


def _with_taxes(figures: Figures, taxes: TaxOutcome) -> Figures:
    return replace(
        figures,
        tax_paid=float(taxes.paid),
        tax_owed=float(taxes.owed),
        tax_deducted=float(taxes.deducted),
        after_tax_value=figures.final_value - float(taxes.owed),
        liquidation_value=figures.final_value - float(taxes.on_liquidation),
    )


def figures_of(
    history: History,
    setup: Setup,
    *,
    values: Block,
    flows: Block | None,
    drift: Block,
    tally: Tally,
    income: float,
    looks: int,
) -> tuple[Figures, Block]:
    """The figures, and growth (T,), from values (T,) at the closes and flows (T,) before them.

    `drift` (K,) is of the sessions from the first investment on; flows None: there are none.
    """
    opening = opening_value(setup, history)
    before = values[:-1] if flows is None else values[:-1] + flows[1:]
    steps = values[1:] / before
    first_day = float(values[0] / (opening + (0.0 if flows is None else flows[0])))
    growth = np.empty(len(values))
    growth[0] = first_day
    np.multiply(np.cumprod(steps), first_day, out=growth[1:])
    years = history.years
    periods = len(steps) / years if years > 0 else 1.0
    figures = Figures(
        first_session=history.sessions[0],
        last_session=history.sessions[-1],
        sessions=len(history),
        years=years,
        fill_convention=setup.fill,
        initial_value=opening,
        paid_in=0.0 if flows is None else float(flows.sum()),
        final_value=float(values[-1]),
        total_return=float(growth[-1] - 1),
        return_per_year=yearly(float(growth[-1] - 1), years),
        money_weighted_return=_money_weighted(history, opening, flows, float(values[-1])),
        volatility_per_year=float(steps.std(ddof=1) * np.sqrt(periods)) if len(steps) > 1 else 0.0,
        max_drawdown=float(drawdowns(growth).min()),
        rebalances=tally.rebalances,
        cash_runs=tally.cash_runs,
        orders=tally.orders,
        turnover_per_year=turnover(tally.buys, tally.sells, float(values.mean()), years),
        average_drift=float(drift.mean()) if drift.size else 0.0,
        worst_drift=float(drift.max()) if drift.size else 0.0,
        cost=tally.cost,
        income=income,
        looks=looks,
    )
    return figures, growth


def opening_value(setup: Setup, history: History) -> float:
    """What the accounts are worth at the first prices, before anything is traded."""
    cash = sum(float(o.cash) for o in setup.openings)
    held = [(s, q) for o in setup.openings for s, q in o.positions.items() if s in history.symbols]
    return cash + sum(float(q * history.price(s, 0)) for s, q in held)


def columns_of(policy: Policy, history: History) -> list[int]:
    """The history's columns of the target's symbols."""
    return [history.symbols.index(s) for s in policy.target.symbols]


def _by_row(amounts: dict[int, float], rows: int) -> Block | None:
    if not amounts:
        return None
    out = np.zeros(rows)
    for row, amount in amounts.items():
        out[row] = amount
    return out


def _drift_seen(policy: Policy, history: History, setup: Setup, units: Block, cash: Block) -> Block:
    """Total drift (T - k,) of what was held at one close, at the prices of the next, from the first
    session with holdings on."""
    columns = columns_of(policy, history)
    seen = np.column_stack([units[:-1, columns] * history.prices[1:, columns], cash[:-1]])
    invested = np.flatnonzero((units[:-1, columns] > 0).any(axis=1))
    if not invested.size:
        return np.zeros(0)
    goals = goals_by_row(policy, history, setup)
    if goals.ndim == 2:
        goals = goals[1:][invested[0] :]
    shape = replace(shape_of(policy.target), leaf_goals=goals)
    return total_drift_in(weights_of(seen[invested[0] :]), shape)


def _money_weighted(
    history: History, opening: float, flows: Block | None, final: float
) -> float | None:
    seen = [(history.sessions[0], -opening)]
    if flows is not None:
        seen += [(history.sessions[row], -float(flows[row])) for row in np.flatnonzero(flows)]
    rate = money_weighted([*seen, (history.sessions[-1], final)])
    return None if isinstance(rate, NoRate) else rate
