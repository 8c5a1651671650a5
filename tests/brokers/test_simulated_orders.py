"""The simulated exchange, order by order, with numbers worked out by hand."""

from datetime import timedelta
from decimal import Decimal

import pytest

from brokers.simulated.settings import Fees
from brokers.simulated.world_events import TradingHalt
from portfolio.instruments import Instrument
from portfolio.money import Money, Quantity
from portfolio.orders import Order, OrderIntent, OrderStatus
from portfolio.ports import Accepted, Deferred, NotSent, Refused
from tests.support.simulated import (
    WEEK,
    SmallWorld,
    buy,
    new_york,
    sell,
    small_world,
    week,
)

MONDAY, TUESDAY, WEDNESDAY = WEEK[:3]
SPREAD = Decimal("0.004")
"""VTI at 100.00 is then bid 99.80, ask 100.20."""


def sent(world: SmallWorld, name: str, intent: OrderIntent) -> Order:
    outcome = world.broker.submit(name, intent)
    assert isinstance(outcome, Accepted), outcome
    return outcome.order


def now(world: SmallWorld, name: str) -> Order:
    order = world.broker.find_order(name)
    assert order is not None
    return order


def refusal(world: SmallWorld, intent: OrderIntent) -> str:
    outcome = world.broker.submit("no", intent)
    assert isinstance(outcome, Refused), outcome
    return outcome.message


def ended(world: SmallWorld, name: str) -> tuple[OrderStatus, Decimal]:
    order = now(world, name)
    return order.status, order.filled_quantity


# Prices


@pytest.mark.parametrize("limit", [None, "100.20", "150.00"])
def test_a_buy_pays_the_ask_and_never_more(limit: str | None) -> None:
    world = small_world(spread=SPREAD)
    sent(world, "a", buy("VTI", "10", limit))
    assert now(world, "a").filled_average_price == Decimal("100.20")
    assert world.cash() == Decimal("8998.00")  # 10,000 − 10 × 100.20


@pytest.mark.parametrize("limit", [None, "49.90", "1.00"])
def test_a_sell_gets_the_bid_and_never_more(limit: str | None) -> None:
    world = small_world(spread=SPREAD, positions={"BND": Quantity(Decimal(10))})
    sent(world, "a", sell("BND", "10", limit))
    assert now(world, "a").filled_average_price == Decimal("49.90")
    assert world.cash() == Decimal("10499.00")


def test_a_limit_the_quote_does_not_reach_rests() -> None:
    world = small_world(spread=SPREAD, positions={"BND": Quantity(Decimal(10))})
    sent(world, "a", buy("VTI", "10", "100.19"))
    sent(world, "b", sell("BND", "10", "49.91"))
    assert {o.raw_status for o in world.broker.open_orders()} == {"new"}


def test_an_order_is_answered_as_it_was_taken_and_fills_after_that() -> None:
    world = small_world()
    order = sent(world, "a", buy("VTI", "10"))
    assert (order.raw_status, order.filled_quantity) == ("new", Decimal(0))
    assert ended(world, "a") == (OrderStatus.FILLED, Decimal(10))


def test_an_exact_fraction_costs_its_exact_value() -> None:
    world = small_world(week(VTI=["86.88"]))
    sent(world, "a", buy("VTI", "0.557436865"))
    assert world.cash() == Decimal("10000.00") - Decimal("48.4301148312")  # 0.557436865 × 86.88


# Sessions


def test_an_order_given_at_night_fills_at_the_next_open_at_its_price() -> None:
    world = small_world(week(VTI=["100.00", "90.00"])).go(MONDAY, "18:00")
    assert sent(world, "a", buy("VTI", "10", "101.00")).raw_status == "accepted"
    world.go(TUESDAY, "09:29")
    assert now(world, "a").status is OrderStatus.OPEN
    world.go(TUESDAY, "09:30")
    assert now(world, "a").filled_average_price == Decimal("90.00")
    assert world.broker.fills_since(new_york(MONDAY))[0].at == new_york(TUESDAY, "09:30")


def test_an_order_expires_at_the_close_of_its_session() -> None:
    world = small_world()
    sent(world, "a", buy("VTI", "10", "99.00"))
    world.go(MONDAY, "15:59")
    assert now(world, "a").status is OrderStatus.OPEN
    world.go(MONDAY, "16:00")
    assert ended(world, "a") == (OrderStatus.EXPIRED, Decimal(0))


