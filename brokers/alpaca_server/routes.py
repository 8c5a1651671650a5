"""Which function answers which path, and what every request meets on its way there."""

import base64
import binascii
import hmac
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from brokers.alpaca_server import account_routes as account
from brokers.alpaca_server import activity_routes as activities
from brokers.alpaca_server import data_routes as data
from brokers.alpaca_server import order_routes as orders
from brokers.alpaca_server import reference_routes as reference
from brokers.alpaca_server.answers import (
    NO_ENDPOINT,
    NOT_ALLOWED,
    TOO_MANY,
    UNAUTHORIZED,
    Answer,
    Refusal,
)
from brokers.alpaca_server.corporate_actions import get_corporate_actions
from brokers.alpaca_server.desk import Desk
from brokers.alpaca_server.request import Request
from portfolio.money import exact_arithmetic

Route = Callable[..., Answer]
_LIVE_KEY = re.compile(r"AK[A-Z0-9]{12,}", re.ASCII)
_ONE = r"([^/]+)"
_LATEST = r"(quotes|trades|bars)/latest"

_TABLE: tuple[tuple[str, Mapping[str, Route]], ...] = (
    (
        r"/v2/orders",
        {"GET": orders.get_orders, "POST": orders.post_order, "DELETE": orders.delete_orders},
    ),
    (r"/v2/orders:by_client_order_id", {"GET": orders.by_client_order_id}),
    (
        rf"/v2/orders/{_ONE}",
        {"GET": orders.get_order, "PATCH": orders.patch_order, "DELETE": orders.delete_order},
    ),
    (r"/v2/positions", {"GET": account.get_positions, "DELETE": orders.delete_positions}),
    (
        rf"/v2/positions/{_ONE}",
        {"GET": account.get_position, "DELETE": orders.delete_position},
    ),
    (r"/v2/account", {"GET": account.get_account}),
    (
        r"/v2/account/configurations",
        {"GET": account.get_configurations, "PATCH": account.patch_configurations},
    ),
    (r"/v2/account/portfolio/history", {"GET": account.get_history}),
    (r"/v2/account/activities", {"GET": activities.get_activities}),
    (rf"/v2/account/activities/{_ONE}", {"GET": activities.get_activities}),
    (r"/v2/assets", {"GET": reference.get_assets}),
    (rf"/v2/assets/{_ONE}", {"GET": reference.get_asset}),
    (r"/v2/clock", {"GET": reference.get_clock}),
    (r"/v2/calendar", {"GET": reference.get_calendar}),
    (rf"/v2/stocks/{_LATEST}", {"GET": data.get_latest}),
    (r"/v2/stocks/snapshots", {"GET": data.get_snapshots}),
    (r"/v2/stocks/bars", {"GET": data.get_bars}),
    (rf"/v2/stocks/{_ONE}/{_LATEST}", {"GET": data.get_latest_of}),
    (rf"/v2/stocks/{_ONE}/snapshot", {"GET": data.get_snapshot_of}),
    (rf"/v2/stocks/{_ONE}/bars", {"GET": data.get_bars_of}),
    (r"/v1/corporate-actions", {"GET": get_corporate_actions}),
)
_ROUTES = tuple((re.compile(pattern), methods) for pattern, methods in _TABLE)


@dataclass(slots=True)
class _Meter:
    """Requests counted by the minute. Not frozen: it counts."""

    window: int = -1
    used: int = 0


class Door:
    """Keys, request limit and routes of one local Alpaca. Any thread may ask."""

    def __init__(self, desk: Desk, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._desk = desk
        self._monotonic = monotonic
        self._meters = {True: _Meter(), False: _Meter()}
        self._lock = threading.Lock()

    def takes(self, key_id: str, secret: str) -> bool:
        """Whether a pair of keys opens the account; those of live accounts never do."""
        if not key_id or not secret or _LIVE_KEY.fullmatch(key_id):
            return False
        own = self._desk.settings.keys
        return own is None or all(
            hmac.compare_digest(given.encode(errors="replace"), mine.encode())
            for given, mine in zip((key_id, secret), own, strict=True)
        )

    def answer(self, request: Request) -> Answer:
        """What goes out; never raises for anything a client can send."""
        left, limits = self._count(request.path)
        try:
            found = self._checked(request, left)
        except Refusal as refusal:
            found = refusal.answer()
        return _with_headers(found, limits)

    def instead(self, request: Request, answer: Answer) -> Answer:
        """An answer that a fault gives in place of the right one: counted, with its headers."""
        _, limits = self._count(request.path)
        if answer.status == TOO_MANY.status:
            limits["X-RateLimit-Remaining"] = "0"
        return _with_headers(answer, limits)

    def _checked(self, request: Request, left: int) -> Answer:
        if not self._opens(request.headers):
            raise UNAUTHORIZED
        if left < 0:
            raise TOO_MANY
        with exact_arithmetic():
            return answer_of(self._desk, request)

    def _opens(self, headers: Mapping[str, str]) -> bool:
        pair = (headers.get("apca-api-key-id", ""), headers.get("apca-api-secret-key", ""))
        if any(pair):
            return self.takes(*pair)
        kind, _, rest = headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            try:
                key_id, _, secret = base64.b64decode(rest).decode().partition(":")
            except (ValueError, binascii.Error):
                return False
            return self.takes(key_id, secret)
        return kind.lower() == "bearer" and bool(rest) and self._desk.settings.keys is None

    def _count(self, path: str) -> tuple[int, dict[str, str]]:
        """Take one request of this minute; the headers that say what is left."""
        allowed = self._desk.settings.requests_per_minute
        of_market_data = path.startswith(("/v2/stocks", "/v1/"))
        with self._lock:
            meter = self._meters[of_market_data]
            elapsed = self._monotonic()
            if meter.window != int(elapsed // 60):
                meter.window, meter.used = int(elapsed // 60), 0
            meter.used += 1
            left = allowed - meter.used
        reset = self._desk.now().timestamp() + 60 - elapsed % 60
        return left, {
            "X-RateLimit-Limit": str(allowed),
            "X-RateLimit-Remaining": str(max(left, 0)),
            "X-RateLimit-Reset": str(int(reset)),
        }


def _with_headers(answer: Answer, limits: Mapping[str, str]) -> Answer:
    headers = {**limits, "X-Request-ID": uuid.uuid4().hex, **answer.headers}
    return replace(answer, headers=headers)


def answer_of(desk: Desk, request: Request) -> Answer:
    """The answer of the route that fits; raises `Refusal`."""
    for pattern, methods in _ROUTES:
        found = pattern.fullmatch(request.path)
        if found is None:
            continue
        route = methods.get(request.method)
        if route is None:
            raise NOT_ALLOWED
        return route(desk, request, *(unquote(part) for part in found.groups()))
    raise NO_ENDPOINT
