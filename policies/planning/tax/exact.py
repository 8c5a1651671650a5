"""The same problem as a mixed-integer program for HiGHS: the oracle, and a user's choice.

OPT-1 with tight bounds. Netting: the two net results split into gain and loss by a binary each and
so their sum; the yearly deduction takes short-term loss first (`bO`). FIFO: a lot is opened only when
the one before is gone. Wash guard: a slice either realises a loss that a purchase would wash, or is
bought. Brackets are pieces of their own (`exact_brackets`).
Needs highspy (the optional extra `exact`), imported where it is used.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from policies.planning.tax.exact_brackets import Netted, brackets
from policies.planning.tax.problem import Problem, Trades
from policies.planning.tax.program import INFINITY, Model
from portfolio.drift import Block


class NoSolver(Exception):
    """highspy is not installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """The solver's trades, its objective and proven bound (USD), and whether they met in time."""

    trades: Trades
    objective: float
    bound: float
    optimal: bool


def solve(problem: Problem, *, seconds: float = 10.0) -> Solved:
    """Solve to optimality or to the time limit. Raises `NoSolver`."""
    try:
        import highspy
    except ImportError:
        raise NoSolver("the exact planner needs highspy: install trimtab with [exact]") from None
    model = Model()
    sold, bought = _trades(model, problem)
    _cash(model, problem, sold, bought)
    _drift(model, problem, sold, bought)
    _guards(model, problem, sold, bought)
    constant = _netting(model, problem, sold)
    _budgets(model, problem, sold, bought)
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", seconds)
    solver.setOptionValue("mip_rel_gap", 1e-7)
    solver.setOptionValue("threads", 1)
    _load(solver, model)
    solver.run()
    info = solver.getInfo()
    found = np.array(solver.getSolution().col_value)
    trades = _read(problem, sold, bought, found)
    bound = info.mip_dual_bound if model.binary else info.objective_function_value
    return Solved(
        trades=trades,
        objective=info.objective_function_value + constant,
        bound=bound + constant,
        optimal=solver.getModelStatus() == highspy.HighsModelStatus.kOptimal,
    )


Index = dict[tuple[int, ...], int]


def _trades(model: Model, problem: Problem) -> tuple[Index, Index]:
    sold: Index = {}
    bought: Index = {}
    a, c, k = problem.shape
    chains, wealth = problem.chains, float(problem.chains.value.sum() + np.abs(problem.cash).sum())
    for i in range(a):
        for j in range(c):
            keep = problem.holding[i, j]
            for n in range(k):
                value = float(chains.value[i, j, n])
                if value > 0.0:
                    cost = problem.kappa[j] - keep + chains.wait[i, j, n]
                    sold[i, j, n] = model.column(value, cost=float(cost))
            if problem.may_buy[i, j]:
                bought[i, j] = model.column(wealth, cost=float(problem.kappa[j] + keep))
    return sold, bought


def _cash(model: Model, problem: Problem, sold: Index, bought: Index) -> None:
    for i, cash in enumerate(problem.cash):
        entries = [(v, 1.0 - problem.kappa[j]) for (a, j, _), v in sold.items() if a == i]
        entries += [(v, -1.0 - problem.kappa[j]) for (a, j), v in bought.items() if a == i]
        left, lacking = model.column(cost=problem.idle), model.column(cost=problem.lack)
        model.row(-float(cash), -float(cash), *entries, (left, -1.0), (lacking, 1.0))


