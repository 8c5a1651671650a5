"""Each fault switch of the local Alpaca as alpaca-py's own clients meet it, unmodified.

What they make of a fault is what any program on them has to live with; docs/alpaca-server.md lists
the switches.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
import requests
from alpaca.common.exceptions import APIError
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.requests import StockLatestQuoteRequest
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, OrderStatus, TimeInForce
from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest
from alpaca.trading.stream import TradingStream

from brokers.alpaca_server.fault_routes import SWITCHES
from tests.support.local_alpaca import Local, local_alpaca

PATIENCE_SECONDS = 20.0
PAGE = Path(__file__).parents[2] / "docs" / "alpaca-server.md"


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[Local]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with local_alpaca() as running:
        yield running


@pytest.fixture
def client(local: Local) -> Any:
    made = TradingClient("PKANY", "any", url_override=local.url)
    made._retry_wait = 0  # alpaca-py sleeps three seconds between its own retries
    return made


def buy(name: str = "mine", symbol: str = "VTI", **size: Any) -> MarketOrderRequest:
    return MarketOrderRequest(
        symbol=symbol,
        side=OrderSide.BUY,
        time_in_force=TimeInForce.DAY,
        client_order_id=name,
        **(size or {"qty": 1}),
    )


def exists(client: Any, name: str = "mine") -> bool:
    try:
        return bool(client.get_order_by_client_id(name).id)
    except APIError as missing:
        if missing.code != 40410000:
            raise
        return False


def on_orders(local: Local, act: str, **more: object) -> None:
    local.break_(requests=[{"on": "POST /v2/orders", "act": act, **more}])


# Requests


def test_a_504_is_sent_again_by_the_library_itself(client: Any, local: Local) -> None:
    on_orders(local, "504")
    assert client.submit_order(buy()).status is OrderStatus.PENDING_NEW
    on_orders(local, "504_after")
    with pytest.raises(APIError) as refused:
        client.submit_order(buy("other"))
    assert (refused.value.status_code, refused.value.code) == (422, 40010001)
    assert refused.value.message == "client_order_id must be unique"
    assert exists(client, "other"), "it says no to an order that is there"


@pytest.mark.parametrize("act", ["502", "502_after"])
def test_a_gateways_page_has_no_code_in_it(client: Any, local: Local, act: str) -> None:
    on_orders(local, act)
    with pytest.raises(APIError) as failed:
        client.submit_order(buy())
    assert failed.value.status_code == 502
    with pytest.raises(ValueError, match="Expecting value"):
        assert failed.value.code
    assert exists(client) is act.endswith("_after")


@pytest.mark.parametrize("act", ["500", "503"])
def test_a_broken_server_says_so_once(client: Any, local: Local, act: str) -> None:
    on_orders(local, act)
    with pytest.raises(APIError) as failed:
        client.submit_order(buy())
    assert (failed.value.status_code, failed.value.message) == (int(act), "internal server error")
    assert not exists(client)


def test_a_429_is_waited_for_by_the_library_and_carries_its_headers(
    client: Any, local: Local
) -> None:
    on_orders(local, "429")
    assert client.submit_order(buy()).status is OrderStatus.PENDING_NEW
    on_orders(local, "429", times=4)
    with pytest.raises(APIError) as refused:
        client.submit_order(buy("other"))
    assert refused.value.status_code == 429
    with pytest.raises(KeyError):
        assert refused.value.code
    headers = refused.value.response.headers
    assert headers["X-RateLimit-Remaining"] == "0"
    assert int(headers["X-RateLimit-Reset"]) > local.clock.at.timestamp()
    assert not exists(client, "other")


def test_keys_that_are_refused_have_no_code(client: Any, local: Local) -> None:
    on_orders(local, "401")
    with pytest.raises(APIError) as refused:
        client.submit_order(buy())
    assert (refused.value.status_code, str(refused.value)) == (401, '{"message":"unauthorized."}')
    with pytest.raises(KeyError):
        assert refused.value.code


@pytest.mark.parametrize("act", ["drop", "drop_after", "hang", "hang_after", "half_after"])
def test_a_line_that_breaks_is_no_answer_and_the_order_may_be_there(
    client: Any, local: Local, act: str
) -> None:
    on_orders(local, act, seconds=0.2)
    with pytest.raises(requests.exceptions.RequestException):
        client.submit_order(buy())
    assert exists(client) is act.endswith("_after")


def test_a_null_is_no_order_to_the_library_and_the_order_is_there(
    client: Any, local: Local
) -> None:
    on_orders(local, "null_after")
    with pytest.raises(TypeError):
        client.submit_order(buy())
    assert exists(client)


def test_an_order_may_arrive_twenty_minutes_after_its_answer_was_lost(
    client: Any, local: Local
) -> None:
    on_orders(local, "late", seconds=1200)
    with pytest.raises(requests.ConnectionError):
        client.submit_order(buy())
    assert not exists(client)
    local.go(0, "10:20")
    assert exists(client)


def test_a_fault_of_reads_leaves_orders_alone(client: Any, local: Local) -> None:
    local.break_(requests=[{"on": "GET /v2/positions", "act": "500"}])
    assert client.submit_order(buy()).id
    with pytest.raises(APIError):
        client.get_all_positions()
    assert {p.symbol for p in client.get_all_positions()} == {"BND", "VTI"}


# Orders and the world


def test_an_order_is_turned_down_after_it_was_taken(client: Any, local: Local) -> None:
    local.break_(orders=["reject"])
    order = client.submit_order(buy())
    assert order.status is OrderStatus.PENDING_NEW
    order = client.get_order_by_id(order.id)
    assert (order.status, order.filled_qty) == (OrderStatus.REJECTED, "0")
    assert order.failed_at is not None


def test_a_canceled_order_may_have_filled_in_part(client: Any, local: Local) -> None:
    local.break_(orders=["partial_cancel"])
    order = client.get_order_by_id(client.submit_order(buy(qty=4)).id)
    assert (order.status, order.filled_qty) == (OrderStatus.CANCELED, "2")


def test_an_order_dwells_in_pending_new(client: Any, local: Local) -> None:
    local.break_(pending_new_seconds=60)
    order = client.submit_order(buy())
    local.go(0, "10:00")
    assert client.get_order_by_id(order.id).status is OrderStatus.PENDING_NEW
    local.go(0, "10:02")
    assert client.get_order_by_id(order.id).status is OrderStatus.FILLED


def test_a_cancel_sticks_until_its_time_has_come(client: Any, local: Local) -> None:
    local.break_(pending_cancel_seconds=600)
    resting = LimitOrderRequest(
        symbol="VTI", side=OrderSide.BUY, time_in_force=TimeInForce.DAY, qty=1, limit_price=90
    )
    order = client.submit_order(resting)
    client.cancel_order_by_id(order.id)
    assert client.get_order_by_id(order.id).status is OrderStatus.PENDING_CANCEL
    local.go(0, "10:11")
    assert client.get_order_by_id(order.id).status is OrderStatus.CANCELED


def test_fills_are_held_and_let_go(client: Any, local: Local) -> None:
    local.break_(fills_held=True)
    order = client.submit_order(buy())
    local.go(0, "10:30")
    assert client.get_order_by_id(order.id).status is OrderStatus.NEW
    local.break_(fills_held=False)
    assert client.get_order_by_id(order.id).status is OrderStatus.FILLED


def test_positions_lag_behind_orders(client: Any, local: Local) -> None:
    local.break_(position_lag_seconds=10)
    order = client.submit_order(buy())
    assert client.get_order_by_id(order.id).status is OrderStatus.FILLED
    assert [p.symbol for p in client.get_all_positions()] == ["BND"]
    local.go(0, "10:01")
    assert [p.symbol for p in client.get_all_positions()] == ["BND", "VTI"]


def test_a_blocked_account_says_so_and_is_freed(client: Any, local: Local) -> None:
    local.break_(blocked="under review")
    assert client.get_account().trading_blocked
    with pytest.raises(APIError, match="account is blocked: under review"):
        client.submit_order(buy())
    local.break_(blocked="")
    assert client.submit_order(buy()).id


def test_cash_comes_and_goes_as_activities(client: Any, local: Local) -> None:
    local.break_(cash="250.50")
    local.break_(cash="-50.50")
    assert client.get_account().cash == "10200"
    rows = client.get("/account/activities", {"direction": "asc"})
    assert [(r["activity_type"], r["net_amount"]) for r in rows] == [
        ("CSD", "250.5"),
        ("CSW", "-50.5"),
    ]


def test_a_dividend_is_cash_and_an_activity(client: Any, local: Local) -> None:
    local.break_(dividend={"symbol": "BND", "per_share": "0.5"})
    assert client.get_account().cash == "10010"
    (row,) = client.get("/account/activities/DIV")
    assert (row["symbol"], row["net_amount"]) == ("BND", "10")


def test_a_split_overnight_multiplies_units_and_divides_the_price(
    client: Any, local: Local
) -> None:
    local.break_(split={"symbol": "BND", "ratio": "10"})
    (bonds,) = client.get_all_positions()
    assert (bonds.qty, bonds.current_price, bonds.avg_entry_price) == ("200", "5", "4.8")
    assert client.get_account().equity == "11000"


def test_a_price_moves_from_now_on(client: Any, local: Local) -> None:
    local.break_(price={"symbol": "BND", "price": "55"})
    assert client.get_open_position("BND").market_value == "1100"


@pytest.mark.parametrize(
    ("fault", "bid", "ask", "seconds_old"),
    [
        ("", 100.0, 100.0, 0),
        ("missing", 0.0, 0.0, 0),
        ("stale", 100.0, 100.0, 300),
        ("crossed", 100.01, 100.0, 0),
    ],
)
def test_a_quote_is_missing_stale_or_crossed(
    local: Local, fault: str, bid: float, ask: float, seconds_old: int
) -> None:
    local.break_(quotes={"symbol": "VTI", "fault": fault})
    local.go(0, "10:05")
    data: Any = StockHistoricalDataClient("PKANY", "any", url_override=local.url)
    quote = data.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols="VTI"))["VTI"]
    assert (quote.bid_price, quote.ask_price) == (bid, ask)
    assert round((local.clock.at - quote.timestamp).total_seconds()) == seconds_old


# The stream


@dataclass
class Listener:
    """What a stream's handler has heard."""

    heard: Queue[Any] = field(default_factory=Queue)

    def events(self, count: int) -> list[str]:
        return [self.heard.get(timeout=PATIENCE_SECONDS).event for _ in range(count)]


