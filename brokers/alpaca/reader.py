"""One Alpaca account, as far as it can be looked at."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

from brokers.alpaca import activities, wire
from brokers.alpaca.connection import Connection
from brokers.alpaca.wire import Row
from portfolio.accounts import Position
from portfolio.instruments import Instrument
from portfolio.memory import CashFlow
from portfolio.orders import Fill, Order
from portfolio.ports import (
    BrokerAccount,
    BrokerClock,
    Capabilities,
    CredentialsRefused,
    Unavailable,
)
from portfolio.snapshot import Session

T = TypeVar("T")

ORDERS_A_PAGE = 500
ACTIVITIES_A_PAGE = 100
MOST_PAGES = 200
_LATE_BOOKING = timedelta(days=7)
"""An activity's booking date and its creation may differ; the search is by creation."""
_CLOCK_SLACK = timedelta(minutes=1)
_MICROSECOND = timedelta(microseconds=1)

CAPABILITIES = Capabilities(
    name="alpaca",
    fractional=True,
    notional=True,
    idempotent_submit=True,
    lot_relief=False,
    simulated=False,
)


class AlpacaReader:
    """An Alpaca account that cannot be changed: this object has no way to send an order.

    `account_id` is the account's id in our configuration; `account_number` pins the account at
    Alpaca, None takes whichever the keys open. Every read raises `Unavailable` or
    `CredentialsRefused`; positions and orders may lag each other by some seconds at Alpaca.
    """

    def __init__(
        self, account_id: str, connection: Connection, *, account_number: str | None = None
    ) -> None:
        self._account_id = account_id
        self._connection = connection
        self._account_number = account_number
        self._instruments: dict[str, Instrument | None] = {}
        self._instruments_day: date | None = None

    @property
    def account_id(self) -> str:
        """The account's id in our configuration."""
        return self._account_id

    @property
    def capabilities(self) -> Capabilities:
        """Fractions and amounts yes, a choice of lots no; a client order id is taken only once."""
        return CAPABILITIES

    def clock(self) -> BrokerClock:
        """Alpaca's time, and whether the core session is open."""
        body = self._connection.read("/clock")
        with _understanding("/clock"):
            return wire.clock(wire.row("clock", body))

    def sessions(self, first: date, last: date) -> Sequence[Session]:
        """Alpaca's calendar, early closes included, first <= day <= last, in order."""
        asked = {"start": first.isoformat(), "end": last.isoformat()}
        body = self._connection.read("/calendar", asked)
        with _understanding("/calendar"):
            found = [wire.session(row) for row in wire.rows("day", body)]
        return sorted((s for s in found if first <= s.day <= last), key=lambda s: s.day)

    def account(self) -> BrokerAccount:
        """Cash, equity and whether it may trade. See `wire.account` for what Alpaca does not tell.

        Raises `CredentialsRefused` when the keys open another account than the pinned one.
        """
        body = self._connection.read("/account")
        with _understanding("/account"):
            found = wire.account(wire.row("account", body))
        if self._account_number not in (None, found.number):
            raise CredentialsRefused(
                f"Alpaca: these keys open account {found.number}, but account {self.account_id} is "
                f"configured as {self._account_number}: use the right keys or correct the number"
            )
        return found

    def positions(self) -> Sequence[Position]:
        """Every holding, sorted by symbol."""
        body = self._connection.read("/positions")
        with _understanding("/positions"):
            found = [wire.position(row) for row in wire.rows("position", body)]
        if len({p.symbol for p in found}) < len(found):
            raise Unavailable("Alpaca: GET /v2/positions lists a symbol twice: it cannot be read")
        return sorted(found, key=lambda p: p.symbol)

    def open_orders(self) -> Sequence[Order]:
        """Every order that may still fill, whoever placed it, oldest first."""
        return [o for o in self._orders("open", None) if not o.status.is_terminal]

    def orders_since(self, since: datetime) -> Sequence[Order]:
        """Every order submitted at or after `since`, in any state, oldest first."""
        return [o for o in self._orders("all", since) if o.submitted_at >= since]

    def find_order(self, client_order_id: str) -> Order | None:
        """The order with that id; None when Alpaca itself says that it has none.

        Soon after a lost answer a None is no proof: the order may still be on its way.
        """
        path = "/orders:by_client_order_id"
        body = self._connection.read_if_any(path, {"client_order_id": client_order_id})
        if body is None:
            return None
        with _understanding(path):
            found = wire.order(wire.row("order", body))
        if found.client_order_id != client_order_id:
            raise Unavailable(f"Alpaca: GET /v2{path} answered with another order than was asked")
        return found

    def fills_since(self, since: datetime) -> Sequence[Fill]:
        """Executions at or after `since`, oldest first, of any order, each once."""
        asked = {
            "activity_types": activities.FILL,
            "after": wire.instant_text(since - _CLOCK_SLACK),
        }
        found = self._activities(asked, lambda row: activities.fill(row, self.account_id))
        return sorted((f for f in found if f.at >= since), key=lambda f: (f.at, f.execution_id))

    def flows_since(self, since: date) -> Sequence[CashFlow]:
        """Activities that are not fills, booked on or after `since`, oldest first, each once.

        One that Alpaca has marked as canceled is left out.
        """
        asked = {
            "category": "non_trade_activity",
            "after": f"{since - _LATE_BOOKING}T00:00:00Z",
        }
        found = self._activities(asked, lambda row: activities.flow(row, self.account_id))
        # Alpaca gives them by creation; their ids say nothing of the order within a day.
        return sorted((f for f in found if f is not None and f.day >= since), key=lambda f: f.day)

    def instruments(self, symbols: Iterable[str]) -> Mapping[str, Instrument]:
        """What Alpaca knows of the symbols, asked once a day each; an unknown one is absent."""
        today = self._connection.now().astimezone(wire.new_york()).date()
        if today != self._instruments_day:
            self._instruments.clear()
            self._instruments_day = today
        found: dict[str, Instrument] = {}
        for symbol in dict.fromkeys(symbols):
            if symbol not in self._instruments:
                self._instruments[symbol] = self._instrument(symbol)
            instrument = self._instruments[symbol]
            if instrument is not None:
                found[symbol] = instrument
        return found

    def forget_instrument(self, symbol: str) -> None:
        """Ask anew for a symbol next time: an order for it was refused."""
        self._instruments.pop(symbol, None)

    def _instrument(self, symbol: str) -> Instrument | None:
        path = f"/assets/{quote(symbol, safe='')}"
        body = self._connection.read_if_any(path)
        if body is None:
            return None
        with _understanding(path):
            return wire.instrument(wire.row("asset", body))

    def _orders(self, status: str, since: datetime | None) -> Sequence[Order]:
        """Pages of orders by time of submission; a page starts where the last one ended.

        `after` leaves out its own instant, so each page overlaps the one before by a microsecond.
        """
        asked = {"status": status, "limit": str(ORDERS_A_PAGE), "direction": "asc"}
        seen: dict[str, Order] = {}
        start = since
        for _ in range(MOST_PAGES):
            if start is not None:
                asked["after"] = wire.instant_text(start - _MICROSECOND)
            body = self._connection.read("/orders", asked)
            with _understanding("/orders"):
                length = len(wire.rows("order", body))
                page = {order.broker_order_id: order for order in wire.orders(body)}
            known = page.keys() <= seen.keys()
            seen |= page
            if length < ORDERS_A_PAGE:
                return sorted(seen.values(), key=lambda o: (o.submitted_at, o.broker_order_id))
            if known:
                break
            start = max(order.submitted_at for order in page.values())
        raise Unavailable("Alpaca: GET /v2/orders does not come to an end: the list cannot be read")

    def _activities(self, asked: Mapping[str, str], parse: Callable[[Row], T]) -> Sequence[T]:
        path = "/account/activities"
        page_of = {**asked, "direction": "asc", "page_size": str(ACTIVITIES_A_PAGE)}
        seen: dict[str, T] = {}
        for _ in range(MOST_PAGES):
            body = self._connection.read(path, page_of)
            with _understanding(path):
                rows = wire.rows("activity", body)
                page = {row.text("id"): parse(row) for row in rows}
            known = page.keys() <= seen.keys()
            seen |= page
            if len(rows) < ACTIVITIES_A_PAGE:
                return list(seen.values())
            if known:
                break
            page_of["page_token"] = rows[-1].text("id")
        raise Unavailable(f"Alpaca: GET /v2{path} does not come to an end: it cannot be read")


@contextmanager
def _understanding(path: str) -> Iterator[None]:
    """Say of an unreadable answer where it came from."""
    try:
        yield
    except wire.Unreadable as problem:
        raise Unavailable(
            f"Alpaca: GET /v2{path} answered what cannot be read: {problem}"
        ) from None
