"""One websocket on a socket that an HTTP server has read a request from."""

import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler
from typing import Protocol

from brokers.alpaca_server.stream import Hub

_SEND_SECONDS = struct.pack("ll", 5, 0)
LARGEST_FRAME = 64 * 1024


class _Wire(Protocol):
    """The half of `websockets` that knows the protocol and no socket."""

    def data_to_send(self) -> list[bytes]: ...
    def send_binary(self, data: bytes) -> None: ...


class SocketLine:
    """`stream.Line` over a socket. Sends may come from any thread."""

    def __init__(self, connection: socket.socket, protocol: _Wire) -> None:
        self._socket = connection
        self._protocol = protocol
        self.lock = threading.RLock()

    def send(self, message: bytes) -> None:
        """Send one binary frame; a client that does not read for five seconds is cut off."""
        with self.lock:
            try:
                self._protocol.send_binary(message)
                self.flush()
            except OSError:
                self.hang_up()
                raise
            except Exception as closed:
                raise OSError("the stream is closing") from closed

    def flush(self) -> None:
        """Send what the protocol wants said; hang up where it says so."""
        with self.lock:
            for data in self._protocol.data_to_send():
                if data:
                    self._socket.sendall(data)
                else:
                    self._socket.shutdown(socket.SHUT_WR)

    def hang_up(self) -> None:
        """Cut the line at once."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def serve_stream(handler: BaseHTTPRequestHandler, hub: Hub) -> None:
    """Take over the connection of a handler and follow it to its end."""
    from websockets.frames import Frame, Opcode
    from websockets.http11 import Request
    from websockets.protocol import State
    from websockets.server import ServerProtocol

    protocol = ServerProtocol(max_size=LARGEST_FRAME)
    # The protocol wants to read the handshake itself: it gets what the handler has read, again.
    lines = [f"GET {handler.path} HTTP/1.1", *(f"{k}: {v}" for k, v in handler.headers.items())]
    protocol.receive_data(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"))
    for event in protocol.events_received():
        if isinstance(event, Request):
            protocol.send_response(protocol.accept(event))
    connection: socket.socket = handler.connection
    connection.settimeout(None)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _SEND_SECONDS)
    line = SocketLine(connection, protocol)
    entered = protocol.state is State.OPEN and hub.enter(line)
    try:
        line.flush()
        while entered:
            data = handler.rfile.read1(64 * 1024)
            with line.lock:
                protocol.receive_data(data) if data else protocol.receive_eof()
                events = protocol.events_received()
                line.flush()
            texts = [e for e in events if isinstance(e, Frame)]
            wanted = (Opcode.TEXT, Opcode.BINARY)
            heard = [hub.hear(line, bytes(e.data)) for e in texts if e.opcode in wanted]
            if not data or protocol.state is not State.OPEN or not all(heard):
                break
    except OSError:
        pass
    finally:
        hub.leave(line)
