"""The HTTP and websocket server of a local Alpaca, on one port of this machine.

A thread for each connection, from the standard library; a second one lets time pass, so that news
leaves when it happens and not when somebody asks.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from brokers.alpaca_server.answers import (
    NOT_ALLOWED,
    TOO_MANY,
    UNAUTHORIZED,
    Answer,
    Refusal,
    says,
)
from brokers.alpaca_server.desk import Desk
from brokers.alpaca_server.fault_routes import PATH as FAULTS
from brokers.alpaca_server.fault_routes import answer_faults
from brokers.alpaca_server.faults import RequestFault
from brokers.alpaca_server.request import Request
from brokers.alpaca_server.routes import Door
from brokers.alpaca_server.stream import Hub
from brokers.alpaca_server.websocket import serve_stream

STREAM = "/stream"
LARGEST_BODY = 1024 * 1024
LONGEST_SILENCE_SECONDS = 120.0
_TICK_SECONDS = 0.1
_HTML = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body><center><h1>{0}</h1></center></body></html>"
)
_PAGES = {"502": "502 Bad Gateway", "504": "504 Gateway Time-out"}


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "trimtab", ""
    timeout = LONGEST_SILENCE_SECONDS
    wbufsize = -1
    disable_nagle_algorithm = True
    server: "_Listener"

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self._body(headers)
        if isinstance(body, Refusal):
            self.close_connection = True
            self._send(body.answer())
            return
        request = Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, errors="replace")),
            headers=headers,
            body=body,
        )
        owner = self.server.owner
        if request.path == FAULTS and owner.desk.settings.with_faults:
            self._send(answer_faults(owner.desk, request))
        elif request.path == STREAM and "upgrade" in headers:
            self.close_connection = True
            if not owner.hub.has_room():
                self._send(TOO_MANY.answer())
            else:
                serve_stream(self, owner.hub)
        else:
            self._answer(owner, request)

    def _answer(self, owner: "LocalAlpaca", request: Request) -> None:
        fault = owner.desk.switches.next_request(f"{request.method} {request.path}")
        if fault is None:
            self._send(owner.door.answer(request))
            return
        act, _, when = fault.act.partition("_")
        answer = owner.door.answer(request) if when else None
        if act in _PAGES:
            page = _HTML.format(_PAGES[act]).encode()
            self._send(Answer(status=int(act), body=page, headers={"Content-Type": "text/html"}))
        elif act.isdecimal():
            self._send(owner.door.instead(request, _refusals(act).answer()))
        elif act == "null":
            null = Answer(body=b"null", headers={"Content-Type": "application/json"})
            self._send(owner.door.instead(request, null))
        else:
            self._break_off(owner, request, fault, answer)

    def _break_off(
        self, owner: "LocalAlpaca", request: Request, fault: RequestFault, answer: Answer | None
    ) -> None:
        self.close_connection = True
        if fault.act == "late":
            owner.answer_later(request, fault.seconds)
        elif fault.act.startswith("hang"):
            owner.closing.wait(fault.seconds)
        elif answer is not None and fault.act == "half_after":
            self._send(answer, half=True)

    def _body(self, headers: Mapping[str, str]) -> bytes | Refusal:
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdecimal():
            return Refusal(411, {"message": "Content-Length is required"})
        if int(length[:12]) > LARGEST_BODY:
            return Refusal(413, {"message": "the request is too large"})
        return self.rfile.read(int(length))

    def _send(self, answer: Answer, *, half: bool = False) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: len(answer.body) // 2] if half else answer.body)
        self.wfile.flush()

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815  http.server's names
    do_HEAD = do_OPTIONS = do_TRACE = do_CONNECT = _serve  # noqa: N815

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What is no HTTP at all: JSON as everywhere, and never a 5xx for a client's mistake."""
        self.close_connection = True
        text = message or explain or "bad request"
        self._send(NOT_ALLOWED.answer() if code == 501 else says({"message": text}, min(code, 431)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's word
        """Say nothing: a line of a log could hold keys."""


def _refusals(code: str) -> Refusal:
    match code:
        case "401":
            return UNAUTHORIZED
        case "429":
            return TOO_MANY
        case _:
            return Refusal(
                int(code), {"code": int(code) * 100_000, "message": "internal server error"}
            )


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    owner: "LocalAlpaca"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nobody's trouble."""


class LocalAlpaca:
    """A local Alpaca: its desk, its door and its stream. `serving` runs it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.door = Door(desk)
        self.hub = Hub(desk.settings.streams_at_once, desk.switches, self.door.takes)
        self.closing = threading.Event()
        self._late: list[tuple[float, Request]] = []
        self._lock = threading.Lock()
        desk.tell = self.hub.tell

    def answer_later(self, request: Request, seconds: float) -> None:
        """Do what a request asks when the market's time has moved on; the answer is for nobody."""
        with self._lock:
            self._late.append((self.desk.now().timestamp() + seconds, request))

    def live(self) -> None:
        """Let what is due happen: at the exchange, and of requests that are late."""
        now = self.desk.now().timestamp()
        with self._lock:
            due = [request for at, request in self._late if at <= now]
            self._late = [(at, request) for at, request in self._late if at > now]
        for request in due:
            self.door.answer(request)
        self.desk.live()

    def tick(self) -> None:
        """Let time pass until the end."""
        while not self.closing.wait(_TICK_SECONDS):
            self.live()


@contextmanager
def serving(desk: Desk, port: int = 0) -> Iterator[tuple[LocalAlpaca, str]]:
    """A running server and its URL; port 0 takes a free one. Raises `OSError` for a taken port."""
    server = LocalAlpaca(desk)
    listener = _Listener(("127.0.0.1", port), _Handler)
    listener.owner = server
    threads = [
        threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}),
        threading.Thread(target=server.tick),
    ]
    for thread in threads:
        thread.start()
    try:
        yield server, f"http://127.0.0.1:{listener.server_address[1]}"
    finally:
        server.closing.set()
        server.hub.hang_up()
        listener.shutdown()
        for thread in threads:
            thread.join()
        listener.server_close()