def _drift(model: Model, problem: Problem, sold: Index, bought: Index) -> None:
    drift = problem.drift
    by_name: dict[int, list[tuple[int, float]]] = {}
    for (_, j, _), v in sold.items():
        by_name.setdefault(j, []).append((v, -1.0))
    for (_, j), v in bought.items():
        by_name.setdefault(j, []).append((v, 1.0))
    for j in range(len(drift.held)):
        over = model.column(float(drift.high[j] - drift.goal[j]), cost=drift.inside)
        under = model.column(float(drift.goal[j] - drift.low[j]), cost=drift.inside)
        far_over, far_under = (model.column(cost=drift.beyond) for _ in range(2))
        gap = float(drift.goal[j] - drift.held[j])
        entries = by_name.get(j, [])
        model.row(
            gap, gap, *entries, (over, -1.0), (far_over, -1.0), (under, 1.0), (far_under, 1.0)
        )
        if entries and drift.keep[j] > 0.0:
            model.row(float(drift.keep[j] - drift.held[j]), INFINITY, *entries)


def _guards(model: Model, problem: Problem, sold: Index, bought: Index) -> None:
    """Wash guards and FIFO order."""
    chains = problem.chains
    for j in range(problem.shape[1]):
        losses = [v for (a, c, n), v in sold.items() if c == j and chains.washes[a, c, n]]
        buys = [v for (_, c), v in bought.items() if c == j]
        if losses and buys:
            harvests = model.flag()
            for v in losses:
                model.row(-INFINITY, 0.0, (v, 1.0), (harvests, -model.high[v]))
            most = _most_bought(problem, j)
            entries = [(v, 1.0) for v in buys]
            model.row(-INFINITY, most, *entries, (harvests, most))
    keys = sorted(sold)
    for (a, c, n), (b, d, m) in pairwise(keys):
        if problem.fifo[a] and (a, c) == (b, d):
            v, after = sold[a, c, n], sold[b, d, m]
            gone = model.flag()
            model.row(0.0, INFINITY, (v, 1.0), (gone, -model.high[v]))
            model.row(-INFINITY, 0.0, (after, 1.0), (gone, -model.high[after]))


def _most_bought(problem: Problem, name: int) -> float:
    """More is never worth it: up to the goal, beside what other accounts sell of it."""
    gap = max(0.0, float(problem.drift.high[name] - problem.drift.held[name]))
    return gap + float(problem.chains.value[:, name].sum()) + 1.0


def _netting(model: Model, problem: Problem, sold: Index) -> float:
    """The year's tax on the two results; returns what is left outside the program."""
    chains, curve = problem.chains, problem.curve
    terms: list[list[tuple[int, float]]] = [[], []]
    for (a, j, n), v in sold.items():
        gain = float(chains.gain[a, j, n])
        if gain != 0.0:
            terms[0 if chains.short[a, j, n] else 1].append((v, gain))
    split = []
    for base, entries in zip(problem.base, terms, strict=True):
        most = base + sum(max(g, 0.0) * model.high[v] for v, g in entries)
        least = base + sum(min(g, 0.0) * model.high[v] for v, g in entries)
        split.append(_signed(model, base, entries, max(most, 0.0), max(-least, 0.0)))
    (s_up, s_down), (l_up, l_down) = split
    top = model.high[s_up] + model.high[l_up]
    bottom = model.high[s_down] + model.high[l_down]
    net = [(s_up, 1.0), (s_down, -1.0), (l_up, 1.0), (l_down, -1.0)]
    _, n_down = _signed(model, 0.0, net, top, bottom)
    l_used = model.column(min(model.high[l_down], model.high[s_up]))
    s_used = model.column(min(model.high[s_down], model.high[l_up]))
    s_off, l_off = model.column(curve.limit), model.column(curve.limit)
    s_kept, l_kept = model.column(model.high[s_down]), model.column(model.high[l_down])
    model.row(0.0, 0.0, (s_off, 1.0), (s_used, 1.0), (s_kept, 1.0), (s_down, -1.0))
    model.row(0.0, 0.0, (l_off, 1.0), (l_used, 1.0), (l_kept, 1.0), (l_down, -1.0))
    model.row(0.0, 0.0, (s_off, 1.0), (l_off, 1.0), (s_kept, 1.0), (l_kept, 1.0), (n_down, -1.0))
    model.row(-INFINITY, 0.0, (l_used, 1.0), (s_up, -1.0))
    model.row(-INFINITY, 0.0, (s_used, 1.0), (l_up, -1.0))
    model.row(-INFINITY, curve.limit, (s_off, 1.0), (l_off, 1.0))
    long_first = model.flag()
    model.row(-INFINITY, 0.0, (l_off, 1.0), (long_first, -curve.limit))
    model.row(-INFINITY, model.high[s_kept], (s_kept, 1.0), (long_first, model.high[s_kept]))
    is_full = model.flag()  # only what is over the yearly limit is carried on
    model.row(0.0, INFINITY, (s_off, 1.0), (l_off, 1.0), (is_full, -curve.limit))
    most_kept = model.high[s_kept] + model.high[l_kept]
    model.row(-INFINITY, 0.0, (s_kept, 1.0), (l_kept, 1.0), (is_full, -most_kept))
    gained = Netted(
        short=[(s_up, 1.0), (l_used, -1.0)],
        long=[(l_up, 1.0), (s_used, -1.0)],
        deducted=[(s_off, 1.0), (l_off, 1.0)],
    )
    for column, cost in ((s_kept, -curve.carried_short), (l_kept, -curve.carried_long)):
        model.cost[column] += cost
    rates = curve.flat or (0.0, 0.0, 0.0)
    for entries, rate in zip((gained.short, gained.long, gained.deducted), rates, strict=True):
        sign = -1.0 if entries is gained.deducted else 1.0
        for column, part in entries:
            model.cost[column] += sign * part * (rate + curve.state)
    if curve.flat is None:
        brackets(model, curve, gained)
    return -curve.at(*problem.base)


