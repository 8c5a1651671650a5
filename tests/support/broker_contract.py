"""What every broker must do, said once: subclass `BrokerContract` and give it a `rig` fixture.

The rig's account begins in an open session with 10,000.00 in settled cash and 20 BOND that cost
48.00; STOCK is quoted 100.00 and BOND 50.00, without a spread. No order fills unless the rig is
told to fill it. A rig that cannot stage something leaves it out of `stages`; those tests are skipped.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Protocol

import pytest

from portfolio.memory import FlowKind
from portfolio.money import ZERO, Money, Price, Quantity
from portfolio.orders import Order, OrderIntent, OrderStatus, Side
from portfolio.ports import Accepted, Ambiguous, Broker, Exists, Refused, Unavailable

STOCK, BOND = "VTI", "BND"
CASH = Decimal("10000.00")
BONDS_HELD = Decimal(20)


class Stage(StrEnum):
    """What a rig can bring about."""

    FILL = "fill"
    MANY_FILLS = "many fills"
    REFUSALS = "refusals of a broker that keeps accounts"
    LATE_REJECT = "reject after acceptance"
    CLOSE = "close of the session"
    FLOWS = "deposits and withdrawals"
    STATUS = "unknown statuses"
    BLOCK = "a blocked account"
    LOST_ANSWER = "lost answers"
    FAILING_READ = "failing reads"


class Rig(Protocol):
    """A broker under test and the world's side of it."""

    @property
    def broker(self) -> Broker: ...
    @property
    def stages(self) -> frozenset[Stage]: ...
    def now(self) -> datetime: ...
    def fill(self, order: Order, quantity: Quantity) -> None:
        """Execute a part at the quote."""

    def reject(self, order: Order, reason: str) -> None: ...
    def close_session(self) -> None:
        """Move the time to just after the close."""

    def move_cash(self, amount: Money) -> None:
        """A deposit, or a withdrawal when negative, by somebody else."""

    def say_status(self, order: Order, word: str) -> None: ...
    def block(self, reason: str) -> None: ...
    def lose_next_answer(self, *, arrives: bool) -> None:
        """The answer to the next submit is lost; `arrives`: the order is taken all the same."""

    def fail_next_read(self) -> None: ...


def needs(rig: Rig, stage: Stage) -> None:
    if stage not in rig.stages:
        pytest.skip(f"this rig cannot stage {stage.value}")


def intent(
    rig: Rig, side: Side, symbol: str, quantity: str | Decimal, limit: str | None
) -> OrderIntent:
    return OrderIntent(
        account=rig.broker.account_id,
        symbol=symbol,
        side=side,
        quantity=Quantity(Decimal(quantity)),
        limit_price=None if limit is None else Price(Decimal(limit)),
    )


def buy(rig: Rig, quantity: str | Decimal, limit: str | None = "100.00") -> OrderIntent:
    return intent(rig, Side.BUY, STOCK, quantity, limit)


def sell(rig: Rig, quantity: str | Decimal, limit: str | None = "50.00") -> OrderIntent:
    return intent(rig, Side.SELL, BOND, quantity, limit)


def sent(rig: Rig, client_order_id: str, order: OrderIntent) -> Order:
    outcome = rig.broker.submit(client_order_id, order)
    assert isinstance(outcome, Accepted), outcome
    return outcome.order


def found(rig: Rig, client_order_id: str) -> Order:
    order = rig.broker.find_order(client_order_id)
    assert order is not None
    return order


def refused(rig: Rig, order: OrderIntent, client_order_id: str = "tt1-no") -> Refused:
    outcome = rig.broker.submit(client_order_id, order)
    assert isinstance(outcome, Refused), outcome
    assert rig.broker.find_order(client_order_id) is None
    return outcome