def test_a_queued_order_expires_at_the_close_of_the_session_it_waited_for() -> None:
    world = small_world().go(MONDAY, "16:00")
    sent(world, "a", buy("VTI", "10", "99.00"))
    assert now(world, "a").status is OrderStatus.OPEN
    world.go(TUESDAY, "16:00")
    assert now(world, "a").status is OrderStatus.EXPIRED


def test_time_that_leaps_over_sessions_lives_through_each_of_them() -> None:
    table = week(VTI=["100.00", "95.00", "90.00", "90.00"])
    world = small_world(table).go(MONDAY, "18:00")
    sent(world, "a", buy("VTI", "10", "95.00"))
    world.go(WEEK[3])
    assert now(world, "a").filled_average_price == Decimal("95.00")


def test_after_the_last_session_no_order_is_taken() -> None:
    world = small_world(week(VTI=["100.00"])).go(MONDAY, "16:00")
    assert "no session is left" in refusal(world, buy("VTI", "10", "99.00"))


def test_a_clock_that_goes_back_does_not_take_the_account_back() -> None:
    world = small_world().go(TUESDAY)
    sent(world, "a", buy("VTI", "10"))
    world.go(MONDAY)
    assert ended(world, "a") == (OrderStatus.FILLED, Decimal(10))


# Volume


def test_an_order_gets_its_share_of_the_sessions_volume_and_the_rest_expires() -> None:
    world = small_world(
        average_daily_volume=Quantity(Decimal(500)), max_volume_share=Decimal("0.10")
    )
    sent(world, "a", buy("VTI", "60"))
    assert ended(world, "a") == (OrderStatus.OPEN, Decimal(50))
    sent(world, "b", buy("VTI", "5"))
    assert now(world, "b").filled_quantity == 0  # the session's share is used up
    world.go(TUESDAY)
    assert ended(world, "a") == (OrderStatus.EXPIRED, Decimal(50))
    sent(world, "c", buy("VTI", "10"))
    sent(world, "d", buy("VTI", "35"))
    assert now(world, "d").status is OrderStatus.FILLED  # a new session, a new share of 50


def test_volume_that_comes_in_steps_fills_an_order_in_steps() -> None:
    # 13 half hours in a session: the first 30 minutes bring 1300 / 13 × 10 % = 10 units
    world = small_world(
        average_daily_volume=Quantity(Decimal(1300)), volume_every=timedelta(minutes=30)
    ).go(MONDAY, "09:45")
    sent(world, "a", buy("VTI", "25"))
    assert now(world, "a").filled_quantity == 10
    world.go(MONDAY, "10:00")
    assert now(world, "a").filled_quantity == 20
    world.go(MONDAY, "15:00")
    assert ended(world, "a") == (OrderStatus.FILLED, Decimal(25))
    fills = world.broker.fills_since(new_york(MONDAY, "09:30"))
    assert [(f.quantity, f.at) for f in fills] == [
        (Decimal(10), new_york(MONDAY, "09:45")),
        (Decimal(10), new_york(MONDAY, "10:00")),
        (Decimal(5), new_york(MONDAY, "10:30")),
    ]


# Fees


def test_fees_are_charged_beside_the_price_rounded_up_to_the_cent() -> None:
    fees = Fees(
        per_order=Money(Decimal("0.50")),
        per_share=Money(Decimal("0.0051")),
        fraction=Decimal("0.0001"),
    )
    world = small_world(fees=fees)
    sent(world, "a", buy("VTI", "10"))
    (fill,) = world.broker.fills_since(new_york(MONDAY))
    assert fill.fee == Decimal("0.66")  # 0.50 + 0.051 + 0.10 = 0.651
    assert world.cash() == Decimal("8999.34")


def test_an_order_pays_its_fee_once_however_many_fills_it_takes() -> None:
    fees = Fees(per_order=Money(Decimal("0.50")), per_share=Money(Decimal("0.0051")))
    world = small_world(fees=fees)
    world.broker.exchange.switch(world.clock.now(), fills_held=True)
    order = sent(world, "a", buy("VTI", "10"))
    for quantity in (3, 3, 4):
        world.broker.exchange.fill_now(
            order.broker_order_id, Quantity(Decimal(quantity)), world.clock.now()
        )
    fees_paid = [fill.fee for fill in world.broker.fills_since(new_york(MONDAY))]
    # 0.5153 → 0.52, 0.5306 → 0.54, 0.551 → 0.56, each less what was charged before
    assert fees_paid == [Decimal("0.52"), Decimal("0.02"), Decimal("0.02")]


