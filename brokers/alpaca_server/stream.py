"""The order stream, /stream: trade updates as JSON in binary frames, one connection for the account.

The socket is the HTTP server's own; the protocol is the sans-I/O half of `websockets`. Nothing is
replayed: what happens while nobody listens is told to nobody.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, assert_never

from brokers.alpaca_server.desk import Happened
from brokers.alpaca_server.faults import Switches
from brokers.alpaca_server.wire_text import stamp
from portfolio.canonical import decimal_text

Json = Mapping[str, object]


class Line(Protocol):
    """One websocket as far as the hub needs it."""

    def send(self, message: bytes) -> None:
        """Send one binary frame; raises `OSError` when the line is dead."""
        ...

    def hang_up(self) -> None:
        """Cut the line."""
        ...


@dataclass(slots=True, kw_only=True)
class _Place:
    """One taken place: a live line, or (line None) the ghost of one that ended at a time."""

    line: Line | None
    welcome: bool = False
    listens: bool = False
    ended_at: float = 0.0


class Hub:
    """Who listens, and what they are told. Safe for any thread."""

    def __init__(self, places: int, switches: Switches, takes: Callable[[str, str], bool]) -> None:
        self._places = places
        self._switches = switches
        self._takes = takes
        self._taken: list[_Place] = []
        self._held_back: list[bytes] = []
        self._lock = threading.RLock()

    # lines

    def has_room(self) -> bool:
        """Whether one more may connect."""
        with self._lock:
            earliest = time.monotonic() - self._switches.ghost_seconds
            self._taken = [p for p in self._taken if p.line is not None or p.ended_at > earliest]
            return len(self._taken) < self._places

    def listeners(self) -> int:
        """How many hear trade updates now."""
        with self._lock:
            return sum(place.listens for place in self._taken)

    def enter(self, line: Line) -> bool:
        """Take a place; False when none is left."""
        with self._lock:
            if not self.has_room():
                return False
            self._taken.append(_Place(line=line))
            return True

    def leave(self, line: Line) -> None:
        """The line has ended; its place may be haunted for a while."""
        with self._lock:
            for place in self._taken:
                if place.line is line:
                    place.line, place.listens = None, False
                    place.ended_at = time.monotonic()

    def hear(self, line: Line, frame: str | bytes) -> bool:
        """Answer what a client says; False when it is to be cut off."""
        try:
            message = json.loads(frame)
        except (ValueError, RecursionError):
            return False
        action = message.get("action") if isinstance(message, dict) else None
        data = message.get("data") if isinstance(message, dict) else None
        data = data if isinstance(data, dict) else {}
        if action in ("authenticate", "auth"):
            line.send(self._authorise(line, message if action == "auth" else data))
        elif action == "listen":
            line.send(self._listen(line, data))
        return True

    def _authorise(self, line: Line, said: Json) -> bytes:
        key = said.get("key_id") or said.get("key")
        secret = said.get("secret_key") or said.get("secret")
        welcome = isinstance(key, str) and isinstance(secret, str) and self._takes(key, secret)
        with self._lock:
            for place in self._taken:
                if place.line is line:
                    place.welcome = welcome
        word = "authorized" if welcome else "unauthorized"
        return _frame("authorization", {"status": word, "action": "authenticate"})

    def _listen(self, line: Line, said: Json) -> bytes:
        streams = said.get("streams")
        wanted = streams if isinstance(streams, list) else []
        heard = [s for s in wanted if s == "trade_updates"]
        with self._lock:
            mine = [p for p in self._taken if p.line is line and p.welcome]
            for place in mine:
                place.listens = bool(heard)
        if not mine:
            return _frame("authorization", {"status": "unauthorized", "action": "listen"})
        return _frame("listening", {"streams": heard})

    # news

    def tell(self, happened: Happened) -> None:
        """Send one trade update, unless a fault has other plans for it."""
        frame = _frame("trade_updates", _update(happened))
        with self._lock:
            act = self._switches.next_event()
            after, self._held_back = self._held_back, []
            frames: list[bytes] = []
            match act:
                case None:
                    frames = [frame]
                case "missing":
                    pass
                case "duplicate":
                    frames = [frame, frame]
                case "out_of_order":
                    self._held_back = [frame]
                case "data_null":
                    frames = [_frame("trade_updates", None)]
                case "disconnect":
                    self.hang_up()
                case _:
                    assert_never(act)
            for one in [*frames, *after]:
                self._send(one)

    def hang_up(self) -> None:
        """Cut every line."""
        with self._lock:
            for place in list(self._taken):
                if place.line is not None:
                    place.line.hang_up()

    def _send(self, frame: bytes) -> None:
        for place in self._taken:
            if place.listens and place.line is not None:
                with suppress(OSError):
                    place.line.send(frame)


def _update(happened: Happened) -> dict[str, object]:
    """The data of a trade update; prices and quantities are strings, as everywhere."""
    row: dict[str, object] = {
        "event": happened.event,
        "timestamp": stamp(happened.at, happened.event),
        "order": happened.order,
    }
    if happened.quantity is None or happened.price is None or happened.position is None:
        return row
    return row | {
        "execution_id": happened.execution_id,
        "price": decimal_text(happened.price),
        "qty": decimal_text(happened.quantity),
        "position_qty": decimal_text(happened.position),
    }


def _frame(stream: str, data: Json | None) -> bytes:
    return json.dumps({"stream": stream, "data": data}, separators=(",", ":")).encode()
