"""Our Alpaca adapter, over HTTP, against the local Alpaca: the same contract once more.

The written answers of `test_contract_alpaca` show what the adapter makes of the facts; this one shows
that exchange, wire and adapter add up.
"""

from collections.abc import Iterator
from datetime import datetime

import pytest

from brokers.alpaca.broker import AlpacaBroker
from brokers.alpaca.connection import trading_connection
from brokers.alpaca.reader import AlpacaReader
from portfolio.money import Money, Quantity
from portfolio.orders import Order
from portfolio.ports import Broker
from tests.support.alpaca_parts import Naps, keys, settings
from tests.support.broker_contract import BrokerContract, Rig, Stage
from tests.support.local_alpaca import Local, local_alpaca
from tests.support.simulated import WEEK, new_york


class LocalRig:
    stages = frozenset(Stage)

    def __init__(self, local: Local) -> None:
        self._local = local
        chosen = settings(local.url, requests_per_minute=10_000)
        line = trading_connection(chosen, keys(), local.clock, Naps())
        self._broker = AlpacaBroker(AlpacaReader("brokerage", line), line)
        local.break_(fills_held=True)

    @property
    def broker(self) -> Broker:
        return self._broker

    def now(self) -> datetime:
        return self._local.clock.now()

    def fill(self, order: Order, quantity: Quantity) -> None:
        number = self._number(order)
        self._local.desk.change(lambda exchange, at: exchange.fill_now(number, quantity, at))

    def reject(self, order: Order, reason: str) -> None:
        number = self._number(order)
        self._local.desk.change(lambda exchange, at: exchange.reject(number, reason, at))

    def close_session(self) -> None:
        self._local.clock.at = new_york(WEEK[0], "16:01")

    def move_cash(self, amount: Money) -> None:
        self._local.break_(cash=str(amount))

    def say_status(self, order: Order, word: str) -> None:
        self._local.desk.story(self._number(order)).shown_as = word

    def block(self, reason: str) -> None:
        self._local.break_(blocked=reason)

    def lose_next_answer(self, *, arrives: bool) -> None:
        act = "drop_after" if arrives else "drop"
        self._local.break_(requests=[{"on": "POST /v2/orders", "act": act}])

    def fail_next_read(self) -> None:  # a read is patient: it asks four times
        self._local.break_(requests=[{"on": "GET /v2/", "act": "503", "times": 4}])

    def _number(self, order: Order) -> str:
        number = self._local.desk.number_of(order.broker_order_id)
        assert number is not None
        return number


class TestLocalAlpaca(BrokerContract):
    @pytest.fixture
    def rig(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with local_alpaca() as local:
            yield LocalRig(local)
