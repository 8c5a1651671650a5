"""Every answer of the local Alpaca against Alpaca's own OpenAPI documents."""

from collections.abc import Iterator
from typing import Any

import pytest

from brokers.alpaca import wire
from tests.support.alpaca_parts import intent
from tests.support.local_alpaca import Local, local_alpaca
from tests.support.openapi import document, problems, schema_of

OPEN = "/v2/orders?status=all&direction=asc"


class Checked:
    """Sends requests, and holds each answer against the documents."""

    def __init__(self, local: Local) -> None:
        self.local = local
        self.seen: set[str] = set()

    def __call__(self, line: str, **more: Any) -> Any:
        method, _, path = line.partition(" ")
        answer = self.local.ask(method, path, **more)
        assert answer.ok, f"{line}: {answer.status_code} {answer.text}"
        for header in ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"):
            assert answer.headers[header].isdecimal()
        if answer.status_code == 204:
            assert answer.content == b""
            return None
        found = schema_of(method, path.partition("?")[0], answer.status_code)
        assert found is not None, f"{line}: {answer.status_code} is in no document"
        name, schema = found
        assert problems(name, schema, answer.json()) == [], line
        return answer.json()


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Checked]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    document("trading-api")
    with local_alpaca() as local:
        yield Checked(local)


def order(**body: object) -> dict[str, object]:
    return {"symbol": "VTI", "side": "buy", "type": "market", "time_in_force": "day", **body}


def test_orders_in_every_state(checked: Checked) -> None:
    filled = checked("POST /v2/orders", json=order(qty="1.5"))
    by_amount = checked("POST /v2/orders", json=order(notional="50", client_order_id="mine"))
    resting = checked("POST /v2/orders", json=order(qty=2, type="limit", limit_price="90"))
    replaced = checked(f"PATCH /v2/orders/{resting['id']}", json={"qty": "3"})
    checked("GET /v2/orders:by_client_order_id?client_order_id=mine")
    checked(f"DELETE /v2/orders/{replaced['id']}")
    checked.local.break_(orders=["partial_cancel", "reject"])
    checked("POST /v2/orders", json=order(qty="4"))
    checked("POST /v2/orders", json=order(qty="1"))
    checked.local.break_(pending_cancel_seconds="3600", pending_new_seconds="60")
    stuck = checked("POST /v2/orders", json=order(qty="1", type="limit", limit_price="90"))
    checked(f"DELETE /v2/orders/{stuck['id']}")
    found = {row["id"]: row["status"] for row in checked(f"GET {OPEN}")}
    assert sorted(found.values()) == [
        *("canceled", "canceled", "filled", "filled", "pending_cancel", "rejected", "replaced")
    ]
    assert found[filled["id"]] == found[by_amount["id"]] == "filled"
    checked(f"GET /v2/orders/{resting['id']}")
    checked("DELETE /v2/orders")
    checked.local.go(1, "12:00")


def test_orders_given_after_the_close_are_accepted_for_the_next_session(checked: Checked) -> None:
    checked.local.go(0, "17:00")
    assert checked("POST /v2/orders", json=order(qty="1"))["status"] == "accepted"
    (row,) = checked(f"GET {OPEN}")
    assert (row["status"], row["expires_at"]) == ("accepted", "2024-03-05T21:00:00Z")
    checked.local.go(1, "09:31")
    (row,) = checked(f"GET {OPEN}")
    assert row["status"] == "filled"


def test_positions_and_closing_them(checked: Checked) -> None:
    checked("POST /v2/orders", json=order(qty="1.5"))
    checked("GET /v2/positions")
    checked("GET /v2/positions/VTI")
    checked("DELETE /v2/positions/VTI?percentage=50")
    assert len(checked("DELETE /v2/positions?cancel_orders=true")) == 2


