"""Restoring: a verified copy takes the journal's place, under a new epoch.

The copy is older than the world. So ids of orders begin afresh (an id that the copy has forgotten is
never used again), what it replaces is kept, and the next start looks for orders that are younger.
"""

import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from daemon.machine.clocks import SteppedClock, WallClock
from daemon.upkeep.backup import BackupFailed, verified
from daemon.wiring import EPOCH_LETTERS, anchor_place, journal_place
from portfolio.events import DaemonStarted, JournalRestored
from portfolio.ports import Clock, JournalReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was done: rows of the copy, rows that the replaced journal was known to have, where it is.

    `missing` is how many rows the anchor knew that the copy does not have; `kept` is None when there
    was nothing to keep.
    """

    rows: int
    missing: int
    kept: Path | None
    epoch: str


def restore(backup: Path, state_dir: Path, *, by: str, reason: str) -> Restored:
    """Put a copy in the journal's place. The caller holds the lease: no daemon runs.

    Raises `BackupFailed` for a copy that does not hold, and what opening a journal raises; then
    nothing was changed.
    """
    from daemon.journal.anchor import anchor_file, read_anchor
    from daemon.journal.copying import load_into_server

    if not backup.is_file():
        raise BackupFailed(f"there is no file {backup}")
    place, anchored_in = journal_place(state_dir), anchor_place(state_dir)
    trial = state_dir / ".restore.sqlite"
    _copy(backup, trial)
    try:
        _bring_up_to_date(trial)
        rows, head = verified(trial)
        before = read_anchor(anchored_in)
        if isinstance(place, Path):
            kept = _set_aside(place)
            trial.replace(place)
        else:
            load_into_server(trial, place)
            kept = None
        anchored_in.unlink(missing_ok=True)
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            trial.with_name(trial.name + ending).unlink(missing_ok=True)
        anchor_file(trial).unlink(missing_ok=True)
    epoch = "".join(secrets.choice(EPOCH_LETTERS) for _ in range(4))
    event = JournalRestored(
        epoch=epoch,
        backup=backup.name,
        backup_head=head,
        replaced_row=0 if before is None else before.seq,
        replaced_head="" if before is None else before.hash,
        reason=reason,
    )
    _open_epoch(place, anchored_in, event, by)
    missing = 0 if before is None else max(before.seq - rows, 0)
    return Restored(rows=rows, missing=missing, kept=kept, epoch=epoch)


def _open_epoch(place: str | Path, anchored_in: Path, event: JournalRestored, by: str) -> None:
    from daemon.journal.opening import open_journal, open_journal_reader
    from daemon.notices.render import renderer

    reader = open_journal_reader(place, anchored_in=anchored_in)
    clock, identity = _clock_of(reader), reader.identity()
    reader.close()
    render = renderer(amounts=False, dry_run=False, household=identity.household)
    journal = open_journal(place, clock=clock, render=render, anchored_in=anchored_in)
    try:
        journal.append(event, actor=by)
        journal.anchor(clock.now())
    finally:
        journal.close()


def _clock_of(journal: JournalReader) -> Clock:
    """The wall clock; for a simulated household the instant of its last row."""
    starts = journal.events("daemon_started", limit=1, newest_first=True)
    started = starts[0].event if starts else None
    if isinstance(started, DaemonStarted) and started.simulated:
        return SteppedClock(journal.events(limit=1, newest_first=True)[0].at)
    return WallClock()


def _bring_up_to_date(trial: Path) -> None:
    """A copy from before an upgrade is migrated before it is looked at; its rows stay as they are."""
    from daemon.journal.opening import open_journal

    open_journal(trial, clock=WallClock(), render=lambda _: ()).close()


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640)
    with source.open("rb") as reading, os.fdopen(descriptor, "wb") as writing:
        shutil.copyfileobj(reading, writing)
        writing.flush()
        os.fsync(writing.fileno())


def _set_aside(place: Path) -> Path | None:
    """Rename what is there, with all that belongs to it."""
    kept = place.with_name(f"journal.replaced-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.sqlite")
    found = None
    for ending in ("", "-wal", "-shm", ".anchor"):
        part = place.with_name(place.name + ending)
        if part.exists():
            part.rename(kept.with_name(kept.name + ending))
            found = kept
    return found
