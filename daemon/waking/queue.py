"""The one queue between everything that notices something and the one thread that decides."""

import queue
from typing import Final

from portfolio.wakes import Wake

CAPACITY: Final = 64
"""Far more than the kinds of wakes there are; it only bounds a flood of different details."""


class WakeQueue:
    """A bounded queue of wakes in which equal ones collapse while they wait.

    `put` never blocks and takes no lock that another thread or an interrupted frame could hold, so
    threads and signal handlers may call it at any moment. A full queue drops the wake, which loses
    nothing but time: the tick comes anyway. Only one thread may `get` and `drain`.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        # SimpleQueue.put is reentrant by contract. Keys are tuples of plain strings, so that each
        # operation on the dictionary is a single step that neither thread nor signal can split.
        self._inbox: queue.SimpleQueue[Wake] = queue.SimpleQueue()
        self._waiting: dict[tuple[str, str], object] = {}
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many wakes found the queue full; for the log."""
        return self._dropped

    def __len__(self) -> int:
        return self._inbox.qsize()

    def put(self, wake: Wake) -> None:
        """Add a wake, unless an equal one waits already or the queue is full."""
        key, mine = _key(wake), object()
        if self._waiting.setdefault(key, mine) is not mine:
            return
        if len(self._waiting) > self._capacity:
            self._waiting.pop(key, None)
            self._dropped += 1
            return
        self._inbox.put(wake)

    def get(self, timeout_seconds: float | None = None) -> Wake | None:
        """The oldest wake; waits for one up to the timeout (None: for ever). None when none came."""
        try:
            wake = self._inbox.get(timeout=timeout_seconds)
        except queue.Empty:
            return None
        # Off the list before the look begins: what happens from here on deserves another look.
        self._waiting.pop(_key(wake), None)
        return wake

    def drain(self) -> tuple[Wake, ...]:
        """Every wake that waits, oldest first, without waiting for one."""
        wakes: list[Wake] = []
        while (wake := self.get(timeout_seconds=0)) is not None:
            wakes.append(wake)
        return tuple(wakes)


def _key(wake: Wake) -> tuple[str, str]:
    return (wake.kind.value, wake.detail)
