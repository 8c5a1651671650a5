"""The file a simulated account lives in: its entries in one SQLite table, appended and never changed.

Write-ahead log with `synchronous=FULL`: when `append` has returned, the entries survive a killed
process and a power cut. Each append is one transaction.
"""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from brokers.simulated.entries import Entry
from brokers.simulated.entry_text import entry_from_text
from portfolio.canonical import canonical

IN_MEMORY = ":memory:"
SCHEMA_VERSION = 1
APPLICATION_ID = 0x7454_7362  # "tTsb" at byte 68 of the file: a trimtab simulated broker
_CREATE = (
    "CREATE TABLE entries (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL)",
    "CREATE TABLE lived (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), up_to TEXT NOT NULL)",
)
_KEEP_TIME = (
    "INSERT INTO lived VALUES (1, ?) ON CONFLICT DO UPDATE SET up_to = max(up_to, excluded.up_to)"
)


class AccountFileError(Exception):
    """The account's file cannot be used; the message says why and what to do."""


class WrittenElsewhere(Exception):
    """Another process has written entries since we last read; nothing of ours was kept."""


class Store(Protocol):
    """Where the entries of an account are kept."""

    def entries(self) -> Sequence[Entry]:
        """Every entry in order."""
        ...

    def lived_to(self) -> datetime | None:
        """The instant up to which the account has lived, as last kept; None for a new one."""
        ...

    def append(self, after: int, entries: Sequence[Entry], lived_to: datetime) -> None:
        """Keep entries with the numbers after + 1 and on, and the time, all or nothing."""
        ...

    def changed(self) -> bool:
        """Whether another process has committed since `entries` was called."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...


def open_store(path: Path | str, *, read_only: bool) -> Store:
    """The store at a path, or one that is forgotten with the process for `IN_MEMORY`."""
    return MemoryStore() if str(path) == IN_MEMORY else FileStore(Path(path), read_only=read_only)


class MemoryStore:
    """A store that is forgotten with the process."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lived_to: datetime | None = None

    def entries(self) -> Sequence[Entry]:
        """Every entry in order."""
        return tuple(self._entries)

    def lived_to(self) -> datetime | None:
        """The instant last kept."""
        return self._lived_to

    def append(self, after: int, entries: Sequence[Entry], lived_to: datetime) -> None:
        """Keep entries and time."""
        if after != len(self._entries):
            raise WrittenElsewhere
        self._entries.extend(entries)
        self._lived_to = lived_to

    def changed(self) -> bool:
        """Never: nobody else can reach it."""
        return False

    def close(self) -> None:
        """Nothing to give back."""


class FileStore:
    """Opens, and when it is not there makes, the file. `read_only` never writes nor makes it.

    Raises `AccountFileError` for a file of a newer version, of something else, damaged, or closed
    to this user.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self._read_only = read_only
        self._seen_version = -1
        try:
            self._connection = self._connect()
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise self._refused(error) from None

    def entries(self) -> list[Entry]:
        """Every entry in order."""
        try:
            self._seen_version = self._data_version()
            rows = self._connection.execute("SELECT seq, body FROM entries ORDER BY seq").fetchall()
        except sqlite3.Error as error:
            raise self._refused(error) from None
        return [self._entry(place, *row) for place, row in enumerate(rows, start=1)]

    def lived_to(self) -> datetime | None:
        """The instant up to which the account has lived, as last kept; None for a new one."""
        try:
            row = self._connection.execute("SELECT up_to FROM lived").fetchone()
            return None if row is None else datetime.fromisoformat(row[0])
        except (sqlite3.Error, ValueError) as error:
            raise self._refused(error) from None

    def append(self, after: int, entries: Sequence[Entry], lived_to: datetime) -> None:
        """Commit entries with the numbers after + 1 and on, and the time (UTC), all or nothing.

        Raises `WrittenElsewhere` when one of the numbers is taken, `AccountFileError` when nobody
        knows whether they are on disk (disk full, I/O error).
        """
        if self._read_only:
            return
        rows = [(after + i, e.kind, canonical(e)) for i, e in enumerate(entries, start=1)]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT INTO entries VALUES (?, ?, ?)", rows)
            self._connection.execute(_KEEP_TIME, (_sortable(lived_to),))
            self._connection.execute("COMMIT")
        except sqlite3.IntegrityError:
            self._connection.execute("ROLLBACK")
            raise WrittenElsewhere from None
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise self._refused(error) from None

    def changed(self) -> bool:
        """Whether another process has committed since `entries` was called."""
        try:
            return self._data_version() != self._seen_version
        except sqlite3.Error as error:
            raise self._refused(error) from None

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    def _entry(self, place: int, seq: int, body: str) -> Entry:
        try:
            if seq == place:
                return entry_from_text(body)
            why = "it is missing"
        except (ValueError, KeyError, TypeError) as error:
            why = str(error)
        raise AccountFileError(
            f"{self._path}: entry {place} of the simulated account cannot be read ({why});"
            " restore the file from a backup."
        )

    def _connect(self) -> sqlite3.Connection:
        options = {"isolation_level": None, "timeout": 5.0, "check_same_thread": False}
        if self._read_only:
            uri = self._path.absolute().as_uri() + "?mode=ro"
            return sqlite3.connect(uri, uri=True, **options)  # type: ignore[call-overload, no-any-return]
        self._path.touch(mode=0o600)
        return sqlite3.connect(self._path, **options)  # type: ignore[call-overload, no-any-return]

    def _prepare(self) -> None:
        version = self._pragma("user_version")
        application = self._pragma("application_id")
        if version > SCHEMA_VERSION and application == APPLICATION_ID:
            raise AccountFileError(
                f"{self._path} was written by a newer trimtab (version {version} of the file, this"
                f" one knows {SCHEMA_VERSION}); install that version again."
            )
        tables = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if application != APPLICATION_ID and (tables or self._read_only):
            raise AccountFileError(
                f"{self._path} is not the file of a simulated account; name another path."
            )
        if self._read_only:
            return
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        if application != APPLICATION_ID:
            self._make()

    def _make(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        if self._pragma("application_id") != APPLICATION_ID:  # unless another process was faster
            for statement in _CREATE:
                self._connection.execute(statement)
            self._connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            self._connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        self._connection.execute("COMMIT")

    def _pragma(self, name: str) -> int:
        return int(self._connection.execute(f"PRAGMA {name}").fetchone()[0])

    def _data_version(self) -> int:
        return self._pragma("data_version")

    def _refused(self, error: Exception) -> AccountFileError:
        return AccountFileError(
            f"{self._path}: the simulated account's file cannot be used ({error});"
            " check that the disk has room and that this user may write there."
        )


def _sortable(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
