"""What a reader of the journal gets back."""

from dataclasses import dataclass
from datetime import date, datetime

from portfolio.decisions import Decision, Proposal, Verdict
from portfolio.events import Event, Ref
from portfolio.wakes import Wake


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One event with its place in the chain; `actor` is who caused it, `hash` its row's, hex.

    The hash vouches for every row up to this one; empty where nobody gave it.
    """

    seq: int
    at: datetime
    actor: str
    event: Event
    hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRecord:
    """One look as it was recorded; the four references lead to its inputs."""

    cycle: int
    seq: int
    at: datetime
    wake: Wake
    session: date
    decision: Decision
    verdict: Verdict | None
    snapshot: Ref
    policy: Ref
    memory: Ref
    limits: Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingApproval:
    """A proposal that waits for a person."""

    proposal: Proposal
    proposal_hash: str
    cycle: int
    requested_at: datetime
    expires_at: datetime
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message to people: `urgent` ones are pages, the others are news.

    `key` makes it unique: the same key is never queued twice.
    """

    key: str
    urgent: bool
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedNotice:
    """A notice in the outbox."""

    number: int
    notice: Notice
    queued_at: datetime
    tries: int
    next_try_at: datetime
    delivered_at: datetime | None
    last_error: str
