"""Backups of the journal: one step, while the daemon runs, and not called one before it is verified.

A backup is a file of its own with its anchor beside it. It is written under another name, its chain is
verified and its tables are made again from the chain; only then it gets its name.
"""

import os
import queue
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from portfolio.ports import Clock

if TYPE_CHECKING:
    from config.settings import BackupSettings
    from portfolio.ports import Journal

FOLDER: Final = "backups"
_NAME = re.compile(r"journal-(\d{8}T\d{6}Z)-(\d{8,})\.sqlite")
_AGAIN_AFTER = timedelta(hours=1)
"""After a backup that failed."""


class BackupFailed(Exception):
    """No backup was made; the message says why. What was there before is still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A verified copy: its file, how many rows its chain has, and the hash of the last."""

    file: Path
    rows: int
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordBroken:
    """No backup was made: the journal itself is not as it was written. `reason` names the row."""

    reason: str


Outcome = Backup | RecordBroken | str
"""What came of a try; a text says why there is no backup."""


def back_up(
    where: str | Path, folder: Path, *, now: datetime, anchored_in: Path | None = None
) -> Backup:
    """Make a backup in `folder`, which is made too. `anchored_in` is the journal's own anchor.

    Raises `BackupFailed`, and what opening a journal raises.
    """
    from daemon.journal.anchor import Anchor, anchor_file, read_anchor, write_anchor
    from daemon.journal.copying import copy_journal

    try:
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        part = folder / ".journal.part"
        _remove(part)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640))
        anchor = read_anchor(anchored_in)  # before the copy, so that the copy must hold it
        copy_journal(where, part)
        rows, head = verified(part)
        if anchor is not None and anchor.seq > rows:
            raise BackupFailed(f"the copy ends at row {rows}, the anchor knows row {anchor.seq}")
        file = folder / f"journal-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{rows:08}.sqlite"
        _sync(part)
        part.replace(file)
        write_anchor(anchor_file(file), Anchor(seq=rows, hash=head, at=now))
        _sync(folder)
    except OSError as error:
        raise BackupFailed(f"{folder} takes no backup: {error.strerror or error}") from error
    return Backup(file=file, rows=rows, head=head)


def verified(file: Path) -> tuple[int, str]:
    """Rows and head of a copy whose chain holds and whose tables follow from it.

    Raises `BackupFailed` when they do not, and what opening a journal raises.
    """
    from daemon.journal.audit import Broken, verify
    from daemon.journal.opening import open_journal_reader
    from daemon.journal.replay import rebuild

    journal = open_journal_reader(file)
    try:
        found = verify(journal)
        if isinstance(found, Broken):
            raise BackupFailed(f"{file.name} does not hold at row {found.seq}: {found.reason}")
        if differences := rebuild(journal):
            raise BackupFailed(f"{file.name}: {len(differences)} rows do not follow from the chain")
    finally:
        journal.close()
    return found.rows, found.head


def broken_record(where: str | Path, anchored_in: Path | None) -> RecordBroken | None:
    """Whether the journal itself, not only a copy of it, does not hold. Raises as opening one does."""
    from daemon.journal.audit import Broken, verify
    from daemon.journal.opening import open_journal_reader

    journal = open_journal_reader(where, anchored_in=anchored_in)
    try:
        found = verify(journal)
    finally:
        journal.close()
    if isinstance(found, Broken):
        return RecordBroken(reason=f"row {found.seq}: {found.reason}")
    return None


def backups_in(folder: Path) -> tuple[Path, ...]:
    """The backups of a folder, oldest first."""
    if not folder.is_dir():
        return ()
    return tuple(sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name)))


def made_at(file: Path) -> datetime:
    """When a backup was made, by its name."""
    found = _NAME.fullmatch(file.name)
    if found is None:
        raise ValueError(f"{file.name} is not the name of a backup")
    return datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def prune(folder: Path, keep: int) -> None:
    """Remove all but the latest `keep` backups, one at the least."""
    for file in backups_in(folder)[: -max(keep, 1)]:
        _remove(file)


def _remove(file: Path) -> None:
    for ending in ("", "-journal", "-wal", "-shm", ".anchor"):
        file.with_name(file.name + ending).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class ScheduledBackups:
    """Makes a backup when the last one is old enough, on a thread of its own; trading does not wait.

    `on_done` hears, on the caller's thread, of each try. When the copy is no good, the journal is
    verified itself: a bad disk under the copies is one thing, a record that was changed another.
    """

    def __init__(
        self,
        settings: "BackupSettings",
        where: str | Path,
        folder: Path,
        clock: Clock,
        *,
        anchored_in: Path | None,
        on_done: Callable[[Outcome], None],
    ) -> None:
        self._settings, self._where, self._folder = settings, where, folder
        self._clock, self._anchored_in, self._on_done = clock, anchored_in, on_done
        self._begun: datetime | None = None
        self._not_before: datetime | None = None
        self._thread: threading.Thread | None = None
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()

    def after_tick(self, journal: "Journal") -> None:
        """Tell of what is done, and begin what is due. Call on the journal's thread."""
        self._tell()
        every, now = self._settings.every, self._clock.now()
        if every is None or self._thread is not None:
            return
        if self._begun is None:
            self._begun = journal.events(limit=1)[0].at
        made = backups_in(self._folder)
        last = made_at(made[-1]) if made else self._begun
        if now - last < every or (self._not_before is not None and now < self._not_before):
            return
        self._not_before = now + _AGAIN_AFTER
        self._thread = threading.Thread(target=self._work, args=(now,), name="backup", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Wait a few seconds for one that is being made, and tell of it."""
        if self._thread is not None:
            self._thread.join(5.0)
        self._tell()

    def _tell(self) -> None:
        if self._thread is not None and not self._thread.is_alive():
            self._thread = None
            while not self._outcomes.empty():
                self._on_done(self._outcomes.get())

    def _work(self, now: datetime) -> None:
        try:
            made = back_up(self._where, self._folder, now=now, anchored_in=self._anchored_in)
            prune(self._folder, self._settings.keep)
            self._outcomes.put(made)
        except Exception as problem:  # noqa: BLE001  told to the person instead
            self._outcomes.put(self._broken() or f"{problem}" or type(problem).__name__)

    def _broken(self) -> RecordBroken | None:
        try:
            return broken_record(self._where, self._anchored_in)
        except Exception:  # noqa: BLE001  the first problem is told then
            return None
