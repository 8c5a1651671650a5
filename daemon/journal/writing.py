"""Appending: events, the tables made of them, their documents and notices, in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, Text, bindparam, exists, insert, select

from daemon.journal import outbox, queries
from daemon.journal.chain import GENESIS, ChainRow, instant_text
from daemon.journal.database import Database
from daemon.journal.prepared import Prepared
from daemon.journal.projection import Place, project
from daemon.journal.tables import AUDIT, DOCUMENT
from daemon.protocol import BrokenInvariant
from portfolio.canonical import Document, canonical
from portfolio.events import Event
from portfolio.ports import Clock, JournalUnwritable
from portfolio.records import Notice, Recorded

Render = Callable[[Recorded], Sequence[Notice]]

_KEEP_REFS = 256
_INSERT_AUDIT = Prepared(insert(AUDIT))
_KEEP_DOCUMENT = Prepared(
    insert(DOCUMENT).from_select(
        ("ref", "body"),
        select(bindparam("ref", type_=Text), bindparam("body", type_=Text)).where(
            ~exists().where(DOCUMENT.c.ref == bindparam("ref", type_=Text))
        ),
    )
)


class Writer:
    """The one that extends the chain. It remembers the chain's head between two appends."""

    def __init__(self, database: Database, *, chain: str, clock: Clock, render: Render) -> None:
        """`chain` names the household; `clock` stamps the rows; `render` words the notices."""
        self._database = database
        self._chain = chain
        self.clock = clock
        self._render = render
        self._head: tuple[int, str] | None = None
        self._refs: set[str] = set()
        self._is_alone = True
        self._paged = False

    @property
    def head(self) -> tuple[int, str] | None:
        """Number and hash of the last row it wrote; None before the first, or after a failure."""
        return self._head

    def has_paged(self) -> bool:
        """Whether the last append queued an urgent notice; asking forgets it."""
        paged, self._paged = self._paged, False
        return paged

    def append(self, events: Sequence[Event], documents: Sequence[Document], actor: str) -> int:
        """Commit all of it or nothing; the last sequence number.

        Raises `JournalUnwritable` or `BrokenInvariant`.
        """
        now = self.clock.now()
        if now.tzinfo is None:
            raise ValueError(f"the clock says {now!r}, without a time zone")
        now = now.astimezone(UTC)
        texts = {document.ref: document.text for document in documents}
        with self._database.exclusive():
            before = self._head or self._head_in_database()
            self._head = None  # until the commit is known to have happened
            head = before
            try:
                with self._database.transaction() as tables:
                    self._check_alone()
                    self._keep_documents(tables, texts)
                    for event in events:
                        head = self._record(tables, head, now, actor, event)
            except JournalUnwritable:
                if not self._did_commit(before, head):
                    raise
            except BrokenInvariant:
                self._is_alone = self._head_in_database() == before
                self._check_alone()
                raise
            self._head = head
            self._refs = {*texts, *self._refs} if len(self._refs) < _KEEP_REFS else set(texts)
        return head[0]

    def _check_alone(self) -> None:
        """A second writer is found when its rows collide with ours. Then this one is done for."""
        if not self._is_alone:
            raise JournalUnwritable(
                f"another process has written to {self._database.where}; only one daemon may write"
            )

    def _head_in_database(self) -> tuple[int, str]:
        return queries.head(self._database) or (0, GENESIS)

    def _record(
        self, tables: Connection, head: tuple[int, str], at: datetime, actor: str, event: Event
    ) -> tuple[int, str]:
        """One event's projection, row and notices; the new head, the old one when it is no news."""
        seq = head[0] + 1
        if not project(tables, Place(seq=seq, at=at), event):
            return head
        columns = {
            "chain": self._chain,
            "seq": seq,
            "at": instant_text(at),
            "actor": actor,
            "kind": event.kind,
            "body": canonical(event),
            "prev": head[1],
        }
        columns["hash"] = ChainRow(**columns, hash="").proper_hash()  # type: ignore[arg-type]
        _INSERT_AUDIT.run(tables, columns)
        now_head = str(columns["hash"])
        recorded = Recorded(seq=seq, at=at, actor=actor, event=event, hash=now_head)
        notices = self._notices(recorded)
        self._paged |= any(notice.urgent for notice in notices)
        outbox.queue(tables, notices, at)
        return seq, now_head

    def _notices(self, recorded: Recorded) -> Sequence[Notice]:
        """What to tell of a row. A fault in the wording must not keep a fact out of the journal."""
        try:
            return self._render(recorded)
        except Exception as error:  # noqa: BLE001  told to the person instead
            what = f"row {recorded.seq} ({recorded.event.kind}): {type(error).__name__}: {error}"
            return [
                Notice(
                    key=f"unworded-{recorded.seq}",
                    urgent=True,
                    title="A notice could not be worded",
                    body=f"See the journal, {what}",
                )
            ]

    def _keep_documents(self, tables: Connection, texts: Mapping[str, str]) -> None:
        for ref, text in texts.items():
            if ref not in self._refs:
                _KEEP_DOCUMENT.run(tables, {"ref": ref, "body": text})

    def _did_commit(self, before: tuple[int, str], head: tuple[int, str]) -> bool:
        """Whether a server took the commit although its answer was lost."""
        if self._database.is_sqlite or head == before:
            return False
        try:
            return self._head_in_database() == head
        except JournalUnwritable:
            return False
