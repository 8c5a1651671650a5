"""Copies of a journal: a snapshot into a file while the daemon writes, and a file into a server.

A copy is always an SQLite file, also of a journal on PostgreSQL: the chain is the same text on both.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Table, insert, select, text

from daemon.journal import schema
from daemon.journal.database import BUSY_TIMEOUT_MS, Database, locate, open_server, open_sqlite
from daemon.journal.errors import JournalCorrupt, JournalMissing
from daemon.journal.tables import METADATA
from portfolio.ports import JournalUnwritable

_BATCH = 500
_COUNTED = ("notice", "tick")
"""Tables whose numbers the database draws; a server must go on behind the highest."""


def copy_journal(where: str | Path, copy: Path) -> None:
    """Write a snapshot of a journal into a new file, which is whole and by itself when it returns.

    Raises `JournalMissing`, `JournalCorrupt` or `JournalUnwritable`.
    """
    path, address = locate(where)
    if path is not None:
        _copy_file(path, copy)
        return
    source = open_server(address, readonly=True)
    try:
        _copy_server(source, copy)
    finally:
        source.close()


def _copy_file(path: Path, copy: Path) -> None:
    """SQLite's own way: one read of everything that was committed, whoever writes meanwhile."""
    if not path.exists():
        raise JournalMissing(f"There is no journal at {path}.")
    try:
        with (
            closing(_connect(path, "ro")) as source,
            closing(sqlite3.connect(copy, isolation_level=None)) as target,
        ):
            source.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # no -wal beside a copy
            target.execute("PRAGMA synchronous = FULL")
    except sqlite3.DatabaseError as error:
        if "malformed" in str(error) or "not a database" in str(error):
            raise JournalCorrupt(f"{path} is damaged ({error}).") from error
        raise JournalUnwritable(f"{path} could not be copied to {copy} ({error}).") from error


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)


def _copy_server(source: Database, copy: Path) -> None:
    version = schema.version_of(source)
    if version is None:
        raise JournalMissing(f"There is no journal in {source.where}.")
    schema.check_can_read(source, version)
    target = open_sqlite(copy, readonly=False)
    try:
        schema.bring_up_to_date(target, None)
        with source.using() as reading:
            reading.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                with target.transaction() as writing:
                    _pour(reading, writing)
            finally:
                reading.exec_driver_sql("ROLLBACK")
        with target.using() as done:
            done.exec_driver_sql("PRAGMA journal_mode = DELETE")
    finally:
        target.close()


def load_into_server(copy: Path, address: str) -> None:
    """Fill an empty schema from a copy, in one transaction. Raises `JournalUnwritable`."""
    source, target = open_sqlite(copy, readonly=True), open_server(address, readonly=False)
    try:
        version = schema.version_of(source)
        if version is None:
            raise JournalMissing(f"There is no journal in {copy}.")
        schema.check_can_read(source, version)
        if schema.version_of(target) is not None:
            raise JournalUnwritable(f"{target.where} holds a journal already: name an empty schema")
        schema.bring_up_to_date(target, None)
        with target.transaction() as writing, source.using() as reading:
            _pour(reading, writing)
            for table in _COUNTED:
                highest = f"SELECT setval(pg_get_serial_sequence('{table}', 'number'), max(number))"
                writing.execute(text(f"{highest} FROM {table} HAVING max(number) IS NOT NULL"))
    finally:
        source.close()
        target.close()


def _pour(reading: Connection, writing: Connection) -> None:
    for table in METADATA.sorted_tables:
        for rows in _batches(reading, table):
            writing.execute(insert(table), rows)


def _batches(reading: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    """A table's rows in the order of its first key column; the chain alone may be too long for once."""
    key = next(iter(table.primary_key.columns))
    pages = len(table.primary_key.columns) == 1
    chosen = select(table).order_by(*table.primary_key.columns)
    after: Any = None
    while True:
        asked = chosen if after is None else chosen.where(key > after)
        rows = [
            dict(row._mapping) for row in reading.execute(asked.limit(_BATCH) if pages else asked)
        ]
        if rows:
            yield rows
        if not pages or len(rows) < _BATCH:
            return
        after = rows[-1][key.name]
