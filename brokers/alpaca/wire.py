"""The one translator of Alpaca's wire: its JSON into our values, our orders into its JSON.

Numbers come as decimal strings or as JSON numbers, instants in RFC 3339 with up to nine decimals,
calendar rows in naive New York time. A word that is not known here (a new order status) becomes
UNKNOWN and keeps its text; a field that cannot be read raises `Unreadable`, never a guess.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from typing import NoReturn
from zoneinfo import ZoneInfo

from portfolio.accounts import Position
from portfolio.canonical import decimal_text
from portfolio.instruments import AssetClass, Instrument
from portfolio.money import FRACTION_OF_SHARE, ONE, ZERO, Money, Price, Quantity, finite, price_tick
from portfolio.orders import Order, OrderIntent, OrderStatus, Side
from portfolio.ports import BrokerAccount, BrokerClock
from portfolio.snapshot import Session

JsonObject = Mapping[str, object]

_STATUS = {
    **dict.fromkeys(
        (
            *("new", "accepted", "pending_new", "partially_filled", "accepted_for_bidding"),
            *("done_for_day", "stopped", "suspended", "calculated", "held"),
            *("pending_review", "pending_replace"),
        ),
        OrderStatus.OPEN,
    ),
    "pending_cancel": OrderStatus.PENDING_CANCEL,
    "filled": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
    "replaced": OrderStatus.REPLACED,
}
_SIDE = {"buy": Side.BUY, "sell": Side.SELL, "sell_short": Side.SELL}
_LARGEST = Decimal(10) ** 15
"""No price, quantity or sum of an account is larger; a float of it still knows the cent."""
_FUND_NAME = re.compile(r"\b(ETF|ETN|Fund)s?\b", re.IGNORECASE)


class Unreadable(ValueError):
    """A part of an answer that is not what Alpaca documents; the text names the field."""


def exact_json(text: str) -> object:
    """Parse JSON without ever making a float; raises `ValueError` also for NaN and Infinity."""
    return json.loads(text, parse_float=Decimal, parse_constant=_no_number)


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")


@cache
def new_york() -> ZoneInfo:
    """The exchange's zone."""
    return ZoneInfo("America/New_York")


def instant(text: str) -> datetime:
    """RFC 3339 into UTC; digits beyond the microsecond are cut off.

    >>> instant("2026-10-08T11:10:18.094153596-04:00")
    datetime.datetime(2026, 10, 8, 15, 10, 18, 94153, tzinfo=datetime.timezone.utc)
    """
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return parsed.astimezone(UTC)


def instant_text(at: datetime) -> str:
    """An aware instant as Alpaca reads it.

    >>> instant_text(datetime(2026, 10, 8, 15, tzinfo=UTC))
    '2026-10-08T15:00:00Z'
    """
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Row:
    """One JSON object of a kind ("order"), read field by field; a null counts as absent."""

    kind: str
    fields: JsonObject

    def has(self, name: str) -> bool:
        """Whether the field is there and says something."""
        return self.fields.get(name) not in (None, "")

    def text(self, name: str, default: str | None = None) -> str:
        """A text; the default when absent, `Unreadable` without one."""
        value = self.fields.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (not value and default is None):
            raise self.problem(name)
        return value

    def number(self, name: str, default: Decimal | None = None) -> Decimal:
        """A finite number, from a decimal string or a JSON number."""
        if not self.has(name) and default is not None:
            return default
        value = self.fields.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise self.problem(name)
        try:
            number = finite(str(value))
        except ValueError:
            raise self.problem(name) from None
        if abs(number) > _LARGEST:
            raise self.problem(name)
        return number

    def price(self, name: str) -> Price | None:
        """A price above zero; None when absent or zero, which is how Alpaca says "none"."""
        number = self.number(name, ZERO)
        if number < ZERO:
            raise self.problem(name)
        return Price(number) if number else None

    def quantity(self, name: str) -> Quantity | None:
        """A quantity; None when absent."""
        return Quantity(self.number(name)) if self.has(name) else None

    def flag(self, name: str, *, default: bool) -> bool:
        """A truth value; the default when absent."""
        value = self.fields.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.problem(name)
        return value

    def instant(self, *names: str) -> datetime:
        """The first of the fields that is there, in UTC."""
        name = next((n for n in names if self.has(n)), names[0])
        try:
            return instant(self.text(name))
        except ValueError:
            raise self.problem(name) from None

    def day(self, name: str) -> date:
        """A date; of an instant, the one in New York."""
        text = self.text(name)
        try:
            return (
                date.fromisoformat(text)
                if len(text) == len("2026-10-08")
                else instant(text).astimezone(new_york()).date()
            )
        except ValueError:
            raise self.problem(name) from None

    def side(self, name: str) -> Side:
        """Buy or sell; a short sale is a sale."""
        try:
            return _SIDE[self.text(name)]
        except KeyError:
            raise self.problem(name) from None

    def problem(self, name: str) -> Unreadable:
        """What to raise about a field: which, of what, and what it held."""
        label = self.fields.get("id") or self.fields.get("symbol")
        which = self.kind if label is None else f"{self.kind} {label}"
        return Unreadable(f"{which}: the field {name} holds {self.fields.get(name)!r:.60}")


def row(kind: str, body: object) -> Row:
    """The body as one object."""
    if not isinstance(body, Mapping):
        raise Unreadable(f"{kind}: a {type(body).__name__} where an object was expected")
    return Row(kind, body)


def rows(kind: str, body: object) -> Sequence[Row]:
    """The body as a list of objects."""
    if not isinstance(body, list):
        raise Unreadable(f"{kind}s: a {type(body).__name__} where a list was expected")
    return [row(kind, item) for item in body]


