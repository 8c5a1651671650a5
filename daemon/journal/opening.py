"""Opening a journal: to write, made or brought up to date as needed; or to read beside its writer.

These functions load SQLModel; a module that may never open a journal imports them where it does.
"""

from dataclasses import replace
from pathlib import Path

from daemon.journal import queries, schema
from daemon.journal.anchor import anchor_file
from daemon.journal.database import (
    IN_MEMORY,
    Database,
    check_is_sound,
    locate,
    open_server,
    open_sqlite,
)
from daemon.journal.errors import JournalMismatch, JournalMissing
from daemon.journal.store import JournalStore
from daemon.journal.writing import Render, Writer
from portfolio.events import JournalOpened, JournalRestored
from portfolio.ports import Clock


def open_journal(
    where: str | Path,
    *,
    clock: Clock,
    render: Render,
    identity: JournalOpened | None = None,
    anchored_in: Path | None = None,
) -> JournalStore:
    """Open a journal to write, making it or bringing it up to date as needed.

    With `identity` a new one is made, and one made for another mode, household or account is
    refused; without it there must be a journal, whatever it is for. `anchored_in` is the anchor's
    file, by default beside an SQLite file. Raises `JournalMissing`, `JournalMismatch`,
    `JournalTooNew`, `JournalCorrupt` or `JournalUnwritable`.
    """
    path, address = locate(where)
    if identity is None and path is not None:
        _check_is_there(path)
    database = open_sqlite(path, readonly=False) if path else open_server(address, readonly=False)
    try:
        held, writer = _prepared(database, clock, render, identity)
    except BaseException:
        database.close()
        raise
    on_disk = path is not None and path != IN_MEMORY
    beside = anchored_in or (anchor_file(path) if path and on_disk else None)
    return JournalStore(database, held, writer=writer, anchored_in=beside)


def _prepared(
    database: Database, clock: Clock, render: Render, identity: JournalOpened | None
) -> tuple[JournalOpened, Writer]:
    check_is_sound(database)
    version = schema.version_of(database)
    if version is None and identity is None:
        raise JournalMissing(f"There is no journal in {database.where}.")
    schema.bring_up_to_date(database, version)
    held = _identity_in(database)
    wanted = identity or held
    if wanted is None:
        raise JournalMissing(f"The journal in {database.where} was never begun.")
    writer = Writer(database, chain=wanted.household, clock=clock, render=render)
    if held is None:
        writer.append((wanted,), (), "trimtab")
    else:
        _check_same(database, held, wanted)
    return held or wanted, writer


def open_journal_reader(where: str | Path, *, anchored_in: Path | None = None) -> JournalStore:
    """Open a journal to read, also while a daemon writes it; no write is possible through it.

    Raises `JournalMissing`, `JournalTooNew`, `JournalTooOld`, `JournalCorrupt` or
    `JournalUnwritable`.
    """
    path, address = locate(where)
    if path is not None:
        _check_is_there(path)
    database = open_sqlite(path, readonly=True) if path else open_server(address, readonly=True)
    try:
        held = _readable(database)
    except BaseException:
        database.close()
        raise
    beside = anchored_in or (anchor_file(path) if path else None)
    return JournalStore(database, held, anchored_in=beside)


def _readable(database: Database) -> JournalOpened:
    version = schema.version_of(database)
    if version is not None:
        schema.check_can_read(database, version)
    held = None if version is None else _identity_in(database)
    if held is None:
        raise JournalMissing(f"The journal in {database.where} was not begun yet.")
    return held


def _check_is_there(path: Path) -> None:
    if not path.exists():
        raise JournalMissing(f"There is no journal at {path}.")


def _identity_in(database: Database) -> JournalOpened | None:
    """What the journal is for; its epoch is that of the last restore, if there was one."""
    first = queries.events(database, "journal_opened", after=0, limit=1, newest_first=False)
    event = first[0].event if first else None
    if not isinstance(event, JournalOpened):
        return None
    last = queries.events(database, "journal_restored", after=0, limit=1, newest_first=True)
    restored = last[0].event if last else None
    if isinstance(restored, JournalRestored):
        return replace(event, epoch=restored.epoch)
    return event


def _check_same(database: Database, held: JournalOpened, wanted: JournalOpened) -> None:
    if _told(held) != _told(wanted):
        raise JournalMismatch(
            f"{database.where} is the journal of {_told(held)}; the configuration says "
            f"{_told(wanted)}. `trimtab promote` opens a new journal linked to this one."
        )


def _told(opened: JournalOpened) -> str:
    accounts = ", ".join(sorted(opened.account_numbers)) or "no account"
    return f"mode {opened.mode}, household {opened.household}, {accounts}"
