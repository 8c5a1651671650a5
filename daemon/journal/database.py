"""One connection to one database: how it is opened, locked, and what its errors mean.

SQLite is opened as reliability's B7 asks: WAL, synchronous=FULL, BEGIN IMMEDIATE, one writer. Readers
open the file read-only. The connection is in autocommit; transactions are begun and ended by hand.
"""

import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Executable, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import StaticPool

from daemon.journal.errors import JournalCorrupt
from daemon.journal.prepared import Prepared
from daemon.protocol import BrokenInvariant
from portfolio.ports import JournalUnwritable

BUSY_TIMEOUT_MS = 5_000
IN_MEMORY = Path(":memory:")
T = TypeVar("T")


class Database:
    """One connection, used by one thread at a time. `where` names it in errors, without a secret."""

    def __init__(self, engine: Engine, *, where: str, path: Path | None, readonly: bool) -> None:
        """Connect; raises `JournalCorrupt` or `JournalUnwritable`."""
        self.where = where
        self.path = path
        self.readonly = readonly
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._engine = engine
        self._driver: Any = engine.dialect.loaded_dbapi
        self._lock = threading.RLock()
        with self._explained():
            self._connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def exclusive(self) -> AbstractContextManager[object]:
        """Keep other threads out for several calls."""
        return self._lock

    @contextmanager
    def using(self) -> Iterator[Connection]:
        """The connection, outside a transaction, its errors explained."""
        with self._lock, self._explained():
            try:
                yield self._connection
            except self._driver.Error as error:
                self._drop_when_gone(error)
                raise

    def _drop_when_gone(self, error: Any) -> None:
        """What SQLAlchemy does by itself for its own statements: a lost connection is made anew."""
        if self._connection.invalidated:
            return
        driver = self._connection.connection.dbapi_connection
        if self._engine.dialect.is_disconnect(error, driver, None):
            self._connection.invalidate(error)
            self._connection.rollback()

    def rows(
        self, statement: Executable | Prepared, parameters: Mapping[str, object] | None = None
    ) -> Sequence[Any]:
        """Everything a query finds."""
        if isinstance(statement, Prepared):
            return self._asked(statement.all, parameters or {})
        with self.using() as connection:
            return connection.execute(statement, parameters or {}).all()

    def first(
        self, statement: Executable | Prepared, parameters: Mapping[str, object] | None = None
    ) -> Any | None:
        """The first row a query finds."""
        if isinstance(statement, Prepared):
            return self._asked(statement.first, parameters or {})
        with self.using() as connection:
            return connection.execute(statement, parameters or {}).first()

    def write(self, statement: Prepared, values: Mapping[str, object]) -> None:
        """One statement that is a transaction of its own, committed with sync when this returns."""
        if self.readonly:
            raise JournalUnwritable(f"{self.where} was opened for reading only")
        self._asked(statement.run, values)

    def _asked(
        self, ask: Callable[[Connection, Mapping[str, object]], T], values: Mapping[str, object]
    ) -> T:
        """As within `using`, whose context managers a small question would feel."""
        with self._lock:
            try:
                return ask(self._connection, values)
            except Exception:
                with self.using():
                    raise

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """All of the block or nothing of it; committed, with sync, when the block has ended."""
        if self.readonly:
            raise JournalUnwritable(f"{self.where} was opened for reading only")
        with self.using() as connection:
            try:
                self._say(connection, "BEGIN IMMEDIATE" if self.is_sqlite else "BEGIN")
                yield connection
                self._say(connection, "COMMIT")
            except BaseException:
                self._roll_back(connection)
                raise

    def _say(self, connection: Connection, words: str) -> None:
        """To the driver itself: SQLAlchemy's way costs ten times as much."""
        driver: Any = connection.connection.dbapi_connection
        driver.execute(words).close()

    def _roll_back(self, connection: Connection) -> None:
        """Undo what the driver has begun; a connection that cannot is made anew at its next use."""
        if not connection.invalidated:
            try:
                connection.connection.rollback()
            except self._driver.Error as error:
                connection.invalidate(error)
        connection.rollback()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what an error means, whether it comes through SQLAlchemy or from the driver."""
        try:
            yield
        except (IntegrityError, self._driver.IntegrityError) as error:
            said = error.orig if isinstance(error, IntegrityError) else error
            raise BrokenInvariant(f"the journal refuses it: {said}") from error
        except DBAPIError as error:
            if error.connection_invalidated:
                self._connection.rollback()
            raise _meaning(error.orig, self.where) from error
        except self._driver.Error as error:
            raise _meaning(error, self.where) from error

    def close(self) -> None:
        """End the connection."""
        with self._lock:
            self._connection.close()
            self._engine.dispose()


def _meaning(error: BaseException | None, where: str) -> Exception:
    said = (str(error).strip().splitlines() or ["no reason"])[0]
    if "malformed" in said or "not a database" in said:
        return JournalCorrupt(
            f"{where} is damaged ({said}). Stop trimtab, keep the file, and restore a backup."
        )
    advice = {
        "full": "The disk is full: make room.",
        "readonly": "It may not be written: check the owner and rights of its directory.",
        "read-only": "It may not be written: check the owner and rights of its directory.",
        "locked": "Another process holds it: end that one.",
        "unable to open": "Check that its directory is there and may be written.",
    }
    what_to_do = next((do for sign, do in advice.items() if sign in said), "Nothing was kept.")
    return JournalUnwritable(f"{where} cannot be used ({said}). {what_to_do}")


def locate(where: str | Path) -> tuple[Path | None, str]:
    """The file of an SQLite journal; None and the address of a PostgreSQL server."""
    if isinstance(where, Path) or "://" not in where:
        return Path(where), ""
    url = make_url(where)
    if url.get_backend_name() == "sqlite":
        return Path(url.database or ""), ""
    return None, where


def open_sqlite(path: Path, *, readonly: bool) -> Database:
    """Open a journal's file; a writer creates it, readable by owner and group only.

    `IN_MEMORY` is a journal that nobody else can read and that ends with its connection.
    """
    in_memory = path == IN_MEMORY
    if not readonly and not in_memory:
        _make_or_check(path)

    def connect() -> sqlite3.Connection:
        mode = "memory" if in_memory else "ro" if readonly else "rw"
        connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=BUSY_TIMEOUT_MS / 1000,
        )
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        if readonly:
            connection.execute("PRAGMA query_only = ON")
            return connection
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "recursive_triggers = ON",  # else INSERT OR REPLACE slips past the triggers
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    return Database(engine, where=str(path), path=path, readonly=readonly)


def _make_or_check(path: Path) -> None:
    """Make the file, or see that it may be written: SQLite itself would fall back to reading."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640))
    except FileExistsError:
        effective = os.access in os.supports_effective_ids
        for needed in (path, path.absolute().parent):
            if not os.access(needed, os.W_OK, effective_ids=effective):
                raise _no_writing(needed, "permission denied") from None
    except OSError as error:
        raise _no_writing(path, error.strerror or "unknown reason") from error


