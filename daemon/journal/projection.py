"""From an event to the rows it makes or changes: the one meaning of the chain.

The store runs it inside the append's transaction, `rebuild` over the whole chain into an empty
database; both get the same tables because nothing here looks at anything but event, place and tables.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, assert_never

from sqlalchemy import (
    Connection,
    Table,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    update,
)

from daemon.journal import ledger
from daemon.journal.prepared import Prepared
from daemon.journal.tables import ALARM, APPROVAL, CYCLE, FENCE, FILL, FLOW, HALT, LEG, RUN
from daemon.protocol import BrokenInvariant
from portfolio.canonical import canonical
from portfolio.changes import TargetChanged
from portfolio.events import (
    Alarm,
    AlarmAcknowledged,
    AlarmCleared,
    ApprovalEnded,
    ApprovalRequested,
    ConfigurationChanged,
    CycleDecided,
    CycleFailed,
    DaemonStarted,
    DaemonStopped,
    Event,
    Fenced,
    FillBooked,
    FlowSeen,
    Halted,
    JournalOpened,
    JournalRestored,
    LegMoved,
    LegPlanned,
    OrderAdopted,
    PositionsAccepted,
    Resumed,
    ReviewWritten,
    RunEnded,
    RunOpened,
    SessionClosed,
    TrialChanged,
    TrialLooked,
    Unfenced,
)
from portfolio.gifts import GiftState
from portfolio.lot_events import GiftMoved, LotsImported, TicketAnswered, WashAllowed
from portfolio.orders import Leg, LegState, is_legal_move
from portfolio.reserving import CashReserved, ReservationCancelled

_INSERT_CYCLE = Prepared(insert(CYCLE))
_INSERT_FILL = Prepared(insert(FILL))
_INSERT_FLOW = Prepared(insert(FLOW))
_INSERT_LEG = Prepared(insert(LEG))
_LEG_NOW = Prepared(
    select(LEG.c.state, LEG.c.filled_quantity).where(LEG.c.client_order_id == bindparam("id"))
)
_MOVABLE = (
    LEG.c.state,
    LEG.c.sends,
    LEG.c.sent_at,
    LEG.c.broker_order_id,
    LEG.c.filled_quantity,
    LEG.c.filled_average_price,
    LEG.c.note,
)
_MOVE_LEG = Prepared(
    update(LEG)
    .where(LEG.c.client_order_id == bindparam("id"))
    .values({column: bindparam(f"to_{column.name}") for column in _MOVABLE})
)
_INSERT_APPROVAL = Prepared(insert(APPROVAL))
_REPLACE_APPROVAL = Prepared(
    update(APPROVAL)
    .where(APPROVAL.c.outcome.is_(None))
    .values(outcome="replaced", ended_by="trimtab")
)
_END_APPROVAL = Prepared(
    update(APPROVAL)
    .where(APPROVAL.c.proposal_hash == bindparam("of_hash"), APPROVAL.c.outcome.is_(None))
    .values(outcome=bindparam("to_outcome"), ended_by=bindparam("to_by"))
)
_INSERT_RUN = Prepared(insert(RUN))
_OPEN_RUN = Prepared(select(RUN.c.number).where(RUN.c.outcome.is_(None)))
_END_RUN = Prepared(
    update(RUN)
    .where(RUN.c.number == bindparam("of_run"), RUN.c.outcome.is_(None))
    .values(outcome=bindparam("to_outcome"), ended_in=bindparam("to_session"))
)
_FENCE_OF = and_(
    FENCE.c.account == bindparam("of_account"), FENCE.c.symbol == bindparam("of_symbol")
)
_INSERT_FENCE = Prepared(insert(FENCE))
_DROP_FENCES = Prepared(delete(FENCE).where(_FENCE_OF))
_DROP_OLD_FENCES = Prepared(
    delete(FENCE).where(
        _FENCE_OF,
        or_(FENCE.c.reason == bindparam("of_reason"), FENCE.c.until <= bindparam("now")),
    )
)
_INSERT_ALARM = Prepared(insert(ALARM))
_DROP_ALARM = Prepared(
    delete(ALARM).where(
        ALARM.c.name == bindparam("of_name"), ALARM.c.scope == bindparam("of_scope")
    )
)
_INSERT_HALT = Prepared(insert(HALT))
_NOT_RESUMED = {"resumed_at": None, "resumed_by": None, "resumed_reason": None}
_END_HALTS = Prepared(
    update(HALT)
    .where(HALT.c.resumed_at.is_(None))
    .values(
        resumed_at=bindparam("to_at"),
        resumed_by=bindparam("to_by"),
        resumed_reason=bindparam("to_reason"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the chain an event stands."""

    seq: int
    at: datetime


