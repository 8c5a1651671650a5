"""A policy day by day through the daemon's own cycle, on the built-in broker: the slow way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from backtest.history import History
from backtest.metrics import Result
from backtest.setup import Change
from brokers.simulated.price_file import price_table
from brokers.simulated.settings import SimulatedSettings
from brokers.simulated.world_events import WorldEvent
from daemon.approvals import Consent
from daemon.cycle import Outcome, run_cycle
from daemon.taxes.ledger import JournalLedger
from policies.limit_rule import Limits
from policies.policy import Policy
from portfolio.accounts import Autonomy
from portfolio.decisions import Hold
from portfolio.money import Money, Quantity
from portfolio.orders import Side
from portfolio.wakes import Wake, WakeKind
from tests.support.house import Rig, build_rig

TOLERANCE = Decimal("1e-9")
HUGE = Decimal(10) ** 9
NO_LIMITS = Limits(
    max_order_fraction=HUGE,
    max_plan_fraction=HUGE,
    max_plan_legs=10**6,
    max_position_sold_fraction=HUGE,
    max_day_fraction=HUGE,
    max_volume_fraction=HUGE,
    max_price_from_close=HUGE,
    max_orders_per_day=10**6,
    max_cycles_per_symbol_per_session=10**6,
    max_cycles_per_day=10**6,
    warn_single_holding_fraction=HUGE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Traded:
    """One order as it was filled."""

    day: date
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal


def daemon_orders(
    tmp_path: Path,
    policy: Policy,
    history: History,
    *,
    cash: str = "100000",
    events: tuple[WorldEvent, ...] = (),
    looks: Sequence[bool] | None = None,
    changes: Sequence[Change] = (),
) -> list[Traded]:
    """Every order of the daemon over a history, each run followed to its end.

    `looks` says which sessions have one, None all. From the day of a change its policy is in force.
    """
    columns = {
        symbol: [history.price(symbol, row) for row in range(len(history))]
        for symbol in history.symbols
    }
    # One session more, which nobody looks at: a run must be able to say when it would expire.
    after = history.sessions[-1] + timedelta(days=1)
    table = price_table(
        (*history.sessions, after),
        {symbol: (*prices, prices[-1]) for symbol, prices in columns.items()},
    )
    settings = SimulatedSettings(
        prices=table,
        cash=Money(Decimal(cash)),
        events=events,
        average_daily_volume=Quantity(HUGE),
        max_volume_share=Decimal(1),
        instant_settlement=True,
        smallest_buy=Money(Decimal("0.01")),
    )
    rig = build_rig(
        tmp_path, table, policy, limits=NO_LIMITS, autonomy=Autonomy.AUTO, settings=settings
    )
    if policy.taxes is not None:
        rig.house.lots = JournalLedger(rig.journal)
    for row, day in enumerate(history.sessions):
        for change in changes:
            if change.day <= day:
                rig.house.policy = change.policy
        if looks is None or looks[row]:
            _session(rig, day)
    return _orders(rig)


def _session(rig: Rig, day: date) -> None:
    outcome = rig.look(day)
    pending = rig.journal.pending_approval()
    if pending is not None:
        consent = Consent(pending=pending, by="a person", reason="the first plan")
        outcome = run_cycle(rig.house, rig.watch, Wake(kind=WakeKind.PERSON), consent)
    for _ in range(12):
        if not _goes_on(outcome):
            return
        outcome = rig.look(kind=WakeKind.ORDER_UPDATE)
    raise AssertionError(f"a run of {day} does not end")


def _goes_on(outcome: Outcome) -> bool:
    return not isinstance(outcome.decision, Hold) and bool(outcome.legs)


def backtest_orders(result: Result) -> list[Traded]:
    """The orders of a backtest in the same words."""
    return [
        Traded(
            day=result.history.sessions[order.row],
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            price=order.price,
        )
        for order in result.orders
    ]


def same_orders(one: list[Traded], other: list[Traded], *, in_floats: bool = False) -> str:
    """The first difference of two lists in words; "" for none.

    Quantities within 1e-9. In floats, within 1e-9 of the quantity where that is more: a sale may
    fall on the other side of a step, and the purchases that it pays for follow.
    """
    for number, (a, b) in enumerate(zip(one, other, strict=False), start=1):
        if (a.day, a.symbol, a.side, a.price) != (b.day, b.symbol, b.side, b.price):
            return f"order {number}: {a} and {b}"
        scale = max(Decimal(1), a.quantity) if in_floats else Decimal(1)
        if abs(a.quantity - b.quantity) > TOLERANCE * scale:
            return f"order {number}: {a} and {b}"
    return "" if len(one) == len(other) else f"{len(one)} orders and {len(other)}"


def _orders(rig: Rig) -> list[Traded]:
    session_of = {leg.client_order_id: leg for leg in rig.journal.legs()}
    return [
        Traded(
            day=rig.market.current_or_previous(leg.planned_at).day,
            symbol=leg.intent.symbol,
            side=leg.intent.side,
            quantity=leg.filled_quantity,
            price=leg.filled_average_price or Decimal(0),
        )
        for leg in session_of.values()
    ]
