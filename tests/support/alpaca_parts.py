"""The adapter, put together against a server on loopback."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from brokers.alpaca.broker import AlpacaBroker
from brokers.alpaca.connection import Connection, data_connection, trading_connection
from brokers.alpaca.reader import AlpacaReader
from brokers.alpaca.settings import AlpacaKeys, AlpacaSettings
from portfolio.money import Price, Quantity
from portfolio.orders import OrderIntent, Side

NOON = datetime(2026, 10, 8, 16, 0, tzinfo=UTC)
CLIENT_ORDER_ID = "tt1-abcd-000007-01-0123ab"
KEY_ID = "PKCANARYCANARY01"
SECRET = "canary/secret+that~must.never-show"


@dataclass
class StoppedClock:
    """Always the same time, until a test moves it."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at


@dataclass
class Naps:
    """Takes the place of sleeping: remembers how long, and returns at once."""

    seconds: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def keys() -> AlpacaKeys:
    return AlpacaKeys(KEY_ID, SECRET)


def settings(url: str, **changes: Any) -> AlpacaSettings:
    return AlpacaSettings(trading_url=url, data_url=url, **changes)


def trading(url: str, naps: Naps | None = None, **changes: Any) -> Connection:
    return trading_connection(settings(url, **changes), keys(), StoppedClock(), naps or Naps())


def data(url: str, naps: Naps | None = None, **changes: Any) -> Connection:
    return data_connection(settings(url, **changes), keys(), StoppedClock(), naps or Naps())


def reader(url: str, naps: Naps | None = None, **changes: Any) -> AlpacaReader:
    return AlpacaReader("brokerage", trading(url, naps, **changes))


def broker(url: str, naps: Naps | None = None, **changes: Any) -> AlpacaBroker:
    line = trading(url, naps, **changes)
    return AlpacaBroker(AlpacaReader("brokerage", line), line)


def intent(
    *,
    quantity: str = "12.5",
    limit: str | None = "321.07",
    side: Side = Side.BUY,
    symbol: str = "VTI",
    account: str = "brokerage",
) -> OrderIntent:
    return OrderIntent(
        account=account,
        symbol=symbol,
        side=side,
        quantity=Quantity(Decimal(quantity)),
        limit_price=None if limit is None else Price(Decimal(limit)),
    )
