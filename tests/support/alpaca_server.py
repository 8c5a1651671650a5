"""A real HTTP server on loopback that plays written answers and counts what reaches it."""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import parse_qsl, urlsplit

ANSWERS = Path(__file__).parents[1] / "brokers" / "alpaca_answers"


def written(name: str) -> object:
    """One of the answers in tests/brokers/alpaca_answers, as JSON."""
    return json.loads((ANSWERS / f"{name}.json").read_text(encoding="utf-8"))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the server does with one request: answer, stay silent, or hang up."""

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    act: Literal["answer", "silence", "hang_up", "half"] = "answer"


def says(body: object, status: int = 200, **headers: str) -> Answer:
    """A JSON answer; header names are written with underscores."""
    text = body if isinstance(body, str) else json.dumps(body)
    return Answer(
        status=status,
        body=text,
        headers={"Content-Type": "application/json"}
        | {name.replace("_", "-"): value for name, value in headers.items()},
    )


def page(name: str) -> Answer:
    """One of the written answers, to the letter."""
    return says((ANSWERS / f"{name}.json").read_text(encoding="utf-8"))


SILENCE = Answer(act="silence")
HANGS_UP = Answer(act="hang_up")
HTML = Answer(status=502, body="<html><h1>502 Bad Gateway</h1></html>")


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str


class Stage(Protocol):
    """What stands behind the socket: one answer for each request."""

    def next_answer(self, request: Request) -> Answer: ...


class ScriptedAlpaca:
    """Plays the answers written for "GET /v2/clock" in order; the last one is repeated."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._answers: dict[str, list[Answer]] = defaultdict(list)
        self.url = ""

    def on(self, line: str, *answers: Answer) -> None:
        """Write the answers for a request line such as "POST /v2/orders"."""
        self._answers[line].extend(answers)

    def count(self, line: str) -> int:
        """How many requests with this method and path have arrived."""
        return sum(f"{r.method} {r.path}" == line for r in self.requests)

    def next_answer(self, request: Request) -> Answer:
        """The answer to play, in the order in which requests arrive."""
        self.requests.append(request)
        left = self._answers[f"{request.method} {request.path}"]
        if not left:
            return says({"message": f"nothing is written for {request.path}"}, 599)
        return left.pop(0) if len(left) > 1 else left[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stage: Stage
    closing: threading.Event

    def _play(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length", 0))
        request = Request(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            headers=dict(self.headers),
            body=self.rfile.read(length).decode(),
        )
        answer = self.stage.next_answer(request)
        if answer.act == "silence":
            self.closing.wait(30)
        if answer.act in ("silence", "hang_up"):
            self.close_connection = True
            return
        raw = answer.body.encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if answer.act == "half":
            self.wfile.write(raw[: len(raw) // 2])
            self.close_connection = True
            return
        self.wfile.write(raw)

    do_GET = do_POST = do_DELETE = _play  # noqa: N815  the names http.server looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's word
        """Stay quiet."""


@contextmanager
def serving(stage: Stage) -> Iterator[str]:
    """The URL of a running server; at the end nobody is left waiting."""
    closing = threading.Event()
    handler = type("Handler", (_Handler,), {"stage": stage, "closing": closing})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def scripted_alpaca() -> Iterator[ScriptedAlpaca]:
    """A running server that plays what is written for it."""
    script = ScriptedAlpaca()
    with serving(script) as url:
        script.url = url
        yield script
