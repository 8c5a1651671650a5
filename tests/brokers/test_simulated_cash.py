"""Cash and corporate actions in a simulated account, with numbers worked out by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from brokers.simulated.price_file import BillRates, price_table
from brokers.simulated.settings import SimulatedSettings
from brokers.simulated.world import entries_due
from brokers.simulated.world_events import Deposit, Dividend, Split, Withdrawal
from portfolio.memory import FlowKind
from portfolio.money import Money, Price, Quantity
from portfolio.orders import OrderStatus
from portfolio.ports import Accepted
from tests.support.simulated import WEEK, SmallWorld, buy, new_york, sell, small_world, week

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, NEXT_MONDAY = WEEK
TEN = Quantity(Decimal(10))


def flows(world: SmallWorld) -> list[tuple[FlowKind, Decimal, date]]:
    return [(f.kind, f.amount, f.day) for f in world.broker.flows_since(date.min)]


def notes(world: SmallWorld) -> list[str]:
    at = world.clock.now()
    return list(world.broker.exchange.read(at, lambda books: list(books.passed_events.values())))


# Settlement


def test_proceeds_settle_at_the_open_of_the_next_session() -> None:
    world = small_world(positions={"VTI": TEN}).go(FRIDAY)
    world.broker.submit("a", sell("VTI", "10"))
    account = world.broker.account()
    assert (account.cash, account.settled_cash) == (Decimal(11000), Decimal(10000))
    world.go(NEXT_MONDAY, "09:29")
    assert world.broker.account().settled_cash == 10000
    world.go(NEXT_MONDAY, "09:30")
    assert world.broker.account().settled_cash == 11000


def test_proceeds_settle_with_the_fill_when_so_set() -> None:
    world = small_world(positions={"VTI": TEN}, instant_settlement=True)
    world.broker.submit("a", sell("VTI", "10"))
    assert world.broker.account().settled_cash == 11000


def test_unsettled_proceeds_may_buy_and_may_not_leave() -> None:
    world = small_world(positions={"VTI": TEN}, cash=Money(Decimal(0)))
    world.broker.submit("a", sell("VTI", "10"))
    with pytest.raises(ValueError, match="may not leave"):
        world.broker.exchange.withdraw(Money(Decimal(1)), world.clock.now())
    assert isinstance(world.broker.submit("b", buy("BND", "10", "50.00")), Accepted)
    account = world.broker.account()
    assert (account.cash, account.settled_cash) == (Decimal(500), Decimal(0))
    world.go(TUESDAY)
    assert world.broker.account().settled_cash == 500


def test_unsettled_proceeds_buy_nothing_when_so_set() -> None:
    world = small_world(positions={"VTI": TEN}, cash=Money(Decimal(0)), unsettled_buys=False)
    world.broker.submit("a", sell("VTI", "10"))
    assert not isinstance(world.broker.submit("b", buy("BND", "10", "50.00")), Accepted)
    world.go(TUESDAY)
    assert isinstance(world.broker.submit("c", buy("BND", "10", "50.00")), Accepted)


def test_cash_that_a_resting_buy_holds_may_not_leave() -> None:
    world = small_world()
    world.broker.submit("a", buy("VTI", "40", "99.00"))
    with pytest.raises(ValueError, match=r"6040\.00 is settled and free"):
        world.broker.exchange.withdraw(Money(Decimal("6040.01")), world.clock.now())
    world.broker.exchange.withdraw(Money(Decimal("6040.00")), world.clock.now())
    assert world.cash() == Decimal("3960.00")


# Interest


def rates(percent: str) -> BillRates:
    return BillRates(days=(MONDAY,), rates_percent=(Decimal(percent),))


def test_cash_earns_the_bill_rate_by_calendar_days_paid_on_the_first_session_of_a_month() -> None:
    april = [date(2024, 3, 28), date(2024, 4, 1), date(2024, 4, 2)]
    months = price_table(april, {"VTI": [Decimal(100)] * 3})
    world = small_world(
        months,
        at=new_york(april[0]),
        cash=Money(Decimal(36500)),
        bill_rates=rates("5.25"),
    )
    world.go(april[1], "09:29")
    assert world.cash() == 36500
    world.go(april[1])
    # Thursday to Monday are 4 days: 36,500 × 5.25 % × 4 / 365 = 21.00
    assert flows(world) == [(FlowKind.INTEREST, Decimal("21.00"), april[1])]
    assert world.cash() == Decimal("36521.00")
    world.go(april[2])
    assert world.cash() == Decimal("36521.00")


def test_interest_of_a_day_waits_in_full_until_it_is_paid() -> None:
    world = small_world(cash=Money(Decimal(100)), bill_rates=rates("1"))
    world.go(FRIDAY)
    accrued = world.broker.exchange.read(world.clock.now(), lambda books: books.accrued_interest)
    assert accrued == 4 * Decimal("0.002739726027")  # 100 × 1 % / 365, four days
    assert flows(world) == []


def test_a_rate_of_zero_earns_nothing() -> None:
    world = small_world(bill_rates=rates("0")).go(FRIDAY)
    assert world.broker.exchange.read(world.clock.now(), lambda b: b.accrued_interest) == 0


# The script


def test_a_deposit_arrives_at_its_minute_once() -> None:
    deposit = Deposit(session=TUESDAY, amount=Money(Decimal(500)), minutes_after_open=60)
    world = small_world(events=(deposit, deposit)).go(TUESDAY, "10:29")
    assert world.cash() == 10000
    world.go(TUESDAY, "10:30").go(FRIDAY)
    assert flows(world) == [(FlowKind.DEPOSIT, Decimal(500), TUESDAY)] * 2  # two equal ones
    assert world.cash() == 11000


def test_a_withdrawal_leaves_or_is_refused_and_noted() -> None:
    events = (
        Withdrawal(session=TUESDAY, amount=Money(Decimal(4000))),
        Withdrawal(session=WEDNESDAY, amount=Money(Decimal(7000))),
    )
    world = small_world(events=events).go(FRIDAY)
    assert flows(world) == [(FlowKind.WITHDRAWAL, Decimal(-4000), TUESDAY)]
    assert "a withdrawal of 7000 was refused, 6000.00 may leave" in notes(world)


def test_a_scripted_withdrawal_takes_no_unsettled_cash() -> None:
    events = (Withdrawal(session=MONDAY, amount=Money(Decimal(10001)), minutes_after_open=60),)
    world = small_world(events=events, positions={"VTI": TEN})
    world.broker.submit("a", sell("VTI", "10"))
    assert world.go(MONDAY, "11:00").cash() == 11000
    assert notes(world) == ["a withdrawal of 10001 was refused, 10000.00 may leave"]


def test_an_event_is_not_applied_again_at_its_own_instant() -> None:
    deposit = Deposit(session=TUESDAY, amount=Money(Decimal(500)))
    world = small_world(events=(deposit,)).go(TUESDAY, "09:30")
    exchange = world.broker.exchange
    assert exchange.read(world.clock.now(), lambda b: list(entries_due(exchange.world, b))) == []


def test_a_dividend_is_paid_on_what_was_held_before_the_open() -> None:
    dividend = Dividend(session=TUESDAY, symbol="VTI", per_share=Money(Decimal("0.515")))
    world = small_world(events=(dividend,), positions={"VTI": TEN}).go(MONDAY, "18:00")
    world.broker.submit("a", buy("VTI", "10"))
    world.go(TUESDAY)
    assert world.held() == {"VTI": Decimal(20)}
    assert flows(world) == [(FlowKind.DIVIDEND, Decimal("5.15"), TUESDAY)]


def test_a_dividend_on_nothing_is_passed_over() -> None:
    dividend = Dividend(session=TUESDAY, symbol="VTI", per_share=Money(Decimal(1)))
    world = small_world(events=(dividend,)).go(WEDNESDAY)
    assert flows(world) == []
    assert notes(world) == ["a dividend of VTI paid nothing on what was held"]


def test_an_event_before_the_account_was_opened_is_not_its_own() -> None:
    deposit = Deposit(session=MONDAY, amount=Money(Decimal(500)))
    world = small_world(events=(deposit,), start=TUESDAY, at=new_york(TUESDAY))
    assert world.go(FRIDAY).cash() == 10000


# Splits


def split_world(ratio: str, held: str, *, fractional: bool = True) -> SmallWorld:
    split = Split(session=TUESDAY, symbol="VTI", ratio=Decimal(ratio))
    return small_world(
        events=(split,),
        positions={"VTI": Quantity(Decimal(held))},
        average_costs={"VTI": Price(Decimal("90.00"))},
        fractional=fractional,
    )


def test_a_split_keeps_value_and_basis_and_is_a_flow_with_its_ratio() -> None:
    world = split_world("2", "10")
    before = world.broker.account().equity
    world.go(TUESDAY)
    (position,) = world.broker.positions()
    assert (position.quantity, position.average_cost) == (Decimal(20), Decimal("45.00"))
    assert world.broker.account().equity == before
    (flow,) = world.broker.flows_since(MONDAY)
    assert (flow.kind, flow.symbol, flow.ratio, flow.amount) == (
        FlowKind.SPLIT,
        "VTI",
        Decimal(2),
        Decimal(0),
    )


def test_a_reverse_split_of_whole_shares_pays_the_rest_in_cash() -> None:
    world = split_world("0.1", "25", fractional=False).go(TUESDAY)
    assert world.held() == {"VTI": Decimal(2)}
    assert world.cash() == Decimal("10500.00")  # half a share at 1,000
    assert [kind for kind, _, _ in flows(world)] == [FlowKind.SPLIT, FlowKind.OTHER]


def test_a_split_ends_the_resting_orders_of_its_symbol() -> None:
    world = split_world("2", "10").go(MONDAY, "18:00")
    world.broker.submit("a", sell("VTI", "5", "300.00"))
    world.broker.submit("b", buy("BND", "5", "40.00"))
    world.go(TUESDAY)
    canceled, other = world.broker.find_order("a"), world.broker.find_order("b")
    assert canceled is not None
    assert other is not None
    assert canceled.status is OrderStatus.CANCELED
    assert canceled.reason == "VTI was split 2 for 1"
    assert other.status is OrderStatus.OPEN


# The beginning


def test_an_account_is_worth_its_cash_and_holdings_also_before_its_first_session() -> None:
    world = small_world(positions={"VTI": TEN}, at=new_york(MONDAY) - timedelta(days=30))
    assert world.broker.account().equity == 11000
    (position,) = world.broker.positions()
    assert position.average_cost is None


def test_the_basis_of_a_holding_of_unknown_cost_stays_unknown() -> None:
    world = small_world(positions={"VTI": TEN})
    world.broker.submit("a", buy("VTI", "1"))
    (position,) = world.broker.positions()
    assert (position.quantity, position.average_cost) == (Decimal(11), None)


def test_the_average_cost_weighs_what_was_bought() -> None:
    world = small_world(week(VTI=["100.00", "130.00"]))
    world.broker.submit("a", buy("VTI", "2"))
    world.go(TUESDAY)
    world.broker.submit("b", buy("VTI", "1"))
    world.broker.submit("c", sell("VTI", "1"))
    (position,) = world.broker.positions()
    assert position.average_cost == Decimal("110.00")  # (2 × 100 + 130) / 3


def test_a_holding_without_prices_and_a_start_after_them_are_refused() -> None:
    with pytest.raises(ValueError, match="no column for GLD"):
        small_world(positions={"GLD": TEN})
    with pytest.raises(ValueError, match="the prices end on 2024-03-11"):
        small_world(start=date(2025, 1, 1))


def test_an_account_begins_with_the_first_session_on_or_after_its_start() -> None:
    world = small_world(start=date(2024, 3, 9), at=new_york(MONDAY))
    opened_on = world.broker.exchange.read(world.clock.now(), lambda books: books.opened_on)
    assert opened_on == NEXT_MONDAY
    assert SimulatedSettings(prices=world.market.table).cash == 0
