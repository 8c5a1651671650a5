"""Requests made from Alpaca's OpenAPI documents, right and wrong ones: no 5xx, no breach of schema.

Symbols, numbers and order ids are narrowed so that many requests go through; the wrong ones come from
schemathesis breaking what the document says.
"""

import copy
import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable

from brokers.alpaca_server.settings import ACCOUNT_NUMBER
from brokers.alpaca_server.wire_text import id_of
from tests.support.local_alpaca import KEYS, Local, local_alpaca
from tests.support.openapi import document, problems, schema_of

EXAMPLES = int(os.environ.get("TRIMTAB_FUZZ_EXAMPLES", "8"))
"""Requests of each kind for each endpoint; more with the environment variable."""

TRADING = [
    *("GET /v2/orders", "POST /v2/orders", "DELETE /v2/orders"),
    *(f"{method} /v2/orders/{{order_id}}" for method in ("GET", "PATCH", "DELETE")),
    *("GET /v2/orders:by_client_order_id", "GET /v2/positions", "DELETE /v2/positions"),
    *(f"{method} /v2/positions/{{symbol_or_asset_id}}" for method in ("GET", "DELETE")),
    *("GET /v2/account", "GET /v2/account/portfolio/history"),
    *("GET /v2/account/configurations", "PATCH /v2/account/configurations"),
    *("GET /v2/account/activities", "GET /v2/account/activities/{activity_type}"),
    *("GET /v2/assets", "GET /v2/assets/{symbol_or_asset_id}", "GET /v2/clock", "GET /v2/calendar"),
]
DATA = [
    *(f"GET /v2/stocks/{what}/latest" for what in ("quotes", "trades", "bars")),
    *(f"GET /v2/stocks/{{symbol}}/{what}/latest" for what in ("quotes", "trades", "bars")),
    *("GET /v2/stocks/snapshots", "GET /v2/stocks/{symbol}/snapshot"),
    *("GET /v2/stocks/bars", "GET /v2/stocks/{symbol}/bars", "GET /v1/corporate-actions"),
]
LINES = [("trading-api", line) for line in TRADING] + [("market-data-api", line) for line in DATA]
NUMBER = {"type": "string", "pattern": r"^\d{1,3}(\.\d{1,10})?$"}
ORDERS = [id_of("order", f"{ACCOUNT_NUMBER}-{number:06}") for number in (1, 2, 3, 9)]
SYMBOL = {"type": "string", "enum": ["VTI", "BND", "NOPE", "vti", "a b", id_of("asset", "VTI")]}


@cache
def operations(name: str) -> Any:
    """The document as schemathesis reads it; loaded by the first test that needs it."""
    document(name)
    import schemathesis

    return schemathesis.openapi.from_dict(narrowed(name))


def narrowed(name: str) -> dict[str, Any]:
    """The document with the few values that this server knows, and without keys."""
    found = copy.deepcopy(dict(document(name)))
    found.pop("security", None)
    found["components"].pop("securitySchemes")
    if name == "trading-api":
        schemas = found["components"]["schemas"]
        schemas["CreateOrderRequest"] = {"anyOf": [order_shape(which) for which in ORDER_SHAPES]}
        changes = schemas["PatchOrderRequest"]["properties"]
        changes |= {"qty": NUMBER, "limit_price": NUMBER, "time_in_force": {"enum": ["day", "gtc"]}}
    for item in found["paths"].values():
        for place in (item, *(item[m] for m in ("get", "post", "patch", "delete") if m in item)):
            place.pop("security", None)
            for parameter in place.get("parameters", ()):
                if parameter.get("name") == "order_id":
                    parameter["schema"] = {"type": "string", "enum": ORDERS}
                elif parameter.get("name") in ("symbol_or_asset_id", "symbol"):
                    parameter["schema"] = SYMBOL
                elif parameter.get("name") == "timeframe":
                    parameter["schema"] = {"type": "string", "enum": ["1Day", "1D", "1Min"]}
    for parameter in found["components"].get("parameters", {}).values():
        if parameter.get("name") in ("symbol", "symbols"):
            parameter["schema"] = SYMBOL
        elif parameter.get("name") == "timeframe":
            parameter["schema"] = {"type": "string", "enum": ["1Day", "1Min"]}
    return found


ORDER_SHAPES = ("qty", "notional", "limit_price")


