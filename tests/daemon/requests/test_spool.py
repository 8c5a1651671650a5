"""Requests of the command line: whole, in order, gone only when done, and never trusted."""

import errno
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.requests.spool import (
    Request,
    RequestKind,
    done,
    prepare_spool,
    signal_daemon,
    take_requests,
    write_request,
)

AT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def run_now(minute: int = 0) -> Request:
    return Request(kind="run_now", by="anna", at=AT + timedelta(minutes=minute))


@pytest.mark.parametrize("kind", get_args(RequestKind))
def test_what_is_written_comes_out_again(tmp_path: Path, kind: RequestKind) -> None:
    request = Request(kind=kind, by="anna", reason="because", subject="3f9a", at=AT)
    write_request(tmp_path, request)
    assert take_requests(tmp_path) == [request]


def test_nothing_waits_where_no_spool_is(tmp_path: Path) -> None:
    assert take_requests(tmp_path) == []


def test_requests_come_oldest_first_whatever_the_order_of_writing(tmp_path: Path) -> None:
    for minute in (2, 0, 1):
        write_request(tmp_path, run_now(minute))
    assert take_requests(tmp_path) == [run_now(0), run_now(1), run_now(2)]


def test_a_request_stays_until_it_is_done(tmp_path: Path) -> None:
    write_request(tmp_path, run_now(0))
    write_request(tmp_path, run_now(1))
    first = take_requests(tmp_path)[0]
    assert take_requests(tmp_path) == [run_now(0), run_now(1)]
    done(first)
    done(first)
    assert take_requests(tmp_path) == [run_now(1)]


def test_files_and_folder_belong_to_the_group(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        path = write_request(tmp_path, run_now())
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.parent.stat().st_mode & 0o7777 == 0o2770


def test_a_write_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_request(tmp_path, run_now())
    assert [path.name for path in (tmp_path / "spool").iterdir()] == ["refused"]


def test_a_half_written_file_is_not_seen(tmp_path: Path) -> None:
    prepare_spool(tmp_path)
    (tmp_path / "spool" / ".20261120T153000Z.json.part").write_text('{"kind": "ha')
    assert take_requests(tmp_path) == []


GOOD = {"kind": "halt", "by": "anna", "reason": "", "subject": "", "at": AT.isoformat()}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Expecting value"),
        (b"\xff", "utf-8"),
        (b"[" * 9000, "nested too deeply"),
        (b"x" * 20_000, "larger than"),
        (b"[]", "exactly the fields"),
        (json.dumps({**GOOD, "extra": "x"}).encode(), "exactly the fields"),
        (json.dumps({**GOOD, "kind": "buy_everything"}).encode(), "no kind of request"),
        (json.dumps({**GOOD, "by": " "}).encode(), "who asks"),
        (json.dumps({**GOOD, "by": 7}).encode(), "by must be one line"),
        (json.dumps({**GOOD, "reason": "two\nlines"}).encode(), "reason must be one line"),
        (json.dumps({**GOOD, "reason": "x" * 1001}).encode(), "at most 1000"),
        (json.dumps({**GOOD, "at": "yesterday"}).encode(), "isoformat"),
        (json.dumps({**GOOD, "at": "2026-11-20T15:30:00"}).encode(), "no zone"),
    ],
)
def test_garbage_is_moved_aside_with_the_reason(tmp_path: Path, content: bytes, why: str) -> None:
    prepare_spool(tmp_path)
    (tmp_path / "spool" / "a.json").write_bytes(content)
    write_request(tmp_path, run_now())
    told: list[str] = []
    assert take_requests(tmp_path, on_refused=told.append) == [run_now()]
    assert len(told) == 1
    assert why in told[0]
    assert (tmp_path / "spool" / "refused" / "a.json").read_bytes() == content
    assert why in (tmp_path / "spool" / "refused" / "a.json.why").read_text()
    assert len(take_requests(tmp_path, on_refused=told.append)) == len(told)


def test_links_pipes_and_folders_are_no_requests(tmp_path: Path) -> None:
    prepare_spool(tmp_path)
    outside = tmp_path / "outside.json"
    outside.write_text(json.dumps(GOOD))
    (tmp_path / "spool" / "link.json").symlink_to(outside)
    os.mkfifo(tmp_path / "spool" / "pipe.json")
    (tmp_path / "spool" / "folder.json").mkdir()
    told: list[str] = []
    assert take_requests(tmp_path, on_refused=told.append) == []
    assert len(told) == 3
    assert outside.exists()


def test_the_writer_refuses_what_the_daemon_would_refuse(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="who asks"):
        write_request(tmp_path, Request(kind="halt", by="", at=AT))
    assert take_requests(tmp_path) == []


@given(content=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_no_bytes_at_all_break_the_reader(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    state_dir = tmp_path_factory.mktemp("state")
    prepare_spool(state_dir)
    (state_dir / "spool" / "a.json").write_bytes(content)
    assert take_requests(state_dir) == []


def test_with_no_daemon_there_is_nobody_to_signal(tmp_path: Path) -> None:
    assert not signal_daemon(tmp_path)
    (tmp_path / "daemon.pid").write_text(f"{os.getpid()}\n")
    assert not signal_daemon(tmp_path)


DAEMON = """
import signal, sys, time
from pathlib import Path
from daemon.machine.lease import acquire
from daemon.requests.spool import done, take_requests
from daemon.waking.queue import WakeQueue
from portfolio.wakes import Wake, WakeKind
here, wakes = Path(sys.argv[1]), WakeQueue()
signal.signal(signal.SIGUSR1, lambda *_: wakes.put(Wake(kind=WakeKind.PERSON)))
lease = acquire(here)
print("ready", flush=True)
while True:
    if wakes.get(timeout_seconds=600) is not None:
        for request in take_requests(here):
            done(request)
            print(request.kind, request.by, flush=True)
"""


def test_a_real_daemon_is_woken_by_the_signal_and_finds_the_request(tmp_path: Path) -> None:
    daemon = subprocess.Popen(
        [sys.executable, "-c", DAEMON, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == "ready\n"
        for person in ("anna", "ben"):
            write_request(tmp_path, Request(kind="halt", by=person, at=AT))
            assert signal_daemon(tmp_path)
            assert daemon.stdout.readline() == f"halt {person}\n"
        assert take_requests(tmp_path) == []
    finally:
        daemon.kill()
        daemon.communicate()
    assert not signal_daemon(tmp_path)