class BrokerContract:
    # Looking

    def test_the_account_tells_cash_settled_cash_and_equity_exactly(self, rig: Rig) -> None:
        account = rig.broker.account()
        assert account.number
        assert (account.cash, account.settled_cash) == (CASH, CASH)
        assert account.equity == Decimal("11000.00")  # 10,000 + 20 × 50
        assert account.blocked == ""

    def test_positions_tell_quantity_available_and_average_cost(self, rig: Rig) -> None:
        (bond,) = rig.broker.positions()
        assert (bond.symbol, bond.quantity, bond.available) == (BOND, BONDS_HELD, BONDS_HELD)
        assert bond.average_cost == Decimal("48.00")

    def test_the_broker_tells_its_time_and_that_its_session_is_open(self, rig: Rig) -> None:
        clock = rig.broker.clock()
        assert clock.is_open
        assert abs(clock.now - rig.now()) < timedelta(seconds=5)

    def test_the_calendar_holds_the_open_session(self, rig: Rig) -> None:
        day = rig.broker.clock().now.date()
        (session,) = rig.broker.sessions(day, day)
        assert session.day == day
        assert session.is_open(rig.broker.clock().now)

    def test_known_symbols_are_described_and_unknown_ones_are_absent(self, rig: Rig) -> None:
        known = rig.broker.instruments([STOCK, "NOSUCH"])
        assert set(known) == {STOCK}
        assert known[STOCK].tradable

    def test_a_broker_says_which_one_it_is(self, rig: Rig) -> None:
        assert rig.broker.account_id
        assert rig.broker.capabilities.name

    def test_a_failing_read_is_unavailable_and_the_next_one_is_not(self, rig: Rig) -> None:
        needs(rig, Stage.FAILING_READ)
        rig.fail_next_read()
        with pytest.raises(Unavailable):
            rig.broker.positions()
        assert len(rig.broker.positions()) == 1

    # An order arrives

    def test_an_accepted_order_is_found_by_its_id_and_among_the_open_ones(self, rig: Rig) -> None:
        order = sent(rig, "tt1-a", buy(rig, "3"))
        assert order.client_order_id == "tt1-a"
        assert order.is_ours
        assert found(rig, "tt1-a").broker_order_id == order.broker_order_id
        (listed,) = rig.broker.open_orders()
        assert listed.broker_order_id == order.broker_order_id

    def test_an_order_comes_back_as_it_was_meant(self, rig: Rig) -> None:
        sent(rig, "tt1-a", buy(rig, "3", "99.99"))
        order = found(rig, "tt1-a")
        assert (order.symbol, order.side) == (STOCK, Side.BUY)
        assert (order.quantity, order.limit_price) == (Decimal(3), Decimal("99.99"))
        assert order.status is OrderStatus.OPEN
        assert order.raw_status
        assert (order.filled_quantity, order.filled_average_price) == (ZERO, None)
        assert abs(order.submitted_at - rig.now()) < timedelta(seconds=5)

    def test_a_market_order_has_no_limit(self, rig: Rig) -> None:
        sent(rig, "tt1-a", buy(rig, "3", None))
        assert found(rig, "tt1-a").limit_price is None

    @pytest.mark.parametrize("quantity", ["0.123456789", "12.000000001", "0.3"])
    def test_a_fraction_comes_back_digit_for_digit(self, rig: Rig, quantity: str) -> None:
        if not rig.broker.capabilities.fractional:
            pytest.skip("this broker takes whole shares only")
        exact = Decimal("0.1") + Decimal("0.2") if quantity == "0.3" else Decimal(quantity)
        sent(rig, "tt1-a", buy(rig, exact))
        assert found(rig, "tt1-a").quantity == Decimal(quantity)

    def test_an_id_nobody_used_is_found_nowhere(self, rig: Rig) -> None:
        assert rig.broker.find_order("tt1-never") is None

    def test_a_second_order_with_the_same_id_is_told_that_it_exists(self, rig: Rig) -> None:
        if not rig.broker.capabilities.idempotent_submit:
            pytest.skip("this broker does not tell duplicates")
        sent(rig, "tt1-a", buy(rig, "3"))
        assert isinstance(rig.broker.submit("tt1-a", buy(rig, "3")), Exists)
        assert len(rig.broker.open_orders()) == 1
        assert len(rig.broker.orders_since(rig.now() - timedelta(hours=1))) == 1

    def test_an_id_is_spent_for_ever(self, rig: Rig) -> None:
        if not rig.broker.capabilities.idempotent_submit:
            pytest.skip("this broker does not tell duplicates")
        order = sent(rig, "tt1-a", buy(rig, "3"))
        assert rig.broker.cancel(order.broker_order_id) == ""
        assert isinstance(rig.broker.submit("tt1-a", buy(rig, "3")), Exists)

    def test_orders_since_tells_every_order_in_any_state_oldest_first(self, rig: Rig) -> None:
        first = sent(rig, "tt1-a", buy(rig, "1"))
        sent(rig, "tt1-b", buy(rig, "2"))
        rig.broker.cancel(first.broker_order_id)
        orders = rig.broker.orders_since(rig.now() - timedelta(hours=1))
        assert [order.client_order_id for order in orders] == ["tt1-a", "tt1-b"]
        assert rig.broker.orders_since(rig.now() + timedelta(hours=1)) in ([], ())

    # An order is refused

    def test_more_than_is_held_cannot_be_sold(self, rig: Rig) -> None:
        needs(rig, Stage.REFUSALS)
        assert "insufficient qty" in refused(rig, sell(rig, "21")).message

    def test_what_another_order_holds_cannot_be_sold_again(self, rig: Rig) -> None:
        needs(rig, Stage.REFUSALS)
        sent(rig, "tt1-a", sell(rig, "15"))
        (bond,) = rig.broker.positions()
        assert (bond.quantity, bond.available) == (Decimal(20), Decimal(5))
        assert "insufficient qty" in refused(rig, sell(rig, "6")).message

    def test_what_is_not_held_cannot_be_sold(self, rig: Rig) -> None:
        needs(rig, Stage.REFUSALS)
        refused(rig, intent(rig, Side.SELL, STOCK, "1", "100.00"))

    def test_more_than_the_cash_cannot_be_bought(self, rig: Rig) -> None:
        needs(rig, Stage.REFUSALS)
        assert "buying power" in refused(rig, buy(rig, "101")).message

    def test_cash_that_an_open_order_holds_cannot_be_spent_again(self, rig: Rig) -> None:
        needs(rig, Stage.REFUSALS)
        sent(rig, "tt1-a", buy(rig, "60"))
        assert "buying power" in refused(rig, buy(rig, "41")).message

    def test_a_symbol_nobody_knows_is_refused(self, rig: Rig) -> None:
        needs(rig, Stage.REFUSALS)
        refused(rig, intent(rig, Side.BUY, "NOSUCH", "1", "1.00"))

    def test_the_opposite_of_a_resting_order_is_refused_as_a_wash_trade(self, rig: Rig) -> None:
        needs(rig, Stage.REFUSALS)
        sent(rig, "tt1-a", sell(rig, "5", "60.00"))
        assert "wash trade" in refused(rig, intent(rig, Side.BUY, BOND, "5", "50.00")).message

    def test_a_limit_between_two_ticks_is_refused(self, rig: Rig) -> None:
        needs(rig, Stage.REFUSALS)
        assert "sub-penny" in refused(rig, buy(rig, "1", "99.995")).message

    def test_an_ordinary_refusal_does_not_halt_trading(self, rig: Rig) -> None:
        needs(rig, Stage.REFUSALS)
        assert not refused(rig, buy(rig, "101")).halts
        sent(rig, "tt1-b", buy(rig, "1"))

    def test_a_blocked_account_says_why_and_halts_trading(self, rig: Rig) -> None:
        needs(rig, Stage.BLOCK)
        rig.block("under review")
        assert rig.broker.account().blocked
        assert refused(rig, buy(rig, "1")).halts

    def test_an_order_may_be_rejected_after_it_was_accepted(self, rig: Rig) -> None:
        needs(rig, Stage.LATE_REJECT)
        rig.reject(sent(rig, "tt1-a", buy(rig, "3")), "no such route")
        assert found(rig, "tt1-a").status is OrderStatus.REJECTED
        assert rig.broker.open_orders() in ([], ())

    # An order fills

    def test_a_filled_buy_moves_cash_and_position_by_exactly_its_value(self, rig: Rig) -> None:
        needs(rig, Stage.FILL)
        order = sent(rig, "tt1-a", buy(rig, "3"))
        rig.fill(order, Quantity(Decimal(3)))
        order = found(rig, "tt1-a")
        assert (order.status, order.filled_quantity) == (OrderStatus.FILLED, Decimal(3))
        assert order.filled_average_price == Decimal("100.00")
        assert rig.broker.account().cash == Decimal("9700.00")
        assert {p.symbol: p.quantity for p in rig.broker.positions()} == {BOND: 20, STOCK: 3}
        assert rig.broker.open_orders() in ([], ())

    def test_a_sold_position_is_gone_and_its_proceeds_are_cash(self, rig: Rig) -> None:
        needs(rig, Stage.FILL)
        rig.fill(sent(rig, "tt1-a", sell(rig, "20")), Quantity(Decimal(20)))
        assert rig.broker.positions() in ([], ())
        account = rig.broker.account()
        assert account.cash == Decimal("11000.00")
        assert account.settled_cash <= account.cash

    def test_a_partly_filled_order_is_open_and_keeps_its_rest(self, rig: Rig) -> None:
        needs(rig, Stage.FILL)
        rig.fill(sent(rig, "tt1-a", buy(rig, "5")), Quantity(Decimal(2)))
        (order,) = rig.broker.open_orders()
        assert (order.status, order.quantity) == (OrderStatus.OPEN, Decimal(5))
        assert order.filled_quantity == Decimal(2)
        rig.fill(order, Quantity(Decimal(3)))
        assert found(rig, "tt1-a").status is OrderStatus.FILLED

    def test_a_canceled_order_keeps_what_it_filled(self, rig: Rig) -> None:
        needs(rig, Stage.FILL)
        order = sent(rig, "tt1-a", buy(rig, "5"))
        rig.fill(order, Quantity(Decimal(2)))
        assert rig.broker.cancel(order.broker_order_id) == ""
        order = found(rig, "tt1-a")
        assert (order.status, order.filled_quantity) == (OrderStatus.CANCELED, Decimal(2))

    def test_fills_come_oldest_first_and_the_same_each_time(self, rig: Rig) -> None:
        needs(rig, Stage.FILL)
        began = rig.now()
        bought = sent(rig, "tt1-a", buy(rig, "5"))
        sold = sent(rig, "tt1-b", sell(rig, "4"))
        rig.fill(bought, Quantity(Decimal(2)))
        rig.fill(sold, Quantity(Decimal(4)))
        rig.fill(bought, Quantity(Decimal(3)))
        fills = rig.broker.fills_since(began)
        assert [(f.symbol, f.side, f.quantity, f.price) for f in fills] == [
            (STOCK, Side.BUY, Decimal(2), Decimal(100)),
            (BOND, Side.SELL, Decimal(4), Decimal(50)),
            (STOCK, Side.BUY, Decimal(3), Decimal(100)),
        ]
        assert [f.broker_order_id for f in fills] == [
            order.broker_order_id for order in (bought, sold, bought)
        ]
        assert all(f.account == rig.broker.account_id for f in fills)
        assert all(before.at <= after.at for before, after in pairwise(fills))
        assert len({f.execution_id for f in fills}) == 3
        assert rig.broker.fills_since(began) == fills
        assert list(rig.broker.fills_since(fills[-1].at))[-1:] == [fills[-1]]
        assert rig.broker.fills_since(rig.now() + timedelta(hours=1)) in ([], ())

    def test_more_fills_than_a_page_holds_all_come_once(self, rig: Rig) -> None:
        needs(rig, Stage.MANY_FILLS)
        began = rig.now()
        order = sent(rig, "tt1-a", buy(rig, "90"))
        for _ in range(90):
            rig.fill(order, Quantity(Decimal(1)))
        other = sent(rig, "tt1-b", sell(rig, "20"))
        for _ in range(20):
            rig.fill(other, Quantity(Decimal(1)))
        fills = rig.broker.fills_since(began)
        assert len({fill.execution_id for fill in fills}) == len(fills) == 110
        assert found(rig, "tt1-a").filled_quantity == Decimal(90)

    # An order ends

    def test_a_canceled_order_is_canceled_and_frees_what_it_held(self, rig: Rig) -> None:
        order = sent(rig, "tt1-a", sell(rig, "15"))
        assert rig.broker.cancel(order.broker_order_id) == ""
        assert found(rig, "tt1-a").status is OrderStatus.CANCELED
        assert rig.broker.open_orders() in ([], ())
        (bond,) = rig.broker.positions()
        assert bond.available == BONDS_HELD

    def test_asking_twice_to_cancel_is_harmless(self, rig: Rig) -> None:
        order = sent(rig, "tt1-a", buy(rig, "3"))
        rig.broker.cancel(order.broker_order_id)
        rig.broker.cancel(order.broker_order_id)
        assert found(rig, "tt1-a").status is OrderStatus.CANCELED

    def test_a_cancel_that_loses_to_a_fill_is_told_so(self, rig: Rig) -> None:
        needs(rig, Stage.FILL)
        order = sent(rig, "tt1-a", buy(rig, "3"))
        rig.fill(order, Quantity(Decimal(3)))
        assert rig.broker.cancel(order.broker_order_id) != ""
        assert found(rig, "tt1-a").status is OrderStatus.FILLED

    def test_an_order_nobody_knows_cannot_be_canceled(self, rig: Rig) -> None:
        assert rig.broker.cancel("00000000-0000-4000-8000-000000000000") != ""

    def test_a_day_order_expires_at_the_close_and_keeps_what_it_filled(self, rig: Rig) -> None:
        needs(rig, Stage.CLOSE)
        order = sent(rig, "tt1-a", buy(rig, "5"))
        rig.fill(order, Quantity(Decimal(2)))
        rig.close_session()
        assert not rig.broker.clock().is_open
        order = found(rig, "tt1-a")
        assert (order.status, order.filled_quantity) == (OrderStatus.EXPIRED, Decimal(2))

    def test_a_status_we_do_not_know_survives_and_counts_as_open(self, rig: Rig) -> None:
        needs(rig, Stage.STATUS)
        odd = sent(rig, "tt1-a", buy(rig, "3"))
        sent(rig, "tt1-b", buy(rig, "4"))
        rig.say_status(odd, "held_by_the_moon")
        order = found(rig, "tt1-a")
        assert (order.status, order.raw_status) == (OrderStatus.UNKNOWN, "held_by_the_moon")
        assert not order.status.is_terminal
        assert [o.client_order_id for o in rig.broker.open_orders()] == ["tt1-a", "tt1-b"]

    # What is not an order

    def test_deposits_and_withdrawals_are_signed_flows(self, rig: Rig) -> None:
        needs(rig, Stage.FLOWS)
        today = rig.now().date()
        rig.move_cash(Money(Decimal("2500.10")))
        rig.move_cash(Money(Decimal("-0.20")))
        flows = rig.broker.flows_since(today)
        assert [(f.kind, f.amount, f.day) for f in flows] == [
            (FlowKind.DEPOSIT, Decimal("2500.10"), today),
            (FlowKind.WITHDRAWAL, Decimal("-0.20"), today),
        ]
        assert len({f.flow_id for f in flows}) == 2
        assert rig.broker.flows_since(today) == flows
        assert rig.broker.flows_since(today + timedelta(days=1)) in ([], ())
        assert rig.broker.account().cash == Decimal("12499.90")

    def test_a_fill_is_no_flow(self, rig: Rig) -> None:
        needs(rig, Stage.FILL)
        rig.fill(sent(rig, "tt1-a", buy(rig, "3")), Quantity(Decimal(3)))
        assert rig.broker.flows_since(rig.now().date()) in ([], ())

    # An answer is lost

    def test_a_lost_answer_is_ambiguous_and_the_order_can_be_found(self, rig: Rig) -> None:
        needs(rig, Stage.LOST_ANSWER)
        rig.lose_next_answer(arrives=True)
        assert isinstance(rig.broker.submit("tt1-a", buy(rig, "3")), Ambiguous)
        assert found(rig, "tt1-a").status is OrderStatus.OPEN

    def test_a_lost_request_is_ambiguous_and_the_order_is_nowhere(self, rig: Rig) -> None:
        needs(rig, Stage.LOST_ANSWER)
        rig.lose_next_answer(arrives=False)
        assert isinstance(rig.broker.submit("tt1-a", buy(rig, "3")), Ambiguous)
        assert rig.broker.find_order("tt1-a") is None