@contextmanager
def listening(local: Local) -> Iterator[Listener]:
    """alpaca-py's own stream in a thread of its own, heard by the server before it goes on."""
    listener = Listener()
    address = f"{local.url.replace('http', 'ws')}/stream"
    stream: Any = TradingStream("PKANY", "any", url_override=address)

    async def hear(update: Any) -> None:
        listener.heard.put(update)
        await asyncio.sleep(0)

    stream.subscribe_trade_updates(hear)
    thread = threading.Thread(target=stream.run)
    thread.start()
    try:
        wait_until(lambda: bool(local.server.hub.listeners()))
        yield listener
    finally:
        stream.stop()
        thread.join()


def wait_until(what: Callable[[], bool]) -> None:
    for _ in range(int(PATIENCE_SECONDS / 0.02)):
        if what():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it did not come to pass")


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("duplicate", ["pending_new", "pending_new", "new", "fill"]),
        ("missing", ["new", "fill"]),
        ("out_of_order", ["new", "pending_new", "fill"]),
        ("data_null", ["new", "fill"]),  # the library logs it, and nobody hears of it
    ],
)
def test_events_are_doubled_lost_shuffled_or_empty(
    client: Any, local: Local, act: str, told: list[str]
) -> None:
    with listening(local) as listener:
        local.break_(stream=[act])
        client.submit_order(buy())
        assert listener.events(len(told)) == told
        assert listener.heard.empty()


