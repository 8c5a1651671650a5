"""The order protocol's judgements, pure: what an answer means, what a state may become.

The table is reliability's B3: a refusal is definite only on the first send of an id; whatever nobody
knows is AMBIGUOUS and is looked up, never sent again.
"""

from dataclasses import dataclass
from typing import assert_never

from portfolio.orders import Leg, LegState, Order, OrderIntent, OrderStatus
from portfolio.ports import (
    Accepted,
    Ambiguous,
    Deferred,
    Exists,
    NotSent,
    Refused,
    SubmitOutcome,
)

_ASKED_TO_CANCEL = frozenset({LegState.CANCEL_REQUESTED, LegState.STUCK})


class BrokenInvariant(Exception):
    """Something that must never be true is true. Trading stops; looking and telling go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The state an answer leads to, and in words why; `halts` when nothing more may be sent."""

    state: LegState
    note: str
    order: Order | None = None
    halts: bool = False


def judge_submit(leg: Leg, outcome: SubmitOutcome) -> Judgement:
    """What a submit's answer makes of a leg that has been sent `leg.sends` times, this one included."""
    first = leg.sends == 1
    match outcome:
        case Accepted(order=order):
            if order.client_order_id != leg.client_order_id:
                return Judgement(state=LegState.AMBIGUOUS, note="the answer names another order")
            return Judgement(state=LegState.WORKING, note="accepted", order=order)
        case Refused(code=code, message=message, halts=halts):
            note = f"refused ({code}): {message}"
            state = LegState.REJECTED if first else LegState.AMBIGUOUS
            return Judgement(state=state, note=note, halts=halts)
        case Exists(message=message):
            return Judgement(state=LegState.AMBIGUOUS, note=f"the broker has it already: {message}")
        case Deferred():
            if first:
                return Judgement(
                    state=LegState.DEFERRED, note="too many requests; nothing was taken"
                )
            return Judgement(state=LegState.AMBIGUOUS, note="too many requests on a second send")
        case NotSent(message=message):
            if first:
                return Judgement(state=LegState.ABANDONED, note=f"not sent: {message}")
            return Judgement(state=LegState.AMBIGUOUS, note=f"not sent the second time: {message}")
        case Ambiguous(message=message):
            return Judgement(state=LegState.AMBIGUOUS, note=f"outcome unknown: {message}")
        case _:
            assert_never(outcome)


def state_of(order: Order, leg: Leg) -> LegState:
    """The state of a leg whose order the broker shows; an unknown word counts as still open.

    So does a word that contradicts its number (`contradicts`). A leg whose cancel was asked for stays
    in its state until the order is over.
    """
    if contradicts(order, leg):
        return leg.state if leg.state in _ASKED_TO_CANCEL else LegState.WORKING
    match order.status:
        case OrderStatus.FILLED:
            return LegState.FILLED
        case OrderStatus.CANCELED | OrderStatus.REPLACED:
            return LegState.CANCELED
        case OrderStatus.EXPIRED:
            return LegState.EXPIRED
        case OrderStatus.REJECTED:
            return LegState.REJECTED
        case OrderStatus.OPEN | OrderStatus.PENDING_CANCEL | OrderStatus.UNKNOWN:
            if leg.state in _ASKED_TO_CANCEL:
                return leg.state
            return LegState.WORKING
        case _:
            assert_never(order.status)


def contradicts(order: Order, leg: Leg) -> bool:
    """Whether an order is called filled with fewer units than it is for, also by what was booked.

    The rest may still fill, or has filled without being counted: planning it again would trade twice.
    """
    filled = max(order.filled_quantity, leg.filled_quantity)
    return order.status is OrderStatus.FILLED and filled < leg.intent.quantity


def content_differs(order: Order, intent: OrderIntent) -> str:
    """In what an order at the broker differs from the intent of its id; empty when it does not.

    More units filled than were asked for differ as well.
    """
    pairs = (
        ("symbol", order.symbol, intent.symbol),
        ("side", order.side, intent.side),
        ("quantity", order.quantity, intent.quantity),
        ("limit", order.limit_price, intent.limit_price),
    )
    found = [f"{name} {theirs} instead of {ours}" for name, theirs, ours in pairs if theirs != ours]
    if order.filled_quantity > intent.quantity:
        found.append(f"filled {order.filled_quantity} of {intent.quantity}")
    return ", ".join(found)
