"""Which version a journal's database has, and how it is made or brought up to date.

A new journal is made from the tables as they are now, so that a daemon does not load Alembic for it;
a test holds that this and the migrations make the same database.
"""

from importlib import import_module

from sqlalchemy import Connection, inspect, text

from daemon.journal.database import Database
from daemon.journal.errors import JournalCorrupt, JournalTooNew, JournalTooOld
from daemon.journal.tables import METADATA, NOTICE, WAITING
from daemon.journal.triggers import create_triggers

CURRENT = "0001"
"""The newest revision under `migrations/versions`; revisions are numbers of four digits."""


def version_of(database: Database) -> str | None:
    """The revision a database is at; None for an empty one.

    Raises `JournalCorrupt` for a database that holds something else.
    """
    with database.using() as connection:
        names = set(inspect(connection).get_table_names())
    if not names:
        return None
    if "alembic_version" not in names or "audit" not in names:
        raise JournalCorrupt(f"{database.where} is a database, but no journal of trimtab.")
    row = database.first(text("SELECT version_num FROM alembic_version"))
    if row is None:
        raise JournalCorrupt(f"{database.where} does not say which version it has.")
    return str(row[0])


def check_can_read(database: Database, version: str) -> None:
    """Raise `JournalTooNew` or `JournalTooOld` when a reader cannot know what the tables mean."""
    _check_not_newer(database, version)
    if version < CURRENT:
        raise JournalTooOld(
            f"{database.where} has version {version} and needs {CURRENT}: "
            "start the daemon once to bring it up to date."
        )


def _check_not_newer(database: Database, version: str) -> None:
    if version > CURRENT:
        raise JournalTooNew(
            f"{database.where} has version {version}, this trimtab knows up to {CURRENT}: "
            "install the newer trimtab again, or restore the journal of before the upgrade."
        )


def bring_up_to_date(database: Database, version: str | None) -> None:
    """Make the tables of an empty database, or migrate an older one; one transaction."""
    if version is not None:
        _check_not_newer(database, version)
    if version == CURRENT:
        return
    with database.transaction() as connection:
        if version is None:
            _create(connection)
        else:
            migrate = import_module("daemon.journal.migrations.running").upgrade
            migrate(connection)


def _create(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        for index in NOTICE.indexes:
            if index.name == "ix_notice_due":
                index.dialect_options["postgresql"]["where"] = WAITING
    METADATA.create_all(connection)
    create_triggers(connection)
    connection.execute(
        text(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
            "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
        )
    )
    connection.execute(text("INSERT INTO alembic_version VALUES (:version)"), {"version": CURRENT})
