"""The fault switches of the local Alpaca, each as a client meets it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.support.local_alpaca import KEYS, Local, local_alpaca

PATIENCE_SECONDS = 20.0


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[Local]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with local_alpaca() as running:
        yield running


def submit(local: Local, act: str, **more: object) -> requests.Response:
    """One order that meets a fault."""
    local.break_(requests=[{"on": "POST /v2/orders", "act": act, **more}])
    order = {"symbol": "VTI", "side": "buy", "type": "market", "time_in_force": "day", "qty": "1"}
    return local.ask("POST", "/v2/orders", json={**order, "client_order_id": act})


def exists(local: Local, name: str) -> bool:
    path = f"/v2/orders:by_client_order_id?client_order_id={name}"
    return local.ask("GET", path).status_code == 200


# Requests


@pytest.mark.parametrize("act", ["504", "504_after", "502", "502_after"])
def test_a_gateway_answers_in_html(local: Local, act: str) -> None:
    answer = submit(local, act)
    assert answer.status_code == int(act[:3])
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.text.startswith("<html>")
    assert exists(local, act) is act.endswith("_after")


@pytest.mark.parametrize(
    ("act", "message"),
    [
        ("401", "unauthorized."),
        ("429", "too many requests."),
        ("500", "internal server error"),
        ("503", "internal server error"),
    ],
)
def test_a_refusal_out_of_nowhere(local: Local, act: str, message: str) -> None:
    answer = submit(local, act)
    assert (answer.status_code, answer.json()["message"]) == (int(act), message)
    assert not exists(local, act)


@pytest.mark.parametrize("act", ["drop", "drop_after", "hang", "hang_after"])
def test_a_line_that_breaks(local: Local, act: str) -> None:
    with pytest.raises(requests.ConnectionError):
        submit(local, act, seconds=0.2)
    assert exists(local, act) is act.endswith("_after")


def test_half_an_answer_and_a_null_come_after_the_deed(local: Local) -> None:
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        submit(local, "half_after")
    assert submit(local, "null_after").text == "null"
    assert exists(local, "half_after")
    assert exists(local, "null_after")


def test_a_late_order_arrives_when_the_markets_time_has_come(local: Local) -> None:
    with pytest.raises(requests.ConnectionError):
        submit(local, "late", seconds=1200)
    local.go(0, "10:19")
    assert not exists(local, "late")
    local.go(0, "10:20")
    assert exists(local, "late")


def test_a_fault_is_used_up_and_can_be_called_off(local: Local) -> None:
    local.break_(requests=[{"on": "GET /v2/clock", "act": "503", "times": 3}])
    assert local.ask("GET", "/v2/clock").status_code == 503
    assert len(local.json("GET", "/_faults")["requests"]) == 2
    assert local.json("DELETE", "/_faults")["requests"] == []
    assert local.get("/v2/clock")["is_open"]


def test_an_unknown_switch_is_refused_by_name(local: Local) -> None:
    answer = local.ask("POST", "/_faults", json={"gravity": "off"})
    assert (answer.status_code, answer.json()["message"]) == (422, "no switch is called gravity")


def test_without_faults_there_is_no_such_path() -> None:
    with local_alpaca(with_faults=False) as local:
        assert local.ask("GET", "/_faults").status_code == 404


# Orders


def test_an_order_is_rejected_after_it_was_answered(local: Local) -> None:
    local.break_(orders=["reject"])
    order = local.order(qty="1")
    assert order["status"] == "pending_new"
    order = local.get(f"/v2/orders/{order['id']}")
    assert (order["status"], order["filled_qty"]) == ("rejected", "0")
    assert order["failed_at"]


def test_an_order_is_half_filled_and_canceled(local: Local) -> None:
    local.break_(orders=["partial_cancel"])
    order = local.get(f"/v2/orders/{local.order(qty='5')['id']}")
    assert (order["status"], order["filled_qty"], order["qty"]) == ("canceled", "2", "5")
    assert local.held()["VTI"] == 2


def test_an_order_dwells_in_pending_new(local: Local) -> None:
    local.break_(pending_new_seconds=60)
    order = local.order(qty="1")
    assert local.get(f"/v2/orders/{order['id']}")["status"] == "pending_new"
    local.go(0, "10:02")
    assert local.get(f"/v2/orders/{order['id']}")["status"] == "filled"


def test_a_cancel_sticks_and_a_fill_may_win(local: Local) -> None:
    local.break_(pending_cancel_seconds=3600)
    order = local.order(qty="1", type="limit", limit_price="90")
    local.ask("DELETE", f"/v2/orders/{order['id']}")
    assert local.get(f"/v2/orders/{order['id']}")["status"] == "pending_cancel"
    local.break_(price={"symbol": "VTI", "price": "89"})
    assert local.get(f"/v2/orders/{order['id']}")["status"] == "filled"


def test_positions_lag_behind_orders(local: Local) -> None:
    local.break_(position_lag_seconds=10)
    order = local.order(qty="3")
    assert local.get(f"/v2/orders/{order['id']}")["status"] == "filled"
    assert local.held() == {"BND": 20}
    local.go(0, "10:01")
    assert local.held() == {"BND": 20, "VTI": 3}


def test_more_than_ten_seconds_of_lag_are_refused(local: Local) -> None:
    assert local.ask("POST", "/_faults", json={"position_lag_seconds": 11}).status_code == 422


# The world


def test_a_split_overnight_multiplies_the_holding_and_divides_the_price(local: Local) -> None:
    resting = local.order(symbol="BND", qty="1", type="limit", limit_price="40")
    local.break_(split={"symbol": "BND", "ratio": "10"})
    (bond,) = local.get("/v2/positions")
    assert (bond["qty"], bond["current_price"], bond["avg_entry_price"]) == ("200", "5", "4.8")
    assert local.get(f"/v2/orders/{resting['id']}")["status"] == "canceled"
    assert local.get("/v2/account")["equity"] == "11000"
    (row,) = local.get("/v2/account/activities/SPLIT")
    assert (row["activity_sub_type"], row["qty"], row["net_amount"]) == ("FSPLIT", "180", "0")


def test_a_dividend_is_cash_and_an_activity(local: Local) -> None:
    local.break_(dividend={"symbol": "BND", "per_share": "0.21"})
    (row,) = local.get("/v2/account/activities/DIV")
    assert (row["net_amount"], row["symbol"]) == ("4.2", "BND")
    assert local.get("/v2/account")["cash"] == "10004.2"


def test_a_blocked_account_says_so_and_takes_no_order(local: Local) -> None:
    local.break_(blocked="under review")
    assert local.get("/v2/account")["trading_blocked"]
    status, body = local.refused(qty="1")
    assert (status, body["message"]) == (403, "account is blocked: under review")


# The stream


def address(local: Local) -> str:
    return f"{local.url.replace('http', 'ws')}/stream"


@contextmanager
def listening(local: Local) -> Iterator[ClientConnection]:
    with connect(address(local)) as line:
        key, secret = KEYS.values()
        say(line, "authenticate", {"key_id": key, "secret_key": secret})
        assert heard(line) == {
            "stream": "authorization",
            "data": {"status": "authorized", "action": "authenticate"},
        }
        say(line, "listen", {"streams": ["trade_updates"]})
        assert heard(line) == {"stream": "listening", "data": {"streams": ["trade_updates"]}}
        yield line


def say(line: ClientConnection, action: str, data: dict[str, Any]) -> None:
    line.send(json.dumps({"action": action, "data": data}))


def heard(line: ClientConnection) -> Any:
    frame = line.recv(timeout=PATIENCE_SECONDS)
    assert isinstance(frame, bytes)  # paper sends binary frames
    return json.loads(frame)


def events(line: ClientConnection, count: int) -> list[str]:
    found = [heard(line)["data"] for _ in range(count)]
    return ["null" if data is None else data["event"] for data in found]


@pytest.mark.parametrize(
    ("acts", "told"),
    [
        ([], ["pending_new", "new", "fill"]),
        (["duplicate"], ["pending_new", "pending_new", "new", "fill"]),
        (["missing"], ["new", "fill"]),
        (["out_of_order"], ["new", "pending_new", "fill"]),
        (["data_null"], ["null", "new", "fill"]),
    ],
)
def test_events_are_doubled_lost_shuffled_or_empty(
    local: Local, acts: list[str], told: list[str]
) -> None:
    with listening(local) as line:
        local.break_(stream=acts)
        local.order(qty="1")
        assert events(line, len(told)) == told


def test_a_disconnected_stream_replays_nothing(local: Local) -> None:
    with listening(local) as line:
        local.break_(stream=["disconnect"])
        local.order(qty="1")
        with pytest.raises(ConnectionClosed):
            line.recv(timeout=PATIENCE_SECONDS)
    wait_for_room(local)
    with listening(local) as line:
        local.order(symbol="BND", qty="1")
        assert heard(line)["data"]["order"]["symbol"] == "BND"


def wait_for_room(local: Local) -> None:
    """Until the server has noticed the end of the last line."""
    for _ in range(400):
        if local.server.hub.has_room():
            return
        threading.Event().wait(0.02)
    raise AssertionError("the place was never given back")


def refusal_of_a_stream(local: Local) -> int:
    with pytest.raises(InvalidStatus) as refused, connect(address(local)):
        pass
    return int(refused.value.response.status_code)


def test_a_second_stream_is_refused_with_429(local: Local) -> None:
    with listening(local):
        assert refusal_of_a_stream(local) == 429
    wait_for_room(local)


def test_the_ghost_of_a_stream_holds_its_place(local: Local) -> None:
    local.break_(ghost_seconds=3600)
    with listening(local):
        pass
    while local.server.hub.listeners():
        threading.Event().wait(0.02)
    assert refusal_of_a_stream(local) == 429


def test_wrong_keys_are_told_and_hear_nothing() -> None:
    with (
        local_alpaca(keys=("PKRIGHT", "right")) as local,
        connect(address(local)) as line,
    ):
        say(line, "authenticate", {"key_id": "PKRIGHT", "secret_key": "wrong"})
        assert heard(line)["data"]["status"] == "unauthorized"
        say(line, "listen", {"streams": ["trade_updates"]})
        assert heard(line)["data"] == {"status": "unauthorized", "action": "listen"}


# Keys, limits and the error catalogue


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"APCA-API-KEY-ID": "PKRIGHT", "APCA-API-SECRET-KEY": "wrong"},
        {"APCA-API-KEY-ID": "PKRIGHT"},
        {"Authorization": "Basic !!!"},
        {"APCA-API-KEY-ID": "AKLIVELIVELIVELIVE01", "APCA-API-SECRET-KEY": "right"},
    ],
)
def test_without_the_right_keys_nothing_is_told(headers: dict[str, str]) -> None:
    with local_alpaca(keys=("PKRIGHT", "right")) as local:
        answer = local.ask("GET", "/v2/account", headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"message": "unauthorized."})


def test_the_limit_is_in_every_header_and_then_it_is_429() -> None:
    with local_alpaca(requests_per_minute=3) as local:
        answers = [local.ask("GET", "/v2/clock") for _ in range(4)]
        left = [int(a.headers["X-RateLimit-Remaining"]) for a in answers]
        if left == [2, 1, 0, 0]:  # else the minute has just changed
            assert [a.status_code for a in answers] == [200, 200, 200, 429]
            assert answers[-1].json() == {"message": "too many requests."}
        assert local.ask("GET", "/v2/stocks/snapshots?symbols=VTI").status_code == 200


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /v2/account", 200),
        ("DELETE /v2/orders", 207),
        ("GET /v2/orders/none", 404),
        ("GET /v2/nowhere", 404),
        ("PATCH /v2/clock", 405),
        ("POST /v2/orders", 422),
        ("GET /v1/corporate-actions", 200),
    ],
)
def test_answers_and_refusals_alike_say_what_is_left_of_the_minute(
    local: Local, line: str, status: int
) -> None:
    method, _, path = line.partition(" ")
    answer = local.ask(method, path, json={} if method in ("POST", "PATCH") else None)
    assert answer.status_code == status
    assert answer.headers["X-RateLimit-Limit"] == "100000"
    assert int(answer.headers["X-RateLimit-Remaining"]) < 100_000
    assert int(answer.headers["X-RateLimit-Reset"]) > local.clock.at.timestamp()
    assert answer.headers["X-Request-ID"]


@pytest.mark.parametrize("act", ["401", "429", "500", "503", "null_after"])
def test_so_do_the_answers_of_a_fault(local: Local, act: str) -> None:
    headers = submit(local, act).headers
    assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} <= set(headers)
    assert (headers["X-RateLimit-Remaining"] == "0") is (act == "429")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("GET /v2/orders/none", "order not found for none"),
        ("DELETE /v2/orders/none", "order not found for none"),
        ("GET /v2/orders:by_client_order_id?client_order_id=me", "order not found for me"),
        ("GET /v2/positions/VTI", "position does not exist"),
        ("DELETE /v2/positions/VTI", "position does not exist"),
        ("GET /v2/assets/ZZZ", "asset not found for ZZZ"),
    ],
)
def test_what_is_not_there_is_404_in_alpacas_words(local: Local, line: str, message: str) -> None:
    answer = local.ask(*line.split(" "))
    assert (answer.status_code, answer.json()) == (404, {"code": 40410000, "message": message})


def test_an_account_that_its_owner_has_suspended_takes_no_order(local: Local) -> None:
    local.json("PATCH", "/v2/account/configurations", json={"suspend_trade": True})
    body = {"code": 40310000, "message": "new orders are rejected by user request"}
    assert local.refused(qty="1") == (403, body)


@pytest.mark.parametrize(
    ("order", "status", "body"),
    [
        ({}, 422, {"code": 40010001, "message": "qty or notional is required"}),
        (
            {"qty": "1", "notional": "5"},
            400,
            {"code": 40010001, "message": "only one of qty or notional is accepted"},
        ),
        (
            {"notional": "5.001"},
            422,
            {
                "code": 42210000,
                "message": "notional value must be limited to 2 decimal places",
            },
        ),
        (
            {"qty": "0.5", "time_in_force": "gtc"},
            422,
            {"code": 42210000, "message": "fractional orders must be DAY orders"},
        ),
        (
            {"qty": "0.5", "order_class": "bracket"},
            422,
            {"code": 42210000, "message": "fractional orders must be simple orders"},
        ),
        (
            {"qty": "1", "type": "limit", "limit_price": "99.995"},
            422,
            {
                "code": 42210000,
                "message": "invalid limit_price 99.995. sub-penny increment does not fulfill"
                " minimum pricing criteria",
            },
        ),
        (
            {"qty": "0.001"},
            403,
            {
                "code": 40310000,
                "message": "cost basis must be >= minimal amount of order 1",
            },
        ),
        (
            {"symbol": "ZZZ", "qty": "1"},
            404,
            {"code": 40410000, "message": "asset not found for ZZZ"},
        ),
        (
            {"symbol": "VTI", "side": "sell", "qty": "1"},
            403,
            {"code": 40310000, "message": "account is not allowed to short"},
        ),
        (
            {"symbol": "BND", "side": "sell", "qty": "20.5"},
            403,
            {
                "code": 40310000,
                "message": "insufficient qty available for order (requested: 20.5, available: 20)",
                "available": "20",
                "existing_qty": "20",
                "held_for_orders": "0",
                "symbol": "BND",
            },
        ),
        (
            {"qty": "100"},  # held at 4 % above the ask
            403,
            {
                "code": 40310000,
                "message": "insufficient buying power",
                "buying_power": "10000",
                "cost_basis": "10400",
            },
        ),
    ],
)
def test_refusals_are_word_for_word(
    local: Local, order: dict[str, object], status: int, body: dict[str, object]
) -> None:
    assert local.refused(**order) == (status, body)


def test_refusals_that_name_another_order(local: Local) -> None:
    held = local.order(symbol="BND", side="sell", qty="15", type="limit", limit_price="60")
    _, wash = local.refused(symbol="BND", qty="1")
    assert wash == {
        "code": 40310000,
        "message": "potential wash trade detected. use complex orders",
        "existing_order_id": held["id"],
        "reject_reason": "opposite side market/stop order exists",
    }
    _, short = local.refused(symbol="BND", side="sell", qty="6")
    assert (short["held_for_orders"], short["related_orders"]) == ("15", [held["id"]])
    assert local.order(symbol="BND", side="sell", qty="5", client_order_id="once")
    assert local.refused(symbol="BND", side="sell", qty="1", client_order_id="once") == (
        422,
        {"code": 40010001, "message": "client_order_id must be unique"},
    )


def test_an_order_that_has_ended_can_be_canceled_no_more(local: Local) -> None:
    order = local.order(qty="1")
    answer = local.ask("DELETE", f"/v2/orders/{order['id']}")
    assert (answer.status_code, answer.json()) == (
        422,
        {"code": 42210000, "message": 'order is already in "filled" state'},
    )


def test_a_not_fractionable_asset_is_refused_by_name() -> None:
    with local_alpaca(fractional=False) as local:
        assert local.refused(qty="1.5") == (
            403,
            {"code": 40310000, "message": 'asset "VTI" is not fractionable'},
        )


def test_stamps_have_nanoseconds_and_numbers_are_short(local: Local) -> None:
    order = local.order(qty=1.50, client_order_id="a")
    assert order["qty"] == "1.5"
    assert order["order_class"] == ""
    fraction = order["submitted_at"].partition(".")[2].removesuffix("Z")
    assert 6 < len(fraction) <= 9
    assert Decimal(local.get("/v2/account")["cash"]) == Decimal(9850)
