"""Replaying: make every table again from the chain alone and compare with the tables as they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from sqlalchemy import Connection, Table, create_engine, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateIndex, CreateTable

from daemon.journal.audit import chain_rows
from daemon.journal.chain import instant_of
from daemon.journal.codec import decode_event
from daemon.journal.prepared import Prepared
from daemon.journal.projection import Place, project
from daemon.journal.store import JournalStore
from daemon.journal.tables import PROJECTIONS

_ROWS: Mapping[str, Prepared] = {
    table.name: Prepared(select(table).order_by(*table.primary_key.columns))
    for table in PROJECTIONS
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A row of a table that is not what the chain makes of it; None where there is no such row."""

    table: str
    key: tuple[object, ...]
    stored: tuple[object, ...] | None
    replayed: tuple[object, ...] | None


def rebuild(journal: JournalStore) -> tuple[Difference, ...]:
    """Replay the chain into an empty database in memory; what differs, in order of table and key.

    Raises `BrokenInvariant` when the chain contradicts itself, `Undecodable` for a row it cannot
    read. Verify the chain first: this trusts it.
    """
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.connect() as replayed:
            # No triggers, and foreign keys are off: there are no documents.
            replayed.connection.cursor().executescript(_empty_tables())
            for row in chain_rows(journal.database):
                place = Place(seq=row.seq, at=instant_of(row.at))
                project(replayed, place, decode_event(row.kind, row.body))
            with journal.database.using() as stored:
                return tuple(d for table in PROJECTIONS for d in _compared(table, stored, replayed))
    finally:
        engine.dispose()


@cache
def _empty_tables() -> str:
    """The statements that make them; SQLAlchemy's own way puts them together anew each time."""
    dialect = sqlite.dialect()
    made = [str(CreateTable(table).compile(dialect=dialect)) for table in PROJECTIONS]
    indexes = (index for table in PROJECTIONS for index in table.indexes)
    made += [str(CreateIndex(index).compile(dialect=dialect)) for index in indexes]
    return ";\n".join(made) + ";"


def _compared(table: Table, stored: Connection, replayed: Connection) -> list[Difference]:
    if stored.dialect.name == replayed.dialect.name and _is_equal(table, stored, replayed):
        return []
    before, after = _rows(table, stored), _rows(table, replayed)
    return [
        Difference(table=table.name, key=key, stored=before.get(key), replayed=after.get(key))
        for key in sorted(set(before) | set(after), key=repr)
        if before.get(key) != after.get(key)
    ]


def _is_equal(table: Table, stored: Connection, replayed: Connection) -> bool:
    """Whether both hold the same texts: then nobody needs to read what they mean."""
    chosen = _ROWS[table.name]
    return chosen.raw(stored, {}) == chosen.raw(replayed, {})


def _rows(table: Table, connection: Connection) -> dict[tuple[object, ...], tuple[object, ...]]:
    names = table.columns.keys()
    key = [names.index(column.key) for column in table.primary_key.columns]
    found = (tuple(row) for row in _ROWS[table.name].all(connection, {}))
    return {tuple(row[place] for place in key): row for row in found}
