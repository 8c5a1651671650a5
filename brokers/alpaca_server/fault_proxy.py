"""A bad line: a proxy on this machine that spoils what passes between a client and a server.

One request at a time per connection, HTTP/1.1 with Content-Length, as Alpaca's clients speak it.
"""

import socket
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal, assert_never

Harm = Literal[
    "none", "delay", "drop_before", "drop_after", "reset", "half", "html", "slow", "swallow"
]
"""What happens to one exchange. `drop_before`: the request never arrives. `drop_after`: it does, and
the answer is lost. `reset`: as drop_after, with a TCP reset. `half`: half of the answer. `html`: an
nginx page instead of the answer. `slow`: the answer byte by byte. `swallow`: neither arrives, and the
line stays silent. `delay`: the answer comes later."""
_PAGE = (
    b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)
_BAD_GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nConnection: close\r\n"
    + f"Content-Length: {len(_PAGE)}\r\n\r\n".encode()
    + _PAGE
)
_RESET = b"\x01\x00\x00\x00\x00\x00\x00\x00"
"""SO_LINGER on with 0 seconds: closing resets."""


@dataclass(slots=True, kw_only=True)
class FaultProxy:
    """The proxy's plan. `harms` are for the next exchanges whose first line begins with `only`; the
    others pass. Not frozen: the plan is used up."""

    host: str
    port: int
    only: str = "POST"
    seconds: float = 0.2
    harms: deque[Harm] = field(default_factory=deque)
    arrived: list[str] = field(default_factory=list)
    """First lines of the requests that the server got."""
    closing: threading.Event = field(default_factory=threading.Event)

    def serve(self, client: socket.socket) -> None:
        """Follow one client's connection to its end."""
        with client, suppress(OSError), socket.create_connection((self.host, self.port)) as server:
            while request := _message(client):
                line = request.partition(b"\r\n")[0].decode("latin-1")
                harm: Harm = "none"
                if line.startswith(self.only) and self.harms:
                    harm = self.harms.popleft()
                if not self._exchange(client, server, request, line, harm):
                    return

    def _exchange(
        self, client: socket.socket, server: socket.socket, request: bytes, line: str, harm: Harm
    ) -> bool:
        """Pass one request and its answer on; False when the line is cut."""
        if harm == "drop_before":
            return False
        if harm == "swallow":
            self.closing.wait(self.seconds)
            return False
        self.arrived.append(line)
        server.sendall(request)
        answer = _message(server)
        match harm:
            case "none":
                client.sendall(answer)
            case "delay":
                self.closing.wait(self.seconds)
                client.sendall(answer)
            case "drop_after":
                return False
            case "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                return False
            case "half":
                client.sendall(answer[: len(answer) * 2 // 3])
                return False
            case "html":
                client.sendall(_BAD_GATEWAY)
                return False
            case "slow":
                for index in range(len(answer)):
                    client.sendall(answer[index : index + 1])
                    if index % 100 == 0:
                        self.closing.wait(self.seconds / 10)
            case _:
                assert_never(harm)
        return True


def _message(line: socket.socket) -> bytes:
    """One request or answer with its body; nothing when the other side has closed."""
    read = b""
    while b"\r\n\r\n" not in read:
        part = line.recv(65536)
        if not part:
            return b""
        read += part
    head = read.partition(b"\r\n\r\n")[0]
    length = 0
    for field_ in head.split(b"\r\n")[1:]:
        name, _, value = field_.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    while len(read) < len(head) + 4 + length:
        part = line.recv(65536)
        if not part:
            return read
        read += part
    return read


@contextmanager
def proxying(host: str, port: int) -> Iterator[tuple[FaultProxy, str]]:
    """A running proxy before a server, and its URL."""
    proxy = FaultProxy(host=host, port=port)
    listener = socket.create_server(("127.0.0.1", 0))
    lines: list[socket.socket] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                lines.append(client)
                threading.Thread(target=proxy.serve, args=(client,), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield proxy, f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        proxy.closing.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for client in lines:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        thread.join()
