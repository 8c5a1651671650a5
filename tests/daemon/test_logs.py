"""The log: one event one line, and no secret in any spelling by any way."""

import base64
import io
import json
import logging
import subprocess
import sys
import threading
import urllib.parse
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from daemon import logs
from daemon.logs import FloodLimit, get_logger, json_line, set_up, words
from daemon.redaction import MASK, Redactor

CANARY = 'cAnArY-7/q+"x\\é 9Zw5Lr2T'
PLAIN_CANARY = "cAnArY7q9Zw5Lr2TkPb8"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """A log into memory, as JSON; the process's own logging is put back afterwards."""
    root = logging.getLogger()
    before = (root.handlers, root.level, sys.excepthook, threading.excepthook)
    stream = io.StringIO()
    set_up(redactor=Redactor([CANARY, PLAIN_CANARY]), stream=stream)
    yield stream
    logging.captureWarnings(capture=False)
    logging.raiseExceptions = True
    structlog.reset_defaults()
    root.handlers, sys.excepthook, threading.excepthook = before[0], before[2], before[3]
    root.setLevel(before[1])


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json_with_time_and_level(log: io.StringIO) -> None:
    get_logger().info("order sent", symbol="VTI")
    (line,) = lines(log)
    assert (line["event"], line["level"], line["symbol"]) == ("order sent", "info", "VTI")
    assert str(line["at"]).endswith("+00:00")


def test_debug_is_off(log: io.StringIO) -> None:
    get_logger().debug("noise")
    assert log.getvalue() == ""


def test_the_standard_library_comes_through_the_same_pipe(log: io.StringIO) -> None:
    logging.getLogger("somebody").error("it broke: %s", "two\nlines")
    (line,) = lines(log)
    assert (line["logger"], line["event"]) == ("somebody", "it broke: two\nlines")


@pytest.mark.parametrize("name", ["urllib3.connectionpool", "websockets.client", "alpaca.trading"])
def test_chatty_libraries_stay_quiet_even_when_the_root_is_turned_up(
    log: io.StringIO, name: str
) -> None:
    logging.getLogger().setLevel(logging.DEBUG)
    logging.getLogger(name).debug("GET /v2/account")
    logging.getLogger(name).info("GET /v2/account")
    assert log.getvalue() == ""


def test_a_traceback_tells_where_but_no_local_variable(log: io.StringIO) -> None:
    def fail() -> None:
        balance = str(["a", "local"])
        assert balance
        raise RuntimeError("it broke")

    try:
        fail()
    except RuntimeError:
        get_logger().exception("failed")
    (line,) = lines(log)
    assert "RuntimeError: it broke" in str(line["traceback"])
    assert "in fail" in str(line["traceback"])
    assert "['a', 'local']" not in str(line["traceback"])


def via_value(secret: str) -> None:
    get_logger().info("sent", header=secret)


def via_nested_value(secret: str) -> None:
    get_logger().info("sent", headers={"APCA": [secret]})


def via_event(secret: str) -> None:
    get_logger().info(f"sent {secret}")


def via_bytes(secret: str) -> None:
    get_logger().info("sent", raw=secret.encode())


def via_standard_library(secret: str) -> None:
    logging.getLogger("requests").warning("failed with %s", {"key": secret})


def via_exception(secret: str) -> None:
    try:
        raise RuntimeError(f"GET https://host/?key={secret} failed")  # noqa: TRY301
    except RuntimeError:
        get_logger().exception("failed")


def via_chained_exception(secret: str) -> None:
    try:
        try:
            raise KeyError(secret)  # noqa: TRY301
        except KeyError as error:
            raise RuntimeError("failed") from error
    except RuntimeError:
        logging.getLogger("x").exception("failed")


def via_crash(secret: str) -> None:
    error = RuntimeError(secret)
    sys.excepthook(RuntimeError, error, None)


def via_thread_crash(secret: str) -> None:
    def crash() -> None:
        raise RuntimeError(secret)

    thread = threading.Thread(target=crash)
    thread.start()
    thread.join()


