"""How far from its target each slice may stay when a rebalance moves it, and why."""

from collections.abc import Mapping
from decimal import Decimal
from typing import assert_never

from policies.book import Book
from policies.explain import listed, money, points
from policies.policy import CostShape, Stop
from policies.triggers.ask import Aim, Call
from policies.triggers.width import best_stop, cost_of_drift
from portfolio.decisions import Gate
from portfolio.drift import SliceDrift
from portfolio.money import ONE, ZERO

_FINE = Decimal("0.0001")
"""Of the half-width: a stop by cost is stated no finer than it can be known."""


def stops_of(book: Book) -> Mapping[str, Decimal]:
    """The distance from its target at which each slice stops, by name, a fraction of the portfolio."""
    return {drift.name: _stop(book, drift) for drift in book.drifts}


def _stop(book: Book, drift: SliceDrift) -> Decimal:
    rule = book.policy.destination
    match rule.stop:
        case Stop.TARGET:
            return ZERO
        case Stop.PART_WAY:
            return (ONE - rule.part) * abs(drift.drift)
        case Stop.BAND_EDGE:
            return (ONE - rule.inside) * drift.half_width
        case Stop.BY_COST:
            return stop_by_cost(book, drift) * drift.half_width
        case _:
            assert_never(rule.stop)


def stop_by_cost(book: Book, drift: SliceDrift) -> Decimal:
    """Where costs say to stop, as a part of the half-width: 1 is the edge, 0 the target.

    A rebalance is one sale and one purchase, so the fixed cost is that of two orders.
    """
    costs = book.policy.destination.costs
    if drift.half_width <= ZERO or not ZERO < drift.target < ONE:
        return ZERO
    case = cost_of_drift(
        weight=float(drift.target),
        volatility=float(costs.volatility),
        risk_aversion=float(costs.risk_aversion),
        fixed=float(2 * costs.per_order / book.managed),
        proportional=float(costs.fraction),
    )
    width = float(drift.half_width)
    return Decimal(f"{best_stop(case, width) / width:.6f}").quantize(_FINE)


def destination_gate(book: Book, call: Call) -> tuple[Gate, ...]:
    """Why a rebalance stops where it does, where costs decide it; nothing otherwise."""
    rule = book.policy.destination
    if rule.stop is not Stop.BY_COST or call.aim is not Aim.REBALANCE or not call.breached:
        return ()
    parts = {d.name: stop_by_cost(book, d) for d in book.drifts if d.name in call.breached}
    widths = {d.name: d.half_width for d in book.drifts}
    told = [
        f"{name} at {points(part * widths[name]):.2f} of {points(widths[name]):.2f} points"
        for name, part in parts.items()
    ]
    text = f"stops by cost, {listed(told)}: {_why(rule.costs)}"
    return (Gate(name="destination", passed=True, text=text),)


def _why(costs: CostShape) -> str:
    proportional = f"{points(costs.fraction).normalize():f} % of what is traded"
    if costs.per_order == ZERO:
        return f"trading costs {proportional} and nothing an order, so it stays near the edge"
    fixed = f"{money(costs.per_order)} an order"
    if costs.fraction == ZERO:
        return f"trading costs {fixed} whatever its size, so it goes to the target"
    return f"trading costs {fixed} and {proportional}, so it goes inside the edge"
