"""Small households for tests of the decision: one place that makes snapshots, policies, memories."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from policies.policy import Policy
from portfolio.accounts import Account, AccountKind, Autonomy, Position
from portfolio.instruments import Instrument
from portfolio.lots import Lot
from portfolio.memory import CashFlow, FlowKind, Memory
from portfolio.money import Money, Price, Quantity, Weight
from portfolio.orders import Leg, LegState, OrderIntent, Side
from portfolio.snapshot import AccountSnapshot, Quote, Session, Snapshot
from portfolio.target import Slice, Target, build_target
from portfolio.wakes import Wake, WakeKind

DAY = date(2026, 3, 11)
NOW = datetime(2026, 3, 11, 14, 0, tzinfo=UTC)
SESSION = Session(
    day=DAY,
    opens_at=datetime(2026, 3, 11, 13, 30, tzinfo=UTC),
    closes_at=datetime(2026, 3, 11, 20, 0, tzinfo=UTC),
)


def d(number: str | int | Decimal) -> Decimal:
    return Decimal(number)


def quote(
    symbol: str,
    price: str | int | Decimal,
    *,
    spread: str = "0",
    age: int = 1,
    close: str | None = None,
    volume: str | None = "100000000",
) -> Quote:
    """A quote around `price`; `spread` is in money, `age` in seconds, `close` the previous close."""
    middle, half = d(price), d(spread) / 2
    return Quote(
        symbol=symbol,
        bid=Price(middle - half),
        ask=Price(middle + half),
        last=Price(middle),
        as_of=NOW - timedelta(seconds=age),
        previous_close=Price(d(close) if close else middle),
        average_daily_volume=None if volume is None else Quantity(d(volume)),
    )


def lot(symbol: str, quantity: str | int | Decimal, *, known: bool = True) -> Lot:
    return Lot(
        lot_id=f"{symbol}-{quantity}-{known}",
        symbol=symbol,
        quantity=Quantity(d(quantity)),
        acquired_on=date(2020, 1, 2) if known else None,
        basis=Money(Decimal(10) * d(quantity)) if known else None,
    )


def account(
    cash: str | int | Decimal = 0,
    holdings: Mapping[str, str | int | Decimal] | None = None,
    *,
    name: str = "main",
    broker: str = "simulated",
    kind: AccountKind = AccountKind.TAXABLE,
    autonomy: Autonomy = Autonomy.AUTO,
    blocked: str = "",
    available: Mapping[str, str | int] | None = None,
    lots: tuple[Lot, ...] | None = None,
) -> AccountSnapshot:
    held = holdings or {}
    free = available or {}
    return AccountSnapshot(
        account=Account(id=name, broker=broker, kind=kind, autonomy=autonomy),
        cash=Money(d(cash)),
        settled_cash=Money(d(cash)),
        positions=tuple(
            Position(symbol=s, quantity=Quantity(d(q)), available=Quantity(d(free.get(s, q))))
            for s, q in held.items()
        ),
        lots=tuple(lot(s, q) for s, q in held.items()) if lots is None else lots,
        blocked=blocked,
    )


def household(
    *accounts: AccountSnapshot,
    quotes: tuple[Quote, ...] = (),
    instruments: tuple[Instrument, ...] = (),
    is_open: bool = True,
    at: datetime = NOW,
) -> Snapshot:
    return Snapshot(
        household="core",
        as_of=at,
        session=SESSION,
        is_open=is_open,
        accounts=accounts,
        quotes={q.symbol: q for q in quotes},
        instruments={i.symbol: i for i in instruments},
    )


def target(weights: Mapping[str, str], *, buffer: str = "0") -> Target:
    """A flat target: symbol to percent; the slice is called like the symbol in lower case."""
    slices = [
        Slice(name=s.lower(), weight=Weight(d(w) / 100), symbol=s) for s, w in weights.items()
    ]
    return build_target(slices, cash_buffer=Weight(d(buffer) / 100))


def stocks_and_bonds(*, buffer: str = "0", **settings: Any) -> Policy:
    """60/40 of STK and BND with the default policy, except as given."""
    return Policy(target=target({"STK": "60", "BND": "40"}, buffer=buffer), **settings)


def memory(**facts: Any) -> Memory:
    """Nothing has happened yet, except as given; the calendar is answered through yesterday."""
    base: dict[str, Any] = {
        "wake": Wake(kind=WakeKind.TICK),
        "started_on": date(2026, 3, 2),
        "calendar_done_through": date(2026, 3, 10),
        "first_plan_done": ("main",),
    }
    return Memory(**(base | facts))


def deposit(
    amount: str | int, *, seen: date = date(2026, 3, 10), name: str = "f1", account: str = "main"
) -> CashFlow:
    return CashFlow(
        flow_id=name,
        account=account,
        kind=FlowKind.DEPOSIT if d(amount) > 0 else FlowKind.WITHDRAWAL,
        amount=Money(d(amount)),
        day=seen,
        seen_session=seen,
    )


def leg(
    symbol: str,
    side: Side,
    quantity: str | int,
    state: LegState,
    *,
    filled: str | int = 0,
    limit: str | int = 100,
    average: str | int | None = None,
    index: int = 1,
    account: str = "main",
) -> Leg:
    return Leg(
        client_order_id=f"tt1-e-000001-{index:02}-{symbol.lower()}",
        run=1,
        cycle=1,
        index=index,
        intent=OrderIntent(
            account=account,
            symbol=symbol,
            side=side,
            quantity=Quantity(d(quantity)),
            limit_price=Price(d(limit)),
        ),
        reason="a test",
        state=state,
        planned_at=NOW,
        filled_quantity=Quantity(d(filled)),
        filled_average_price=None if average is None else Price(d(average)),
    )
