"""Switches that make a local Alpaca fail on purpose; `fault_routes` moves them from outside."""

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

Act = Literal[
    "504", "504_after", "502", "502_after", "500", "503", "429", "401",
    "drop", "drop_after", "hang", "hang_after", "half_after", "null_after", "late",
]  # fmt: skip
"""What a request meets. Without `_after` nothing was done; with it, all of it was. `late` hangs up,
and does it some seconds later."""
OrderAct = Literal["reject", "partial_cancel"]
"""What becomes of the next order after its answer: turned down, or half filled and canceled."""
StreamAct = Literal["missing", "duplicate", "out_of_order", "data_null", "disconnect"]
"""What becomes of the next event on the stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFault:
    """One request whose "METHOD /path" begins with `on` meets `act`, hanging or late by `seconds`."""

    on: str
    act: Act
    seconds: float = 30.0


@dataclass(slots=True, kw_only=True)
class Switches:
    """All of them. Not frozen: switches are there to move. Any thread may take what is next."""

    requests: list[RequestFault] = field(default_factory=list)
    orders: deque[OrderAct] = field(default_factory=deque)
    stream: deque[StreamAct] = field(default_factory=deque)
    ghost_seconds: float = 0.0
    """How long a closed stream still counts as the account's only one."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_request(self, line: str) -> RequestFault | None:
        """The fault that this request meets, used up."""
        with self.lock:
            for index, fault in enumerate(self.requests):
                if line.startswith(fault.on):
                    return self.requests.pop(index)
        return None

    def next_order(self) -> OrderAct | None:
        """What becomes of the order that comes now, used up."""
        with self.lock:
            return self.orders.popleft() if self.orders else None

    def next_event(self) -> StreamAct | None:
        """What becomes of the event that goes out now, used up."""
        with self.lock:
            return self.stream.popleft() if self.stream else None

    def clear(self) -> None:
        """Nothing fails any more."""
        with self.lock:
            self.requests.clear()
            self.orders.clear()
            self.stream.clear()
            self.ghost_seconds = 0.0

    def shown(self) -> dict[str, object]:
        """What is still to come."""
        with self.lock:
            return {
                "requests": [
                    {"on": f.on, "act": f.act, "seconds": f.seconds} for f in self.requests
                ],
                "orders": list(self.orders),
                "stream": list(self.stream),
                "ghost_seconds": self.ghost_seconds,
            }