def project(tables: Connection, place: Place, event: Event) -> bool:  # noqa: C901, PLR0912
    """Bring the tables up to date with an event.

    Returns False, and changes nothing, for a fill or flow that is booked already: then the event is
    no news and gets no row. Raises `BrokenInvariant` when the event contradicts the tables.
    """
    match event:
        case CycleDecided():
            _cycle(tables, place, event)
        case ApprovalRequested():
            _approval_requested(tables, place, event)
        case ApprovalEnded():
            _approval_ended(tables, event)
        case RunOpened():
            _run_opened(tables, place, event)
        case RunEnded():
            _run_ended(tables, event)
        case LegPlanned():
            _leg_planned(tables, place, event.leg)
        case LegMoved():
            _leg_moved(tables, event)
        case FillBooked():
            return _fill(tables, place, event)
        case FlowSeen():
            return _flow(tables, place, event)
        case PositionsAccepted():
            ledger.accept(tables, event, place.seq)
        case GiftMoved():
            if event.state is GiftState.TRANSFERRED:
                ledger.give_away(tables, event.gift)
        case Fenced():
            _fenced(tables, place, event)
        case Unfenced():
            _DROP_FENCES.run(tables, {"of_account": event.account, "of_symbol": event.symbol})
        case Alarm():
            _alarm(tables, place, event)
        case AlarmCleared():
            _DROP_ALARM.run(tables, {"of_name": event.name, "of_scope": event.scope})
        case Halted():
            values = {"seq": place.seq, "at": place.at, "by": event.by, "reason": event.reason}
            _INSERT_HALT.run(tables, {**values, **_NOT_RESUMED})
        case Resumed():
            _resumed(tables, place, event)
        case (
            JournalOpened()
            | CashReserved()
            | ReservationCancelled()
            | JournalRestored()
            | OrderAdopted()
            | AlarmAcknowledged()
            | DaemonStarted()
            | ConfigurationChanged()
            | DaemonStopped()
            | CycleFailed()
            | SessionClosed()
            | LotsImported()
            | TicketAnswered()
            | WashAllowed()
            | TargetChanged()
            | ReviewWritten()
            | TrialChanged()
            | TrialLooked()
        ):
            pass  # the chain alone keeps these
        case _:
            assert_never(event)
    return True


def _columns(value: Any) -> dict[str, Any]:
    """A record's fields by name; words of ours as plain text."""
    pairs = ((f.name, getattr(value, f.name)) for f in fields(value))
    return {name: part.value if isinstance(part, Enum) else part for name, part in pairs}


def _exists(tables: Connection, table: Table, **key: object) -> bool:
    return _one_of(table, *key).first(tables, key) is not None


@cache
def _one_of(table: Table, *key: str) -> Prepared:
    return Prepared(
        select(table.c[key[0]]).where(*(table.c[name] == bindparam(name) for name in key))
    )


def _cycle(tables: Connection, place: Place, event: CycleDecided) -> None:
    if _exists(tables, CYCLE, cycle=event.cycle):
        raise BrokenInvariant(f"cycle {event.cycle} is in the journal already")
    values = {
        "cycle": event.cycle,
        "seq": place.seq,
        "at": place.at,
        "session": event.session,
        "decision": event.decision.kind,
        "snapshot": event.snapshot,
        "policy": event.policy,
        "memory": event.memory,
        "limits": event.limits,
    }
    _INSERT_CYCLE.run(tables, values)


def _approval_requested(tables: Connection, place: Place, event: ApprovalRequested) -> None:
    """One proposal waits at a time: a newer one replaces the older."""
    _REPLACE_APPROVAL.run(tables, {})
    values = {
        "seq": place.seq,
        "cycle": event.cycle,
        "proposal_hash": event.proposal_hash,
        "requested_at": place.at,
        "expires_at": event.expires_at,
        "outcome": None,
        "ended_by": None,
    }
    _INSERT_APPROVAL.run(tables, values)


def _approval_ended(tables: Connection, event: ApprovalEnded) -> None:
    """Ends the waiting one. For one that is replaced already it says again what is known."""
    values = {"of_hash": event.proposal_hash, "to_outcome": event.outcome, "to_by": event.by}
    if _END_APPROVAL.run(tables, values) == 0 and event.outcome == "granted":
        raise BrokenInvariant(f"proposal {event.proposal_hash[:12]} was not waiting to be granted")