# Cancels


def test_a_cancel_that_takes_time_is_pending_until_then() -> None:
    world = small_world(cancel_takes=timedelta(minutes=5))
    order = sent(world, "a", buy("VTI", "10", "99.00"))
    assert world.broker.cancel(order.broker_order_id) == ""
    assert now(world, "a").status is OrderStatus.PENDING_CANCEL
    world.go(MONDAY, "10:04")
    assert now(world, "a").status is OrderStatus.PENDING_CANCEL
    world.go(MONDAY, "10:05")
    assert now(world, "a").status is OrderStatus.CANCELED


def test_a_fill_may_win_against_a_cancel_on_its_way() -> None:
    world = small_world(cancel_takes=timedelta(minutes=5), fill_takes=timedelta(minutes=2))
    order = sent(world, "a", buy("VTI", "10"))
    assert world.broker.cancel(order.broker_order_id) == ""
    world.go(MONDAY, "11:00")
    assert ended(world, "a") == (OrderStatus.FILLED, Decimal(10))


def test_a_close_comes_before_a_cancel_that_is_too_late() -> None:
    world = small_world(cancel_takes=timedelta(hours=8))
    order = sent(world, "a", buy("VTI", "10", "99.00"))
    world.broker.cancel(order.broker_order_id)
    world.go(TUESDAY)
    assert now(world, "a").status is OrderStatus.EXPIRED


# Refusals beyond the contract


def test_a_market_buy_is_held_at_four_percent_above_the_ask() -> None:
    world = small_world()
    assert "buying_power: 10000.00, cost_basis: 10088.00" in refusal(world, buy("VTI", "97"))
    sent(world, "a", buy("VTI", "96"))  # 96 × 104 = 9,984


def test_a_market_buy_that_waits_does_not_fill_beyond_its_collar() -> None:
    world = small_world(week(VTI=["100.00", "104.01"])).go(MONDAY, "18:00")
    sent(world, "a", buy("VTI", "10"))
    world.go(TUESDAY)
    assert now(world, "a").filled_quantity == 0


def test_the_fee_must_be_affordable_too() -> None:
    world = small_world(fees=Fees(per_order=Money(Decimal("0.01"))))
    assert "cost_basis: 10000.01" in refusal(world, buy("VTI", "100", "100.00"))


def test_a_fee_that_was_charged_is_not_held_again() -> None:
    world = small_world(fees=Fees(per_order=Money(Decimal(100))))
    world.broker.exchange.switch(world.clock.now(), fills_held=True)
    order = sent(world, "a", buy("VTI", "50", "100.00"))
    assert "buying_power: 4900.00" in refusal(world, buy("VTI", "90", "100.00"))
    world.broker.exchange.fill_now(order.broker_order_id, Quantity(Decimal(20)), world.clock.now())
    assert world.cash() == Decimal("7900.00")
    assert "buying_power: 4900.00" in refusal(world, buy("VTI", "90", "100.00"))


def test_units_that_a_resting_sell_holds_cannot_be_sold_again() -> None:
    world = small_world(positions={"VTI": Quantity(Decimal(10))})
    sent(world, "a", sell("VTI", "7", "200.00"))
    message = refusal(world, sell("VTI", "4"))
    assert "(requested: 4, available: 3; existing_qty: 10, held_for_orders: 7)" in message


@pytest.mark.parametrize(
    ("intent", "message"),
    [
        (buy("VTI", "0", "100.00"), "qty must be > 0"),
        (sell("VTI", "-1", "100.00"), "qty must be > 0"),
        (buy("VTI", "1.0000000001", "100.00"), "9 decimal places"),
        (buy("VTI", "1", "-5.00"), "limit price must be > 0"),
        (buy("VTI", "0.009", "100.00"), "minimal amount of order 1"),
        (buy("ODD", "0.5", "100.00"), 'asset "ODD" is not fractionable'),
        (buy("OUT", "1", "100.00"), 'asset "OUT" is not tradable'),
    ],
)
def test_what_alpaca_refuses_is_refused_in_its_words(intent: OrderIntent, message: str) -> None:
    table = week(VTI=["100.00"], ODD=["100.00"], OUT=["100.00"])
    instruments = {
        "ODD": Instrument(symbol="ODD", fractionable=False),
        "OUT": Instrument(symbol="OUT", tradable=False),
    }
    assert message in refusal(small_world(table, instruments=instruments), intent)