def test_after_a_disconnection_the_library_is_back_and_has_missed_what_was_between(
    client: Any, local: Local
) -> None:
    with listening(local) as listener:
        local.break_(stream=["disconnect"])
        client.submit_order(buy())
        wait_until(lambda: not local.server.hub.listeners())
        wait_until(lambda: bool(local.server.hub.listeners()))
        client.submit_order(buy("other", "BND"))
        first = listener.heard.get(timeout=PATIENCE_SECONDS)
        assert (first.event, first.order.client_order_id) == ("pending_new", "other")


def test_a_second_stream_hears_nothing_until_the_ghost_of_the_first_is_gone(
    client: Any, local: Local
) -> None:
    local.break_(ghost_seconds=3600)
    with listening(local):
        pass
    wait_until(lambda: not local.server.hub.listeners())
    assert not local.server.hub.has_room()
    local.json("DELETE", "/_faults")
    assert local.server.hub.has_room()
    with listening(local) as listener:
        client.submit_order(buy())
        assert listener.events(1) == ["pending_new"]


def test_every_switch_of_the_server_is_on_its_page_and_in_this_file() -> None:
    page, here = PAGE.read_text(encoding="utf-8"), Path(__file__).read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert listed == set(SWITCHES)
    assert [name for name in SWITCHES if f"break_({name}=" not in here] == []
