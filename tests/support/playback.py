"""The Alpaca adapter without a socket: requests' own answers, played from what was recorded."""

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import BaseAdapter

from brokers.alpaca.answers import Answered, Failed
from brokers.alpaca.broker import AlpacaBroker
from brokers.alpaca.connection import Connection, data_connection, trading_connection
from brokers.alpaca.prices import AlpacaPrices
from brokers.alpaca.reader import AlpacaReader
from brokers.alpaca.wire import exact_json
from portfolio.ports import Clock
from tests.support.alpaca_parts import Naps, keys, settings
from tests.support.alpaca_server import Answer, Request

HERE = "http://127.0.0.1:9"
KEYS = {"APCA-API-SECRET-KEY": "played"}


@dataclass
class Playback(BaseAdapter):
    """Answers requests in this process. `change` has the last word on each answer's text."""

    answer: Callable[[Request], Answer]
    change: Callable[[Request, str], str] = lambda _request, text: text
    seen: list[Request] = field(default_factory=list)

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:  # type: ignore[override]
        """Play one."""
        parts = urlsplit(request.url or "")
        body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
        asked = Request(
            method=request.method or "",
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            headers={str(name): str(value) for name, value in request.headers.items()},
            body=str(body),
        )
        self.seen.append(asked)
        answer = self.answer(asked)
        found = requests.Response()
        found.status_code = answer.status
        found.url, found.request = request.url or "", request
        found.headers.update(answer.headers)
        text = self.change(asked, answer.body) if answer.status < 300 else answer.body
        found.raw = io.BytesIO(text.encode(errors="replace"))
        found._content = text.encode(errors="replace")
        return found

    def close(self) -> None:
        """Nothing is open."""

    def posts(self) -> list[Request]:
        """What was sent that changes something."""
        return [request for request in self.seen if request.method != "GET"]


def playing_lightly(
    playback: Playback, clock: Clock
) -> tuple[AlpacaReader, AlpacaBroker, AlpacaPrices]:
    """The same without requests and alpaca-py, in a tenth of the time: the text is read as there."""
    reader, broker, prices = playing(playback, clock)
    for line in (reader._connection, prices._connection):
        line.exchange = _exchange(playback)  # type: ignore[method-assign]
    return reader, broker, prices


def _exchange(playback: Playback) -> Callable[..., Answered | Failed]:
    def exchange(
        method: str, path: str, data: Mapping[str, str] | None = None, **_: object
    ) -> Answered | Failed:
        query = dict(data or {})
        sent = json.dumps(query) if method == "POST" else ""
        request = Request(method=method, path=f"/v2{path}", query=query, headers=KEYS, body=sent)
        playback.seen.append(request)
        answer = playback.answer(request)
        if answer.status >= 300:
            error = json.loads(answer.body)
            return Failed(request=path, problem="refused", status=answer.status, error=error)
        text = playback.change(request, answer.body)
        try:
            return Answered(body=exact_json(text) if text else None)
        except (ValueError, RecursionError):
            return Failed(request=path, problem="the answer is not JSON", status=answer.status)

    return exchange


def _played(line: Connection, playback: Playback) -> Connection:
    line._client._session.mount("http://", playback)
    return line


def playing(playback: Playback, clock: Clock) -> tuple[AlpacaReader, AlpacaBroker, AlpacaPrices]:
    """The adapter's three doors on a playback."""
    BaseAdapter.__init__(playback)
    chosen = settings(HERE, requests_per_minute=10**9, read_patience_seconds=1e9)
    line = _played(trading_connection(chosen, keys(), clock, Naps()), playback)
    data = _played(data_connection(chosen, keys(), clock, Naps()), playback)
    reader = AlpacaReader("brokerage", line)
    return reader, AlpacaBroker(reader, line), AlpacaPrices(data)