def test_a_broker_of_whole_shares_refuses_fractions() -> None:
    world = small_world(fractional=False)
    assert not world.broker.capabilities.fractional
    assert "not fractionable" in refusal(world, buy("VTI", "0.5", "100.00"))
    assert not world.broker.instruments(["VTI"])["VTI"].fractionable


def test_a_refused_id_is_not_spent() -> None:
    world = small_world()
    refusal(world, buy("VTI", "1000"))
    sent(world, "no", buy("VTI", "1"))


def test_an_order_for_another_account_is_refused() -> None:
    world = small_world()
    stranger = OrderIntent(
        account="other",
        symbol="VTI",
        side=buy("VTI", "1").side,
        quantity=Quantity(Decimal(1)),
        limit_price=None,
    )
    assert "account other" in refusal(world, stranger)


def test_an_account_that_is_freed_trades_again() -> None:
    world = small_world()
    world.broker.exchange.switch(world.clock.now(), blocked="review")
    assert "blocked: review" in refusal(world, buy("VTI", "1"))
    world.broker.exchange.switch(world.clock.now(), blocked="")
    sent(world, "a", buy("VTI", "1"))


# Halts, holds and staged answers


def test_nothing_fills_in_a_halted_symbol() -> None:
    halt = TradingHalt(session=MONDAY, symbol="VTI", until=TUESDAY)
    world = small_world(events=(halt,))
    sent(world, "a", buy("VTI", "1", "100.00"))
    sent(world, "b", buy("BND", "1", "50.00"))
    assert now(world, "a").filled_quantity == 0
    assert now(world, "b").filled_quantity == 1
    world.go(TUESDAY)
    assert now(world, "a").status is OrderStatus.EXPIRED
    sent(world, "c", buy("VTI", "1", "100.00"))
    assert now(world, "c").filled_quantity == 1


def test_fills_that_are_held_back_come_when_they_are_let_go() -> None:
    world = small_world()
    world.broker.exchange.switch(world.clock.now(), fills_held=True)
    sent(world, "a", buy("VTI", "1"))
    world.go(MONDAY, "11:00")
    assert now(world, "a").filled_quantity == 0
    world.broker.exchange.switch(world.clock.now(), fills_held=False)
    assert now(world, "a").filled_quantity == 1


def test_a_staged_fill_must_be_possible() -> None:
    world = small_world()
    world.broker.exchange.switch(world.clock.now(), fills_held=True)
    order = sent(world, "a", buy("VTI", "5", "100.00"))
    far = sent(world, "b", buy("VTI", "5", "99.00"))
    exchange, at = world.broker.exchange, world.clock.now()
    with pytest.raises(ValueError, match="5 is open"):
        exchange.fill_now(order.broker_order_id, Quantity(Decimal(6)), at)
    with pytest.raises(ValueError, match="cannot fill"):
        exchange.fill_now(far.broker_order_id, Quantity(Decimal(1)), at)
    with pytest.raises(ValueError, match="is not open"):
        exchange.reject("nobody's", "no", at)
    assert world.cash() == Decimal("10000.00")


def test_staged_answers_are_given_in_order_and_take_no_order() -> None:
    world = small_world()
    later = Deferred(retry_at=new_york(MONDAY, "10:01"))
    world.broker.faults.answers = [later, NotSent(message="no route")]
    assert world.broker.submit("a", buy("VTI", "1")) == later
    assert isinstance(world.broker.submit("a", buy("VTI", "1")), NotSent)
    assert world.broker.find_order("a") is None
    sent(world, "a", buy("VTI", "1"))


def test_news_of_fills_and_ends_comes_while_someone_listens() -> None:
    world = small_world()
    news: list[str] = []
    world.broker.start(news.append)
    sent(world, "a", buy("VTI", "1"))
    sent(world, "b", buy("VTI", "1", "99.00"))
    world.go(TUESDAY)
    assert news == [
        "filled 1 of SIM-core-000001 at 100.00",
        "SIM-core-000002 expired: the session has closed",
    ]
    world.broker.stop()
    sent(world, "c", buy("VTI", "1"))
    assert len(news) == 2


def test_whoever_hears_the_news_may_ask_the_broker_at_once() -> None:
    world = small_world()
    seen: list[Decimal] = []
    world.broker.start(lambda _: seen.append(world.cash()))
    sent(world, "a", buy("VTI", "1"))
    assert seen == [Decimal("9900.00")]
