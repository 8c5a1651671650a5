"""A watched folder: a file that somebody put there, once it is complete, wakes a cycle.

Polled on the tick. A file is complete when it has rested for two seconds or two looks in a row find it
the same; hidden and `.part` files are being written. What lies there at the first look is old news.
"""

import os
import stat
import time
from pathlib import Path
from typing import Final

from portfolio.wakes import Wake, WakeKind

_MOST_FILES: Final = 1000
"""Beyond so many files the folder is no mailbox; the rest is not looked at."""

_RESTED_NANOSECONDS: Final = 2_000_000_000

_Mark = tuple[int, int, int]


class WatchedFolder:
    """Tells of files that are new or changed since the last look. With no path it tells nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._told = {} if path is None else _marks(path) or {}
        self._seen = dict(self._told)

    def news(self) -> list[Wake]:
        """A wake for each file that is complete and was not told of; the file's name is its detail.

        A folder that cannot be read has no news.
        """
        if self._path is None:
            return []
        found, rested = _marks(self._path), time.time_ns() - _RESTED_NANOSECONDS
        if found is None:
            return []
        complete = {
            name: mark
            for name, mark in found.items()
            if mark[2] <= rested or self._seen.get(name) == mark
        }
        fresh = sorted(name for name, mark in complete.items() if self._told.get(name) != mark)
        self._seen = found
        self._told = {name: mark for name, mark in self._told.items() if name in found} | complete
        return [Wake(kind=WakeKind.FILE, detail=name) for name in fresh]


def _marks(folder: Path) -> dict[str, _Mark] | None:
    """File name to what changes when it is written again: inode, size, time; None when unreadable."""
    marks: dict[str, _Mark] = {}
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.endswith(".part"):
                    continue
                try:
                    state = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISREG(state.st_mode):
                    marks[entry.name] = (state.st_ino, state.st_size, state.st_mtime_ns)
                if len(marks) >= _MOST_FILES:
                    break
    except OSError:
        return None
    return marks
