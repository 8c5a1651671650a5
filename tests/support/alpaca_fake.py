"""A small Alpaca in memory behind a real socket: orders, positions and cash that add up.

Only what the broker contract asks for; nothing fills unless it is told to. Answers have the shapes
and sentences of the real one.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.canonical import decimal_text
from portfolio.ports import Clock
from tests.support.alpaca_server import HANGS_UP, Answer, Request, says

Json = dict[str, Any]
_OVER = frozenset({"filled", "canceled", "expired", "rejected"})


def refuses(status: int, code: int, message: str, **more: str) -> Answer:
    return says({"code": code, "message": message, **more}, status)


@dataclass
class FakeAlpaca:
    """One account. `failing_reads` and `lost_answers` are faults that the next requests meet."""

    clock: Clock
    cash: Decimal
    prices: Mapping[str, Decimal]
    holdings: dict[str, tuple[Decimal, Decimal]]
    """Symbol to quantity and average cost."""
    is_open: bool = True
    blocked: bool = False
    failing_reads: int = 0
    lost_answers: list[bool] = field(default_factory=list)
    orders: dict[str, Json] = field(default_factory=dict)
    activities: list[Json] = field(default_factory=list)
    events: int = 0

    def next_answer(self, request: Request) -> Answer:
        if "APCA-API-SECRET-KEY" not in request.headers:
            return says({"message": "unauthorized."}, 401)
        if request.method == "GET" and self.failing_reads:
            self.failing_reads -= 1
            return says("<html>503</html>", 503)
        if request.method == "POST":
            return self._post(json.loads(request.body))
        name, _, last = request.path.removeprefix("/v2/").partition("/")
        if request.method == "DELETE":
            return self._cancel(last)
        look: dict[str, Callable[[Mapping[str, str]], Answer]] = {
            "account": self._activities if last else self._account,
            "positions": self._positions,
            "orders": self._orders,
            "orders:by_client_order_id": self._by_client_order_id,
            "assets": lambda _: self._asset(last),
            "clock": lambda _: says({"timestamp": self._stamp(), "is_open": self.is_open}),
            "calendar": self._calendar,
        }
        return look[name](request.query)

    # What the world does

    def fill(self, order_id: str, quantity: Decimal) -> None:
        """Execute a part at the price."""
        order = self.orders[order_id]
        symbol, price = order["symbol"], self.prices[order["symbol"]]
        before = Decimal(order["filled_qty"])
        done = before + quantity
        sign = 1 if order["side"] == "buy" else -1
        self.cash -= sign * quantity * price
        held, cost = self.holdings.get(symbol, (Decimal(0), price))
        self.holdings[symbol] = (held + sign * quantity, cost)
        if not self.holdings[symbol][0]:
            del self.holdings[symbol]
        is_done = done == Decimal(order["qty"])
        order |= {
            "filled_qty": decimal_text(done),
            "filled_avg_price": decimal_text(price),
            "status": "filled" if is_done else "partially_filled",
        }
        self._book(
            activity_type="FILL",
            type="fill" if is_done else "partial_fill",
            transaction_time=self._stamp(),
            price=decimal_text(price),
            qty=decimal_text(quantity),
            side=order["side"],
            symbol=symbol,
            order_id=order_id,
        )

    def end(self, order_id: str, status: str) -> None:
        """Put an order into a status."""
        self.orders[order_id]["status"] = status

    def close_session(self) -> None:
        """Day orders expire."""
        self.is_open = False
        for order in self._open():
            order["status"] = "expired"

    def move_cash(self, amount: Decimal) -> None:
        """A deposit, or a withdrawal when negative."""
        self.cash += amount
        self._book(
            activity_type="CSD" if amount > 0 else "CSW",
            date=self.clock.now().date().isoformat(),
            net_amount=decimal_text(amount),
            status="executed",
        )

    # What is asked

    def _account(self, _: Mapping[str, str]) -> Answer:
        value = sum((q * self.prices[s] for s, (q, _) in self.holdings.items()), Decimal(0))
        return says(
            {
                "account_number": "PA3TRIMTAB01",
                "status": "ACTIVE",
                "currency": "USD",
                "cash": decimal_text(self.cash),
                "non_marginable_buying_power": decimal_text(self.cash),
                "equity": decimal_text(self.cash + value),
                "account_blocked": False,
                "trading_blocked": self.blocked,
                "trade_suspended_by_user": False,
            }
        )

    def _positions(self, _: Mapping[str, str]) -> Answer:
        return says(
            [
                {
                    "symbol": symbol,
                    "side": "long",
                    "qty": decimal_text(quantity),
                    "qty_available": decimal_text(self._available(symbol)),
                    "avg_entry_price": decimal_text(cost),
                }
                for symbol, (quantity, cost) in self.holdings.items()
            ]
        )

    def _orders(self, query: Mapping[str, str]) -> Answer:
        after = query.get("after", "")
        rows = list(self._open()) if query["status"] == "open" else list(self.orders.values())
        rows = [o for o in rows if not after or _at(o["submitted_at"]) > _at(after)]
        return says(rows[: int(query["limit"])])

    def _by_client_order_id(self, query: Mapping[str, str]) -> Answer:
        wanted = query["client_order_id"]
        for order in self.orders.values():
            if order["client_order_id"] == wanted:
                return says(order)
        return refuses(404, 40410000, f"order not found for {wanted}")

    def _activities(self, query: Mapping[str, str]) -> Answer:
        fills = query.get("activity_types") == "FILL"
        rows = [a for a in self.activities if (a["activity_type"] == "FILL") is fills]
        rows = [a for a in rows if _at(a["created_at"]) > _at(query["after"])]
        ids = [a["id"] for a in rows]
        start = ids.index(query["page_token"]) + 1 if "page_token" in query else 0
        return says(rows[start : start + int(query["page_size"])])

    def _asset(self, symbol: str) -> Answer:
        if symbol not in self.prices:
            return refuses(404, 40410000, f"asset not found for {symbol}")
        how = {"status": "active", "tradable": True, "fractionable": True}
        return says({"symbol": symbol, "class": "us_equity", "name": f"{symbol} ETF", **how})

    def _calendar(self, query: Mapping[str, str]) -> Answer:
        first, last = (date.fromisoformat(query[name]) for name in ("start", "end"))
        days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
        hours = {"open": "09:30", "close": "16:00", "session_open": "0400"}
        return says([{"date": d.isoformat(), **hours} for d in days if d.weekday() < 5])

    # What is sent

    def _post(self, body: Json) -> Answer:
        arrives = self.lost_answers.pop(0) if self.lost_answers else None
        if arrives is False:
            return HANGS_UP
        answer = self._refusal(body) or self._taken(body)
        return HANGS_UP if arrives else answer

    def _refusal(self, body: Json) -> Answer | None:
        symbol, quantity = body["symbol"], Decimal(body["qty"])
        if any(o["client_order_id"] == body["client_order_id"] for o in self.orders.values()):
            return refuses(422, 40010001, "client_order_id must be unique")
        if self.blocked:
            return refuses(403, 40310000, "trading is blocked for this account")
        if symbol not in self.prices:
            return refuses(404, 40410000, f"asset not found for {symbol}")
        if any(o["symbol"] == symbol and o["side"] != body["side"] for o in self._open()):
            return refuses(403, 40310000, "potential wash trade detected. use complex orders")
        if body["side"] == "sell" and quantity > (available := self._available(symbol)):
            text = f"(requested: {quantity}, available: {available})"
            return refuses(403, 40310000, f"insufficient qty available for order {text}")
        if body["side"] == "buy" and quantity * self._limit(body) > (free := self._free_cash()):
            return refuses(403, 40310000, "insufficient buying power", buying_power=str(free))
        return None

    def _taken(self, body: Json) -> Answer:
        stamp = self._stamp()
        order = {
            "id": str(uuid.UUID(int=len(self.orders) + 1)),
            "submitted_at": stamp,
            "created_at": stamp,
            "filled_qty": "0",
            "filled_avg_price": None,
            "limit_price": None,
            "notional": None,
            "order_class": "",
            "legs": None,
            **body,
        }
        self.orders[order["id"]] = order | {"status": "new"}
        return says(order | {"status": "pending_new"})

    def _cancel(self, order_id: str) -> Answer:
        order = self.orders.get(order_id)
        if order is None:
            return refuses(404, 40410000, f"order not found for {order_id}")
        if order["status"] in _OVER:
            return refuses(422, 42210000, f'order is already in "{order["status"]}" state')
        order["status"] = "canceled"
        return Answer(status=204)

    # Sums

    def _open(self) -> list[Json]:
        return [o for o in self.orders.values() if o["status"] not in _OVER]

    def _rest(self, order: Json) -> Decimal:
        return Decimal(order["qty"]) - Decimal(order["filled_qty"])

    def _limit(self, order: Json) -> Decimal:
        return Decimal(order.get("limit_price") or self.prices[order["symbol"]])

    def _available(self, symbol: str) -> Decimal:
        selling = (o for o in self._open() if o["symbol"] == symbol and o["side"] == "sell")
        held, _ = self.holdings.get(symbol, (Decimal(0), Decimal(0)))
        return held - sum((self._rest(o) for o in selling), Decimal(0))

    def _free_cash(self) -> Decimal:
        buying = (o for o in self._open() if o["side"] == "buy")
        return self.cash - sum((self._rest(o) * self._limit(o) for o in buying), Decimal(0))

    def _book(self, **row: str) -> None:
        number = len(self.activities)
        self.activities.append({"id": f"2024::{number:04}", "created_at": self._stamp(), **row})

    def _stamp(self) -> str:
        """Nanoseconds, and every event a microsecond after the one before."""
        self.events += 1
        at = self.clock.now() + timedelta(microseconds=self.events)
        return at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "789Z"


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
