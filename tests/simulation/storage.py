"""The journal on a simulated disk: the real store in memory, whose commits can be made to fail."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from daemon.journal import schema
from daemon.journal.database import Database
from daemon.journal.store import JournalStore
from daemon.journal.writing import Render, Writer
from daemon.machine.clocks import SteppedClock
from portfolio.canonical import Document
from portfolio.events import Event, JournalOpened
from portfolio.ports import Clock, JournalUnwritable

IDENTITY = JournalOpened(
    mode="paper",
    household="sim",
    account_numbers=("SIM-main",),
    epoch="simu",
    code_version="0",
)


class Disk:
    """One SQLite database in memory for the process, set back to an empty journal for each seed."""

    def __init__(self, opened_at: datetime) -> None:
        self.raw = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        for pragma in ("foreign_keys = ON", "recursive_triggers = ON"):
            self.raw.execute(f"PRAGMA {pragma}")
        engine = create_engine("sqlite://", creator=lambda: self.raw, poolclass=StaticPool)
        self.database = Database(engine, where="the simulated disk", path=None, readonly=False)
        schema.bring_up_to_date(self.database, schema.version_of(self.database))
        writer = Writer(
            self.database, chain="sim", clock=SteppedClock(opened_at), render=lambda _: ()
        )
        writer.append((IDENTITY,), (), "trimtab")
        self._empty = self.raw.serialize()

    def wipe(self) -> None:
        """An empty journal, as it was opened."""
        self.raw.deserialize(self._empty)

    def open(self, clock: Clock, render: Render) -> JournalStore:
        """The store as a process that starts opens it."""
        writer = Writer(self.database, chain="sim", clock=clock, render=render)
        return JournalStore(self.database, IDENTITY, writer=writer)


@cache
def the_disk(opened_at: datetime) -> Disk:
    """This process's disk."""
    return Disk(opened_at)


class SimulatedJournal:
    """`ports.Journal`: every commit passes two hooks, and fails when the world says so."""

    def __init__(
        self,
        store: JournalStore,
        hook: Callable[[str], None],
        fails: Callable[[], str],
    ) -> None:
        self._store = store
        self._hook = hook
        self._fails = fails
        for name in _READS:
            setattr(self, name, getattr(store, name))

    def append(
        self, *events: Event, documents: Sequence[Document] = (), actor: str = "trimtab"
    ) -> int:
        """Commit; `commit fails` keeps nothing, `commit unanswered` keeps it and says it did not."""
        what = events[0].kind if events else "nothing"
        self._hook(f"journal: before {what}")
        how = self._fails()
        if how == "commit fails":
            raise JournalUnwritable("the simulated disk is full")
        seq = self._store.append(*events, documents=documents, actor=actor)
        if how == "commit unanswered":
            raise JournalUnwritable("the simulated disk does not answer")
        self._hook(f"journal: after {what}")
        return seq

    def tick(self, at: datetime) -> None:
        if self._fails() == "commit fails":
            raise JournalUnwritable("the simulated disk is full")
        self._store.tick(at)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


_READS = (
    *("head", "events", "cycle", "cycles", "legs", "leg", "fills", "flows", "open_run"),
    *("pending_approval", "positions", "lots", "open_alarms", "fences", "next_cycle", "next_run"),
)
"""Asked for so often that finding them through `__getattr__` would be felt."""
