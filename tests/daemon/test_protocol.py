"""The table of reliability's B3: what each answer to a submit makes of a leg."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from daemon.protocol import content_differs, judge_submit, state_of
from portfolio.money import ZERO, Price, Quantity
from portfolio.orders import Leg, LegState, Order, OrderIntent, OrderStatus, Side, is_legal_move
from portfolio.ports import (
    Accepted,
    Ambiguous,
    Deferred,
    Exists,
    NotSent,
    Refused,
    SubmitOutcome,
)

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
INTENT = OrderIntent(
    account="a",
    symbol="VTI",
    side=Side.BUY,
    quantity=Quantity(Decimal(3)),
    limit_price=Price(Decimal("250.10")),
)
LEG = Leg(
    client_order_id="tt1-abcd-000001-01-0f0f0f",
    run=1,
    cycle=1,
    index=1,
    intent=INTENT,
    reason="test",
    state=LegState.SUBMITTING,
    planned_at=AT,
    sends=1,
)
ORDER = Order(
    broker_order_id="b-1",
    client_order_id=LEG.client_order_id,
    symbol="VTI",
    side=Side.BUY,
    quantity=INTENT.quantity,
    limit_price=INTENT.limit_price,
    status=OrderStatus.OPEN,
    raw_status="new",
    filled_quantity=Quantity(ZERO),
    filled_average_price=None,
    submitted_at=AT,
)


@pytest.mark.parametrize(
    ("outcome", "first_send", "later_send"),
    [
        (Accepted(order=ORDER), LegState.WORKING, LegState.WORKING),
        (
            Accepted(order=replace(ORDER, client_order_id="other")),
            LegState.AMBIGUOUS,
            LegState.AMBIGUOUS,
        ),
        (Refused(code="40310000", message="no"), LegState.REJECTED, LegState.AMBIGUOUS),
        (Exists(message="must be unique"), LegState.AMBIGUOUS, LegState.AMBIGUOUS),
        (Deferred(retry_at=AT), LegState.DEFERRED, LegState.AMBIGUOUS),
        (NotSent(message="refused"), LegState.ABANDONED, LegState.AMBIGUOUS),
        (Ambiguous(message="timed out"), LegState.AMBIGUOUS, LegState.AMBIGUOUS),
    ],
)
def test_an_answer_is_judged_by_how_often_the_id_was_sent(
    outcome: SubmitOutcome, first_send: LegState, later_send: LegState
) -> None:
    assert judge_submit(LEG, outcome).state is first_send
    assert judge_submit(replace(LEG, sends=2), outcome).state is later_send


@pytest.mark.parametrize("sends", [1, 2, 3])
def test_every_judgement_is_a_legal_move(sends: int) -> None:
    outcomes: tuple[SubmitOutcome, ...] = (
        Accepted(order=ORDER),
        Refused(code="x", message="no"),
        Exists(message="x"),
        Deferred(retry_at=AT),
        NotSent(message="x"),
        Ambiguous(message="x"),
    )
    for outcome in outcomes:
        judged = judge_submit(replace(LEG, sends=sends), outcome)
        assert is_legal_move(LegState.SUBMITTING, judged.state)


def test_a_refusal_that_blocks_the_account_halts() -> None:
    assert judge_submit(LEG, Refused(code="401", message="no", halts=True)).halts


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (OrderStatus.OPEN, LegState.WORKING),
        (OrderStatus.PENDING_CANCEL, LegState.WORKING),
        (OrderStatus.UNKNOWN, LegState.WORKING),
        (OrderStatus.FILLED, LegState.FILLED),
        (OrderStatus.CANCELED, LegState.CANCELED),
        (OrderStatus.REPLACED, LegState.CANCELED),
        (OrderStatus.EXPIRED, LegState.EXPIRED),
        (OrderStatus.REJECTED, LegState.REJECTED),
    ],
)
def test_the_state_of_a_leg_follows_its_order(status: OrderStatus, state: LegState) -> None:
    filled = INTENT.quantity if status is OrderStatus.FILLED else Quantity(ZERO)
    order = replace(ORDER, status=status, filled_quantity=filled)
    assert state_of(order, replace(LEG, state=LegState.WORKING)) is state


@pytest.mark.parametrize(
    ("shown", "booked", "state"),
    [
        ("3", "0", LegState.FILLED),
        ("0", "3", LegState.FILLED),
        ("2.999999999", "0", LegState.WORKING),
        ("0", "0", LegState.WORKING),
    ],
)
def test_filled_is_believed_when_the_units_are_there(
    shown: str, booked: str, state: LegState
) -> None:
    order = replace(ORDER, status=OrderStatus.FILLED, filled_quantity=Quantity(Decimal(shown)))
    leg = replace(LEG, state=LegState.WORKING, filled_quantity=Quantity(Decimal(booked)))
    assert state_of(order, leg) is state
    asked = replace(leg, state=LegState.CANCEL_REQUESTED)
    assert state_of(order, asked) is (
        state if state is LegState.FILLED else LegState.CANCEL_REQUESTED
    )


@pytest.mark.parametrize("waiting", [LegState.CANCEL_REQUESTED, LegState.STUCK])
def test_a_cancel_that_was_asked_for_is_not_forgotten_while_the_order_is_open(
    waiting: LegState,
) -> None:
    assert state_of(ORDER, replace(LEG, state=waiting)) is waiting


def test_an_order_of_other_content_is_told_with_both_values() -> None:
    found = content_differs(replace(ORDER, quantity=Quantity(Decimal(30))), INTENT)
    assert found == "quantity 30 instead of 3"
    assert content_differs(ORDER, INTENT) == ""