def _signed(
    model: Model, base: float, entries: list[tuple[int, float]], most: float, least: float
) -> tuple[int, int]:
    """base + entries = up - down, of which at most one is above zero."""
    up, down, is_up = model.column(most), model.column(least), model.flag()
    model.row(-base, -base, *entries, (up, -1.0), (down, 1.0))
    model.row(-INFINITY, 0.0, (up, 1.0), (is_up, -most))
    model.row(-INFINITY, least, (down, 1.0), (is_up, least))
    return up, down


def _budgets(model: Model, problem: Problem, sold: Index, bought: Index) -> None:
    if np.isfinite(problem.most_traded):
        columns = [*sold.values(), *bought.values()]
        model.row(-INFINITY, problem.most_traded, *((v, 1.0) for v in columns))
    if np.isfinite(problem.most_gain):
        gains = [(v, float(problem.chains.gain[key])) for key, v in sold.items()]
        model.row(-INFINITY, problem.most_gain, *gains)


def _load(solver: object, model: Model) -> None:
    import highspy

    assert isinstance(solver, highspy.Highs)  # noqa: S101
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(model.cost), len(model.rows)
    lp.col_cost_ = np.array(model.cost)
    lp.col_lower_, lp.col_upper_ = np.array(model.low), np.array(model.high)
    lp.row_lower_ = np.array([low for low, _, _, _ in model.rows])
    lp.row_upper_ = np.array([high for _, high, _, _ in model.rows])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    counts = [len(index) for _, _, index, _ in model.rows]
    lp.a_matrix_.start_ = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    lp.a_matrix_.index_ = np.array(
        [i for *_, index, _ in model.rows for i in index], dtype=np.int32
    )
    lp.a_matrix_.value_ = np.array([x for *_, values in model.rows for x in values])
    kinds = [highspy.HighsVarType.kContinuous] * len(model.cost)
    for column in model.binary:
        kinds[column] = highspy.HighsVarType.kInteger
    lp.integrality_ = kinds
    solver.passModel(lp)


def _read(problem: Problem, sold: Index, bought: Index, found: Block) -> Trades:
    trades = Trades.none(problem)
    if len(found):
        for key, column in sold.items():
            trades.sold[key] = max(0.0, found[column])
        for key, column in bought.items():
            trades.bought[key] = max(0.0, found[column])
    return trades