def via_warning(secret: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(secret, stacklevel=1)


def via_userinfo(secret: str) -> None:
    get_logger().info("failed", url=f"https://user:{urllib.parse.quote(secret, safe='')}@host/x")


def via_query(secret: str) -> None:
    get_logger().info("failed", url="https://host/?" + urllib.parse.urlencode({"k": secret}))


def via_basic_auth(secret: str) -> None:
    for user in ("u", "us", "use"):
        get_logger().info("sent", x=base64.b64encode(f"{user}:{secret}".encode()).decode())


def via_hex(secret: str) -> None:
    get_logger().info("sent", x=secret.encode().hex())


def via_first_ten(secret: str) -> None:
    get_logger().info("sent", x=secret[:10])


def via_json_in_text(secret: str) -> None:
    get_logger().info("sent", body=json.dumps({"secret": secret}))


def via_repr(secret: str) -> None:
    get_logger().info("sent", x=repr([secret]))


WAYS: list[Callable[[str], None]] = [
    via_value,
    via_nested_value,
    via_event,
    via_bytes,
    via_standard_library,
    via_exception,
    via_chained_exception,
    via_crash,
    via_thread_crash,
    via_warning,
    via_userinfo,
    via_query,
    via_basic_auth,
    via_hex,
    via_first_ten,
    via_json_in_text,
    via_repr,
]


@pytest.mark.parametrize("canary", [CANARY, PLAIN_CANARY], ids=["odd", "plain"])
@pytest.mark.parametrize("leak", WAYS)
def test_a_known_secret_gets_out_by_no_way(
    log: io.StringIO, leak: Callable[[str], None], canary: str
) -> None:
    leak(canary)
    text = log.getvalue()
    assert lines(log), "the line itself must not be lost"
    assert canary[:8] not in text
    assert canary[-6:] not in text
    assert canary.encode().hex()[-12:] not in text
    for shift in range(3):
        encoded = base64.b64encode(b"x" * shift + canary.encode()).decode()
        assert encoded[4:-4] not in text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("key PKABCDEFGHIJKLMN1234 refused", "ABCDEFGHIJ"),
        ("Authorization: Bearer abcdef123456", "abcdef123456"),
        ("{'APCA-API-SECRET-KEY': 'zyx987zyx987'}", "zyx987"),
        ('{"password": "hunter2hunter2"}', "hunter2"),
        (json.dumps(json.dumps({"api_key": "hunter2hunter2"})), "hunter2"),
        ("GET https://anna:hunter2@mail.example/x", "hunter2"),
        ("https://hooks.slack.com/services/T0/B0/XYZ", "XYZ"),
        ("https://discord.com/api/webhooks/1/tok", "tok"),
        ("token=abc123def", "abc123def"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out_unasked(text: str, gone: str) -> None:
    assert gone not in Redactor()(text)
    assert MASK in Redactor()(text)


@pytest.mark.parametrize(
    "text",
    [
        "stocks +3.1 points, fires at 5.0",
        "order tt1-a1b2-000012-01-3f9a1c is filled",
        '{"event": "ready", "token": null}',
        "https://paper-api.alpaca.markets/v2/orders?status=open",
    ],
)
def test_ordinary_lines_are_left_alone(text: str) -> None:
    redactor = Redactor(["mailto://anna:hunter2hunter2@mail.example", "json://localhost:8080/x"])
    assert redactor(text) == text


def test_a_notice_address_is_secret_as_a_whole_and_in_its_parts() -> None:
    redactor = Redactor(["tgram://123456789:AAbbCCdd1122/chat99887766"])
    for text in ("tgram://123456789:AAbbCCdd1122/chat99887766", "bot AAbbCCdd1122", "123456789"):
        assert MASK in redactor(text)


@given(st.text())
def test_any_text_is_one_line_of_json(text: str) -> None:
    line = json_line({"event": text, "value": text})
    assert len(line.splitlines()) == 1
    assert line.isascii()
    assert json.loads(line)["event"] == text


@given(st.text())
def test_any_text_is_one_harmless_line_on_a_terminal(text: str) -> None:
    line = words({"event": text, "value": text, "level": "info"})
    assert len(line.splitlines()) == 1
    assert line.isprintable()


@given(secret=st.text(min_size=4, max_size=30), text=st.text(max_size=40))
def test_a_redacted_line_is_still_json(secret: str, text: str) -> None:
    pipe = logs._Pipe(io.StringIO(), Redactor([secret]), as_json=True)
    line = pipe.render(None, "info", {"event": text + secret + text})
    json.loads(line)


def test_a_flood_of_one_warning_is_one_line_a_minute_that_counts() -> None:
    now = [0.0]
    limit = FloodLimit(lambda: now[0])
    passed: list[dict[str, object]] = []
    for second in range(130):
        now[0] = float(second)
        try:
            passed.append(dict(limit(None, "", {"level": "warning", "event": "stale quote"})))
        except structlog.DropEvent:
            continue
    assert [event.get("held_back") for event in passed] == [None, 59, 59]


def test_other_events_are_not_held_back_by_a_flood(log: io.StringIO) -> None:
    for _ in range(5):
        get_logger().warning("stale quote")
        get_logger().error("order lost")
    assert [line["event"] for line in lines(log)].count("stale quote") == 1
    assert [line["event"] for line in lines(log)].count("order lost") == 5


def test_a_full_disk_loses_the_line_and_raises_nothing() -> None:
    script = (
        "from daemon.logs import get_logger, set_up\n"
        "import logging; set_up(); get_logger().info('lost'); logging.error('lost too')\n"
        "print('still here', flush=True)"
    )
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            timeout=60,
            check=False,
        )
    assert result.stdout == "still here\n"


def test_a_value_that_cannot_be_shown_costs_no_crash(log: io.StringIO) -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("no")

    logging.getLogger("x").error("%s", Broken())
    logging.getLogger("x").error("%d", "not a number")


def test_a_terminal_gets_words() -> None:
    line = words({"at": "2026-11-20T15:30:00.000+00:00", "level": "info", "event": "ready", "n": 1})
    assert line == "15:30:00 info     ready  n=1"
