"""What a plan for tax leaves beyond its destination, and what going on would cost (AL-5).

A household's drift is mended where no tax is due; only the rest goes to taxable accounts. No money
moves between accounts, and budgets bound what is sold, so that some drift may have to stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from policies.book import Book
from policies.planning.tax.household import Household, dollars
from policies.planning.tax.planner import Answer, plan
from policies.planning.tax.problem import Problem, Trades
from portfolio.drift import Block
from portfolio.money import ZERO, Money, Weight

_SMALL_USD = 1.0
_NO_BUDGET = float("inf")
_NOISE = Decimal("1E-9")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """A slice that a plan leaves outside its destination, by `beyond` of the portfolio: positive
    where too much is held. `amount` is the same in money."""

    slice_name: str
    beyond: Weight
    amount: Money


def residual_drift(
    after: Mapping[str, Weight],
    target: Mapping[str, Weight],
    reach: Mapping[str, Weight],
    whole: Money,
) -> tuple[Residual, ...]:
    """The slices that stay outside their destination after a plan, the largest first (AL-5).

    `reach` is by slice how far from its target the destination extends, a fraction of the portfolio,
    as are `after` and `target`. `whole` is the portfolio's value in money. On the edge is inside.
    """
    found = []
    for name, weight in after.items():
        off = weight - target[name]
        beyond = abs(off) - reach[name]
        if beyond > _NOISE:
            signed = beyond if off > ZERO else -beyond
            found.append(
                Residual(slice_name=name, beyond=Weight(signed), amount=Money(signed * whole))
            )
    return tuple(sorted(found, key=lambda r: (-abs(r.beyond), r.slice_name)))


def closing_message(
    residuals: Sequence[Residual], tax_to_close: Money | None, *, sheltered: bool = True
) -> str:
    """What a plan leaves open and what closing it would cost in tax; empty when nothing is left.

    `tax_to_close` is the further tax of going all the way in the taxable accounts, USD; None where
    no sale could close it. `sheltered` says that there are tax-advantaged accounts.
    """
    if not residuals:
        return ""
    said = ", ".join(
        f"{r.slice_name} {r.beyond * 100:+.1f} points ({abs(r.amount):,.0f} USD)" for r in residuals
    )
    whose = (
        "the tax-advantaged accounts are too small" if sheltered else "the budgets are too small"
    )
    text = f"{whose} to mend all: {said} beyond the destination"
    if tax_to_close is None:
        return text
    return (
        f"{text}; selling in taxable accounts to close it would cost {tax_to_close:,.0f} USD of tax"
    )
