"""Replaying: make every table again from the chain alone and compare with the tables as they are."""

from dataclasses import dataclass

from sqlalchemy import Connection, Table, create_engine, select
from sqlalchemy.pool import StaticPool

from daemon.journal.audit import chain_rows
from daemon.journal.chain import instant_of
from daemon.journal.codec import decode_event
from daemon.journal.projection import Place, project
from daemon.journal.store import JournalStore
from daemon.journal.tables import METADATA, PROJECTIONS


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
            METADATA.create_all(replayed)  # no triggers, and foreign keys are off: no documents
            for row in chain_rows(journal.database):
                place = Place(seq=row.seq, at=instant_of(row.at))
                project(replayed, place, decode_event(row.kind, row.body))
            with journal.database.using() as stored:
                return tuple(d for table in PROJECTIONS for d in _compared(table, stored, replayed))
    finally:
        engine.dispose()


def _compared(table: Table, stored: Connection, replayed: Connection) -> list[Difference]:
    before, after = _rows(table, stored), _rows(table, replayed)
    return [
        Difference(table=table.name, key=key, stored=before.get(key), replayed=after.get(key))
        for key in sorted(set(before) | set(after), key=repr)
        if before.get(key) != after.get(key)
    ]


def _rows(table: Table, connection: Connection) -> dict[tuple[object, ...], tuple[object, ...]]:
    width = len(table.primary_key.columns)
    chosen = select(*table.primary_key.columns, *table.columns)
    return {tuple(row[:width]): tuple(row[width:]) for row in connection.execute(chosen)}
