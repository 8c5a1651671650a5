"""One journal for every test, on SQLite always and on PostgreSQL where there is one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from daemon.journal.opening import open_journal, open_journal_reader
from daemon.journal.store import JournalStore
from daemon.journal.writing import Render
from daemon.machine.clocks import SteppedClock
from portfolio.events import JournalOpened
from tests.support.journals import IDENTITY, nothing_to_tell, stepped
from tests.support.postgres_server import fresh_schema


@dataclass(slots=True)
class Place:
    """Where a test's journals are. Everything opened through it is closed after the test."""

    where: str | Path
    anchored_in: Path
    clock: SteppedClock = field(default_factory=stepped)
    _open: list[JournalStore] = field(default_factory=list)

    @property
    def is_sqlite(self) -> bool:
        return isinstance(self.where, Path)

    def open(
        self,
        render: Render = nothing_to_tell,
        identity: JournalOpened | None = IDENTITY,
    ) -> JournalStore:
        return self._kept(
            open_journal(
                self.where,
                clock=self.clock,
                render=render,
                identity=identity,
                anchored_in=self.anchored_in,
            )
        )

    def read(self) -> JournalStore:
        return self._kept(open_journal_reader(self.where, anchored_in=self.anchored_in))

    def _kept(self, store: JournalStore) -> JournalStore:
        self._open.append(store)
        return store

    def close(self) -> None:
        while self._open:
            self._open.pop().close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    anchored_in = tmp_path / "journal.db.anchor"
    if request.param == "sqlite":
        made = Place(where=tmp_path / "journal.db", anchored_in=anchored_in)
        yield made
        made.close()
        return
    with fresh_schema(request.getfixturevalue("postgres")) as where:
        made = Place(where=where, anchored_in=anchored_in)
        yield made
        made.close()


@pytest.fixture
def journal(place: Place) -> JournalStore:
    return place.open()


Tampering = Callable[..., None]


@pytest.fixture
def tamper(place: Place) -> Tampering:
    """Change the database behind the journal's back, its triggers out of the way."""

    def do(*statements: str) -> None:
        if place.is_sqlite:
            import sqlite3
            from contextlib import closing

            with closing(sqlite3.connect(place.where)) as connection:
                names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
                for (name,) in names.fetchall():
                    connection.execute(f"DROP TRIGGER {name}")
                for statement in statements:
                    connection.execute(statement)
                connection.commit()
            return
        import psycopg

        with psycopg.connect(str(place.where)) as connection:
            for table in ("audit", "document"):
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for statement in statements:
                connection.execute(statement)

    return do
