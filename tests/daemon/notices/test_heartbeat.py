"""The heartbeat: a watcher outside hears of good ticks, and of nothing else."""

import logging
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.secrets import Secret
from config.settings import BackupSettings, NoticeSettings
from daemon.notices import heartbeat
from daemon.notices.heartbeat import Heartbeat, call
from daemon.upkeep.backup import ScheduledBackups
from daemon.upkeep.chores import Chores
from policies.policy import Policy
from portfolio.ports import Unavailable
from portfolio.wakes import Wake, WakeKind
from tests.support.alpaca_server import (
    HANGS_UP,
    SILENCE,
    Answer,
    ScriptedAlpaca,
    says,
    scripted_alpaca,
)
from tests.support.house import build_rig, table
from tests.support.rehearsals import rehearsal
from tests.support.running import run_service
from tests.support.stories import DAYS, sixty_forty

PLACE = "/ping/0b5c7a60-canary-11ee"
BEAT = f"GET {PLACE}"


@pytest.fixture
def watcher(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedAlpaca]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with scripted_alpaca() as server:
        yield server


def address(watcher: ScriptedAlpaca) -> Secret:
    return Secret(f"{watcher.url}{PLACE}")


def wait_for(watcher: ScriptedAlpaca, count: int) -> None:
    ends = time.monotonic() + 60
    while watcher.count(BEAT) < count:
        assert time.monotonic() < ends, "the watcher was not asked"
        threading.Event().wait(0.02)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=200, body="OK"), ""),
        (Answer(status=204), ""),
        (Answer(status=404, body="no such check"), "it answered 404"),
        (Answer(status=500), "it answered 500"),
        (HANGS_UP, "it was not reached"),
        (SILENCE, "it was not reached (TimeoutError)"),
    ],
)
def test_a_call_says_what_came_back_and_never_where_it_went(
    watcher: ScriptedAlpaca, monkeypatch: pytest.MonkeyPatch, answer: Answer, said: str
) -> None:
    monkeypatch.setattr(heartbeat, "TIMEOUT_SECONDS", 0.3)
    watcher.on(BEAT, answer)
    found = call(address(watcher))
    assert found.startswith(said)
    assert bool(found) is bool(said)
    assert "canary" not in found


def test_an_address_that_leads_elsewhere_is_not_followed(watcher: ScriptedAlpaca) -> None:
    watcher.on(BEAT, says("", 302, Location=f"{watcher.url}/elsewhere"))
    assert call(address(watcher)) == "it answered 302"
    assert [request.path for request in watcher.requests] == [PLACE]


def test_beats_go_out_at_most_once_in_the_interval(
    watcher: ScriptedAlpaca, caplog: pytest.LogCaptureFixture
) -> None:
    watcher.on(BEAT, Answer(status=503), Answer(status=503), Answer(status=200))
    now = [0.0]
    beats = Heartbeat(address(watcher), timedelta(minutes=5), monotonic=lambda: now[0])
    beats.start()
    with caplog.at_level(logging.WARNING):
        for expected, at in enumerate((0.0, 300.0, 600.0), start=1):
            for now[0] in (at, at + 1, at + 299.9):
                beats.beat()
            wait_for(watcher, expected)
        beats.stop()
    assert watcher.count(BEAT) == 3
    assert "canary" not in caplog.text


def test_a_watcher_that_hangs_delays_neither_tick_nor_end(watcher: ScriptedAlpaca) -> None:
    watcher.on(BEAT, SILENCE)
    beats = Heartbeat(address(watcher), timedelta(minutes=5))
    beats.start()
    beats.beat()
    wait_for(watcher, 1)
    began = time.monotonic()
    beats.beat()
    beats.stop()
    assert time.monotonic() - began < heartbeat.TIMEOUT_SECONDS


def test_only_a_tick_that_went_well_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=["100"] * 12, BND=["100"] * 12),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )
    running, beats = run_service(rig), []
    running.service.chores = Chores(
        house=rig.house,
        watch=running.service.watch,
        notices=NoticeSettings(),
        backups=ScheduledBackups(
            BackupSettings(every=None),
            tmp_path / "journal.sqlite",
            tmp_path,
            rig.clock,
            anchored_in=tmp_path / "journal.sqlite.anchor",
            on_done=lambda _: None,
        ),
        free=lambda: 2**40,
        beat=lambda: beats.append(rig.clock.now()),
    ).after_tick
    rig.go_to(DAYS[1], timedelta(minutes=5))
    running.wake(WakeKind.TICK)
    assert len(beats) == 1
    running.service.handle(Wake(kind=WakeKind.LOOK))
    assert len(beats) == 1, "a tick, and no other wake"

    def gone() -> object:
        raise Unavailable("no answer")

    with monkeypatch.context() as down:
        down.setattr(rig.broker, "account", gone)
        running.wake(WakeKind.TICK)
    assert len(beats) == 1
    running.wake(WakeKind.TICK)
    assert len(beats) == 2


def test_a_running_daemon_is_heard_and_its_log_does_not_name_the_watcher(
    tmp_path: Path, watcher: ScriptedAlpaca
) -> None:
    watcher.on(BEAT, Answer(status=200))
    with rehearsal(tmp_path, "--hold", "VTI=100") as stage:
        written = stage.daemon.configuration.read_text()
        more = '[notices]\nheartbeat_file = "watcher.url"\n'
        stage.daemon.configuration.write_text(written.replace("[notices]\n", more))
        place = tmp_path / "watcher.url"
        place.write_text(f"{watcher.url}{PLACE}\n")
        place.chmod(0o600)
        stage.daemon.start()
        wait_for(watcher, 1)
        code, printed = stage.daemon.stop()
    assert code == 0
    assert "canary" not in printed