def _run_opened(tables: Connection, place: Place, event: RunOpened) -> None:
    open_run = _OPEN_RUN.first(tables, {})
    if open_run is not None:
        raise BrokenInvariant(f"run {open_run[0]} is still open, {event.run.number} cannot begin")
    if _exists(tables, RUN, number=event.run.number):
        raise BrokenInvariant(f"run {event.run.number} is in the journal already")
    values = {
        "number": event.run.number,
        "seq": place.seq,
        "proposal_hash": event.run.proposal_hash,
        "accepted_by": event.accepted_by,
        "body": canonical(event.run),
        "outcome": None,
        "ended_in": None,
    }
    _INSERT_RUN.run(tables, values)


def _run_ended(tables: Connection, event: RunEnded) -> None:
    values = {"of_run": event.run, "to_outcome": event.outcome, "to_session": event.session}
    if _END_RUN.run(tables, values) == 0:
        raise BrokenInvariant(f"run {event.run} is not open, it cannot end")


def _leg_planned(tables: Connection, place: Place, leg: Leg) -> None:
    if leg.state is not LegState.PLANNED or leg.sends or leg.filled_quantity:
        raise BrokenInvariant(f"leg {leg.client_order_id} begins {leg.state}, not planned")
    if _exists(tables, LEG, client_order_id=leg.client_order_id):
        raise BrokenInvariant(f"leg {leg.client_order_id} is in the journal already")
    values = {**_columns(leg), **_columns(leg.intent), "number": leg.index, "seq": place.seq}
    _INSERT_LEG.run(tables, {name: values[name] for name in LEG.c.keys()})  # noqa: SIM118


def _leg_moved(tables: Connection, event: LegMoved) -> None:
    found = _LEG_NOW.first(tables, {"id": event.client_order_id})
    if found is None:
        raise BrokenInvariant(f"leg {event.client_order_id} moved and was never planned")
    state, filled = found
    _check_move(event, LegState(state), filled)
    values = {
        "id": event.client_order_id,
        "to_state": event.after.value,
        "to_sends": event.sends,
        "to_sent_at": event.sent_at,
        "to_broker_order_id": event.broker_order_id,
        "to_filled_quantity": event.filled_quantity,
        "to_filled_average_price": event.filled_average_price,
        "to_note": event.note,
    }
    _MOVE_LEG.run(tables, values)


def _check_move(event: LegMoved, state: LegState, filled: Any) -> None:
    leg = f"leg {event.client_order_id}"
    if state is not event.before:
        raise BrokenInvariant(f"{leg} is {state}, not {event.before}: it cannot go on from there")
    if event.filled_quantity < filled:
        raise BrokenInvariant(f"{leg} had {filled} filled, {event.filled_quantity} would be fewer")
    fills_further = event.before is event.after and event.filled_quantity > filled
    if not fills_further and not is_legal_move(event.before, event.after):
        raise BrokenInvariant(f"{leg} cannot go from {event.before} to {event.after}")


def _fill(tables: Connection, place: Place, event: FillBooked) -> bool:
    fill = event.fill
    if _exists(tables, FILL, account=fill.account, execution_id=fill.execution_id):
        return False
    values = _columns(fill)
    extra = {"seq": place.seq, "client_order_id": event.client_order_id}
    _INSERT_FILL.run(tables, {**values, **extra})
    ledger.fill(tables, fill)
    return True


def _flow(tables: Connection, place: Place, event: FlowSeen) -> bool:
    flow = event.flow
    if _exists(tables, FLOW, account=flow.account, flow_id=flow.flow_id):
        return False
    values = _columns(flow)
    _INSERT_FLOW.run(tables, {**values, "seq": place.seq})
    if flow.symbol is not None and flow.ratio is not None:
        ledger.split(tables, flow)
    return True


def _fenced(tables: Connection, place: Place, event: Fenced) -> None:
    """A fence for another reason stands beside the others; what has run out is swept away."""
    fence = event.fence
    same = {"of_account": fence.account, "of_symbol": fence.symbol}
    _DROP_OLD_FENCES.run(tables, {**same, "of_reason": fence.reason, "now": place.at})
    values = _columns(fence)
    _INSERT_FENCE.run(tables, {**values, "seq": place.seq})


def _alarm(tables: Connection, place: Place, event: Alarm) -> None:
    """One open alarm for a name and scope: the latest words."""
    _DROP_ALARM.run(tables, {"of_name": event.name, "of_scope": event.scope})
    values = {"name": event.name, "scope": event.scope, "level": event.level, "text": event.text}
    _INSERT_ALARM.run(tables, {**values, "seq": place.seq})


def _resumed(tables: Connection, place: Place, event: Resumed) -> None:
    _END_HALTS.run(tables, {"to_at": place.at, "to_by": event.by, "to_reason": event.reason})
