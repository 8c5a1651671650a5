"""A canary key through every path on which something fails: not even its beginning is found."""

import base64
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from queue import Queue
from urllib.parse import quote

import pytest
from websockets.sync.server import ServerConnection, serve

from brokers.alpaca.connection import trading_connection
from brokers.alpaca.reader import AlpacaReader
from brokers.alpaca.settings import AlpacaKeys, AlpacaSettings
from brokers.alpaca.stream import AlpacaStream
from daemon.journal.opening import open_journal
from daemon.notices.delivery import FileChannel
from daemon.notices.outbox import deliver_due_now
from daemon.notices.render import renderer
from policies.policy import Policy
from portfolio.wakes import Wake, WakeKind
from tests.support.alpaca_parts import Naps
from tests.support.alpaca_parts import settings as alpaca_settings
from tests.support.alpaca_server import Answer, Request, ScriptedAlpaca, says, serving
from tests.support.house import build_rig, service_of, table
from tests.support.journals import IDENTITY
from tests.support.rehearsals import CONFIGURATION
from tests.support.stories import DAYS, sixty_forty

KEY, SECRET = "PKCANARYQX7TRIMTAB", "cAnArY+s3cret/Value-77~never.shown"


def needles() -> Iterator[str]:
    for value in (KEY, SECRET):
        yield from (value, value[:8], quote(value, safe=""), value.encode().hex())
        yield base64.b64encode(value.encode()).decode()[:16]


class Echo(ScriptedAlpaca):
    """A broker that gives back in its errors whatever it was sent, as no broker should."""

    def __init__(self, status: int, *, as_json: bool) -> None:
        super().__init__()
        self._status, self._as_json = status, as_json

    def next_answer(self, request: Request) -> Answer:
        self.requests.append(request)
        text = f"no: {dict(request.headers)}"
        if self._as_json:
            return says({"code": 40110000, "message": text}, self._status)
        return Answer(status=self._status, body=f"<html>{text}</html>")


def leaks(folder: Path, *printed: str) -> list[str]:
    """Where a needle is found: in what was printed, or in any file but the one with the keys."""
    found = [f"printed: {needle}" for text in printed for needle in needles() if needle in text]
    for path in folder.rglob("*"):
        if path.is_file() and path.name != "alpaca.keys":
            content = path.read_bytes()
            found += [f"{path}: {n}" for n in needles() if n.encode() in content]
    return found


def household(folder: Path, url: str) -> Sequence[str]:
    (folder / "state").mkdir()
    (folder / "alpaca.keys").write_text(f'key = "{KEY}"\nsecret = "{SECRET}"\n')
    (folder / "alpaca.keys").chmod(0o600)
    text = CONFIGURATION.replace("URL", url).replace(
        "[[slices]]", "timeout_seconds = 1\n[[slices]]", 1
    )
    (folder / "trimtab.toml").write_text(text)
    return ("--config", str(folder / "trimtab.toml"), "--state", str(folder / "state"))


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """A command as a process of its own; what it printed."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "daemon.cli.main", *arguments],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("status", "as_json"), [(401, True), (403, True), (500, False), (422, True), (200, False)]
)
def test_no_command_shows_a_key_that_the_broker_gave_back(
    tmp_path: Path, status: int, as_json: bool
) -> None:
    with serving(Echo(status, as_json=as_json)) as url:
        where = household(tmp_path, url)
        for command in (
            ("run", str(tmp_path / "trimtab.toml"), *where[2:]),
            ("plan", "--json", *where),
            ("halt", "--direct", "--reason", "a drill", *where),
        ):
            if command[0] == "run" and status in (500, 200):
                continue  # it waits for such a broker, and prints the same sentence as `plan`
            code, printed = run(tmp_path, *command)
            assert code != 0, command
            assert leaks(tmp_path, printed) == []


def test_a_key_in_the_configuration_is_refused_without_being_shown(tmp_path: Path) -> None:
    where = household(tmp_path, "http://127.0.0.1:9")
    file = tmp_path / "trimtab.toml"
    file.write_text(
        file.read_text().replace('feed = "iex"', "") + f'\n[keys]\nsecret = "{SECRET}"\n'
    )
    code, printed = run(tmp_path, "check", *where)
    file.unlink()
    assert code == 78
    assert leaks(tmp_path, printed) == []


CRASH = """
import sys
sys.path.insert(0, ".")
from daemon.cli.door import guarded
def boom():
    key, secret = sys.argv[1:]
    raise RuntimeError(f"authorization: Bearer {key} secret={secret}")
sys.exit(guarded(boom))
"""


def test_a_crash_leaves_no_key_in_what_it_keeps(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", CRASH, KEY, SECRET],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 70
    assert list(tmp_path.glob("trimtab-bug-*")), "the details are kept"
    assert leaks(tmp_path, done.stdout, done.stderr) == []


@pytest.mark.parametrize(
    "refusal", ["in the answer", "no answer that can be read", "in the reason of the close"]
)
def test_a_stream_that_is_refused_tells_no_key(
    refusal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server gives back what it heard, in each place where a refusal may carry words."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def refuse(line: ServerConnection) -> None:
        heard = str(line.recv())
        if refusal == "in the answer":
            data = {"status": "unauthorized", "message": heard}
            line.send(json.dumps({"stream": "authorization", "data": data}))
        elif refusal == "no answer that can be read":
            line.send(f"<html>{heard}</html>")
        else:
            line.close(1008, (KEY + SECRET)[:100])

    troubles: Queue[str] = Queue()
    with serve(refuse, "127.0.0.1", 0, logger=logging.getLogger("tests.quiet")) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        stream = AlpacaStream(
            AlpacaSettings(stream_url=f"ws://127.0.0.1:{server.socket.getsockname()[1]}/stream"),
            AlpacaKeys(KEY, SECRET),
            on_trouble=troubles.put,
            first_wait_seconds=0.01,
            longest_wait_seconds=0.02,
        )
        stream.start(lambda _news: None)
        told = troubles.get(timeout=30)
        stream.stop()
        server.shutdown()
        thread.join()
    assert "stream" in told
    assert [needle for needle in needles() if needle in told] == []


@pytest.mark.parametrize(
    ("status", "as_json"), [(401, True), (403, True), (500, False), (422, True)]
)
def test_no_notice_latch_or_row_of_the_daemons_own_shows_a_key_that_the_broker_gave_back(
    tmp_path: Path, status: int, as_json: bool
) -> None:
    """Keys are revoked, or the broker breaks, while the daemon runs: it halts or pages by itself."""
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=["100"] * 12, BND=["100"] * 12),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )
    journal = open_journal(
        tmp_path / "notices.sqlite",
        clock=rig.clock,
        render=renderer(amounts=False, dry_run=False),
        identity=IDENTITY,
    )
    rig.house.journal = journal
    with serving(Echo(status, as_json=as_json)) as url:
        keys = AlpacaKeys(KEY, SECRET)
        line = trading_connection(alpaca_settings(url), keys, rig.clock, Naps())
        rig.house.readers = {"main": AlpacaReader("main", line)}
        service = service_of(rig)
        for minutes in (30, 50):
            rig.go_to(DAYS[1], timedelta(minutes=minutes))
            service.handle(Wake(kind=WakeKind.LOOK))
    file = FileChannel(tmp_path / "notices.log", rig.clock)
    assert deliver_due_now(journal, [file], rig.clock) >= 1, "a person is told"
    journal.close()
    assert leaks(tmp_path) == []