def order_body(client_order_id: str, intent: OrderIntent) -> dict[str, str]:
    """What is posted to `/v2/orders`: every value a string, as Alpaca's schema asks.

    Nothing is rounded: the order that Alpaca has must compare equal to the one that was meant.
    Raises `ValueError` for what Alpaca would cut off or refuse: a quantity that is not above zero or
    has more than nine places, a limit between two ticks.
    """
    quantity = decimal_text(intent.quantity)
    if intent.quantity <= ZERO:
        raise ValueError(f"{quantity} units of {intent.symbol} is no order")
    if intent.quantity % FRACTION_OF_SHARE:
        raise ValueError(f"{quantity} units of {intent.symbol} has more than nine places")
    body = {
        "symbol": intent.symbol,
        "qty": quantity,
        "side": intent.side.value,
        "type": intent.order_type.value,
        "time_in_force": intent.time_in_force.value,
        "client_order_id": client_order_id,
    }
    if intent.limit_price is not None:
        limit = decimal_text(intent.limit_price)
        if intent.limit_price <= ZERO:
            raise ValueError(f"{limit} is no limit for {intent.symbol}")
        if intent.limit_price % price_tick(intent.limit_price):
            raise ValueError(f"the limit {limit} for {intent.symbol} is a sub-penny price")
        body["limit_price"] = limit
    return body


def order_status(word: str) -> OrderStatus:
    """Alpaca's word for a status, reduced; a new word is UNKNOWN."""
    return _STATUS.get(word, OrderStatus.UNKNOWN)


def orders(body: object) -> list[Order]:
    """A list of orders. A multi-leg order has no symbol of its own and is given as its legs."""
    found: list[Order] = []
    for item in rows("order", body):
        legs = item.fields.get("legs")
        if not item.has("symbol") and isinstance(legs, list):
            found += orders(legs)
        else:
            found.append(order(item))
    return found


def order(found: Row) -> Order:
    """One order. `qty` is null for one placed by amount, and stays so after the fill."""
    raw_status = found.text("status")
    return Order(
        broker_order_id=found.text("id"),
        client_order_id=found.text("client_order_id", ""),
        symbol=found.text("symbol"),
        side=found.side("side"),
        quantity=found.quantity("qty"),
        limit_price=found.price("limit_price"),
        status=order_status(raw_status),
        raw_status=raw_status,
        filled_quantity=Quantity(found.number("filled_qty", ZERO)),
        filled_average_price=found.price("filled_avg_price"),
        submitted_at=found.instant("submitted_at", "created_at"),
        reason=found.text("reject_reason", ""),
    )


def position(found: Row) -> Position:
    """One holding; a short one is negative, with nothing available."""
    quantity = found.number("qty")
    if found.text("side", "long") == "short":
        quantity = -abs(quantity)
    available = found.number("qty_available", quantity)
    return Position(
        symbol=found.text("symbol"),
        quantity=Quantity(quantity),
        available=Quantity(max(available, ZERO)),
        average_cost=found.price("avg_entry_price"),
    )


def account(found: Row) -> BrokerAccount:
    """The account. Alpaca's `cash` includes what sales of today will only settle tomorrow.

    It does not say how much of it has settled, nor whether `cash` is net of open buys. The settled
    part is therefore the smaller of `cash` and `non_marginable_buying_power`, which never counts
    credit or unsettled proceeds; it has been seen lower than all of the cash, never higher. A
    multiplier of 1 is an account without credit, which is taken for a cash account.
    """
    cash = found.number("cash")
    return BrokerAccount(
        number=found.text("account_number"),
        cash=Money(cash),
        settled_cash=Money(min(cash, found.number("non_marginable_buying_power", cash))),
        equity=Money(found.number("equity")),
        blocked="; ".join(_blockers(found)),
        lends=found.number("multiplier", ONE + ONE) > ONE,
    )


def _blockers(found: Row) -> Sequence[str]:
    reasons: list[str] = []
    status = found.text("status")
    if status != "ACTIVE":
        reasons.append(f"the account's status is {status}")
    if found.flag("account_blocked", default=False):
        reasons.append("the account is blocked")
    if found.flag("trading_blocked", default=False):
        reasons.append("trading is blocked")
    if found.flag("trade_suspended_by_user", default=False):
        reasons.append("trading was suspended by the account's owner")
    if found.text("currency", "USD") != "USD":
        reasons.append(f"the account is in {found.text('currency')}, not in USD")
    return reasons


def instrument(found: Row) -> Instrument:
    """One asset. Alpaca does not say what a stock or fund invests in, so its class is OTHER.

    Whether it is a fund is read off its name: enough for a warning, not for more.
    """
    name = found.text("name", "")
    is_crypto = found.text("class", "us_equity") == "crypto"
    return Instrument(
        symbol=found.text("symbol"),
        name=name,
        asset_class=AssetClass.CRYPTO if is_crypto else AssetClass.OTHER,
        tradable=found.flag("tradable", default=False) and found.text("status") == "active",
        fractionable=found.flag("fractionable", default=False),
        is_fund=_FUND_NAME.search(name) is not None,
    )


def clock(found: Row) -> BrokerClock:
    """Alpaca's time, and whether the core session is open."""
    return BrokerClock(now=found.instant("timestamp"), is_open=found.flag("is_open", default=False))


def session(found: Row) -> Session:
    """One calendar row: core session, naive New York times."""
    day = found.day("date")
    return Session(day=day, opens_at=_at(found, day, "open"), closes_at=_at(found, day, "close"))


def _at(found: Row, day: date, name: str) -> datetime:
    try:
        local = time.fromisoformat(found.text(name))
    except ValueError:
        raise found.problem(name) from None
    return datetime.combine(day, local, tzinfo=new_york()).astimezone(UTC)
