"""Every fact the journal can hold. Each is one row of the audit chain; tables are made from them.

`kind` is the row's name for ever: an event is never renamed or changed in meaning, only added.
A `Ref` is the digest of a document (snapshot, policy, memory, limits) stored once beside the chain.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from portfolio.changes import TargetChanged
from portfolio.decisions import Decision, Run, Verdict
from portfolio.lot_events import GiftMoved, LotsImported, TicketAnswered, WashAllowed
from portfolio.memory import CashFlow, Fence
from portfolio.money import Money, Price, Quantity, Weight
from portfolio.orders import Fill, Leg, LegState, Order, Side
from portfolio.reserving import CashReserved, ReservationCancelled
from portfolio.wakes import Wake

Ref = str


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalOpened:
    """The first row: what this journal is for. `previous_head` links to the journal it follows."""

    kind: Literal["journal_opened"] = "journal_opened"
    mode: str
    household: str
    account_numbers: tuple[str, ...]
    epoch: str
    code_version: str
    previous_head: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRestored:
    """A copy took the place of the journal: ids of orders carry `epoch` from here on.

    `backup` names the copy and `backup_head` its last row's hash; `replaced_row` and `replaced_head`
    are what the anchor knew of the journal it replaces, 0 and "" when there was none.
    """

    kind: Literal["journal_restored"] = "journal_restored"
    epoch: str
    backup: str
    backup_head: str
    replaced_row: int
    replaced_head: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAdopted:
    """An order of ours at the broker that no leg knows, taken over after a person has looked.

    It happens after a restore: the order is younger than the copy. Its executions are booked next.
    """

    kind: Literal["order_adopted"] = "order_adopted"
    account: str
    order: Order
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonStarted:
    """A daemon took the lease; `configuration` refers to the settings' text without secrets.

    `after_crash` says that the one before it was cut off: it left no `DaemonStopped`.
    """

    kind: Literal["daemon_started"] = "daemon_started"
    code_version: str
    configuration: Ref
    session: date
    simulated: bool
    after_crash: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationChanged:
    """Other settings are in force from here on; `changes` says in words what is different."""

    kind: Literal["configuration_changed"] = "configuration_changed"
    configuration: Ref
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonStopped:
    """A clean end; a start without it before means that the last one was cut off."""

    kind: Literal["daemon_stopped"] = "daemon_stopped"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleDecided:
    """One look and its answer, with all that is needed to reach the same answer again."""

    kind: Literal["cycle_decided"] = "cycle_decided"
    cycle: int
    wake: Wake
    session: date
    snapshot: Ref
    policy: Ref
    memory: Ref
    limits: Ref
    decision: Decision
    verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleFailed:
    """A look that could not be finished: what was missing and what happens next."""

    kind: Literal["cycle_failed"] = "cycle_failed"
    wake: Wake
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested:
    """A proposal waits for a person until `expires_at`; it replaces any older one."""

    kind: Literal["approval_requested"] = "approval_requested"
    cycle: int
    proposal_hash: str
    expires_at: datetime
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalEnded:
    """What became of a waiting proposal. `by` is who said it, "trimtab" when nobody did."""

    kind: Literal["approval_ended"] = "approval_ended"
    proposal_hash: str
    outcome: Literal["granted", "rejected", "expired", "replaced", "withdrawn"]
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOpened:
    """A plan was accepted: what it may trade, and until when."""

    kind: Literal["run_opened"] = "run_opened"
    run: Run
    accepted_by: str
    flows: tuple[str, ...] = ()
    """Ids of the deposits and withdrawals that the run answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """A run is over; the rest period starts in `session`."""

    kind: Literal["run_ended"] = "run_ended"
    run: int
    session: date
    outcome: Literal["complete", "expired", "halted", "withdrawn"]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegPlanned:
    """The intent, written before anything is sent."""

    kind: Literal["leg_planned"] = "leg_planned"
    leg: Leg


