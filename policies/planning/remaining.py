"""What is left of a run: of each allowance in units, and of its budget in money."""

from dataclasses import dataclass
from decimal import Decimal

from portfolio.decisions import Allowance, Run
from portfolio.money import ZERO, Money, Quantity
from portfolio.orders import Leg, LegState, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """What is left of one allowance: units not filled and not at the broker, and how it stands."""

    allowance: Allowance
    quantity: Quantity
    rejected: bool
    live: bool
    done: bool


def remaining(run: Run, legs: tuple[Leg, ...]) -> tuple[Remaining, ...]:
    """Each allowance of a run less what its legs filled or may still fill.

    `done` says that its last order filled in full: what is left is headroom, not unfinished work.
    """
    by_key: dict[tuple[str, str, Side], list[Leg]] = {}
    for leg in legs:
        intent = leg.intent
        by_key.setdefault((intent.account, intent.symbol, intent.side), []).append(leg)
    result = []
    for allowance in run.allowances:
        own = by_key.get((allowance.account, allowance.symbol, allowance.side), [])
        used = sum((leg.filled_quantity + _may_fill(leg) for leg in own), ZERO)
        result.append(
            Remaining(
                allowance=allowance,
                quantity=Quantity(max(ZERO, allowance.quantity - used)),
                rejected=any(leg.state is LegState.REJECTED for leg in own),
                live=any(not leg.state.is_terminal for leg in own),
                done=bool(own) and own[-1].state is LegState.FILLED,
            )
        )
    return tuple(result)


def budget_left(run: Run, legs: tuple[Leg, ...]) -> Money:
    """The run's budget for buys less what they cost and what open ones may still take."""
    spent = ZERO
    for leg in legs:
        if leg.intent.side is Side.BUY:
            limit = leg.intent.limit_price or ZERO
            price = leg.filled_average_price or limit
            spent += leg.filled_quantity * price + _may_fill(leg) * limit
    return Money(max(ZERO, run.buy_budget - spent))


def _may_fill(leg: Leg) -> Decimal:
    """Also a planned leg that is not sent yet counts: it is about to be."""
    if leg.state.is_terminal:
        return ZERO
    return leg.intent.quantity - leg.filled_quantity
