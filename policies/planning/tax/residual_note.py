"""What a plan for tax leaves beyond its destination, and what going on would cost (AL-5)."""

from dataclasses import replace
from decimal import Decimal

import numpy as np

from policies.book import Book
from policies.planning.tax.household import Household, dollars
from policies.planning.tax.planner import Answer, plan
from policies.planning.tax.problem import Problem, Trades
from policies.taxes.location_first import closing_message, residual_drift
from portfolio.drift import Block
from portfolio.money import Money, Weight

_SMALL_USD = 1.0
_NO_BUDGET = float("inf")


def residual_note(book: Book, household: Household, answer: Answer) -> tuple[str, ...]:
    """One sentence when slices stay outside their destination, empty otherwise.

    What closing it costs is the tax of the same plan without budgets of gains and turnover, where
    that goes further.
    """
    problem = household.problem
    left = _beyond(problem, answer.trades)
    if left <= _SMALL_USD:
        return ()
    tax_to_close = None
    if min(problem.most_gain, problem.most_traded) < _NO_BUDGET:
        free = plan(replace(problem, most_gain=_NO_BUDGET, most_traded=_NO_BUDGET))
        if _beyond(problem, free.trades) < left - _SMALL_USD:
            tax_to_close = dollars(free.cost.tax - answer.cost.tax)
    names = [book.slice_of[key] for key in household.keys]
    worth = _after(problem, answer.trades)
    whole = float(book.managed)
    after = {n: _part(float(w), whole) for n, w in zip(names, worth, strict=True)}
    target = {n: _part(float(g), whole) for n, g in zip(names, problem.drift.goal, strict=True)}
    room = problem.drift.high - problem.drift.goal
    reach = {n: _part(float(r), whole) for n, r in zip(names, room, strict=True)}
    residuals = residual_drift(after, target, reach, Money(book.managed))
    untaxed = bool((~problem.fifo).any())
    text = closing_message(residuals, tax_to_close, sheltered=untaxed)
    return (text,) if text else ()


def _after(problem: Problem, trades: Trades) -> Block:
    """What the household then holds of each slice, USD."""
    change = trades.bought - trades.sold.sum(axis=2)
    return np.asarray(problem.drift.held + change.sum(axis=0))


def _beyond(problem: Problem, trades: Trades) -> float:
    """How much lies outside the destinations, summed over slices, USD."""
    worth = _after(problem, trades)
    outside = np.maximum(worth - problem.drift.high, problem.drift.low - worth)
    return float(np.maximum(outside, 0.0).sum())


def _part(amount: float, whole: float) -> Weight:
    return Weight(Decimal(f"{amount / whole:.9f}"))
