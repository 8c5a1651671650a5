"""The Alpaca adapter keeps the broker contract, over a real socket."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest

from brokers.alpaca.broker import AlpacaBroker
from brokers.alpaca.connection import trading_connection
from brokers.alpaca.reader import AlpacaReader
from portfolio.money import Money, Quantity
from portfolio.orders import Order
from portfolio.ports import Broker
from tests.support.alpaca_fake import FakeAlpaca
from tests.support.alpaca_parts import Naps, keys, settings
from tests.support.alpaca_server import serving
from tests.support.broker_contract import (
    BOND,
    BONDS_HELD,
    CASH,
    STOCK,
    BrokerContract,
    Rig,
    Stage,
)
from tests.support.simulated import WEEK, HandClock, new_york


class AlpacaRig:
    stages = frozenset(Stage)

    def __init__(self, fake: FakeAlpaca, clock: HandClock, url: str) -> None:
        self._fake = fake
        self._clock = clock
        chosen = settings(url, requests_per_minute=10_000)
        line = trading_connection(chosen, keys(), clock, Naps())
        self._broker = AlpacaBroker(AlpacaReader("brokerage", line), line)

    @property
    def broker(self) -> Broker:
        return self._broker

    def now(self) -> datetime:
        return self._clock.now()

    def fill(self, order: Order, quantity: Quantity) -> None:
        self._fake.fill(order.broker_order_id, quantity)

    def reject(self, order: Order, reason: str) -> None:
        self._fake.end(order.broker_order_id, "rejected")

    def close_session(self) -> None:
        self._clock.at = new_york(WEEK[0], "16:01")
        self._fake.close_session()

    def move_cash(self, amount: Money) -> None:
        self._fake.move_cash(amount)

    def say_status(self, order: Order, word: str) -> None:
        self._fake.end(order.broker_order_id, word)

    def block(self, reason: str) -> None:
        self._fake.blocked = True

    def lose_next_answer(self, *, arrives: bool) -> None:
        self._fake.lost_answers.append(arrives)

    def fail_next_read(self) -> None:
        self._fake.failing_reads = 4  # a read is patient: it asks four times


class TestAlpaca(BrokerContract):
    @pytest.fixture
    def rig(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        clock = HandClock(new_york(WEEK[0], "10:00"))
        fake = FakeAlpaca(
            clock=clock,
            cash=CASH,
            prices={STOCK: Decimal("100.00"), BOND: Decimal("50.00")},
            holdings={BOND: (BONDS_HELD, Decimal("48.00"))},
        )
        with serving(fake) as url:
            yield AlpacaRig(fake, clock, url)
