"""alpaca-py's own clients, unmodified, against the local Alpaca."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from queue import Queue
from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.data.requests import (
    CorporateActionsRequest,
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockSnapshotRequest,
)
from alpaca.data.timeframe import TimeFrame
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, OrderStatus, QueryOrderStatus, TimeInForce
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetAssetsRequest,
    GetCalendarRequest,
    GetOrdersRequest,
    GetPortfolioHistoryRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
)
from alpaca.trading.stream import TradingStream

from tests.support.local_alpaca import Local, local_alpaca
from tests.support.simulated import WEEK

PATIENCE_SECONDS = 20.0


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[Local]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with local_alpaca() as running:
        yield running


@pytest.fixture
def client(local: Local) -> Any:
    return TradingClient("PKANY", "any", url_override=local.url)


@pytest.fixture
def data(local: Local) -> Any:
    return StockHistoricalDataClient("PKANY", "any", url_override=local.url)


def market(symbol: str = "VTI", side: OrderSide = OrderSide.BUY, **size: Any) -> MarketOrderRequest:
    return MarketOrderRequest(symbol=symbol, side=side, time_in_force=TimeInForce.DAY, **size)


def limit(price: float, quantity: float, **more: Any) -> LimitOrderRequest:
    return LimitOrderRequest(
        **{"symbol": "VTI", "side": OrderSide.BUY, "time_in_force": TimeInForce.DAY, **more},
        qty=quantity,
        limit_price=price,
    )


# Trading


def test_an_order_is_pending_new_in_its_answer_and_filled_a_moment_later(client: Any) -> None:
    order = client.submit_order(market(qty=3))
    assert (order.status, order.filled_qty) == (OrderStatus.PENDING_NEW, "0")
    order = client.get_order_by_id(order.id)
    assert (order.status, order.filled_qty) == (OrderStatus.FILLED, "3")
    assert order.filled_avg_price == "100"
    assert client.get_account().cash == "9700"
    assert {p.symbol: p.qty for p in client.get_all_positions()} == {"BND": "20", "VTI": "3"}


def test_a_float_quantity_is_cut_to_nine_places(client: Any) -> None:
    assert client.submit_order(market(qty=0.1 + 0.2)).qty == "0.3"


def test_an_order_by_amount_never_shows_its_quantity(client: Any) -> None:
    order = client.get_order_by_id(client.submit_order(market(notional=5)).id)
    assert (order.notional, order.qty, order.filled_qty) == ("5", None, "0.05")


def test_orders_are_listed_found_replaced_and_canceled(client: Any) -> None:
    first = client.submit_order(limit(90, 2, client_order_id="mine"))
    assert client.get_order_by_client_id("mine").id == first.id
    second = client.replace_order_by_id(first.id, ReplaceOrderRequest(qty=3, limit_price=91))
    assert (second.replaces, second.qty, second.limit_price) == (first.id, "3", "91")
    old = client.get_order_by_id(first.id)
    assert (old.status, old.replaced_by) == (OrderStatus.REPLACED, second.id)
    assert [o.id for o in client.get_orders()] == [second.id]
    (told,) = client.cancel_orders()
    assert (told.id, told.status) == (second.id, 200)
    every = client.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL))
    assert [o.status for o in every] == [OrderStatus.CANCELED, OrderStatus.REPLACED]


def test_a_replacement_that_is_refused_leaves_the_old_order_alone(client: Any) -> None:
    first = client.submit_order(limit(90, 2))
    with pytest.raises(APIError, match="insufficient buying power"):
        client.replace_order_by_id(first.id, ReplaceOrderRequest(qty=9000))
    assert client.get_order_by_id(first.id).status is OrderStatus.NEW


def test_positions_are_closed_in_part_and_whole(client: Any) -> None:
    assert client.get_open_position("BND").avg_entry_price == "48"
    half = client.close_position("BND", ClosePositionRequest(percentage="50"))
    assert (half.qty, half.side) == ("10", OrderSide.SELL)
    client.submit_order(limit(90, 2))
    (closed,) = client.close_all_positions(cancel_orders=True)
    assert (closed.symbol, closed.status, closed.body.qty) == ("BND", 200, "10")
    assert (client.get_all_positions(), client.get_orders()) == ([], [])
    with pytest.raises(APIError, match="position does not exist"):
        client.get_open_position("BND")


def test_account_settings_are_read_and_written(client: Any) -> None:
    assert client.get_account().status == "ACTIVE"
    settings = client.get_account_configurations()
    settings.suspend_trade = True
    assert client.set_account_configurations(settings).suspend_trade
    assert client.get_account().trade_suspended_by_user
    with pytest.raises(APIError, match="new orders are rejected by user request"):
        client.submit_order(market(qty=1))


def test_assets_clock_calendar_and_history(client: Any, local: Local) -> None:
    assert [a.symbol for a in client.get_all_assets(GetAssetsRequest())] == ["VTI", "BND"]
    assert client.get_asset(str(client.get_asset("VTI").id)).symbol == "VTI"
    assert client.get_clock().is_open
    row, _ = client.get_calendar(GetCalendarRequest(start=WEEK[0], end=WEEK[1]))
    assert (row.date, row.close) == (WEEK[0], datetime(2024, 3, 4, 16, 0))  # noqa: DTZ001  as alpaca-py has it
    local.go(1, "12:00")
    history = client.get_portfolio_history(GetPortfolioHistoryRequest(timeframe="1D"))
    assert history.equity == [11_000.0, 11_000.0]


def test_activities_come_through_the_generic_verb(client: Any) -> None:
    client.submit_order(market(qty=2))
    (fill,) = client.get("/account/activities", {"activity_types": "FILL"})
    assert (fill["symbol"], fill["qty"], fill["price"]) == ("VTI", "2", "100")
    assert (fill["type"], fill["leaves_qty"], fill["order_status"]) == ("fill", "0", "filled")
    assert fill["id"].startswith("20240304100000000::")


# Market data


def test_latest_quotes_trades_bars_and_snapshots(data: Any) -> None:
    both = ["VTI", "NOPE"]
    quotes = data.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols=both))
    assert {s: (q.bid_price, q.ask_price) for s, q in quotes.items()} == {"VTI": (100.0, 100.0)}
    trades = data.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="BND"))
    assert trades["BND"].price == 50.0
    bars = data.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols="BND"))
    assert bars["BND"].close == 50.0
    shots = data.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols=both))
    assert set(shots) == {"VTI"}
    assert shots["VTI"].daily_bar.close == 100.0


def test_daily_bars_come_page_by_page(data: Any, local: Local) -> None:
    local.go(4, "12:00")
    asked = StockBarsRequest(
        symbol_or_symbols=["VTI", "BND"],
        timeframe=TimeFrame.Day,
        start=datetime(2024, 3, 1),  # noqa: DTZ001  as alpaca-py wants it
        limit=7,
    )
    bars = data.get_stock_bars(asked)
    assert {symbol: len(rows) for symbol, rows in bars.data.items()} == {"BND": 5, "VTI": 2}
    assert bars["BND"][0].timestamp.isoformat() == "2024-03-04T05:00:00+00:00"


def test_a_split_and_a_dividend_are_told_as_corporate_actions(local: Local) -> None:
    client: Any = CorporateActionsClient("PKANY", "any", url_override=local.url)
    local.break_(
        split={"symbol": "VTI", "ratio": "0.25"}, dividend={"symbol": "BND", "per_share": "0.20"}
    )
    found = client.get_corporate_actions(CorporateActionsRequest(symbols=["VTI", "BND"]))
    (reverse,) = found.data["reverse_splits"]
    assert (reverse.new_rate, reverse.old_rate) == (1.0, 4.0)
    (paid,) = found.data["cash_dividends"]
    assert (paid.symbol, paid.rate, paid.ex_date) == ("BND", 0.2, WEEK[0])
    assert local.get("/v2/account")["cash"] == "10004"


# The stream


def test_the_trading_stream_hears_what_happens_in_order(client: Any, local: Local) -> None:
    heard: Queue[Any] = Queue()
    address = f"{local.url.replace('http', 'ws')}/stream"
    stream = TradingStream("PKANY", "any", url_override=address)

    async def hear(update: Any) -> None:
        heard.put(update)
        await asyncio.sleep(0)

    stream.subscribe_trade_updates(hear)
    thread = threading.Thread(target=stream.run)
    thread.start()
    try:
        local_listener(local)
        client.submit_order(market(qty=2))
        events = [heard.get(timeout=PATIENCE_SECONDS) for _ in range(3)]
    finally:
        stream.stop()
        thread.join()
    assert [e.event for e in events] == ["pending_new", "new", "fill"]
    fill = events[-1]
    assert (fill.qty, fill.price, fill.position_qty) == (2.0, 100.0, 2.0)
    assert fill.order.status is OrderStatus.FILLED
    (activity,) = client.get("/account/activities", {"activity_types": "FILL"})
    assert activity["id"].endswith(str(fill.execution_id))


def local_listener(local: Local) -> None:
    """Wait until somebody listens."""
    ends = datetime.now().astimezone() + timedelta(seconds=PATIENCE_SECONDS)
    while datetime.now().astimezone() < ends:
        if local.server.hub.listeners():
            return
        threading.Event().wait(0.02)
    raise AssertionError("nobody listens")


def test_money_is_exact_over_many_fractions(client: Any, local: Local) -> None:
    """The cash is what the fills say, to the cent that Alpaca shows."""
    for number in range(12):
        client.submit_order(market(qty=Decimal(f"0.{number + 1}37")))
    spent = sum(
        Decimal(f["qty"]) * Decimal(f["price"])
        for f in client.get("/account/activities", {"activity_types": "FILL"})
    )
    shown = Decimal(client.get_account().cash)
    assert abs(Decimal(10000) - spent - shown) <= Decimal("0.005")
