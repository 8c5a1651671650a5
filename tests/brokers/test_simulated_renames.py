"""What is listed under another name from a session on: nobody tells the account's owner."""

from datetime import date
from decimal import Decimal

from brokers.simulated.world_events import Rename
from portfolio.money import Price, Quantity
from portfolio.orders import OrderStatus
from portfolio.ports import Accepted, Refused
from portfolio.snapshot import PriceFault, Quote, RefusedPrice
from tests.support.simulated import WEEK, SmallWorld, buy, sell, small_world

MONDAY, TUESDAY = WEEK[:2]


def renamed(**more: object) -> SmallWorld:
    """Ten VTI at 90 that are VTX from Tuesday on."""
    return small_world(
        events=(Rename(session=TUESDAY, symbol="VTI", to="VTX"),),
        positions={"VTI": Quantity(Decimal(10))},
        average_costs={"VTI": Price(Decimal("90.00"))},
        **more,  # type: ignore[arg-type]
    )


def test_a_rename_keeps_units_basis_and_worth_and_is_no_activity() -> None:
    world = renamed()
    before = world.broker.account().equity
    world.go(TUESDAY)
    (position,) = world.broker.positions()
    assert (position.symbol, position.quantity, position.average_cost) == ("VTX", 10, 90)
    assert world.broker.flows_since(date.min) == ()
    assert world.broker.account().equity == before


def test_after_a_rename_only_the_new_name_is_quoted_and_traded() -> None:
    world = renamed()
    assert set(world.broker.instruments(["VTI", "VTX"])) == {"VTI"}
    world.go(TUESDAY)
    assert set(world.broker.instruments(["VTI", "VTX"])) == {"VTX"}
    market, now = world.market, world.clock.now()
    old, new = market.quote("VTI", now), market.quote("VTX", now)
    assert isinstance(old, RefusedPrice)
    assert (old.fault, old.count_at) == (PriceFault.MISSING, None)
    assert isinstance(new, Quote)
    assert (new.symbol, new.previous_close) == ("VTX", 100), "its history is its own"
    assert isinstance(world.broker.submit("a", sell("VTI", "1")), Refused)
    assert isinstance(world.broker.submit("b", sell("VTX", "10")), Accepted)
    assert world.held() == {}


def test_a_rename_ends_the_resting_orders_of_the_old_name() -> None:
    world = renamed().go(MONDAY, "18:00")
    world.broker.submit("a", sell("VTI", "5", "300.00"))
    world.go(TUESDAY)
    order = world.broker.find_order("a")
    assert order is not None
    assert (order.status, order.reason) == (OrderStatus.CANCELED, "VTI is now VTX")


def test_a_rename_of_what_nobody_holds_still_changes_its_name() -> None:
    event = Rename(session=TUESDAY, symbol="VTI", to="VTX")
    world = small_world(events=(event,)).go(TUESDAY)
    assert isinstance(world.broker.submit("a", buy("VTX", "1")), Accepted)
    assert world.held() == {"VTX": 1}
