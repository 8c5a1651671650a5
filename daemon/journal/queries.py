"""Reading back: every question of the `JournalReader` port, as a function of the database."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Row, bindparam, func, or_, select

from daemon.journal.chain import instant_of
from daemon.journal.codec import decode, decode_event
from daemon.journal.database import Database
from daemon.journal.ledger import lots_of
from daemon.journal.prepared import Prepared
from daemon.journal.tables import (
    ALARM,
    APPROVAL,
    AUDIT,
    CYCLE,
    DOCUMENT,
    FENCE,
    FILL,
    FLOW,
    LEG,
    POSITION,
    RUN,
    TICK,
)
from portfolio.decisions import Proposal, Run
from portfolio.events import Alarm, ApprovalRequested, CycleDecided, FillBooked
from portfolio.lots import Lot
from portfolio.memory import CashFlow, Fence, FlowKind
from portfolio.money import Money, Quantity
from portfolio.orders import Fill, Leg, LegState, OrderIntent, Side, TimeInForce
from portfolio.records import CycleRecord, PendingApproval, Recorded

_EVENT = (AUDIT.c.seq, AUDIT.c.at, AUDIT.c.actor, AUDIT.c.kind, AUDIT.c.body, AUDIT.c.hash)
LIVE = tuple(state.value for state in LegState if not state.is_terminal)
_NO_LIMIT = 2**62
_MOST = bindparam("most", type_=BigInteger)

# Made once: building and keying a statement takes longer than running it.
_HEAD = Prepared(select(AUDIT.c.seq, AUDIT.c.hash).order_by(AUDIT.c.seq.desc()).limit(1))
_LOOKS = select(*_EVENT).join(CYCLE, CYCLE.c.seq == AUDIT.c.seq)
_CYCLE = Prepared(_LOOKS.where(CYCLE.c.cycle == bindparam("number")))
_CYCLES = Prepared(_LOOKS.order_by(CYCLE.c.cycle.desc()).limit(_MOST))
_CYCLES_AFTER = Prepared(
    _LOOKS.where(CYCLE.c.cycle > bindparam("after")).order_by(CYCLE.c.cycle.desc())
)
_CYCLES_BEFORE = Prepared(
    _LOOKS.where(CYCLE.c.at <= bindparam("before")).order_by(CYCLE.c.cycle.desc()).limit(_MOST)
)
_DOCUMENT = Prepared(select(DOCUMENT.c.body).where(DOCUMENT.c.ref == bindparam("ref")))
_LEG = Prepared(select(LEG).where(LEG.c.client_order_id == bindparam("id")))
_FLOWS = Prepared(select(FLOW).order_by(FLOW.c.seq))
_FLOWS_SINCE = Prepared(select(FLOW).where(FLOW.c.day >= bindparam("since")).order_by(FLOW.c.seq))
_OPEN_RUN = Prepared(select(RUN.c.body).where(RUN.c.outcome.is_(None)))
_WAITING = Prepared(
    select(*_EVENT)
    .join(APPROVAL, APPROVAL.c.seq == AUDIT.c.seq)
    .where(APPROVAL.c.outcome.is_(None))
)
_POSITIONS = Prepared(
    select(POSITION.c.symbol, POSITION.c.quantity)
    .where(POSITION.c.account == bindparam("account"))
    .order_by(POSITION.c.symbol)
)
_FENCES = Prepared(select(FENCE).order_by(FENCE.c.seq))
_ALARMS = Prepared(select(ALARM).order_by(ALARM.c.seq))
_LAST_TICK = Prepared(select(TICK.c.at).order_by(TICK.c.number.desc()).limit(1))
_LAST_CYCLE = Prepared(select(func.max(CYCLE.c.cycle)))
_LAST_RUN = Prepared(select(func.max(RUN.c.number)))


def head(database: Database) -> tuple[int, str] | None:
    """Sequence number and hash of the last row; None for an empty chain."""
    row = database.first(_HEAD)
    return None if row is None else (row.seq, row.hash)


def recorded(row: Row[Any]) -> Recorded:
    """A row of the chain as the event it holds."""
    return Recorded(
        seq=row.seq,
        at=instant_of(row.at),
        actor=row.actor,
        event=decode_event(row.kind, row.body),
        hash=row.hash,
    )


def events(
    database: Database, *kinds: str, after: int, limit: int | None, newest_first: bool
) -> Sequence[Recorded]:
    """Recorded events with seq > after."""
    chosen = _events(len(kinds), newest_first=newest_first)
    values = {f"kind_{number}": kind for number, kind in enumerate(kinds)}
    most = _NO_LIMIT if limit is None else limit
    return [
        recorded(row) for row in database.rows(chosen, {**values, "after": after, "most": most})
    ]


@cache
def _events(kinds: int, *, newest_first: bool) -> Prepared:
    chosen = select(*_EVENT).where(AUDIT.c.seq > bindparam("after"))
    if kinds:
        named = (AUDIT.c.kind == bindparam(f"kind_{number}") for number in range(kinds))
        chosen = chosen.where(or_(*named))
    chosen = chosen.order_by(AUDIT.c.seq.desc() if newest_first else AUDIT.c.seq)
    return Prepared(chosen.limit(_MOST))


def _cycle_record(row: Row[Any]) -> CycleRecord:
    look = recorded(row)
    if not isinstance(look.event, CycleDecided):
        raise TypeError(f"row {look.seq} is {look.event.kind}, the cycle table says a cycle")
    return CycleRecord(
        cycle=look.event.cycle,
        seq=look.seq,
        at=look.at,
        wake=look.event.wake,
        session=look.event.session,
        decision=look.event.decision,
        verdict=look.event.verdict,
        snapshot=look.event.snapshot,
        policy=look.event.policy,
        memory=look.event.memory,
        limits=look.event.limits,
    )


def cycle(database: Database, number: int) -> CycleRecord | None:
    """One look."""
    row = database.first(_CYCLE, {"number": number})
    return None if row is None else _cycle_record(row)


def cycles(database: Database, *, limit: int, before: datetime | None) -> Sequence[CycleRecord]:
    """The latest looks, newest first."""
    if before is None:
        rows = database.rows(_CYCLES, {"most": limit})
    else:
        rows = database.rows(_CYCLES_BEFORE, {"most": limit, "before": before})
    return [_cycle_record(row) for row in rows]


def cycles_after(database: Database, number: int) -> Sequence[CycleRecord]:
    """The looks after one, newest first."""
    return [_cycle_record(row) for row in database.rows(_CYCLES_AFTER, {"after": number})]


def document(database: Database, ref: str) -> str:
    """The text stored under a reference."""
    row = database.first(_DOCUMENT, {"ref": ref})
    if row is None:
        raise KeyError(ref)
    return str(row.body)


def leg_of(row: Row[Any]) -> Leg:
    """A row of the table of legs as the leg that it holds."""
    intent = OrderIntent(
        account=row.account,
        symbol=row.symbol,
        side=Side(row.side),
        quantity=row.quantity,
        limit_price=row.limit_price,
        time_in_force=TimeInForce(row.time_in_force),
    )
    return Leg(
        client_order_id=row.client_order_id,
        run=row.run,
        cycle=row.cycle,
        index=row.number,
        intent=intent,
        reason=row.reason,
        state=LegState(row.state),
        planned_at=row.planned_at,
        sends=row.sends,
        sent_at=row.sent_at,
        broker_order_id=row.broker_order_id,
        filled_quantity=row.filled_quantity,
        filled_average_price=row.filled_average_price,
        note=row.note,
    )


def legs(
    database: Database, *, run: int | None, live: bool, since: datetime | None
) -> Sequence[Leg]:
    """Legs in order of planning."""
    chosen = _legs(of_run=run is not None, live=live, since=since is not None)
    return [leg_of(row) for row in database.rows(chosen, {"run": run, "since": since})]


@cache
def _legs(*, of_run: bool, live: bool, since: bool) -> Prepared:
    chosen = select(LEG).order_by(LEG.c.seq)
    if of_run:
        chosen = chosen.where(LEG.c.run == bindparam("run"))
    if live:
        chosen = chosen.where(or_(*(LEG.c.state == state for state in LIVE)))
    if since:
        chosen = chosen.where(LEG.c.planned_at >= bindparam("since"))
    return Prepared(chosen)


def leg(database: Database, client_order_id: str) -> Leg | None:
    """One leg."""
    row = database.first(_LEG, {"id": client_order_id})
    return None if row is None else leg_of(row)


def fills(
    database: Database, *, client_order_id: str | None, since: datetime | None
) -> Sequence[FillBooked]:
    """Booked executions in the order of booking."""
    chosen = _fills(of_order=client_order_id is not None, since=since is not None)
    return [_fill(row) for row in database.rows(chosen, {"id": client_order_id, "since": since})]


@cache
def _fills(*, of_order: bool, since: bool) -> Prepared:
    chosen = select(FILL).order_by(FILL.c.seq)
    if of_order:
        chosen = chosen.where(FILL.c.client_order_id == bindparam("id"))
    if since:
        chosen = chosen.where(FILL.c.at >= bindparam("since"))
    return Prepared(chosen)


def _fill(row: Row[Any]) -> FillBooked:
    done = Fill(
        execution_id=row.execution_id,
        account=row.account,
        broker_order_id=row.broker_order_id,
        symbol=row.symbol,
        side=Side(row.side),
        quantity=row.quantity,
        price=row.price,
        fee=row.fee,
        at=row.at,
    )
    return FillBooked(fill=done, client_order_id=row.client_order_id)


def flows(database: Database, *, since: date | None) -> Sequence[CashFlow]:
    """Flows in the order in which they were seen."""
    chosen = _FLOWS if since is None else _FLOWS_SINCE
    return [
        CashFlow(
            flow_id=row.flow_id,
            account=row.account,
            kind=FlowKind(row.kind),
            amount=Money(row.amount),
            day=row.day,
            symbol=row.symbol,
            ratio=row.ratio,
            seen_session=row.seen_session,
        )
        for row in database.rows(chosen, {"since": since})
    ]


def open_run(database: Database) -> Run | None:
    """The run under way."""
    row = database.first(_OPEN_RUN)
    return None if row is None else decode(Run, row.body)


def pending_approval(database: Database) -> PendingApproval | None:
    """The proposal that waits, as it was put."""
    row = database.first(_WAITING)
    if row is None:
        return None
    asked = recorded(row)
    if not isinstance(asked.event, ApprovalRequested):
        raise TypeError(f"row {asked.seq} is {asked.event.kind}, not a request")
    look = cycle(database, asked.event.cycle)
    if look is None or not isinstance(look.decision, Proposal):
        raise TypeError(
            f"row {asked.seq} asks for cycle {asked.event.cycle}, which proposes nothing"
        )
    return PendingApproval(
        proposal=look.decision,
        proposal_hash=asked.event.proposal_hash,
        cycle=asked.event.cycle,
        requested_at=asked.at,
        expires_at=asked.event.expires_at,
        reasons=asked.event.reasons,
    )


def positions(database: Database, account: str) -> Mapping[str, Quantity]:
    """What the account should hold, by symbol."""
    rows = database.rows(_POSITIONS, {"account": account})
    return {row.symbol: row.quantity for row in rows}


def lots(database: Database, account: str) -> Sequence[Lot]:
    """The lots of an account."""
    with database.using() as connection:
        return lots_of(connection, account)


def fences(database: Database) -> Sequence[Fence]:
    """Fences that nobody has taken down, oldest first; what has run out may still be among them."""
    return [
        Fence(account=row.account, symbol=row.symbol, reason=row.reason, until=row.until)
        for row in database.rows(_FENCES)
    ]


def open_alarms(database: Database) -> Sequence[Alarm]:
    """Alarms not cleared, oldest first."""
    return [
        Alarm(name=row.name, level=row.level, text=row.text, scope=row.scope)
        for row in database.rows(_ALARMS)
    ]


def last_tick(database: Database) -> datetime | None:
    """The latest row that `tick` left."""
    row = database.first(_LAST_TICK)
    return None if row is None else row.at


def next_cycle(database: Database) -> int:
    """One more than the last."""
    row = database.first(_LAST_CYCLE)
    return 1 + (row[0] or 0 if row else 0)


def next_run(database: Database) -> int:
    """One more than the last."""
    row = database.first(_LAST_RUN)
    return 1 + (row[0] or 0 if row else 0)