def _no_writing(path: Path, reason: str) -> JournalUnwritable:
    return JournalUnwritable(
        f"{path} cannot be written ({reason}). "
        "Check that its directory is there and that trimtab may write in it."
    )


def open_server(address: str, *, readonly: bool) -> Database:
    """Open a journal on PostgreSQL; a writer holds its schema's lock for as long as it lives."""
    url = make_url(address)
    engine = create_engine(url.set(drivername="postgresql+psycopg"), poolclass=StaticPool)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.autocommit = True
        if readonly:
            connection.execute("SET default_transaction_read_only = on")
            return
        connection.execute("SET synchronous_commit = on")
        schema = connection.execute("SELECT current_schema()").fetchone()[0]
        key = int.from_bytes(hashlib.sha256(f"trimtab {schema}".encode()).digest()[:7], "big")
        if not connection.execute(f"SELECT pg_try_advisory_lock({key})").fetchone()[0]:
            raise JournalUnwritable(f"another trimtab writes the journal in schema {schema}")

    shown = url.render_as_string(hide_password=True)
    return Database(engine, where=shown, path=None, readonly=readonly)


def check_is_sound(database: Database) -> None:
    """Let SQLite look at the whole file for damage; raises `JournalCorrupt`."""
    if not database.is_sqlite:
        return
    found = database.rows(text("PRAGMA quick_check(1)"))
    if [tuple(row) for row in found] != [("ok",)]:
        said = str(found[0][0]).splitlines()[0]
        raise JournalCorrupt(
            f"{database.where} is damaged ({said}). Stop trimtab, keep the file, and restore a backup."
        )
