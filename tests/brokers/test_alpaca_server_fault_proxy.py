"""Our adapter and the local Alpaca over a bad line: whatever happens to an answer, one order each."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from brokers.alpaca.broker import AlpacaBroker
from brokers.alpaca.connection import trading_connection
from brokers.alpaca.reader import AlpacaReader
from brokers.alpaca_server.fault_proxy import FaultProxy, Harm, proxying
from portfolio.money import ZERO
from portfolio.ports import Accepted, Ambiguous, Exists, SubmitOutcome, Unavailable
from tests.support.alpaca_parts import CLIENT_ORDER_ID, Naps, intent, keys, settings
from tests.support.local_alpaca import Local, local_alpaca

AN_ORDER = intent(quantity="3", limit="100.00")


@dataclass(kw_only=True)
class BadLine:
    local: Local
    proxy: FaultProxy
    broker: AlpacaBroker

    def submit(self) -> SubmitOutcome:
        return self.broker.submit(CLIENT_ORDER_ID, AN_ORDER)

    def at_the_exchange(self) -> list[str]:
        """Client order ids, asked without the proxy."""
        return [row["client_order_id"] for row in self.local.get("/v2/orders", status="all")]


@pytest.fixture
def bad(monkeypatch: pytest.MonkeyPatch) -> Iterator[BadLine]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with local_alpaca() as local:
        parts = urlsplit(local.url)
        assert parts.hostname
        assert parts.port
        with proxying(parts.hostname, parts.port) as (proxy, url):
            chosen = settings(url, requests_per_minute=10_000, read_timeout_seconds=1.0)
            line = trading_connection(chosen, keys(), local.clock, Naps())
            broker = AlpacaBroker(AlpacaReader("brokerage", line), line)
            yield BadLine(local=local, proxy=proxy, broker=broker)


@pytest.mark.parametrize("harm", ["none", "delay", "slow"])
def test_a_late_answer_is_an_answer(bad: BadLine, harm: Harm) -> None:
    bad.proxy.harms.append(harm)
    assert isinstance(bad.submit(), Accepted)
    assert bad.at_the_exchange() == [CLIENT_ORDER_ID]


@pytest.mark.parametrize("harm", ["drop_after", "reset", "half", "html"])
def test_a_spoilt_answer_is_ambiguous_and_its_order_is_found_once(bad: BadLine, harm: Harm) -> None:
    bad.proxy.harms.append(harm)
    assert isinstance(bad.submit(), Ambiguous)
    assert [line for line in bad.proxy.arrived if line.startswith("POST")] == [
        "POST /v2/orders HTTP/1.1"
    ]
    found = bad.broker.find_order(CLIENT_ORDER_ID)
    assert found is not None
    assert found.filled_quantity == AN_ORDER.quantity
    assert bad.at_the_exchange() == [CLIENT_ORDER_ID]
    assert isinstance(bad.submit(), Exists)
    assert bad.at_the_exchange() == [CLIENT_ORDER_ID]


@pytest.mark.parametrize("harm", ["drop_before", "swallow"])
def test_a_lost_request_is_ambiguous_too_and_its_order_is_nowhere(bad: BadLine, harm: Harm) -> None:
    bad.proxy.seconds = 3.0  # longer than the adapter waits
    bad.proxy.harms.append(harm)
    assert isinstance(bad.submit(), Ambiguous)
    assert bad.broker.find_order(CLIENT_ORDER_ID) is None
    assert bad.at_the_exchange() == []
    assert isinstance(bad.submit(), Accepted)
    assert bad.at_the_exchange() == [CLIENT_ORDER_ID]


@pytest.mark.parametrize("harm", ["drop_after", "reset", "half", "html"])
def test_a_spoilt_cancel_is_unknown_and_has_happened(bad: BadLine, harm: Harm) -> None:
    resting = bad.broker.submit(CLIENT_ORDER_ID, intent(quantity="3", limit="90.00"))
    assert isinstance(resting, Accepted)
    bad.proxy.only = "DELETE"
    bad.proxy.harms.append(harm)
    if harm == "half":  # an empty answer cut short still has its status line
        assert bad.broker.cancel(resting.order.broker_order_id) == ""
    else:
        with pytest.raises(Unavailable):
            bad.broker.cancel(resting.order.broker_order_id)
    found = bad.broker.find_order(CLIENT_ORDER_ID)
    assert found is not None
    assert (found.raw_status, found.filled_quantity) == ("canceled", ZERO)


@pytest.mark.parametrize("harm", ["drop_before", "drop_after", "reset", "half", "html"])
def test_a_read_over_a_bad_line_is_asked_again(bad: BadLine, harm: Harm) -> None:
    bad.proxy.only = "GET"
    bad.proxy.harms.extend([harm, harm])
    assert [p.symbol for p in bad.broker.positions()] == ["BND"]


def test_twenty_orders_through_every_harm_are_twenty_orders(bad: BadLine) -> None:
    harms: list[Harm] = ["drop_after", "none", "reset", "drop_before", "half", "html", "none"]
    sent = []
    for number in range(20):
        name = f"tt1-line-{number:06}"
        bad.proxy.harms.append(harms[number % len(harms)])
        outcome = bad.broker.submit(name, intent(quantity="0.25", limit="100.00"))
        if isinstance(outcome, Ambiguous) and bad.broker.find_order(name) is None:
            outcome = bad.broker.submit(name, intent(quantity="0.25", limit="100.00"))
        assert isinstance(outcome, Accepted | Ambiguous)
        sent.append(name)
    assert sorted(bad.at_the_exchange()) == sent
    assert bad.local.held()["VTI"] == 5
