"""The planner's promises: cheap, paid for, inside the guards, and never below its proven bound."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from benchmarks.tax_books import RATES, BookKind, book
from policies.planning.tax.curve import curve_of
from policies.planning.tax.exact import solve
from policies.planning.tax.naive import naive_trades
from policies.planning.tax.planner import Path, plan, plan_exactly
from policies.planning.tax.problem import Chains, Drift, Problem, Trades, cash_after, cost_of
from tests.support.tax_problems import problems, with_budgets
from tests.support.tax_reference import objective
from tests.support.vectors import vectors

PATIENT = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
QUICK = settings(PATIENT, max_examples=15)


def shared_case() -> tuple[Problem, Any]:
    """The worked case of `tax_min_rebalance.json`: stocks in two classes of account."""
    case = vectors("tax_min_rebalance")
    given_, params = case["instance"], case["params"]
    prices = {s: float(p) for s, p in given_["price"].items()}
    classes = ("EQ", "FI")
    value, gain = np.zeros((2, 2, 3)), np.zeros((2, 2, 3))
    short = np.zeros((2, 2, 3), dtype=np.bool_)
    used = [0, 0]
    for lot in given_["lots"]:
        c = classes.index(given_["cls"][lot["sym"]])
        price, k = prices[lot["sym"]], used[c]
        value[0, c, k] = float(lot["qty"]) * price
        gain[0, c, k] = 1 - float(lot["basis"]) / price
        short[0, c, k] = lot["term"] == "ST"
        used[c] += 1
    for symbol, amount in given_["ira"].items():
        value[1, classes.index(given_["cls"][symbol]), 0] = float(amount)
    held = value.sum(axis=(0, 2))
    goal = held.sum() * np.array([float(given_["w"][c]) for c in classes])
    rho = float(params["rho"])
    problem = Problem(
        names=classes,
        cash=np.zeros(2),
        fifo=np.zeros(2, dtype=np.bool_),
        may_buy=np.ones((2, 2), dtype=np.bool_),
        holding=np.zeros((2, 2)),
        kappa=np.full(2, float(params["kappa"])),
        idle=0.001,
        drift=Drift(
            held=held, goal=goal, low=goal, high=goal, keep=np.zeros(2), inside=rho, beyond=rho
        ),
        chains=Chains(
            value=value, gain=gain, short=short, wait=np.zeros((2, 2, 3)), washes=gain < 0
        ),
        curve=curve_of(RATES, 2026),
        base=(float(given_["S0"]), float(given_["L0"])),
    )
    return problem, case


def test_the_shared_case_is_solved_to_its_optimum_by_both_planners() -> None:
    problem, case = shared_case()
    best = float(case["milp"]["objective"])
    fast, exact = plan(problem), solve(problem)
    assert fast.cost.total == pytest.approx(best, abs=0.001)
    assert exact.objective == pytest.approx(best, abs=0.001)
    expected = case["milp"]["eval"]
    assert fast.cost.tax == pytest.approx(float(expected["tax"]), abs=0.01)
    assert fast.cost.trading == pytest.approx(float(expected["trade_cost"]), abs=0.01)
    assert fast.cost.drift == pytest.approx(float(expected["drift_pen"]), abs=0.01)
    assert fast.trades.sold[0, 0].tolist() == pytest.approx([0, 10_000, 0], abs=0.01)
    assert fast.trades.sold[1, 0, 0] == pytest.approx(6000, abs=0.01)
    assert fast.cost.total < float(case["greedy_objective"])


@PATIENT
@given(problems())
def test_a_plan_is_never_dearer_than_no_trade_nor_cheaper_than_its_bound(problem: Problem) -> None:
    answer = plan(problem)
    assert answer.cost.total <= cost_of(problem, Trades.none(problem)).total + 1e-6
    assert answer.bound <= answer.cost.total + 1e-6


@PATIENT
@given(problems())
def test_its_objective_is_what_a_second_reckoning_finds(problem: Problem) -> None:
    answer = plan(problem)
    assert answer.cost.total == pytest.approx(objective(problem, answer.trades), abs=1e-4)


@PATIENT
@given(problems())
def test_no_account_spends_more_than_it_has(problem: Problem) -> None:
    left = cash_after(problem, plan(problem).trades)
    assert (left >= np.minimum(problem.cash, 0.0) - 0.01).all()


@PATIENT
@given(problems())
def test_no_lot_is_oversold_and_no_barred_slice_is_bought(problem: Problem) -> None:
    trades = plan(problem).trades
    assert (trades.sold >= 0).all()
    assert (trades.sold <= problem.chains.value + 1e-6).all()
    assert (trades.bought >= 0).all()
    assert (trades.bought[~problem.may_buy] == 0).all()


@PATIENT
@given(problems())
def test_a_slice_whose_loss_is_sold_is_bought_in_no_account(problem: Problem) -> None:
    trades = plan(problem).trades
    losses = np.where(problem.chains.washes, trades.sold, 0.0).sum(axis=(0, 2))
    assert (np.minimum(losses, trades.bought.sum(axis=0)) < 0.02).all()


@PATIENT
@given(problems(fifo=True))
def test_a_lot_is_sold_only_when_the_one_before_is_gone(problem: Problem) -> None:
    value, sold = problem.chains.value[0], plan(problem).trades.sold[0]
    for c, k in product(range(value.shape[0]), range(1, value.shape[1])):
        if sold[c, k] > 0.01:
            assert (sold[c, :k] >= value[c, :k] - 0.01).all()


@PATIENT
@given(problems())
def test_sales_never_take_a_slice_below_what_is_kept(problem: Problem) -> None:
    trades, drift = plan(problem).trades, problem.drift
    after = drift.held - trades.sold.sum(axis=(0, 2)) + trades.bought.sum(axis=0)
    assert (after >= drift.keep - 0.02).all()


@QUICK
@given(problems(names=2, lots=3))
def test_the_exact_plan_is_never_dearer_and_the_bound_never_above_it(problem: Problem) -> None:
    fast, exact = plan(problem), solve(problem)
    slack = 0.02 + 1e-6 * abs(exact.objective)
    assert exact.optimal
    assert objective(problem, exact.trades) == pytest.approx(exact.objective, abs=slack)
    assert exact.objective <= fast.cost.total + slack
    assert fast.bound <= exact.objective + slack


@QUICK
@given(problems(), st.integers(0, 20), st.integers(0, 5))
def test_budgets_are_kept(problem: Problem, traded: int, gain: int) -> None:
    assume((problem.cash >= 0).all())
    answer = plan(with_budgets(problem, traded=1000.0 * traded, gain=1000.0 * gain))
    assert answer.trades.sold.sum() + answer.trades.bought.sum() <= 1000.0 * traded + 0.01
    assert answer.cost.short + answer.cost.long <= 1000.0 * gain + 0.01


@QUICK
@given(problems(accounts=1), st.floats(0.2, 3.0))
def test_untaxed_accounts_large_enough_leave_every_taxed_gain_alone(
    problem: Problem, scale: float
) -> None:
    # A tax-deferred account that holds everything twice over can mend all drift by itself (AL-4).
    drift = problem.drift
    twin = np.zeros_like(problem.chains.value)
    twin[0, :, 0] = 2.0 * drift.held + 50_000.0 * scale
    zeros = np.zeros_like(twin)
    held = drift.held + twin.sum(axis=(0, 2))
    goal = held.sum() * drift.goal / drift.goal.sum() if drift.goal.sum() > 0 else held
    chains = problem.chains
    both = Problem(
        names=problem.names,
        cash=np.zeros(2),
        fifo=np.array([problem.fifo[0], False]),
        may_buy=np.ones((2, len(problem.names)), dtype=np.bool_),
        holding=np.zeros((2, len(problem.names))),
        kappa=problem.kappa,
        idle=problem.idle,
        drift=Drift(
            held=held,
            goal=goal,
            low=goal,
            high=goal,
            keep=np.minimum(held, goal),
            inside=0.02,
            beyond=1.0,
        ),
        chains=Chains(
            value=np.concatenate([chains.value, twin]),
            gain=np.concatenate([np.abs(chains.gain), zeros]),
            short=np.concatenate([chains.short, zeros > 0]),
            wait=np.concatenate([chains.wait, zeros]),
            washes=np.concatenate([zeros > 0, zeros > 0]),
        ),
        curve=problem.curve,
        base=(0.0, 0.0),
    )
    assume((twin.sum(axis=(0, 2)) >= held - goal).all())
    sold = plan(both).trades.sold[0]
    assert (both.chains.gain[0] * sold).sum() < 1.0


@pytest.mark.parametrize("seed", range(6))
def test_the_exact_plan_is_the_best_of_all_enumerated_ones(seed: int) -> None:
    # Lots and goals in whole thousands, gains of a half, no trading cost: every corner of the problem
    # lies on a grid of 500, and all points of the grid are tried.
    rng = np.random.default_rng(seed)
    value = np.zeros((1, 2, 4))
    value[0, 0] = 1000.0 * rng.integers(1, 3, 4)
    gain = np.zeros((1, 2, 4))
    gain[0, 0] = rng.choice([-0.5, 0.5], 4)
    short = rng.random((1, 2, 4)) < 0.5
    held = np.array([value[0, 0].sum(), 1000.0])
    goal = np.array([1000.0 * rng.integers(1, 4), 0.0])
    goal[1] = held.sum() - goal[0]
    problem = Problem(
        names=("A", "B"),
        cash=np.zeros(1),
        fifo=np.zeros(1, dtype=np.bool_),
        may_buy=np.ones((1, 2), dtype=np.bool_),
        holding=np.zeros((1, 2)),
        kappa=np.zeros(2),
        idle=0.01,
        drift=Drift(
            held=held, goal=goal, low=goal, high=goal, keep=np.zeros(2), inside=0.1, beyond=0.1
        ),
        chains=Chains(
            value=value, gain=gain, short=short, wait=np.zeros((1, 2, 4)), washes=gain < 0
        ),
        curve=curve_of(RATES, 2026),
        base=(float(rng.choice([-1000.0, 0.0, 1000.0])), float(rng.choice([-500.0, 0.0, 500.0]))),
    )
    levels = [np.arange(0.0, v + 1, 500.0) for v in value[0, 0]]
    best = np.inf
    for sold in product(*levels):
        for spent in np.arange(0.0, sum(sold) + 1, 500.0):
            trades = Trades.none(problem)
            trades.sold[0, 0] = sold
            trades.bought[0, 1] = spent
            best = min(best, objective(problem, trades))
    assert solve(problem).objective == pytest.approx(best, abs=0.01)
    assert plan(problem).cost.total >= best - 0.01


@QUICK
@given(problems())
def test_cash_that_an_account_lacks_is_raised_where_anything_may_be_sold(problem: Problem) -> None:
    trades = plan(problem).trades
    left = cash_after(problem, trades)
    kept = problem.drift.held - trades.sold.sum(axis=(0, 2)) + trades.bought.sum(axis=0)
    free = (problem.chains.value - trades.sold > 1.0) & ~problem.chains.washes
    free &= (kept > problem.drift.keep + 1.0)[None, :, None]
    for a in np.flatnonzero((left < -1.0) & ~problem.fifo):
        assert not free[a].any()


def test_the_naive_rebalance_ends_at_the_target_and_costs_more() -> None:
    problem = book(BookKind(names=20, lots=5, accounts=1), 3, fifo=True)
    naive = naive_trades(problem)
    after = problem.drift.held - naive.sold.sum(axis=(0, 2)) + naive.bought.sum(axis=0)
    assert np.abs(after - problem.drift.goal).max() < 0.002 * problem.drift.goal.max() + 50
    assert plan(problem).cost.total < cost_of(problem, naive).total


def test_an_exact_plan_that_does_not_finish_is_not_taken() -> None:
    problem = book(BookKind(names=200, lots=10, accounts=1), 1, fifo=True)
    answer = plan_exactly(problem, seconds=0.05)
    assert answer.path is Path.FAST_INSTEAD
    assert answer.cost.total == plan(problem).cost.total


def test_the_same_problem_has_the_same_plan() -> None:
    problem = book(BookKind(names=30, lots=4, accounts=3), 5)
    one, other = plan(problem), plan(problem)
    assert one.cost == other.cost
    assert (one.trades.sold == other.trades.sold).all()
