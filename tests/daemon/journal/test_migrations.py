"""Migrations: from the first revision on they make the same database as a fresh start."""

import pytest
from sqlalchemy import text

from daemon.journal import schema
from daemon.journal.database import Database, open_server, open_sqlite
from daemon.journal.migrations.running import upgrade
from daemon.journal.store import JournalStore
from daemon.journal.tables import METADATA
from portfolio.ports import JournalUnwritable
from tests.daemon.journal.conftest import Place

POSTGRESQL_SHAPE = """
SELECT table_name, column_name, data_type, is_nullable, column_default
FROM information_schema.columns WHERE table_schema = current_schema()
UNION ALL
SELECT tablename, indexname, replace(indexdef, current_schema(), ''), '', ''
FROM pg_indexes WHERE schemaname = current_schema()
UNION ALL
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
UNION ALL
SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(pg_trigger.oid), '', ''
FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
"""


def shape(store: Database) -> list[tuple[str, ...]]:
    """Every table, column, index, constraint and trigger as the database describes it."""
    if store.is_sqlite:
        found = store.rows(text("SELECT type, name, sql FROM sqlite_master"))
        return sorted((r.type, r.name, "".join(str(r.sql).split())) for r in found)
    rows = store.rows(text(POSTGRESQL_SHAPE))
    return sorted(tuple("" if part is None else str(part) for part in row) for row in rows)


def test_migrations_and_a_fresh_start_make_the_same_database(
    place: Place, journal: JournalStore
) -> None:
    fresh = shape(journal.database)
    journal.close()
    if place.is_sqlite:
        empty = open_sqlite(place.anchored_in.with_name("migrated.db"), readonly=False)
    else:
        empty = open_server(str(place.where), readonly=False)
        names = ", ".join([*METADATA.tables, "alembic_version"])
        with empty.transaction() as tables:
            tables.exec_driver_sql(f"DROP TABLE {names} CASCADE")
            tables.exec_driver_sql("DROP FUNCTION trimtab_append_only")
    try:
        with empty.transaction() as tables:
            upgrade(tables)
        assert schema.version_of(empty) == schema.CURRENT
        assert shape(empty) == fresh
    finally:
        empty.close()


def fail_after_migrating(empty: Database) -> None:
    with empty.transaction() as tables:
        upgrade(tables)
        tables.exec_driver_sql("SELECT nonsense")


def test_a_migration_that_fails_changes_nothing(place: Place) -> None:
    if not place.is_sqlite:
        pytest.skip("the same transaction on both; one is enough")
    empty = open_sqlite(place.anchored_in.with_name("migrated.db"), readonly=False)
    try:
        with pytest.raises(JournalUnwritable):
            fail_after_migrating(empty)
        assert shape(empty) == []
    finally:
        empty.close()
