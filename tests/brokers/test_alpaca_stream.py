"""The order stream against a real websocket server: hints arrive, troubles are said once."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Queue
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from brokers.alpaca.settings import AlpacaSettings
from brokers.alpaca.stream import CONNECTED, AlpacaStream
from portfolio.ports import OrderStream
from tests.support.alpaca_parts import KEY_ID, SECRET, keys

PATIENCE = 20  # seconds until a test that waits for something gives up
Play = Callable[[ServerConnection], None]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


class World:
    """A stream, what it told, and the server's side of it."""

    def __init__(self, url: str, **waits: float) -> None:
        self.news: Queue[str] = Queue()
        self.troubles: Queue[str] = Queue()
        chosen = AlpacaSettings(stream_url=url)
        waits = {"first_wait_seconds": 0.01, "longest_wait_seconds": 0.02, **waits}
        self.stream = AlpacaStream(chosen, keys(), on_trouble=self.troubles.put, **waits)

    def next_news(self) -> str:
        return self.news.get(timeout=PATIENCE)

    def next_trouble(self) -> str:
        return self.troubles.get(timeout=PATIENCE)


@contextmanager
def following(play: Play, **waits: float) -> Iterator[World]:
    """A server that plays one connection after the other, and a stream that follows it."""

    def quietly(line: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            play(line)

    logger = logging.getLogger("tests.quiet")
    logger.setLevel(logging.CRITICAL)
    with serve(quietly, "127.0.0.1", 0, logger=logger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        world = World(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/stream", **waits)
        world.stream.start(world.news.put)
        try:
            yield world
        finally:
            world.stream.stop()
            server.shutdown()
            thread.join()


def greets(line: ServerConnection, status: str = "authorized") -> list[Any]:
    """Alpaca's side of the greeting; returns what the client said."""
    heard = [json.loads(line.recv())]
    data = {"action": "authenticate", "status": status}
    line.send(json.dumps({"stream": "authorization", "data": data}).encode())
    if status == "authorized":
        heard.append(json.loads(line.recv()))
        streams = {"streams": ["trade_updates"]}
        line.send(json.dumps({"stream": "listening", "data": streams}).encode())
    return heard


def stays(line: ServerConnection) -> None:
    for _ in line:
        pass


def update(**data: Any) -> bytes:
    """A frame as paper sends it: binary."""
    return json.dumps({"stream": "trade_updates", "data": data}).encode()


def test_an_update_becomes_a_short_hint() -> None:
    said: Queue[Any] = Queue()

    def play(line: ServerConnection) -> None:
        said.put(greets(line))
        line.send(update(event="fill", order={"symbol": "VTI", "client_order_id": "x"}))
        stays(line)

    with following(play) as world:
        assert world.next_news() == CONNECTED
        assert world.next_news() == "fill VTI"
        assert said.get(timeout=PATIENCE) == [
            {"action": "authenticate", "data": {"key_id": KEY_ID, "secret_key": SECRET}},
            {"action": "listen", "data": {"streams": ["trade_updates"]}},
        ]
        assert world.troubles.empty()


def test_what_no_model_knows_is_a_hint_all_the_same() -> None:
    def play(line: ServerConnection) -> None:
        greets(line)
        line.send(update(event="teleported", order={"symbol": "VTI", "status": "elsewhere"}))
        line.send(json.dumps({"stream": "trade_updates", "data": None}))
        line.send(update(event=None, order=[]))
        line.send("this is not JSON")
        line.send("[]")
        line.send(json.dumps({"stream": "weather", "data": {}}))
        line.send(update(event="canceled", order={"symbol": "BND"}))
        stays(line)

    with following(play) as world:
        assert [world.next_news() for _ in range(5)] == [
            CONNECTED,
            "teleported VTI",
            "an order changed",
            "an order changed",
            "canceled BND",
        ]


def test_a_lost_connection_is_taken_up_again_and_says_so() -> None:
    def play(line: ServerConnection) -> None:
        greets(line)
        line.close()

    with following(play) as world:
        assert [world.next_news() for _ in range(3)] == [CONNECTED] * 3


def test_refused_keys_are_said_once_and_their_recovery_too() -> None:
    refusals = iter(["unauthorized"] * 4 + ["authorized"])

    def play(line: ServerConnection) -> None:
        if (status := next(refusals)) != "authorized":
            greets(line, status)
            return
        greets(line)
        line.send(update(event="new", order={"symbol": "VTI"}))
        stays(line)

    with following(play) as world:
        assert world.next_trouble() == (
            "Alpaca refuses the keys on its order stream. "
            "Orders are still followed by asking at every tick."
        )
        assert world.next_trouble() == ""
        assert world.next_news() == CONNECTED


def test_a_line_that_stays_quiet_and_open_is_well_again() -> None:
    first = iter([True])

    def play(line: ServerConnection) -> None:
        if next(first, False):
            greets(line, "unauthorized")
            return
        greets(line)
        stays(line)

    with following(play, steady_seconds=0.05) as world:
        assert "refuses the keys" in world.next_trouble()
        assert world.next_trouble() == ""


def test_a_server_that_cannot_be_reached_is_said_once() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        world = World(f"ws://127.0.0.1:{held.getsockname()[1]}/stream")
        world.stream.start(world.news.put)
        assert world.next_trouble() == (
            "Alpaca's order stream does not hold: ConnectionRefusedError. "
            "Orders are still followed by asking at every tick."
        )
        world.stream.stop()
    assert world.troubles.empty()
    assert world.news.empty()


def test_a_seat_that_is_taken_is_said_in_words() -> None:
    def refuses(line: ServerConnection, request: Any) -> Any:
        return line.respond(429, "too many connections\n")

    logger = logging.getLogger("tests.quiet")
    with serve(stays, "127.0.0.1", 0, process_request=refuses, logger=logger) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        world = World(f"ws://127.0.0.1:{server.socket.getsockname()[1]}/stream")
        world.stream.start(world.news.put)
        assert "answered 429, another program may hold" in world.next_trouble()
        world.stream.stop()
        server.shutdown()
        thread.join()


def test_a_listener_that_fails_does_not_end_the_listening() -> None:
    def play(line: ServerConnection) -> None:
        greets(line)
        line.send(update(event="fill", order={"symbol": "VTI"}))
        stays(line)

    with following(play) as world:
        assert world.next_news() == CONNECTED
        world.stream.stop()
        heard: Queue[str] = Queue()

        def fails_once(text: str) -> None:
            heard.put(text)
            if text == CONNECTED:
                raise KeyError("mine")

        world.stream.start(fails_once)
        assert heard.get(timeout=PATIENCE) == CONNECTED
        assert heard.get(timeout=PATIENCE) == "fill VTI"
        assert "news of an order was not taken: KeyError" in world.next_trouble()


def test_a_stream_is_not_started_twice_and_stops_before_it_began() -> None:
    def play(line: ServerConnection) -> None:
        greets(line)
        stays(line)

    with following(play) as world:
        assert world.next_news() == CONNECTED
        with pytest.raises(RuntimeError, match="already running"):
            world.stream.start(world.news.put)
    unused: OrderStream = World("ws://127.0.0.1:9").stream
    unused.stop()


def test_stopping_does_not_wait_for_a_server_that_says_nothing() -> None:
    arrived = threading.Event()

    def play(line: ServerConnection) -> None:
        arrived.set()
        stays(line)

    with following(play) as world:
        assert arrived.wait(PATIENCE)
        world.stream.stop()
        assert "alpaca-stream" not in {t.name for t in threading.enumerate()}


def test_no_log_shows_a_frame_with_the_keys(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def play(line: ServerConnection) -> None:
        greets(line)
        stays(line)

    with following(play) as world:
        assert world.next_news() == CONNECTED
    assert SECRET not in caplog.text
    assert KEY_ID not in caplog.text
