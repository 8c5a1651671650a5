"""Journals for tests: a stepped clock, an identity, and one example of every kind of event."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

from hypothesis import strategies as st

from daemon.machine.clocks import SteppedClock
from portfolio.canonical import digest, document_of
from portfolio.decisions import Gate, Hold, PlannedLeg, Proposal, Run
from portfolio.events import (
    CycleDecided,
    Event,
    FillBooked,
    FlowSeen,
    JournalOpened,
    LegMoved,
    PositionsAccepted,
)
from portfolio.memory import CashFlow, FlowKind
from portfolio.money import Money, Price, Quantity
from portfolio.orders import Fill, Leg, LegState, OrderIntent, Side
from portfolio.records import Notice, Recorded
from portfolio.wakes import Wake, WakeKind

NOW = datetime(2026, 3, 11, 14, 0, tzinfo=UTC)
DAY = date(2026, 3, 11)
IDENTITY = JournalOpened(
    mode="paper",
    household="core",
    account_numbers=("PA-0001",),
    epoch="k7qa",
    code_version="0.1.0",
)


def stepped() -> SteppedClock:
    return SteppedClock(NOW)


def nothing_to_tell(_recorded: Recorded) -> tuple[Notice, ...]:
    return ()


def intent(side: Side = Side.BUY, quantity: str = "10", symbol: str = "VTI") -> OrderIntent:
    return OrderIntent(
        account="brokerage",
        symbol=symbol,
        side=side,
        quantity=Quantity(Decimal(quantity)),
        limit_price=Price(Decimal("250.25")),
    )


def leg(name: str = "tt1-k7qa-000001-00-abcdef", *, run: int = 1, index: int = 0) -> Leg:
    return Leg(
        client_order_id=name,
        run=run,
        cycle=1,
        index=index,
        intent=intent(),
        reason="stocks are 5 points under",
        state=LegState.PLANNED,
        planned_at=NOW,
    )


def moved(
    before: LegState, after: LegState, *, filled: str = "0", of: Leg | None = None
) -> LegMoved:
    return LegMoved(
        client_order_id=(of or leg()).client_order_id,
        before=before,
        after=after,
        sends=1,
        sent_at=NOW,
        broker_order_id="b-1",
        filled_quantity=Quantity(Decimal(filled)),
        filled_average_price=None,
    )


def fill(
    execution_id: str,
    quantity: str = "10",
    price: str = "250",
    *,
    side: Side = Side.BUY,
    symbol: str = "VTI",
    account: str = "brokerage",
    fee: str = "0",
    at: datetime = NOW,
    order: str | None = None,
) -> FillBooked:
    done = Fill(
        execution_id=execution_id,
        account=account,
        broker_order_id="b-1",
        symbol=symbol,
        side=side,
        quantity=Quantity(Decimal(quantity)),
        price=Price(Decimal(price)),
        fee=Money(Decimal(fee)),
        at=at,
    )
    return FillBooked(fill=done, client_order_id=order)


def accepted(**quantities: str) -> PositionsAccepted:
    return PositionsAccepted(
        account="brokerage",
        quantities={symbol: Quantity(Decimal(q)) for symbol, q in quantities.items()},
        reason="what the account held at the start",
    )


def split(symbol: str, ratio: str, flow_id: str = "s-1") -> FlowSeen:
    flow = CashFlow(
        flow_id=flow_id,
        account="brokerage",
        kind=FlowKind.SPLIT,
        amount=Money(Decimal(0)),
        day=DAY,
        symbol=symbol,
        ratio=Decimal(ratio),
    )
    return FlowSeen(flow=flow)


def deposit(amount: str, flow_id: str = "d-1") -> FlowSeen:
    flow = CashFlow(
        flow_id=flow_id,
        account="brokerage",
        kind=FlowKind.DEPOSIT,
        amount=Money(Decimal(amount)),
        day=DAY,
        seen_session=DAY,
    )
    return FlowSeen(flow=flow)


def run(number: int = 1) -> Run:
    return Run(
        number=number,
        proposal_hash="ab" * 32,
        opened_cycle=1,
        allowances=(),
        buy_budget=Money(Decimal("2500.50")),
        expires_at=NOW + timedelta(days=2),
    )


def proposal(reason: str = "stocks +5.1 points, fires at 5.0") -> Proposal:
    gate = Gate(name="band", passed=True, text=reason, value=Decimal("5.1"), level=Decimal(5))
    legs = (PlannedLeg(intent=intent(), price=Price(Decimal(250)), reason="underweight"),)
    return Proposal(
        household="core",
        as_of=NOW,
        reason=reason,
        gates=(gate,),
        slices=(),
        legs=legs,
        managed_value=Money(Decimal(100_000)),
    )


INPUTS: Mapping[str, str] = {
    "snapshot": "a snapshot",
    "policy": "a policy",
    "memory": "a memory",
    "limits": "the limits",
}
"""Stand-ins for the four documents a look refers to."""

DOCUMENTS = [document_of(text) for text in INPUTS.values()]


def cycle(number: int = 1, decision: Proposal | Hold | None = None) -> CycleDecided:
    return CycleDecided(
        cycle=number,
        wake=Wake(kind=WakeKind.LOOK),
        session=DAY,
        decision=decision or Hold(household="core", as_of=NOW, reason="inside the bands", gates=()),
        **{name: digest(text) for name, text in INPUTS.items()},  # type: ignore[arg-type]
    )


# --- every value there can be ---------------------------------------------------------------------

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
_DECIMALS = st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15
)
_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=9.5))])
_PLAIN: Mapping[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: st.integers(-(10**12), 10**12),
    bool: st.booleans(),
    Decimal: _DECIMALS,
    date: st.dates(),
    datetime: st.datetimes(timezones=_ZONES),
    type(None): st.none(),
}


def values_of(form: Any) -> st.SearchStrategy[Any]:
    """Every value of a type of ours, every field drawn."""
    if hasattr(form, "__supertype__"):
        return values_of(form.__supertype__)
    if form in _PLAIN:
        return _PLAIN[form]
    origin, arguments = typing.get_origin(form), typing.get_args(form)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*(values_of(part) for part in arguments))
    if origin is tuple:
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    if origin in (dict, Mapping):
        return st.dictionaries(_TEXT, values_of(arguments[1]), max_size=2)
    if isinstance(form, type) and issubclass(form, Enum):
        return st.sampled_from(form)
    return st.deferred(lambda: _record_of(form))


def _record_of(form: Any) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(form)
    fields = {f.name: values_of(hints[f.name]) for f in dataclasses.fields(form)}
    return st.builds(form, **fields)


def event_kinds() -> list[type]:
    """Every member of the union of events."""
    return list(typing.get_args(Event))
