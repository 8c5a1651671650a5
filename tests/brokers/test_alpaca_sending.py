"""Orders on a real socket: what is sent, how often, and what each answer is taken for."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from brokers.alpaca.answers import Failed
from brokers.alpaca.broker import AlpacaBroker
from brokers.alpaca.reader import AlpacaReader
from portfolio.orders import OrderStatus, Side
from portfolio.ports import (
    Accepted,
    Ambiguous,
    Broker,
    BrokerReader,
    Deferred,
    Exists,
    NotSent,
    Refused,
    Unavailable,
)
from tests.support.alpaca_parts import (
    CLIENT_ORDER_ID,
    KEY_ID,
    NOON,
    SECRET,
    Naps,
    broker,
    intent,
    reader,
    trading,
)
from tests.support.alpaca_server import (
    HANGS_UP,
    HTML,
    SILENCE,
    Answer,
    ScriptedAlpaca,
    page,
    says,
    scripted_alpaca,
    written,
)

POST = "POST /v2/orders"
CATALOGUE: Any = written("errors")


@pytest.fixture
def alpaca(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedAlpaca]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with scripted_alpaca() as script:
        yield script


def test_an_order_goes_out_once_as_strings_with_our_keys(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(POST, page("order_new"))
    outcome = broker(alpaca.url).submit(CLIENT_ORDER_ID, intent())
    assert isinstance(outcome, Accepted)
    assert outcome.order.status is OrderStatus.OPEN
    assert outcome.order.raw_status == "pending_new"
    assert outcome.order.limit_price == intent().limit_price
    (request,) = alpaca.requests
    assert json.loads(request.body) == {
        "symbol": "VTI",
        "qty": "12.5",
        "side": "buy",
        "type": "limit",
        "time_in_force": "day",
        "limit_price": "321.07",
        "client_order_id": CLIENT_ORDER_ID,
    }
    assert request.headers["APCA-API-KEY-ID"] == KEY_ID
    assert request.headers["APCA-API-SECRET-KEY"] == SECRET
    assert "Authorization" not in request.headers


@pytest.mark.parametrize("case", CATALOGUE, ids=lambda c: f"{c['status']} {str(c['body'])[:60]}")
def test_each_answer_of_the_catalogue_means_one_thing(
    alpaca: ScriptedAlpaca, case: dict[str, Any]
) -> None:
    alpaca.on(POST, says(case["body"], case["status"]))
    outcome = broker(alpaca.url).submit(CLIENT_ORDER_ID, intent())
    match case["means"]:
        case "exists":
            assert isinstance(outcome, Exists)
        case "refused" | "halts":
            assert isinstance(outcome, Refused)
            assert outcome.halts is (case["means"] == "halts")
            assert outcome.code == str(case["body"].get("code", case["status"]))
            assert outcome.message.startswith(case["body"]["message"])
            assert case.get("says", "") in outcome.message
        case "deferred":
            assert isinstance(outcome, Deferred)
        case "ambiguous":
            assert isinstance(outcome, Ambiguous)
        case other:
            pytest.fail(f"no such meaning: {other}")
    assert alpaca.count(POST) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (HANGS_UP, "the connection broke"),
        (HTML, "answered 502"),
        (Answer(status=200, body=json.dumps(written("order_new")), act="half"), "connection broke"),
        (says(json.dumps(written("order_new"))[:300]), "not JSON"),
        (page("order_by_amount"), "another order, 'by-hand-0001'"),
        (says({"moved": True}, 307, Location="http://127.0.0.1:9/v2/orders"), "redirect"),
    ],
)
def test_an_answer_that_proves_nothing_is_ambiguous_and_not_repeated(
    alpaca: ScriptedAlpaca, answer: Answer, words: str
) -> None:
    alpaca.on(POST, answer)
    outcome = broker(alpaca.url).submit(CLIENT_ORDER_ID, intent())
    assert isinstance(outcome, Ambiguous)
    assert words in outcome.message
    assert alpaca.count(POST) == 1


def test_a_504_after_the_order_was_taken_is_sent_exactly_once(alpaca: ScriptedAlpaca) -> None:
    """alpaca-py would send three more, and answer with the refusal of the duplicate."""
    taken = says({"code": 40010001, "message": "client_order_id must be unique"}, 422)
    alpaca.on(POST, says("<html>504 Gateway Time-out</html>", 504), taken)
    assert isinstance(broker(alpaca.url).submit(CLIENT_ORDER_ID, intent()), Ambiguous)
    assert alpaca.count(POST) == 1


def test_a_silent_server_is_left_after_the_timeout(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(POST, SILENCE)
    outcome = broker(alpaca.url, read_timeout_seconds=0.2).submit(CLIENT_ORDER_ID, intent())
    assert isinstance(outcome, Ambiguous)
    assert "no answer within 0.2 s" in outcome.message
    assert alpaca.count(POST) == 1


def test_a_refused_connection_is_not_sent() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can take the port
        outcome = broker(f"http://127.0.0.1:{held.getsockname()[1]}").submit("x", intent())
    assert isinstance(outcome, NotSent)
    assert "refused or unreachable" in outcome.message


def test_an_unknown_host_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    line = broker("https://trading.example.invalid")
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    outcome = line.submit("x", intent())
    assert isinstance(outcome, NotSent)
    assert "name was not found" in outcome.message


def test_a_secure_connection_that_fails_may_have_carried_the_order(
    alpaca: ScriptedAlpaca,
) -> None:
    outcome = broker(alpaca.url.replace("http", "https")).submit("x", intent())
    assert isinstance(outcome, Ambiguous)
    assert "the secure connection failed" in outcome.message


def test_a_connection_that_never_opens_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full backlog: the kernel does not answer the third caller."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for caller in waiting:
            caller.setblocking(False)
            caller.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        outcome = broker(url, connect_timeout_seconds=0.2).submit("x", intent())
        for caller in waiting:
            caller.close()
    assert isinstance(outcome, NotSent)
    assert "no connection within 0.2 s" in outcome.message


def test_too_many_requests_waits_for_the_reset_that_alpaca_names(alpaca: ScriptedAlpaca) -> None:
    reset = NOON + timedelta(seconds=17)
    alpaca.on(
        POST, says({"message": "too many"}, 429, X_RateLimit_Reset=str(int(reset.timestamp())))
    )
    outcome = broker(alpaca.url).submit(CLIENT_ORDER_ID, intent())
    assert outcome == Deferred(retry_at=reset + timedelta(seconds=1))


@pytest.mark.parametrize("reset", ["", "soon", "99999999999999999999", "4102444800"])
def test_too_many_requests_without_a_sane_reset_waits_a_minute(
    alpaca: ScriptedAlpaca, reset: str
) -> None:
    alpaca.on(POST, says({"message": "too many"}, 429, X_RateLimit_Reset=reset))
    outcome = broker(alpaca.url).submit(CLIENT_ORDER_ID, intent())
    assert outcome == Deferred(retry_at=NOON + timedelta(seconds=61))


def test_without_room_in_our_own_limit_an_order_is_deferred_and_not_sent(
    alpaca: ScriptedAlpaca,
) -> None:
    alpaca.on(POST, page("order_new"))
    naps = Naps()
    line = broker(alpaca.url, naps, requests_per_minute=2)
    assert isinstance(line.submit(CLIENT_ORDER_ID, intent()), Accepted)
    assert isinstance(line.submit(CLIENT_ORDER_ID, intent()), Accepted)
    outcome = line.submit(CLIENT_ORDER_ID, intent())
    assert isinstance(outcome, Deferred)
    assert NOON < outcome.retry_at <= NOON + timedelta(seconds=60)
    assert alpaca.count(POST) == 2
    assert naps.seconds == [], "a wait before a send would make the kill latch stale"


def test_an_order_for_another_account_is_refused_before_it_is_sent(alpaca: ScriptedAlpaca) -> None:
    outcome = broker(alpaca.url).submit("x", intent(account="other"))
    assert isinstance(outcome, Refused)
    assert outcome.halts
    assert alpaca.requests == []


@pytest.mark.parametrize("quantity", ["0.0000000001", "0", "-1"])
def test_what_cannot_be_sent_as_it_is_meant_is_refused_before_it_is_sent(
    alpaca: ScriptedAlpaca, quantity: str
) -> None:
    outcome = broker(alpaca.url).submit("x", intent(quantity=quantity, side=Side.SELL))
    assert isinstance(outcome, Refused)
    assert not outcome.halts
    assert alpaca.requests == []


# Cancel

CANCEL = "DELETE /v2/orders/6e1d3a7b"


def test_a_cancel_that_was_taken_says_nothing(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(CANCEL, Answer(status=204))
    assert broker(alpaca.url).cancel("6e1d3a7b") == ""


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (422, {"code": 42210000, "message": 'order is already in "filled" state'}, "42210000"),
        (404, {"code": 40410000, "message": "order not found"}, "40410000: order not found"),
        (401, {"message": "unauthorized."}, "401: unauthorized."),
    ],
)
def test_a_cancel_that_is_refused_says_why(
    alpaca: ScriptedAlpaca, status: int, body: dict[str, Any], words: str
) -> None:
    alpaca.on(CANCEL, says(body, status))
    assert words in broker(alpaca.url).cancel("6e1d3a7b")


@pytest.mark.parametrize(
    "answer", [HTML, HANGS_UP, says("", 302), says({"message": "slow down"}, 429), says("no", 404)]
)
def test_a_cancel_that_may_not_have_arrived_is_said_to_be_so(
    alpaca: ScriptedAlpaca, answer: Answer
) -> None:
    alpaca.on(CANCEL, answer)
    with pytest.raises(Unavailable):
        broker(alpaca.url).cancel("6e1d3a7b")
    assert alpaca.count(CANCEL) == 1


def test_a_cancel_is_never_held_back_by_our_own_limit(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(CANCEL, Answer(status=204))
    line = broker(alpaca.url, requests_per_minute=1)
    assert [line.cancel("6e1d3a7b") for _ in range(3)] == ["", "", ""]


def test_an_id_with_a_slash_stays_one_part_of_the_path(alpaca: ScriptedAlpaca) -> None:
    alpaca.on("DELETE /v2/orders/a%2F..%2Fb", Answer(status=204))
    assert broker(alpaca.url).cancel("a/../b") == ""


# Shapes


def test_the_reader_has_no_way_to_send() -> None:
    assert not hasattr(AlpacaReader, "submit")
    assert not hasattr(AlpacaReader, "cancel")


def test_reader_and_broker_fit_their_ports() -> None:
    looks: BrokerReader = reader("http://127.0.0.1:9")
    trades: Broker = broker("http://127.0.0.1:9")
    assert isinstance(trades, AlpacaBroker)
    assert looks.capabilities == trades.capabilities
    assert trades.capabilities.idempotent_submit
    assert not trades.capabilities.lot_relief


def test_a_verb_that_breaks_in_an_unforeseen_way_is_still_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = trading("http://127.0.0.1:9")

    def breaks(*args: object) -> None:
        raise RecursionError

    monkeypatch.setattr(line._client, "post", breaks)
    answer = line.exchange("POST", "/orders", {})
    assert isinstance(answer, Failed)
    assert answer.sent
    assert "RecursionError" in answer.problem


def test_retry_times_are_in_utc(alpaca: ScriptedAlpaca) -> None:
    alpaca.on(POST, says({"message": "x"}, 429, X_RateLimit_Reset="1"))
    outcome = broker(alpaca.url).submit(CLIENT_ORDER_ID, intent())
    assert outcome == Deferred(retry_at=datetime(2026, 10, 8, 16, 0, 1, tzinfo=UTC))
