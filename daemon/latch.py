"""The halt: a file beside the database, read before every send, that only a person takes away.

It must work when nothing else does. So it is a plain file, its space is set aside in advance for the
day the disk is full, its mere presence halts whatever is in it, and whatever keeps us from seeing
whether it is there halts too. `touch halt` in the state directory is an emergency stop.
"""

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from daemon.machine.clocks import WallClock
from portfolio.ports import Clock

FILE: Final = "halt"
_READY: Final = "halt.ready"
_BLOCK_BYTES: Final = 4096
_MAX_TEXT: Final = 500
"""Characters of a name or a reason that are kept, so that a line always fits the reserved block."""
_FLAGS: Final = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


class FileLatch:
    """`KillLatch` in a state directory. Any process may use it at any time."""

    def __init__(self, state_dir: Path, clock: Clock | None = None) -> None:
        self._dir = state_dir
        self._path = state_dir / FILE
        self._file = str(self._path)
        self._ready = state_dir / _READY
        self._clock = clock or WallClock()

    def prepare(self) -> None:
        """Set a block of disk aside for the halt. Call at start; `OSError` when there is no space."""
        if self._ready.exists() and self._ready.stat().st_size > 0:
            return
        descriptor = os.open(self._ready, os.O_WRONLY | os.O_CREAT | _FLAGS, 0o640)
        try:
            os.write(descriptor, b"\n" * _BLOCK_BYTES)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def reason(self) -> str | None:
        """Why everything is halted; None only when the state directory is seen to have no halt."""
        try:
            text = _read(self._file)
        except FileNotFoundError:
            if self._dir.is_dir():
                return None
            return f"the state directory {self._dir} is gone, nobody knows whether a halt is set"
        except OSError as error:
            return f"the halt file {self._path} cannot be read ({os.strerror(error.errno or 0)})"
        return _told(text)

    def set(self, by: str, reason: str) -> None:
        """Latch it. When it is latched already, the first reason stays and this one is noted below.

        Raises `OSError` only when no file could be made at all.
        """
        line = self._line("halted", by, reason)
        if self._latch(line):
            return
        _append(self._path, line)
        # Between our finding it and our writing to it a person may have cleared it.
        if not os.path.lexists(self._path):
            self._latch(line)

    def clear(self, by: str, reason: str) -> None:
        """Move the file to `halt.cleared-TIME`, with who cleared it and why.

        A halt that comes in at the same moment wins, so look at `reason()` afterwards. Nothing
        happens when nothing is latched. Raises `ValueError` without a name or a reason.
        """
        if not by.strip() or not reason.strip():
            raise ValueError("clearing a halt needs a name and a reason")
        seen = _read_or_none(self._path)
        aside = self._dir / f"{FILE}.cleared-{self._clock.now():%Y%m%dT%H%M%S%fZ}"
        try:
            self._path.rename(aside)
        except FileNotFoundError:
            return
        if _read_or_none(aside) != seen:
            with suppress(FileExistsError):
                os.link(aside, self._path)
            return
        _append(aside, self._line("cleared", by, reason))
        _sync(self._dir)
        with suppress(OSError):
            self.prepare()

    def _line(self, what: str, by: str, reason: str) -> bytes:
        entry = {
            "what": what,
            "by": by[:_MAX_TEXT],
            "reason": reason[:_MAX_TEXT],
            "at": self._clock.now().isoformat(),
        }
        return json.dumps(entry, ensure_ascii=False).encode(errors="replace") + b"\n"

    def _latch(self, line: bytes) -> bool:
        """Make the file with its line, all at once; False when it is there already."""
        if os.path.lexists(self._path):
            return False
        mine = self._dir / f"{_READY}-{secrets.token_hex(4)}"
        try:
            self._ready.rename(mine)
        except OSError:
            return self._latch_without_reserve(line)
        with suppress(OSError):
            _overwrite(mine, line)
        try:
            os.link(mine, self._path)
        except FileExistsError:
            mine.rename(self._ready)
            return False
        except OSError:
            mine.rename(self._path)
        else:
            mine.unlink()
        _sync(self._dir)
        return True

    def _latch_without_reserve(self, line: bytes) -> bool:
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS
            descriptor = os.open(self._path, flags, 0o640)
        except FileExistsError:
            return False
        try:
            # Even without its line the file halts.
            with suppress(OSError):
                _give_to_owner_of(self._dir, descriptor)
                os.write(descriptor, line)
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _sync(self._dir)
        return True


def _read(path: Path | str) -> str:
    descriptor = os.open(path, os.O_RDONLY | _FLAGS)
    try:
        return os.read(descriptor, _BLOCK_BYTES).decode(errors="replace")
    finally:
        os.close(descriptor)


def _read_or_none(path: Path) -> str | None:
    try:
        return _read(path)
    except OSError:
        return None


def _told(text: str) -> str:
    first = text.strip().split("\n", 1)[0]
    try:
        entry = json.loads(first)
        return f"{entry['reason']} (by {entry['by']}, {entry['at']})"
    except (ValueError, KeyError, TypeError):
        return first[:_MAX_TEXT] or "a halt file without a reason"


def _overwrite(path: Path, line: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | _FLAGS)
    try:
        os.pwrite(descriptor, line, 0)
        os.ftruncate(descriptor, len(line))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _append(path: Path, line: bytes) -> None:
    # Best effort: what halts is the file, not its lines.
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | _FLAGS)
        try:
            os.write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sync(directory: Path) -> None:
    # The name is there already; on a disk that cannot sync it is at worst lost with the power.
    with suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _give_to_owner_of(directory: Path, descriptor: int) -> None:
    """A halt set by root must be readable by the daemon, so that it can tell the reason."""
    if os.geteuid() == 0:
        owner = directory.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
