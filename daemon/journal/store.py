"""The journal's store. It loads SQLModel: import what opens one inside the function that does.

from daemon.journal.opening import open_journal, open_journal_reader
journal = open_journal(
    "state/journal.db",             # a path, or "postgresql://user@host/database"
    clock=clock,                    # portfolio.ports.Clock
    render=render,                  # Callable[[Recorded], Sequence[Notice]], pure
    identity=JournalOpened(...),    # what it is for; the first opening writes it as row 1
)
reader = open_journal_reader("state/journal.db")    # a JournalReader; also while a daemon writes
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import bindparam, delete, insert

from daemon.journal import outbox, queries, reminders
from daemon.journal.anchor import Anchor, write_anchor
from daemon.journal.cycle_book import CycleBook
from daemon.journal.database import Database
from daemon.journal.errors import JournalCorrupt
from daemon.journal.kept import ALARMS, APPROVALS, FENCES, HOLDINGS, LEGS, RUNS, Answer, Kept
from daemon.journal.leg_book import LegBook
from daemon.journal.prepared import Prepared
from daemon.journal.tables import TICK
from daemon.journal.writing import Writer
from portfolio.canonical import Document
from portfolio.decisions import Run
from portfolio.events import Alarm, Event, FillBooked, JournalOpened
from portfolio.lots import Lot
from portfolio.memory import CashFlow, Fence
from portfolio.money import Quantity
from portfolio.orders import Leg
from portfolio.ports import JournalUnwritable
from portfolio.records import CycleRecord, PendingApproval, QueuedNotice, Recorded

_INSERT_TICK = Prepared(insert(TICK).values(at=bindparam("at")).inline())
_DROP_OLD_TICKS = Prepared(delete(TICK).where(TICK.c.at < bindparam("before")))
KEEP_TICKS = timedelta(days=400)
"""Ticks are the only rows that are ever pruned."""


class JournalStore:
    """`portfolio.ports.Journal` on a database; without a writer its `JournalReader` half only.

    Threads may share it; their calls are done one at a time.
    """

    def __init__(
        self,
        database: Database,
        identity: JournalOpened,
        *,
        writer: Writer | None = None,
        anchored_in: Path | None = None,
    ) -> None:
        """Use `open_journal` or `open_journal_reader`."""
        self.database = database
        self.anchored_in = anchored_in
        self._identity = identity
        self._writer = writer
        self._on_page: Callable[[], None] | None = None
        self._kept = Kept()
        self._legs = None if writer is None else LegBook(database, writer.clock)
        self._cycles = None if writer is None else CycleBook(database)
        self._pruned_on: date | None = None

    def close(self) -> None:
        """Give the database back."""
        self.database.close()

    # --- the reader's half -------------------------------------------------------------------

    def identity(self) -> JournalOpened:
        """What the journal is for."""
        return self._identity

    def head(self) -> tuple[int, str]:
        """Sequence number and hash of the last row of the chain."""
        if self._writer is not None and self._writer.head is not None:
            return self._writer.head
        found = queries.head(self.database)
        if found is None:
            raise JournalCorrupt(f"{self.database.where} has lost its chain")
        return found

    def events(
        self, *kinds: str, after: int = 0, limit: int | None = None, newest_first: bool = False
    ) -> Sequence[Recorded]:
        """Recorded events of the given kinds (all when none is given) with seq > after."""
        return self._ask(
            ("events", kinds, after, limit, newest_first),
            kinds,
            lambda: queries.events(
                self.database, *kinds, after=after, limit=limit, newest_first=newest_first
            ),
        )

    def cycle(self, number: int) -> CycleRecord | None:
        """One look."""
        return self._ask(
            ("cycle", number),
            ("cycle_decided",),
            lambda: queries.cycle(self.database, number),
        )

    def cycles(self, *, limit: int = 20, before: datetime | None = None) -> Sequence[CycleRecord]:
        """The latest looks at or before `before`, newest first."""
        if before is None and self._cycles is not None:
            return self._cycles.latest(limit)
        return queries.cycles(self.database, limit=limit, before=before)

    def document(self, ref: str) -> str:
        """The canonical JSON stored under a reference; raises `KeyError`."""
        return queries.document(self.database, ref)

    def legs(
        self, *, run: int | None = None, live: bool = False, since: datetime | None = None
    ) -> Sequence[Leg]:
        """Legs in order of planning; `live` only those not terminal, `since` by planning time."""
        if self._legs is not None:
            known = self._legs.legs(run=run, live=live, since=since)
            if known is not None:
                return known
        return self._ask(
            ("legs", run, live, since),
            LEGS,
            lambda: queries.legs(self.database, run=run, live=live, since=since),
        )

    def leg(self, client_order_id: str) -> Leg | None:
        """One leg."""
        known = None if self._legs is None else self._legs.leg(client_order_id)
        return known or queries.leg(self.database, client_order_id)

    def fills(
        self, *, client_order_id: str | None = None, since: datetime | None = None
    ) -> Sequence[FillBooked]:
        """Booked executions in order; `since` by the time of execution."""
        return self._ask(
            ("fills", client_order_id, since),
            ("fill_booked",),
            lambda: queries.fills(self.database, client_order_id=client_order_id, since=since),
        )

    def flows(self, *, since: date | None = None) -> Sequence[CashFlow]:
        """Flows in the order in which they were seen; `since` by booking date."""
        return self._ask(
            ("flows", since),
            ("flow_seen",),
            lambda: queries.flows(self.database, since=since),
        )

    def open_run(self) -> Run | None:
        """The run under way."""
        return self._ask(
            "open run",
            RUNS,
            lambda: queries.open_run(self.database),
        )

    def pending_approval(self) -> PendingApproval | None:
        """The proposal that waits; at most one."""
        return self._ask(
            "pending approval",
            APPROVALS,
            lambda: queries.pending_approval(self.database),
        )

    def positions(self, account: str) -> Mapping[str, Quantity]:
        """What the account should hold; below zero when more was sold than was known."""
        return self._ask(
            ("positions", account),
            HOLDINGS,
            lambda: queries.positions(self.database, account),
        )

    def lots(self, account: str) -> Sequence[Lot]:
        """The lot ledger of an account, first in first out within a symbol."""
        return self._ask(
            ("lots", account),
            HOLDINGS,
            lambda: queries.lots(self.database, account),
        )

    def fences(self, at: datetime) -> Sequence[Fence]:
        """Fences still up at an instant; one symbol may have several, for several reasons."""
        standing = self._ask("fences", FENCES, lambda: queries.fences(self.database))
        return [fence for fence in standing if fence.until is None or fence.until > at]

    def open_alarms(self) -> Sequence[Alarm]:
        """Alarms raised and not cleared; of one name and scope the latest."""
        return self._ask(
            "open alarms",
            ALARMS,
            lambda: queries.open_alarms(self.database),
        )

    def last_tick(self) -> datetime | None:
        """When the daemon last looked at what is due."""
        return queries.last_tick(self.database)

    def _ask(self, question: object, kinds: Sequence[str], ask: Callable[[], Answer]) -> Answer:
        """Ask the database, or in the daemon keep an answer until one of `kinds` is appended."""
        if self._writer is None or not kinds:
            return ask()
        return self._kept.answer(question, kinds, ask)

    # --- the daemon's half -------------------------------------------------------------------

    def append(
        self, *events: Event, documents: Sequence[Document] = (), actor: str = "trimtab"
    ) -> int:
        """Commit events, their tables, their documents and their notices in one transaction.

        Returns the last sequence number. A fill or flow booked before is no news and gets no row.
        Raises `JournalUnwritable`, or `BrokenInvariant` for an event that contradicts the journal,
        and then nothing was kept.
        """
        if self._writer is None or self._legs is None or self._cycles is None:
            raise JournalUnwritable(f"{self.database.where} was opened for reading only")
        try:
            seq = self._writer.append(events, documents, actor)
        except BaseException:
            self._forget()
            raise
        self._kept.appended(events)
        self._legs.appended(events)
        self._cycles.appended(events)
        if self._writer.has_paged() and self._on_page is not None:
            # The rows are kept: what the hearer cannot write is found by the next append.
            with suppress(JournalUnwritable):
                self._on_page()
        return seq

    def tell_pages_at_once(self, hear: Callable[[], None]) -> None:
        """Have `hear` called after every commit that queued an urgent notice, on the thread of it.

        A look that waits for a silent broker may take minutes; its pages do not wait for its end.
        """
        self._on_page = hear

    def _forget(self) -> None:
        self._kept.forget()
        if self._legs is not None:
            self._legs.forget()
        if self._cycles is not None:
            self._cycles.forget()

    def next_cycle(self) -> int:
        """The number of the next look, from 1."""
        return queries.next_cycle(self.database)

    def next_run(self) -> int:
        """The number of the next run, from 1."""
        return queries.next_run(self.database)

    def tick(self, at: datetime) -> None:
        """Leave one row: the daemon was here. Once a day rows older than `KEEP_TICKS` go."""
        day = at.astimezone(UTC).date()
        self.database.write(_INSERT_TICK, {"at": at})
        if self._pruned_on != day:
            self.database.write(_DROP_OLD_TICKS, {"before": at - KEEP_TICKS})
        self._pruned_on = day

    def anchor(self, at: datetime) -> None:
        """Keep the chain's head in the file beside the database. Raises `JournalUnwritable`."""
        if self.anchored_in is None:
            return
        seq, row_hash = self.head()
        try:
            write_anchor(self.anchored_in, Anchor(seq=seq, hash=row_hash, at=at))
        except OSError as error:
            raise JournalUnwritable(f"the anchor {self.anchored_in}: {error.strerror}") from error

    def due_notices(self, now: datetime, limit: int = 20) -> Sequence[QueuedNotice]:
        """Undelivered notices whose next try is due, oldest first."""
        return outbox.due(self.database, now, limit)

    def remind(self, now: datetime, every: timedelta, seen: frozenset[tuple[str, str]]) -> int:
        """Queue the notices of open pages again, but of those that a person has seen."""
        return reminders.remind(self.database, now, every, seen)

    def notice_delivered(self, number: int, at: datetime) -> None:
        """A notice went out."""
        outbox.delivered(self.database, number, at)

    def notice_failed(self, number: int, error: str, next_try_at: datetime) -> None:
        """A notice did not go out."""
        outbox.failed(self.database, number, error, next_try_at)
