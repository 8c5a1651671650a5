"""The Alpaca side of a household, from its settings: a reader, prices and a stream for each account.

Only this module makes an object that can send to Alpaca, and only when it is told to.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from brokers.alpaca.broker import AlpacaBroker
from brokers.alpaca.connection import data_connection, trading_connection
from brokers.alpaca.prices import AlpacaPrices
from brokers.alpaca.reader import AlpacaReader
from brokers.alpaca.settings import AlpacaKeys, AlpacaSettings
from brokers.alpaca.stream import AlpacaStream
from config.secrets import alpaca_keys
from config.settings import AlpacaAccount, Settings
from daemon.direct_halt import Canceller
from daemon.machine.clocks import WallClock
from portfolio.ports import Broker, BrokerReader, Clock, OrderStream, Prices


@dataclass(frozen=True, slots=True, kw_only=True)
class AlpacaWorld:
    """One account at Alpaca. `sender` is None in a dry run: nothing here could submit then."""

    reader: BrokerReader
    sender: Broker | None
    prices: Prices
    stream: OrderStream


def open_alpaca_world(
    settings: Settings,
    account_id: str,
    clock: Clock,
    *,
    sending: bool,
    interactive: bool,
    on_trouble: Callable[[str], None],
) -> AlpacaWorld:
    """Connections for one account; sends no request yet.

    Raises `ConfigurationError` without usable keys, `ValueError` when key and mode contradict.
    """
    account = settings.alpaca[account_id]
    found = alpaca_keys(settings, account_id, environment=os.environ, interactive=interactive)
    keys = AlpacaKeys(found.key.reveal(), found.secret.reveal())
    wire = _wire_settings(account, settings.limits.max_requests_per_minute)
    trading = trading_connection(wire, keys, clock)
    reader = AlpacaReader(account_id, trading, account_number=account.account_number)
    return AlpacaWorld(
        reader=reader,
        sender=AlpacaBroker(reader, trading) if sending else None,
        prices=AlpacaPrices(data_connection(wire, keys, clock), feed=account.feed),
        stream=AlpacaStream(wire, keys, on_trouble=on_trouble),
    )


def open_alpaca_canceller(
    settings: Settings, account_id: str, *, answer_seconds: float
) -> Canceller:
    """The hands of a direct halt on one account: open orders and their cancels, without patience.

    Raises `ConfigurationError` without usable keys, `ValueError` when key and mode contradict.
    """
    account = settings.alpaca[account_id]
    found = alpaca_keys(settings, account_id, environment=os.environ, interactive=True)
    keys = AlpacaKeys(found.key.reveal(), found.secret.reveal())
    wire = replace(
        _wire_settings(account, settings.limits.max_requests_per_minute),
        connect_timeout_seconds=answer_seconds,
        read_timeout_seconds=answer_seconds,
        read_patience_seconds=answer_seconds,
    )
    clock = WallClock()
    looking = AlpacaReader(
        account_id, trading_connection(wire, keys, clock), account_number=account.account_number
    )

    def cancel(broker_order_id: str) -> str:
        # A connection carries one request at a time: each cancel has its own.
        return AlpacaBroker(looking, trading_connection(wire, keys, clock)).cancel(broker_order_id)

    return Canceller(account=account_id, open_orders=looking.open_orders, cancel=cancel)


def _wire_settings(account: AlpacaAccount, requests_per_minute: int) -> AlpacaSettings:
    return AlpacaSettings(
        paper=True,  # live is refused until a version has been proved against a real Alpaca account
        account_number=account.account_number,
        feed="sip" if account.feed == "sip" else "iex",
        trading_url=account.server_url,
        data_url=account.server_url,
        read_timeout_seconds=account.timeout.total_seconds(),
        requests_per_minute=requests_per_minute,
    )
