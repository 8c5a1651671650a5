"""The two keys never show, and never go to the wrong place."""

import copy
import logging
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator

import pytest

from brokers.alpaca import client
from brokers.alpaca.settings import AlpacaKeys, AlpacaSettings, mode_problem
from portfolio.canonical import canonical
from portfolio.ports import CredentialsRefused, Unavailable
from tests.support.alpaca_parts import (
    CLIENT_ORDER_ID,
    KEY_ID,
    SECRET,
    StoppedClock,
    broker,
    intent,
    keys,
    reader,
    settings,
    trading,
)
from tests.support.alpaca_server import (
    HANGS_UP,
    HTML,
    Answer,
    ScriptedAlpaca,
    says,
    scripted_alpaca,
)

ECHO = {"code": 40110000, "message": f"key {KEY_ID} with {SECRET} is not authorized"}


@pytest.fixture
def alpaca(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedAlpaca]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with scripted_alpaca() as script:
        yield script


@pytest.mark.parametrize("show", [repr, str, "{}".format, lambda k: f"{k!r} {k}"])
def test_no_text_of_the_keys_shows_them(show: Callable[[object], str]) -> None:
    text = show(keys())
    assert KEY_ID not in text
    assert SECRET not in text


@pytest.mark.parametrize("dump", [pickle.dumps, copy.deepcopy, canonical, vars])
def test_keys_cannot_be_dumped(dump: Callable[[object], object]) -> None:
    with pytest.raises(TypeError) as refusal:
        dump(keys())
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("bad", ["", "two words", "new\nline", "schlüssel", "tab\t"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(bad: str) -> None:
    for pair in ((bad, SECRET), (KEY_ID, bad)):
        with pytest.raises(ValueError, match="not one word of plain characters") as refusal:
            AlpacaKeys(*pair)
        assert not bad or bad not in str(refusal.value)


@pytest.mark.parametrize(
    "answer", [says(ECHO, 401), says(ECHO, 403), says(ECHO, 500), says(ECHO, 422), HTML, HANGS_UP]
)
def test_no_refusal_of_a_read_shows_a_key(alpaca: ScriptedAlpaca, answer: Answer) -> None:
    alpaca.on("GET /v2/account", answer)
    with pytest.raises((Unavailable, CredentialsRefused)) as refusal:
        reader(alpaca.url).account()
    shown = "".join(traceback.format_exception(refusal.value)) + repr(refusal.value)
    assert SECRET not in shown
    assert KEY_ID not in shown
    assert refusal.value.__cause__ is None
    assert refusal.value.__context__ is None, "a chain may quote the request with its headers"


@pytest.mark.parametrize(
    "answer", [says(ECHO, 401), says(ECHO, 422), says(ECHO, 500), says(ECHO), HTML, HANGS_UP]
)
def test_no_outcome_of_an_order_shows_a_key(
    alpaca: ScriptedAlpaca, answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    alpaca.on("POST /v2/orders", answer)
    line = broker(alpaca.url)
    shown = repr(line.submit(CLIENT_ORDER_ID, intent())) + repr(line) + caplog.text
    assert SECRET not in shown
    assert KEY_ID not in shown


def test_settings_and_connections_show_no_key(alpaca: ScriptedAlpaca) -> None:
    shown = repr(settings(alpaca.url)) + repr(trading(alpaca.url)) + repr(reader(alpaca.url))
    assert SECRET not in shown
    assert KEY_ID not in shown


def test_a_long_or_many_lined_message_is_told_on_one_short_line(alpaca: ScriptedAlpaca) -> None:
    alpaca.on("GET /v2/account", says({"message": "a\nb\x1b[31m\t" + "c" * 5000}, 422))
    with pytest.raises(Unavailable) as refusal:
        reader(alpaca.url).account()
    assert len(str(refusal.value)) < 400
    assert str(refusal.value).isprintable()


# The right place


@pytest.mark.parametrize(
    ("key_id", "paper", "problem"),
    [
        ("PKABCDEFGHIJKLMNOP", True, None),
        ("AKABCDEFGHIJKLMNOP", False, None),
        ("AKABCDEFGHIJKLMNOP", True, "set to paper but the key is one for live"),
        ("PKABCDEFGHIJKLMNOP", False, "set to live but the key is one for paper"),
        ("something-else", True, None),
        ("PKshort", False, None),
    ],
)
def test_a_key_whose_prefix_contradicts_the_mode_is_not_used(
    key_id: str, paper: bool, problem: str | None
) -> None:
    chosen = AlpacaSettings(paper=paper)
    found = mode_problem(chosen, AlpacaKeys(key_id, SECRET))
    if problem is None:
        assert found is None
        return
    assert found is not None
    assert problem in found
    with pytest.raises(ValueError, match=problem):
        client_for(chosen, AlpacaKeys(key_id, SECRET))


def client_for(chosen: AlpacaSettings, pair: AlpacaKeys) -> object:
    from brokers.alpaca.connection import trading_connection

    return trading_connection(chosen, pair, StoppedClock())


@pytest.mark.parametrize(
    ("paper", "url"),
    [(True, "https://api.alpaca.markets"), (False, "https://paper-api.alpaca.markets/v2")],
)
def test_a_host_that_contradicts_the_mode_is_refused(paper: bool, url: str) -> None:
    with pytest.raises(ValueError, match=r"is set to .* but .* host"):
        AlpacaSettings(paper=paper, trading_url=url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://me:hunter2@proxy.example", "must not carry a user name"),
        ("http://proxy.example", "unencrypted: use https://"),
        ("ws://proxy.example/stream", "unencrypted: use wss://"),
        ("proxy.example", "is not a URL"),
        ("ftp://proxy.example", "is not a URL"),
    ],
)
def test_a_url_that_would_give_the_keys_away_is_refused(url: str, words: str) -> None:
    for name in ("trading_url", "data_url", "stream_url"):
        with pytest.raises(ValueError, match=words) as refusal:
            AlpacaSettings(**{name: url})  # type: ignore[arg-type]
        assert "hunter2" not in str(refusal.value)


def test_a_limit_of_no_requests_is_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        AlpacaSettings(requests_per_minute=0)


def test_each_mode_has_its_hosts() -> None:
    paper, live = AlpacaSettings(), AlpacaSettings(paper=False)
    assert paper.trading_base == "https://paper-api.alpaca.markets"
    assert paper.stream_address == "wss://paper-api.alpaca.markets/stream"
    assert live.trading_base == "https://api.alpaca.markets"
    assert live.stream_address == "wss://api.alpaca.markets/stream"
    assert paper.data_base == live.data_base == "https://data.alpaca.markets"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://127.0.0.1:8080/v2/"])
def test_the_version_in_a_given_url_is_not_doubled(url: str) -> None:
    chosen = AlpacaSettings(trading_url=url)
    assert chosen.trading_base == "http://127.0.0.1:8080"
    assert chosen.stream_address == "ws://127.0.0.1:8080/stream"


# What alpaca-py would do by itself


def test_alpaca_pys_retries_are_off(alpaca: ScriptedAlpaca) -> None:
    inner = trading(alpaca.url)._client
    assert inner._retry == 0
    assert inner._retry_codes == []


def test_an_alpaca_py_whose_retries_cannot_be_reached_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import alpaca.common.rest

    class Renamed:
        def __init__(self, **_: object) -> None:
            self._session = None

    monkeypatch.setattr(alpaca.common.rest, "RESTClient", Renamed)
    with pytest.raises(RuntimeError, match="retries cannot be switched off"):
        client.tamed_client("http://127.0.0.1:9", keys(), client.TimedAdapter(), print)


def test_a_netrc_file_adds_no_password_of_its_own(
    alpaca: ScriptedAlpaca,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    alpaca.on("GET /v2/positions", says([]))
    reader(alpaca.url).positions()
    assert "Authorization" not in alpaca.requests[0].headers


def test_importing_the_adapter_loads_nothing_heavy() -> None:
    rooms = "reader, broker, prices, stream, connection, settings"
    heavy = "{'alpaca', 'requests', 'websockets', 'pandas', 'tenacity', 'asyncio'}"
    code = f"import sys; from brokers.alpaca import {rooms}; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_connection_never_loads_pandas() -> None:
    code = (
        "import sys\n"
        "from tests.support.alpaca_parts import trading\n"
        "trading('http://127.0.0.1:9')\n"
        "print('pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=__file__.rsplit("/tests/", 1)[0],
    )
    assert done.stdout.strip() == "False"
