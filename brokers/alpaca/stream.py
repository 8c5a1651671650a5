"""News from Alpaca that an order changed: a hint to look, never the truth.

Written on `websockets` itself, which alpaca-py brings along. alpaca-py's own stream runs an event
loop, tries refused keys for ever without a word, loses an event that its models do not know, notices
a dead line after three minutes, and loads pandas. What it says on the wire is said here too.
"""

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from brokers.alpaca.settings import AlpacaKeys, AlpacaSettings

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

CONNECTED = "the order stream is connected"
_TROUBLE_AFTER_FAILURES = 5
_SECONDS_TO_OPEN = 5.0
_SECONDS_TO_CLOSE = 2.0
_LONGEST_TEXT = 120


class _KeysRefused(Exception):
    """Alpaca does not authorise this key pair."""


class AlpacaStream:
    """Trade updates of one account, in a thread of its own.

    `on_trouble` gets one sentence when the stream is refused or cannot be reached, and "" when it
    works again; it may be called from the stream's thread. Polling goes on either way. Waits between
    tries grow from `first_wait_seconds` to `longest_wait_seconds`; a line that held for
    `steady_seconds` is well again.
    """

    def __init__(
        self,
        settings: AlpacaSettings,
        keys: AlpacaKeys,
        *,
        on_trouble: Callable[[str], None],
        first_wait_seconds: float = 1.0,
        longest_wait_seconds: float = 60.0,
        steady_seconds: float = 60.0,
    ) -> None:
        self._address = settings.stream_address
        self._keys = keys
        self._on_trouble = on_trouble
        self._on_news: Callable[[str], None] = _nobody
        self._first_wait = first_wait_seconds
        self._longest_wait = longest_wait_seconds
        self._steady = steady_seconds
        self._stopping = threading.Event()
        self._line: ClientConnection | None = None
        self._thread: threading.Thread | None = None
        self._in_trouble = False

    def start(self, on_news: Callable[[str], None]) -> None:
        """Begin. `on_news` gets a short text from the stream's thread, also at each connection:

        what happened before it is not told again, so there is reason to look.
        """
        if self._thread is not None:
            raise RuntimeError("the stream is already running")
        self._on_news = on_news
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="alpaca-stream", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End within a few seconds, whatever the other side does."""
        self._stopping.set()
        line, thread = self._line, self._thread
        if line is not None:
            line.close()
        if thread is not None and thread is not threading.current_thread():
            thread.join(_SECONDS_TO_OPEN + _SECONDS_TO_CLOSE)
        self._thread = thread if thread is not None and thread.is_alive() else None

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                self._follow()
            except _KeysRefused:
                self._tell_trouble("Alpaca refuses the keys on its order stream")
                failures = _TROUBLE_AFTER_FAILURES + 30  # until someone changes them: no hurry
            except Exception as broken:  # noqa: BLE001  a dead thread would be deaf without a word
                failures = 1 if time.monotonic() - started > self._steady else failures + 1
                if failures >= _TROUBLE_AFTER_FAILURES:
                    self._tell_trouble(f"Alpaca's order stream does not hold: {_in_words(broken)}")
            self._stopping.wait(self._wait_after(failures))

    def _follow(self) -> None:
        """One connection from its opening to its end, which is always an exception or a stop."""
        from websockets.sync.client import connect

        with connect(
            self._address,
            open_timeout=_SECONDS_TO_OPEN,
            close_timeout=_SECONDS_TO_CLOSE,
            ping_interval=20,
            ping_timeout=20,
            logger=_quiet_logger(),
        ) as line:
            self._line = line
            try:
                if not self._stopping.is_set():
                    self._authorise(line)
                    line.send(_message("listen", {"streams": ["trade_updates"]}))
                    self._tell(CONNECTED)
                    self._listen(line)
            finally:
                self._line = None

    def _listen(self, line: "ClientConnection") -> None:
        while not self._stopping.is_set():
            try:
                frame = line.recv(timeout=self._steady)
            except TimeoutError:
                self._tell_recovery()  # quiet, and alive: pings see to that
            else:
                self._heard(frame)

    def _authorise(self, line: "ClientConnection") -> None:
        """Show the keys. Raises `_KeysRefused`."""
        key_id, secret_key = self._keys.reveal()
        line.send(_message("authenticate", {"key_id": key_id, "secret_key": secret_key}))
        reply = _parsed(line.recv(timeout=_SECONDS_TO_OPEN))
        data = reply.get("data")
        if not isinstance(data, dict) or data.get("status") != "authorized":
            raise _KeysRefused

    def _heard(self, frame: str | bytes) -> None:
        """Tell of a trade update, also of an event without a name or with a new one."""
        try:
            message = _parsed(frame)
        except ValueError:
            return
        if message.get("stream") != "trade_updates":
            return
        self._tell_recovery()
        data = message.get("data")
        data = data if isinstance(data, dict) else {}
        order = data.get("order")
        order = order if isinstance(order, dict) else {}
        words = (data.get("event") or "an order changed", order.get("symbol") or "")
        self._tell(" ".join(str(word) for word in words).strip()[:_LONGEST_TEXT])

    def _tell(self, news: str) -> None:
        try:
            self._on_news(news)
        except Exception as problem:  # noqa: BLE001  a listener's fault must not end the listening
            self._tell_trouble(f"news of an order was not taken: {type(problem).__name__}")

    def _tell_trouble(self, text: str) -> None:
        """Once, until it works again."""
        if not self._in_trouble:
            self._in_trouble = True
            self._report(f"{text}. Orders are still followed by asking at every tick.")

    def _tell_recovery(self) -> None:
        if self._in_trouble:
            self._in_trouble = False
            self._report("")

    def _report(self, text: str) -> None:
        with suppress(Exception):  # whoever listens has its own alarms
            self._on_trouble(text)

    def _wait_after(self, failures: int) -> float:
        grown: float = self._first_wait * 2.0 ** min(failures, 16)
        return min(grown, self._longest_wait) * random.uniform(0.5, 1.0)


def _nobody(news: str) -> None:
    """Hear nothing."""


def _message(action: str, data: Mapping[str, object]) -> str:
    return json.dumps({"action": action, "data": data})


def _parsed(frame: str | bytes) -> Mapping[str, object]:
    """A frame's object; Alpaca sends text on live and binary on paper."""
    message = json.loads(frame)
    if not isinstance(message, dict):
        raise ValueError("not an object")  # noqa: TRY004  of the same kind as broken JSON
    return message


def _in_words(problem: Exception) -> str:
    """What broke, without addresses; 429 means that this account's only stream is taken."""
    from websockets.exceptions import InvalidStatus

    if isinstance(problem, InvalidStatus):
        status = problem.response.status_code
        taken = ", another program may hold this account's only stream" if status == 429 else ""
        return f"it answered {status}{taken}"
    return type(problem).__name__


def _quiet_logger() -> logging.Logger:
    """One that never writes frames: the first of them carries the keys."""
    logger = logging.getLogger("websockets.trimtab")
    logger.setLevel(logging.WARNING)
    return logger