@dataclass(frozen=True, slots=True, kw_only=True)
class LegMoved:
    """A leg went from one state to another, or filled further in the same one."""

    kind: Literal["leg_moved"] = "leg_moved"
    client_order_id: str
    before: LegState
    after: LegState
    sends: int
    sent_at: datetime | None
    broker_order_id: str | None
    filled_quantity: Quantity
    filled_average_price: Price | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FillBooked:
    """One execution, booked once, of an order of ours or of a person's."""

    kind: Literal["fill_booked"] = "fill_booked"
    fill: Fill
    client_order_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowSeen:
    """Cash or holdings moved without an order: deposit, dividend, fee, split."""

    kind: Literal["flow_seen"] = "flow_seen"
    flow: CashFlow


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsAccepted:
    """Holdings that we did not make, taken as they are; `gone` is what vanished was last worth.

    `renamed` maps a symbol of `gone` to the one that its units are listed under now, with their lots.
    """

    kind: Literal["positions_accepted"] = "positions_accepted"
    account: str
    quantities: dict[str, Quantity]
    reason: str
    average_costs: dict[str, Price] = field(default_factory=dict)  # of lots that nobody knows
    gone: dict[str, Money] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fenced:
    """A symbol is not traded for now."""

    kind: Literal["fenced"] = "fenced"
    fence: Fence


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfenced:
    """A symbol may be traded again."""

    kind: Literal["unfenced"] = "unfenced"
    account: str
    symbol: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """Nothing is sent any more until a person resumes."""

    kind: Literal["halted"] = "halted"
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """A person cleared the halt and said why."""

    kind: Literal["resumed"] = "resumed"
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something a person should know. `page` needs an answer, `info` goes into a digest.

    `name` is the runbook's heading; the same name and scope is raised once until it is cleared.
    """

    kind: Literal["alarm"] = "alarm"
    name: str
    level: Literal["page", "info"]
    text: str
    scope: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCleared:
    """What an alarm told of is over."""

    kind: Literal["alarm_cleared"] = "alarm_cleared"
    name: str
    scope: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmAcknowledged:
    """A person has seen an alarm and will deal with it; it is not told again, and stays open."""

    kind: Literal["alarm_acknowledged"] = "alarm_acknowledged"
    name: str
    scope: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed:
    """The value at a close, for reports: one row a session."""

    kind: Literal["session_closed"] = "session_closed"
    session: date
    equity: Money
    cash: Money
    weights: dict[str, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewWritten:
    """The letter about a period, as it went out: `period` is 2026-11, `lines` are sentences."""

    kind: Literal["review_written"] = "review_written"
    period: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialChanged:
    """A policy went on trial after `session`, or with `policy` None off it. It never sends an order."""

    kind: Literal["trial_changed"] = "trial_changed"
    name: str
    policy: Ref | None
    session: date
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOrder:
    """What a policy on trial would have traded in `session`, at the prices of that session's look."""

    session: date
    account: str
    symbol: str
    side: Side
    quantity: Quantity
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialLooked:
    """What a policy on trial would have done since its last row, through `session`; `value` and
    `drift` (a fraction) are of its own holdings at that session's look."""

    kind: Literal["trial_looked"] = "trial_looked"
    name: str
    session: date
    orders: tuple[TrialOrder, ...]
    reason: str
    value: Money
    drift: Weight


Event = (
    JournalOpened
    | JournalRestored
    | OrderAdopted
    | DaemonStarted
    | ConfigurationChanged
    | DaemonStopped
    | CycleDecided
    | CycleFailed
    | ApprovalRequested
    | ApprovalEnded
    | RunOpened
    | RunEnded
    | LegPlanned
    | LegMoved
    | FillBooked
    | FlowSeen
    | PositionsAccepted
    | GiftMoved
    | LotsImported
    | TicketAnswered
    | WashAllowed
    | Fenced
    | Unfenced
    | CashReserved
    | ReservationCancelled
    | Halted
    | Resumed
    | Alarm
    | AlarmCleared
    | AlarmAcknowledged
    | SessionClosed
    | ReviewWritten
    | TrialChanged
    | TrialLooked
    | TargetChanged
)
