"""A webhook on loopback that remembers what was posted to it and answers as told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Webhook:
    """`status` is the answer; while `is_silent` nothing is answered. `posted` are the bodies."""

    def __init__(self) -> None:
        self.status = 200
        self.posted: list[dict[str, Any]] = []
        self.arrived = threading.Event()
        self.may_answer = threading.Event()
        self.may_answer.set()
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.posted.append(json.loads(body))
                hook.arrived.set()
                hook.may_answer.wait(60)
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def address(self) -> str:
        """Where Apprise posts to."""
        return f"json://127.0.0.1:{self.server.server_address[1]}/hook/Canary9Zw5Lr2T"


@contextmanager
def listening() -> Iterator[Webhook]:
    """A webhook while the block runs."""
    hook = Webhook()
    thread = threading.Thread(target=hook.server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield hook
    finally:
        hook.may_answer.set()
        hook.server.shutdown()
        thread.join()
        hook.server.server_close()
