"""One daemon per state directory: a lock of the kernel on a pid file.

The kernel gives the lock up when its holder ends, however it ends. The file stays: removing it would
let two processes lock two files of one name.
"""

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

FILE: Final = "daemon.pid"
_TRIES, _PAUSE_SECONDS = 4, 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyRunning:
    """Another process holds the lease; `pid` is None when it has not written its number yet."""

    pid: int | None


class Lease:
    """The right to be this state directory's daemon, until `release` or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Give it up; a second call does nothing."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        os.ftruncate(descriptor, 0)
        os.close(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def acquire(state_dir: Path) -> Lease | AlreadyRunning:
    """Take the lease and write our pid, or say who has it. Never waits longer than a blink.

    From then on `trimtab` commands may send SIGUSR1, so its handler must be in place before.
    Raises `OSError` when the directory is not there or not writable.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(state_dir / FILE, flags, 0o640)
    try:
        if not _lock(descriptor):
            return AlreadyRunning(pid=_pid_in(descriptor))
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        lease, descriptor = Lease(descriptor), -1
        return lease
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def running_pid(state_dir: Path) -> int | None:
    """The pid of the daemon that holds the lease now; None when there is none."""
    try:
        descriptor = os.open(state_dir / FILE, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        pid = _pid_in(descriptor)
        if pid is None or not _is_alive(pid):
            return None
        # A number alone may be a stranger's by now; only a daemon holds the lock beside it.
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return pid
        return None
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    # A command that asks `running_pid` holds the lock for an instant: that is no second daemon.
    for attempt in range(_TRIES):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt + 1 < _TRIES:
                time.sleep(_PAUSE_SECONDS)
        else:
            return True
    return False


def _pid_in(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).strip()
    return int(text) if text.isdigit() and int(text) > 1 else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    except OverflowError:
        return False
    return True