def order_shape(which: str) -> dict[str, Any]:
    """A market order by quantity or by amount, or a limit order."""
    fields = {which} | ({"qty"} if which == "limit_price" else set())
    return {
        "type": "object",
        "properties": {
            **dict.fromkeys(fields, NUMBER),
            "client_order_id": {"type": "string", "maxLength": 128},
            "extended_hours": {"type": "boolean"},
            "order_class": {"enum": ["", "simple", "bracket"]},
            "symbol": {"enum": ["VTI", "VTI", "BND", "NOPE"]},
            "side": {"enum": ["buy", "sell"]},
            "type": {"enum": ["limit"] if which == "limit_price" else ["market", "stop"]},
            "time_in_force": {"enum": ["day", "day", "gtc", "ioc"]},
        },
        "required": [*sorted(fields), "symbol", "side", "type", "time_in_force"],
        "additionalProperties": False,
    }


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[Local]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with local_alpaca(with_faults=False) as running:
        for _ in range(2):
            running.order(qty="1", type="limit", limit_price="50")
        running.order(qty="1")
        yield running


@pytest.mark.parametrize("mode", ["positive", "negative"])
@pytest.mark.parametrize(("name", "line"), LINES)
def test_no_request_breaks_the_server_or_the_schema(
    local: Local, name: str, line: str, mode: str
) -> None:
    import schemathesis

    method, _, path = line.partition(" ")
    operation = operations(name)[path][method]
    requests = operation.as_strategy(generation_mode=schemathesis.GenerationMode(mode))

    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests)
    def asked(case: Any) -> None:
        case.headers = {}
        answer = case.call(base_url=local.url, headers=KEYS)
        hold(case, answer)

    try:
        asked()
    except Unsatisfiable:  # nothing can be wrong with a request for the clock
        assert mode == "negative"


def hold(case: Any, answer: Any) -> None:
    """An answer is no 5xx, has the limits in its headers, and keeps its schema or says why not."""
    assert answer.status_code < 500, answer.text
    assert answer.headers["x-ratelimit-remaining"][0].isdecimal()
    if answer.status_code == 204:
        assert answer.content == b""
        return
    body = answer.json()
    if answer.status_code >= 400:
        assert isinstance(body["message"], str)
        assert body["message"]
        return
    path = answer.request.url.partition("?")[0].split("/", 3)[3]
    found = schema_of(case.method, f"/{path}", answer.status_code)
    assert found is not None, (case.method, path, answer.status_code)
    if answer.status_code == 207:
        body = [row for row in body if row["status"] < 300]
    assert problems(*found, body) == []


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\xff\xfe\x00\r\n\r\n",
        b"BREW /v2/orders HTTP/1.1\r\n\r\n", b"GET /stream HTTP/1.1\r\nUpgrade: tea\r\n\r\n",
        b"POST /v2/orders HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /v2/orders HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
        b"POST /v2/orders HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    ],
)  # fmt: skip
def test_what_is_no_http_never_gets_a_5xx(local: Local, raw: bytes) -> None:
    import socket
    from urllib.parse import urlsplit

    port = urlsplit(local.url).port
    assert port is not None
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        line.sendall(raw)
        line.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert b" 5" not in answer.partition(b"\r\n")[0]
    assert local.get("/v2/clock")["is_open"]


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 100_000, b'{"qty": 1e999999}',
        b'{"qty": NaN}', b'{"symbol": "VTI", "qty": "' + b"9" * 5000 + b'"}',
        b'{"symbol": "\\ud800", "side": "buy", "type": "market", "time_in_force": "day", "qty": 1}',
        b'{"symbol": "VTI", "side": "buy", "type": "market", "time_in_force": "day", "qty": true}',
        b'{"symbol": "VTI", "side": "buy", "type": "market", "time_in_force": "day", "qty": "0x1"}',
        b'{"symbol": "VTI", "side": "buy", "type": "market", "time_in_force": "day", "qty": "-1"}',
    ],
)  # fmt: skip
def test_a_body_that_is_no_order_is_refused(local: Local, body: bytes) -> None:
    answer = local.ask("POST", "/v2/orders", data=body)
    assert answer.status_code in (400, 404, 422), answer.text
    assert answer.json()["message"]


def test_an_id_of_any_text_is_taken_and_found(local: Local) -> None:
    odd = "\ud800 ünïcode \x00 / ? # & %2F"
    assert local.order(qty="1", client_order_id=odd)["client_order_id"] == odd
