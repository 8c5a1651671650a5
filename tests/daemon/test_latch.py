"""The halt latch: it must hold when nothing else does."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daemon.latch import FileLatch
from daemon.machine.clocks import SteppedClock

AT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def make_latch(state_dir: Path) -> FileLatch:
    return FileLatch(state_dir, SteppedClock(AT))


def test_a_fresh_state_directory_is_not_halted(tmp_path: Path) -> None:
    latch = make_latch(tmp_path)
    assert latch.reason() is None
    latch.prepare()
    assert latch.reason() is None


def test_a_halt_tells_why_who_and_when(tmp_path: Path) -> None:
    make_latch(tmp_path).set("anna", "prices look wrong")
    expected = "prices look wrong (by anna, 2026-11-20T15:30:00+00:00)"
    assert make_latch(tmp_path).reason() == expected


def test_the_first_reason_stays_and_the_second_is_noted(tmp_path: Path) -> None:
    latch = make_latch(tmp_path)
    latch.prepare()
    latch.set("anna", "first")
    latch.set("ben", "second")
    assert latch.reason() == "first (by anna, 2026-11-20T15:30:00+00:00)"
    lines = [json.loads(line) for line in (tmp_path / "halt").read_text().splitlines()]
    assert [(e["what"], e["by"], e["reason"]) for e in lines] == [
        ("halted", "anna", "first"),
        ("halted", "ben", "second"),
    ]


def test_clearing_keeps_the_record_and_a_new_halt_holds_again(tmp_path: Path) -> None:
    latch = make_latch(tmp_path)
    latch.set("anna", "first")
    latch.clear("ben", "checked the prices")
    assert latch.reason() is None
    aside = next(tmp_path.glob("halt.cleared-*"))
    kept = [json.loads(line) for line in aside.read_text().splitlines()]
    assert [(e["what"], e["by"]) for e in kept] == [("halted", "anna"), ("cleared", "ben")]
    latch.set("anna", "again")
    assert (latch.reason() or "").startswith("again")


def test_clearing_what_is_not_halted_does_nothing(tmp_path: Path) -> None:
    make_latch(tmp_path).clear("ben", "why not")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("by", "reason"), [("", "because"), ("ben", " ")])
def test_nobody_clears_a_halt_without_a_name_and_a_reason(
    tmp_path: Path, by: str, reason: str
) -> None:
    latch = make_latch(tmp_path)
    latch.set("anna", "first")
    with pytest.raises(ValueError, match="a name and a reason"):
        latch.clear(by, reason)
    assert latch.reason() is not None


def test_an_empty_file_made_by_hand_halts(tmp_path: Path) -> None:
    (tmp_path / "halt").touch()
    assert make_latch(tmp_path).reason() == "a halt file without a reason"


def test_a_sentence_written_by_hand_is_the_reason(tmp_path: Path) -> None:
    (tmp_path / "halt").write_text("wait for Anna\n")
    assert make_latch(tmp_path).reason() == "wait for Anna"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"{}", b"[]", b'{"by":1}', b"\n\n"])
def test_garbage_in_the_file_halts(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "halt").write_bytes(content)
    assert make_latch(tmp_path).reason()


def test_whatever_cannot_be_read_halts(tmp_path: Path) -> None:
    (tmp_path / "halt").mkdir()
    assert "cannot be read" in (make_latch(tmp_path).reason() or "")


def test_a_link_to_nowhere_halts(tmp_path: Path) -> None:
    (tmp_path / "halt").symlink_to(tmp_path / "nowhere")
    assert "cannot be read" in (make_latch(tmp_path).reason() or "")


def test_a_pipe_in_its_place_halts_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "halt")
    assert make_latch(tmp_path).reason()


def test_a_state_directory_that_is_gone_halts(tmp_path: Path) -> None:
    latch = make_latch(tmp_path / "state")
    assert "is gone" in (latch.reason() or "")


def test_it_works_while_the_database_is_locked(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    database.execute("CREATE TABLE t (x)")
    database.execute("BEGIN EXCLUSIVE")
    latch = make_latch(tmp_path)
    latch.set("anna", "first")
    assert latch.reason() is not None
    database.close()


def test_a_halt_that_arrives_while_another_is_cleared_wins(tmp_path: Path) -> None:
    class Interrupting(SteppedClock):
        def now(self) -> datetime:
            # Called between the look at the file and its move.
            make_latch(tmp_path).set("carl", "something else")
            return super().now()

    make_latch(tmp_path).set("anna", "first")
    FileLatch(tmp_path, Interrupting(AT)).clear("ben", "fine now")
    assert (make_latch(tmp_path).reason() or "").startswith("first (by anna")
    assert "something else" in (tmp_path / "halt").read_text()


def test_many_threads_that_halt_at_once_leave_one_halt_and_no_litter(tmp_path: Path) -> None:
    latch, barrier = make_latch(tmp_path), threading.Barrier(8)
    latch.prepare()

    def halt(name: str) -> None:
        barrier.wait()
        make_latch(tmp_path).set(name, "all at once")

    threads = [threading.Thread(target=halt, args=(f"person-{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (latch.reason() or "").startswith("all at once")
    assert {path.name for path in tmp_path.iterdir()} <= {"halt", "halt.ready"}


def test_a_very_long_reason_is_cut_and_still_one_readable_line(tmp_path: Path) -> None:
    latch = make_latch(tmp_path)
    latch.prepare()
    latch.set("anna", "long \u2028 \n\U0001f600 " * 1000)
    assert (latch.reason() or "").endswith("(by anna, 2026-11-20T15:30:00+00:00)")
    assert len((tmp_path / "halt").read_text().splitlines()[0]) > 0


def test_it_holds_where_files_cannot_be_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError("this file system knows no hard links")

    monkeypatch.setattr(os, "link", no_links)
    latch = make_latch(tmp_path)
    latch.prepare()
    latch.set("anna", "first")
    latch.set("ben", "second")
    assert (latch.reason() or "").startswith("first (by anna")
    assert [path.name for path in tmp_path.iterdir()] == ["halt"]


FULL_DISK = """
set -e
mount -t tmpfs -o size=256k tmpfs "$1"
"$2" - "$1" <<'END'
import errno, sys
from pathlib import Path
from daemon.latch import FileLatch
here = Path(sys.argv[1])
latch = FileLatch(here)
latch.prepare()
try:
    with open(here / "ballast", "wb", buffering=0) as ballast:
        while ballast.write(b"x" * 4096):
            pass
except OSError as error:
    assert error.errno == errno.ENOSPC
latch.set("anna", "disk is full")
print(latch.reason())
END
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare(1) is not here")
def test_it_holds_with_its_reason_on_a_full_disk(tmp_path: Path) -> None:
    trial = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", str(tmp_path)]
    if subprocess.run(trial, capture_output=True, check=False).returncode != 0:
        pytest.skip("a private mount is not allowed here")
    command = ["unshare", "-rm", "bash", "-c", FULL_DISK, "bash", str(tmp_path), sys.executable]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.stdout.startswith("disk is full (by anna"), result.stderr


def test_without_any_space_the_empty_file_still_halts(tmp_path: Path) -> None:
    script = (
        "import resource, sys; from pathlib import Path; from daemon.latch import FileLatch\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "FileLatch(Path(sys.argv[1])).set('anna', 'no byte can be written')"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, timeout=60)
    assert make_latch(tmp_path).reason() == "a halt file without a reason"
