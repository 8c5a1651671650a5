"""A limit on how often Alpaca is asked: at most so many requests in any minute."""

import threading
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 60.0


class RequestBudget:
    """Counts the requests of the last 60 seconds; a tenth is kept back for orders and cancels.

    Alpaca's own count is heeded too: when its headers say that nothing is left, nothing is asked
    until its reset. Safe to share between threads. `monotonic` gives seconds of any origin.
    """

    def __init__(self, per_minute: int, monotonic: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._sent: deque[float] = deque()
        self._closed_until = float("-inf")
        self._lock = threading.Lock()

    def try_spend(self, *, reserve: bool = False) -> float:
        """Take one request and return 0, or take none and return the seconds to wait.

        `reserve` may use the tenth that is kept back.
        """
        with self._lock:
            now = self._monotonic()
            while self._sent and self._sent[0] <= now - WINDOW_SECONDS:
                self._sent.popleft()
            allowed = self._per_minute - (0 if reserve else self._per_minute // 10)
            if self._closed_until > now:
                return self._closed_until - now
            if len(self._sent) >= allowed:
                return self._sent[len(self._sent) - allowed] + WINDOW_SECONDS - now
            self._sent.append(now)
            return 0.0

    def spend(self) -> None:
        """Take one request whatever is left: a cancel is never held back."""
        with self._lock:
            self._sent.append(self._monotonic())

    def close_for(self, seconds: float) -> None:
        """Alpaca has no room left for so many seconds; an hour of a wrong clock is not believed."""
        with self._lock:
            wait = min(max(seconds, 0.0), WINDOW_SECONDS + 1)
            self._closed_until = max(self._closed_until, self._monotonic() + wait)
