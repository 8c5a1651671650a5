"""A stand-in for Alpaca on loopback: the fake of the tests, its quotes, and the order stream.

HTTP and the stream share one port, as the setting `server_url` wants it. Every answer closes its
connection, which costs the daemon a little more than the real service does.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qsl, urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as HttpRequest
from websockets.http11 import Response
from websockets.sync.server import ServerConnection, serve

from daemon.machine.clocks import WallClock
from tests.support.alpaca_fake import FakeAlpaca
from tests.support.alpaca_server import Request

PRICES = {"STOCK": Decimal(100), "BOND": Decimal(100)}
HOLDINGS = {"STOCK": Decimal(597), "BOND": Decimal(398)}
CASH = Decimal(500)


class StandIn:
    """One account that holds what the benchmarks' target asks for."""

    def __init__(self) -> None:
        self._clock = WallClock()
        self._lock = threading.Lock()
        self._fake = FakeAlpaca(
            clock=self._clock,
            cash=CASH,
            prices=PRICES,
            holdings={symbol: (held, PRICES[symbol]) for symbol, held in HOLDINGS.items()},
        )

    def answer(self, _line: ServerConnection, asked: HttpRequest) -> Response | None:
        """The answer to a plain request; None lets the stream's handshake go on."""
        parts = urlsplit(asked.path)
        if parts.path == "/stream":
            return None
        query = dict(parse_qsl(parts.query))
        if parts.path.startswith("/v2/stocks/"):
            status, text = 200, json.dumps(self._market_data(parts.path, query))
        else:
            request = Request(
                method="GET",
                path=parts.path,
                query=query,
                headers=dict(asked.headers.raw_items()),
                body="",
            )
            with self._lock:
                said = self._fake.next_answer(request)
            status, text = said.status, said.body
        headers = Headers({"Content-Type": "application/json", "Connection": "close"})
        headers["Content-Length"] = str(len(text.encode()))
        return Response(status, "answered", headers, text.encode())

    def stream(self, line: ServerConnection) -> None:
        """The order stream: takes any key, says nothing more, and stays."""
        try:
            line.recv()
            line.send(json.dumps({"stream": "authorization", "data": {"status": "authorized"}}))
            while True:
                line.recv()
        except ConnectionClosed:
            return

    def _market_data(self, path: str, query: dict[str, str]) -> dict[str, object]:
        symbols = query["symbols"].split(",")
        now = self._clock.now()
        if path.endswith("/bars"):
            days = (now - timedelta(days=n) for n in range(1, 25))
            bars = [{"t": day.isoformat(), "c": 100, "v": 1_000_000} for day in days]
            return {"bars": dict.fromkeys(symbols, bars), "next_page_token": None}
        shots: dict[str, object] = {}
        for symbol in symbols:
            price = float(PRICES[symbol])
            yesterday = (now - timedelta(days=1)).isoformat()
            shots[symbol] = {
                "latestTrade": {"t": now.isoformat(), "p": price},
                "latestQuote": {"t": now.isoformat(), "bp": price - 0.01, "ap": price + 0.01},
                "dailyBar": {"t": now.isoformat(), "c": price, "v": 1000},
                "prevDailyBar": {"t": yesterday, "c": price, "v": 1000},
            }
        return shots


@contextmanager
def stand_in() -> Iterator[str]:
    """A running stand-in; its origin."""
    account = StandIn()
    with serve(account.stream, "127.0.0.1", 0, process_request=account.answer) as server:
        thread = threading.Thread(target=server.serve_forever, name="stand-in", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()
