"""What holds in a simulated account whatever is asked of it: double entry, no debt, restarts."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from brokers.simulated.books import Books
from brokers.simulated.price_file import BillRates
from brokers.simulated.settings import Fees
from brokers.simulated.world_events import Deposit, Dividend, Split, Withdrawal
from portfolio.canonical import canonical
from portfolio.money import ONE, ZERO, Money, Price, Quantity, tick_down
from portfolio.orders import OrderIntent, OrderStatus, Side
from portfolio.ports import Accepted, Refused
from tests.support.simulated import ACCOUNT, WEEK, SmallWorld, small_world, week

PRICES = week(
    VTI=["100.00", "93.70", "110.41", "110.41", "60.05", "58.0001"],
    BND=["50.00", "50.13", "49.99", "51.00", "0.5151", "52.00"],
)
RULES: dict[str, Any] = {
    "fees": Fees(
        per_order=Money(Decimal("0.35")),
        per_share=Money(Decimal("0.0035")),
        fraction=Decimal("0.00002"),
    ),
    "spread": Decimal("0.002"),
    "average_daily_volume": Quantity(Decimal(700)),
    "volume_every": timedelta(minutes=65),
    "cancel_takes": timedelta(minutes=20),
    "bill_rates": BillRates(days=(WEEK[0],), rates_percent=(Decimal("5.3"),)),
    "positions": {"BND": Quantity(Decimal("20.5"))},
    "events": (
        Deposit(session=WEEK[1], amount=Money(Decimal("1234.56"))),
        Split(session=WEEK[2], symbol="VTI", ratio=Decimal("1.5")),
        Dividend(session=WEEK[3], symbol="BND", per_share=Money(Decimal("0.137"))),
        Withdrawal(session=WEEK[4], amount=Money(Decimal(5000)), minutes_after_open=100),
    ),
}


@dataclass(frozen=True, slots=True)
class Step:
    """Wait, then send an order or cancel one."""

    minutes: int
    side: Side
    symbol: str
    quantity: Decimal
    limit_factor: Decimal | None
    cancels: bool


STEPS = st.lists(
    st.builds(
        Step,
        minutes=st.sampled_from([0, 1, 20, 65, 400, 1440]),
        side=st.sampled_from(Side),
        symbol=st.sampled_from(["VTI", "BND"]),
        quantity=st.decimals("0.000000001", "150", places=9) | st.integers(1, 90).map(Decimal),
        limit_factor=st.none() | st.decimals("0.9", "1.1", places=2),
        cancels=st.booleans(),
    ),
    max_size=25,
)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
AT_FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def take(world: SmallWorld, number: int, step: Step) -> None:
    """Let the step's minutes pass, then send its order."""
    world.clock.at += timedelta(minutes=step.minutes)
    limit = None
    if step.limit_factor is not None:
        price = world.market.count_price(step.symbol, world.clock.at)
        limit = tick_down(Price(price * step.limit_factor))
    intent = OrderIntent(
        account=ACCOUNT,
        symbol=step.symbol,
        side=step.side,
        quantity=Quantity(step.quantity),
        limit_price=limit,
    )
    outcome = world.broker.submit(f"order-{number}", intent)
    assert isinstance(outcome, Accepted | Refused)
    if step.cancels and isinstance(outcome, Accepted):
        world.broker.cancel(outcome.order.broker_order_id)


def state(world: SmallWorld) -> str:
    def text(books: Books) -> str:
        kept = {name: getattr(books, name) for name in Books.__slots__}
        kept["orders"] = {n: order.shown(books.at) for n, order in books.orders.items()}
        return canonical(kept)

    return world.broker.exchange.read(world.clock.now(), text)


@FEW
@given(steps=STEPS)
def test_cash_and_units_are_their_beginning_plus_fills_fees_and_flows(steps: list[Step]) -> None:
    world = small_world(PRICES, **RULES)
    for number, step in enumerate(steps):
        take(world, number, step)
    world.go(WEEK[5], "17:00")
    cash, units = Decimal("10000.00"), {"BND": Decimal("20.5"), "VTI": ZERO}
    for fill in world.broker.fills_since(AT_FIRST):
        sign = 1 if fill.side is Side.BUY else -1
        split = Decimal("1.5") if fill.symbol == "VTI" and fill.at.date() < WEEK[2] else ONE
        cash -= sign * fill.quantity * fill.price + fill.fee
        units[fill.symbol] += sign * fill.quantity * split
    cash += sum((flow.amount for flow in world.broker.flows_since(AT_FIRST.date())), ZERO)
    assert world.cash() == cash
    held = world.held()
    assert held.get("BND", ZERO) == units["BND"]
    assert 0 <= units["VTI"] - held.get("VTI", ZERO) < Decimal("1e-9")  # cut at the split


@FEW
@given(steps=STEPS)
def test_nothing_is_ever_owed_or_sold_twice_or_filled_beyond_its_limit(steps: list[Step]) -> None:
    world = small_world(PRICES, **RULES)
    for number, step in enumerate(steps):
        take(world, number, step)
        account = world.broker.account()
        assert ZERO <= account.settled_cash <= account.cash
        for position in world.broker.positions():
            assert ZERO <= position.available <= position.quantity
    orders = {order.broker_order_id: order for order in world.broker.orders_since(AT_FIRST)}
    for fill in world.broker.fills_since(AT_FIRST):
        order = orders[fill.broker_order_id]
        if order.limit_price is not None:
            worse = fill.price - order.limit_price
            assert (worse if order.side is Side.BUY else -worse) <= ZERO
    for order in orders.values():
        assert order.quantity is not None
        assert ZERO <= order.filled_quantity <= order.quantity
        assert (order.filled_quantity == order.quantity) == (order.status is OrderStatus.FILLED)


@FEW
@given(steps=STEPS, restarts=st.sets(st.integers(0, 24)))
def test_a_restart_at_any_point_changes_nothing(steps: list[Step], restarts: set[int]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "account.sqlite"
        steady, shaken = small_world(PRICES, **RULES), small_world(PRICES, path, **RULES)
        for number, step in enumerate(steps):
            if number in restarts:
                shaken.broker.close()
                shaken = small_world(PRICES, path, at=shaken.clock.at, **RULES)
            take(steady, number, step)
            take(shaken, number, step)
            assert state(shaken) == state(steady)
        shaken.broker.close()


@FEW
@given(steps=STEPS, looks=st.lists(st.integers(1, 9000), max_size=20))
def test_how_often_anyone_looks_changes_nothing(steps: list[Step], looks: list[int]) -> None:
    rarely, often = small_world(PRICES, **RULES), small_world(PRICES, **RULES)
    began = often.clock.at
    for number, step in enumerate(steps):
        take(rarely, number, step)
        before = often.clock.at
        for look in sorted(began + timedelta(minutes=minutes) for minutes in looks):
            if before < look < rarely.clock.at:
                often.clock.at = look
                often.broker.account()
        often.clock.at = before
        take(often, number, step)
    assert state(often) == state(rarely)
