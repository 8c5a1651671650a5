"""What systemd is told, over real sockets."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.machine import sd_notify


@pytest.fixture(params=["path", "abstract"])
def systemd(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    name = f"trimtab-test-{os.getpid()}"
    address = str(tmp_path / "notify") if request.param == "path" else f"@{name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address.replace("@", "\0", 1))
        listener.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        yield listener


def test_ready_comes_with_a_status(systemd: socket.socket) -> None:
    assert sd_notify.ready("watching core")
    assert systemd.recv(4096) == b"READY=1\nSTATUS=watching core"


def test_a_reload_carries_the_monotonic_time(systemd: socket.socket) -> None:
    assert sd_notify.reloading()
    lines = systemd.recv(4096).decode().splitlines()
    assert lines[0] == "RELOADING=1"
    assert lines[1].removeprefix("MONOTONIC_USEC=").isdecimal()


def test_stopping_and_watchdog_are_told(systemd: socket.socket) -> None:
    assert sd_notify.stopping("asked to")
    assert sd_notify.watchdog()
    assert systemd.recv(4096) == b"STOPPING=1\nSTATUS=asked to"
    assert systemd.recv(4096) == b"WATCHDOG=1"


def test_a_status_with_a_line_break_cannot_claim_anything_else(systemd: socket.socket) -> None:
    sd_notify.status("fine\nREADY=1")
    assert systemd.recv(4096) == b"STATUS=fine READY=1"


@pytest.mark.parametrize("address", [None, "", "relative", "/nowhere/at/all", "@nobody-listens"])
def test_without_a_listener_nothing_happens(
    monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    assert not sd_notify.ready("watching")


@pytest.mark.parametrize(
    ("microseconds", "pid", "seconds"),
    [
        (None, None, None),
        ("180000000", None, 90.0),
        ("180000000", "ours", 90.0),
        ("180000000", "1", None),
        ("0", None, None),
        ("soon", None, None),
    ],
)
def test_the_watchdog_is_fed_twice_in_its_time(
    monkeypatch: pytest.MonkeyPatch,
    microseconds: str | None,
    pid: str | None,
    seconds: float | None,
) -> None:
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    if microseconds is not None:
        monkeypatch.setenv("WATCHDOG_USEC", microseconds)
    if pid is not None:
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()) if pid == "ours" else pid)
    assert sd_notify.watchdog_interval_seconds() == seconds
