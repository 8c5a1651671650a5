"""Orders: ids bound to their content, reserved cash, and only the legal moves of a leg."""

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from portfolio.money import Price, Quantity
from portfolio.orders import (
    LegState,
    Order,
    OrderIntent,
    OrderStatus,
    OrderType,
    Side,
    client_order_id,
    is_legal_move,
)
from tests.support.households import d, leg

INTENT = OrderIntent(
    account="main",
    symbol="STK",
    side=Side.BUY,
    quantity=Quantity(Decimal(10)),
    limit_price=Price(Decimal("99.5")),
)
LIVE = {
    LegState.PLANNED,
    LegState.SUBMITTING,
    LegState.DEFERRED,
    LegState.WORKING,
    LegState.AMBIGUOUS,
    LegState.LOST,
    LegState.CANCEL_REQUESTED,
    LegState.STUCK,
}


def test_an_id_names_its_epoch_cycle_leg_and_content() -> None:
    made = client_order_id("ab12", 7, 3, INTENT)
    assert made == f"tt1-ab12-000007-03-{INTENT.content_hash()[:6]}"
    other = replace(INTENT, quantity=Quantity(Decimal(11)))
    assert client_order_id("ab12", 7, 3, other) != made
    same = replace(INTENT, quantity=Quantity(Decimal("10.000")))
    assert client_order_id("ab12", 7, 3, same) == made


def test_a_market_order_counts_at_the_price_given() -> None:
    market = replace(INTENT, limit_price=None)
    assert INTENT.order_type is OrderType.LIMIT
    assert market.order_type is OrderType.MARKET
    assert INTENT.notional(Price(d(50))) == 995
    assert market.notional(Price(d(50))) == 500


@pytest.mark.parametrize("status", list(OrderStatus))
def test_only_what_can_never_fill_again_is_terminal(status: OrderStatus) -> None:
    live = {OrderStatus.OPEN, OrderStatus.PENDING_CANCEL, OrderStatus.UNKNOWN}
    assert status.is_terminal is (status not in live)


def test_an_order_knows_whether_it_is_ours() -> None:
    order = Order(
        broker_order_id="1",
        client_order_id="tt1-x",
        symbol="STK",
        side=Side.BUY,
        quantity=None,
        limit_price=None,
        status=OrderStatus.OPEN,
        raw_status="new",
        filled_quantity=Quantity(d(0)),
        filled_average_price=None,
        submitted_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    assert order.is_ours
    assert not replace(order, client_order_id="by-hand-tt1-").is_ours


@pytest.mark.parametrize("state", list(LegState))
def test_a_state_is_live_or_terminal(state: LegState) -> None:
    assert state.is_terminal is (state not in LIVE)
    assert state.may_be_at_broker is (state in LIVE - {LegState.PLANNED})


def test_no_move_leaves_a_terminal_state_and_none_stays() -> None:
    for before in LegState:
        assert not is_legal_move(before, before)
        if before.is_terminal:
            assert not any(is_legal_move(before, after) for after in LegState)


def test_every_live_leg_can_end_and_every_state_can_be_reached() -> None:
    def reach(start: LegState) -> set[LegState]:
        seen, todo = {start}, deque([start])
        while todo:
            at = todo.popleft()
            for after in LegState:
                if is_legal_move(at, after) and after not in seen:
                    seen.add(after)
                    todo.append(after)
        return seen

    assert reach(LegState.PLANNED) == set(LegState)
    for state in LIVE:
        assert any(after.is_terminal for after in reach(state))


def test_what_may_be_at_the_broker_is_never_called_abandoned() -> None:
    """ABANDONED says "provably never sent"; an order that may exist must be looked up instead."""
    may_exist = {
        LegState.WORKING,
        LegState.AMBIGUOUS,
        LegState.LOST,
        LegState.CANCEL_REQUESTED,
        LegState.STUCK,
    }
    assert not any(is_legal_move(state, LegState.ABANDONED) for state in may_exist)
    assert not any(is_legal_move(state, LegState.PLANNED) for state in may_exist)
    assert not any(is_legal_move(state, LegState.SUBMITTING) for state in may_exist)


def test_an_open_buy_reserves_what_it_may_still_cost_and_a_sale_nothing() -> None:
    working = leg("STK", Side.BUY, 10, LegState.WORKING, filled=4, limit=50)
    assert working.open_quantity == 6
    assert working.reserved_cash == 300
    assert leg("STK", Side.SELL, 10, LegState.WORKING).reserved_cash == 0
    assert leg("STK", Side.BUY, 10, LegState.PLANNED).reserved_cash == 0
    assert leg("STK", Side.BUY, 10, LegState.CANCELED, filled=4).open_quantity == 0
    market = replace(working, intent=replace(working.intent, limit_price=None))
    assert market.reserved_cash == 0
