"""The heartbeat: after ticks that went well, one address of a watcher outside is asked for.

When it stops coming the watcher raises the alarm. Nothing inside a process that has ended, hangs, or
has lost its network could.
"""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from http.client import HTTPException
from typing import Final
from urllib import request
from urllib.error import HTTPError

from config.secrets import Secret
from daemon.logs import get_logger

TIMEOUT_SECONDS: Final = 10
_SECONDS_TO_END: Final = 2.0


def call(address: Secret) -> str:
    """Ask for an address once: "" when it answered 2xx, else why not, without the address.

    One that leads elsewhere is not followed: asked is who was named.
    """
    line = request.OpenerDirector()
    for handler in (
        *(request.ProxyHandler, request.HTTPHandler, request.HTTPSHandler),
        *(request.HTTPDefaultErrorHandler, request.HTTPErrorProcessor),
    ):
        line.add_handler(handler())
    try:
        with line.open(address.reveal(), timeout=TIMEOUT_SECONDS):
            return ""
    except HTTPError as refusal:
        refusal.close()
        return f"it answered {refusal.code}"
    except (OSError, HTTPException, ValueError) as problem:
        return f"it was not reached ({type(problem).__name__})"


class Heartbeat:
    """Beats at most once in `every`, from a thread of its own: a slow watcher delays no tick."""

    def __init__(
        self,
        address: Secret,
        every: timedelta,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = address
        self._every = every.total_seconds()
        self._monotonic = monotonic
        self._last: float | None = None
        self._wanted = threading.Event()
        self._ends = False
        self._thread: threading.Thread | None = None
        self._in_trouble = False

    def start(self) -> None:
        """Begin to listen for beats."""
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def beat(self) -> None:
        """A tick went well. Never waits, never raises."""
        now = self._monotonic()
        if self._last is None or now - self._last >= self._every:
            self._last = now
            self._wanted.set()

    def stop(self) -> None:
        """End; one that is under way is given two seconds."""
        self._ends = True
        self._wanted.set()
        if self._thread is not None:
            self._thread.join(_SECONDS_TO_END)

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._ends:
                return
            self._tell(call(self._address))

    def _tell(self, problem: str) -> None:
        """Into the log, once until it works again: the watcher itself is the alarm."""
        if bool(problem) != self._in_trouble:
            self._in_trouble = bool(problem)
            get_logger().warning("heartbeat", trouble=problem or "over")