def test_the_account_its_settings_and_its_history(checked: Checked) -> None:
    checked("GET /v2/account")
    checked("GET /v2/account/configurations")
    checked("PATCH /v2/account/configurations", json={"suspend_trade": True, "dtbp_check": None})
    checked.local.go(3, "12:00")
    checked("GET /v2/account/portfolio/history?timeframe=1D&period=1M")


def test_activities_of_every_kind(checked: Checked) -> None:
    checked("POST /v2/orders", json=order(qty="1.5"))
    checked.local.break_(cash="100", split={"symbol": "BND", "ratio": "1.5"})
    checked.local.break_(cash="-20.5", dividend={"symbol": "BND", "per_share": "0.21"})
    codes = [row["activity_type"] for row in checked("GET /v2/account/activities?direction=asc")]
    assert codes == ["FILL", "CSD", "SPLIT", "CSW", "DIV"]
    assert len(checked("GET /v2/account/activities/FILL")) == 1
    assert len(checked("GET /v2/account/activities?category=non_trade_activity")) == 4


def test_assets_clock_and_calendar(checked: Checked) -> None:
    checked("GET /v2/assets")
    checked("GET /v2/assets/VTI")
    checked("GET /v2/clock")
    checked("GET /v2/calendar?start=2024-03-04&end=2024-03-08")
    checked.local.go(5, "20:00")
    checked("GET /v2/clock")


@pytest.mark.parametrize("what", ["quotes/latest", "trades/latest", "bars/latest", "snapshots"])
def test_market_data_of_many_symbols(checked: Checked, what: str) -> None:
    checked.local.go(1, "12:00")
    assert checked(f"GET /v2/stocks/{what}?symbols=VTI,BND,NOPE&feed=iex")


@pytest.mark.parametrize(
    "what", ["quotes/latest", "trades/latest", "bars/latest", "snapshot", "bars?timeframe=1Day"]
)
def test_market_data_of_one_symbol(checked: Checked, what: str) -> None:
    assert checked(f"GET /v2/stocks/VTI/{what}")["symbol"] == "VTI"


@pytest.mark.parametrize("fault", ["stale", "missing", "crossed"])
def test_bad_quotes_have_the_shape_of_quotes(checked: Checked, fault: str) -> None:
    checked.local.break_(quotes={"symbol": "VTI", "fault": fault})
    row = checked("GET /v2/stocks/quotes/latest?symbols=VTI")["quotes"]["VTI"]
    assert (row["bp"], row["ap"]) == {
        "stale": (100.0, 100.0),
        "missing": (0.0, 0.0),
        "crossed": (100.01, 100.0),
    }[fault]


def test_bars_and_corporate_actions(checked: Checked) -> None:
    checked.local.go(4, "12:00")
    first = checked("GET /v2/stocks/bars?symbols=VTI,BND&timeframe=1Day&start=2024-03-04&limit=3")
    assert first["next_page_token"]
    checked.local.break_(split={"symbol": "BND", "ratio": "10"})
    checked.local.break_(split={"symbol": "BND", "ratio": "0.1"})
    checked.local.break_(dividend={"symbol": "BND", "per_share": "0.21"})
    found = checked("GET /v1/corporate-actions?symbols=BND")["corporate_actions"]
    assert set(found) == {"forward_splits", "reverse_splits", "cash_dividends"}


def test_our_own_order_is_what_the_document_asks_for() -> None:
    schema = {"$ref": "#/components/schemas/CreateOrderRequest"}
    for limit in ("321.07", None):
        assert problems("trading-api", schema, wire.order_body("tt1-a", intent(limit=limit))) == []


def test_a_key_that_no_document_knows_is_found() -> None:
    """The check checks."""
    schema = {"$ref": "#/components/schemas/Position"}
    assert any("is a required property" in p for p in problems("trading-api", schema, {}))
    clock = {"$ref": "#/components/schemas/legacy_clock"}
    assert problems("trading-api", clock, {"is_opne": True})[-1].startswith(".is_opne: no such key")
