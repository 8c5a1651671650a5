"""What the prices split the household into: each slice's optimum, and a bound under every plan."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.tax_books import BookKind, book
from benchmarks.tax_planning import instance
from policies.planning.tax.exact import solve
from policies.planning.tax.pieces import Point, pieces_of
from policies.planning.tax.planner import plan
from policies.planning.tax.priced import envelope, priced, spread
from policies.planning.tax.problem import Problem, Trades, cost_of
from tests.support.tax_problems import problems
from tests.support.tax_reference import objective

PATIENT = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
PRICES = st.floats(0.0, 0.4)


def points(accounts: int) -> st.SearchStrategy[Point]:
    """Prices of result and of cash, also far from any optimum."""
    cash = st.lists(st.floats(-0.002, 0.5), min_size=accounts, max_size=accounts)
    return st.builds(
        lambda short, long, cash: Point(short=short, long=long, cash=np.array(cash)),
        PRICES,
        PRICES,
        cash,
    )


def in_order(problem: Problem) -> Problem:
    """Every account sold first in, first out, and the second taxed as the first is."""
    chains = problem.chains
    gain = np.broadcast_to(chains.gain[:1], chains.gain.shape).copy()
    return replace(
        problem,
        fifo=np.ones_like(problem.fifo),
        chains=replace(chains, gain=gain, washes=gain < 0.0),
    )


def priced_cost(problem: Problem, trades: Trades, point: Point) -> float:
    """A plan's cost where tax and cash are paid at their prices: the parts are those of `cost_of`."""
    cost = cost_of(problem, trades)
    own = cost.trading + cost.drift + cost.holding + cost.waiting
    paid = point.short * cost.short + point.long * cost.long
    return own + paid - float(point.cash @ np.array(cost.cash))


@PATIENT
@given(st.data(), problems())
def test_no_plan_costs_less_at_any_prices_than_what_the_slices_add_up_to(
    data: st.DataObject, problem: Problem
) -> None:
    point = data.draw(points(len(problem.cash)))
    bound = priced(pieces_of(problem), point).value
    for trades in (Trades.none(problem), plan(problem).trades, solve(problem).trades):
        assert bound <= priced_cost(problem, trades, point) + 1e-4 * (1.0 + abs(bound))


@PATIENT
@given(st.data(), problems())
def test_the_plan_at_prices_costs_what_it_says(data: st.DataObject, problem: Problem) -> None:
    point = data.draw(points(len(problem.cash)))
    found = priced(pieces_of(problem), point)
    left = problem.cash + (found.sold * (1.0 - problem.kappa)).sum(axis=1)
    left -= (found.bought * (1.0 + problem.kappa)).sum(axis=1)
    assert found.cash == pytest.approx(left, abs=1e-6)
    value = problem.drift.held + (found.bought - found.sold).sum(axis=0)
    own = float(problem.drift.cost(value).sum())
    own += float((problem.kappa * (found.bought + found.sold)).sum())
    own += float((problem.holding * (found.bought - found.sold)).sum())
    own += point.short * float(found.short.sum()) + point.long * float(found.long.sum())
    assert found.value == pytest.approx(own - float(point.cash @ found.cash), abs=1e-4)


@settings(PATIENT, max_examples=25)
@given(problems(names=2, lots=3).map(in_order))
def test_two_accounts_sold_in_order_are_planned_and_bounded_too(problem: Problem) -> None:
    answer, exact = plan(problem), solve(problem)
    slack = 0.02 + 1e-6 * abs(exact.objective)
    assert answer.cost.total == pytest.approx(objective(problem, answer.trades), abs=1e-4)
    assert answer.bound - slack <= exact.objective <= answer.cost.total + slack


@pytest.mark.parametrize("fifo", [False, True])
@pytest.mark.parametrize("accounts", [1, 3])
def test_a_book_of_fifty_slices_is_planned_to_half_a_percent_of_the_saving(
    accounts: int, fifo: bool
) -> None:
    kind = BookKind(names=50, lots=10, accounts=accounts)
    gaps = [instance(book(kind, seed, fifo=fifo)).gap_percent for seed in range(4)]
    assert max(gaps) < 0.5


def test_the_envelope_of_a_chain_levels_what_must_be_sold_first() -> None:
    # 1 USD at 0.4 stands before 1 USD at nothing: both together cost 0.2 a USD.
    value = np.array([[1.0, 1.0, 2.0], [2.0, 0.0, 1.0]])
    rate = np.array([[0.4, 0.0, 0.5], [0.1, 9.0, 0.3]])
    expected = np.array([[0.2, 0.2, 0.5], [0.1, 0.0, 0.3]])
    assert envelope(value, rate) == pytest.approx(expected, abs=1e-12)


def test_purchases_go_where_there_is_cash_for_them() -> None:
    need = np.array([30.0, 30.0, 30.0])
    where = np.ones((2, 3), dtype=np.bool_)
    where[0, 2] = False
    bought = spread(need, where, np.array([40.0, 50.0]), np.ones(3))
    assert bought.sum(axis=0).tolist() == [30.0, 30.0, 30.0]
    assert bought.sum(axis=1).tolist() == [40.0, 50.0]
    assert bought[0, 2] == 0.0
