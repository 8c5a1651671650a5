"""The demo as a person starts it without a terminal: the real daemon, to the end, or to Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from daemon.demo.child import PREFIX, fresh_directory
from daemon.machine.lease import running_pid

WEEKDAYS = [d for i in range(90) if (d := date(2021, 1, 4) + timedelta(days=i)).weekday() < 5]


def write_prices(path: Path, sessions: int) -> None:
    """A falls from 100 by one a session, B rises by one: every band is crossed soon enough."""
    rows = [f"{day},{100 - i},{100 + i}" for i, day in enumerate(WEEKDAYS[:sessions])]
    path.write_text("date,AAA,BBB\n" + "\n".join(rows) + "\n")


def environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)}


def command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "daemon.cli.main", "demo", *arguments]


def play(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(arguments),
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=290,
        check=False,
    )


@pytest.mark.timeout(300)
def test_anyones_prices_are_played_to_a_score_card(tmp_path: Path) -> None:
    write_prices(tmp_path / "my.csv", 30)
    done = play(tmp_path, "--prices", "my.csv", "--seconds", "2")
    assert done.returncode == 0, done.stderr
    out = done.stdout
    assert out.startswith("SIMULATED: ")
    assert "demo approves." in out
    assert "A band's edge is crossed" in out
    assert "orders         " in out
    assert "NOT" not in out
    assert "reached again from their recorded inputs" in out
    assert "audit chain    verified" in out
    assert "journal and broker hold the same, to the unit" in out
    assert "never rebalanced" in out
    assert "ended higher" in out
    assert "trimtab adopt" in out
    assert "\x1b" not in out


@pytest.mark.timeout(400)
def test_the_story_has_every_scene(tmp_path: Path) -> None:
    done = play(tmp_path, "--seconds", "1")
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    scenes = [line[3:] for line in done.stdout.splitlines() if line.startswith("== ")]
    for scene in (
        "The first plan waits for a person",
        "The calendar rebalance is due",
        "A deposit of 4,000.00 arrives",
        "New cash is invested, without a sale",
        "A stale quote is refused",
        "A band's edge is crossed",
        "The process is stopped in the middle of a run",
        "A person halts everything",
        "A band's edge is crossed, and nothing is sent",
        "Only a person resumes, and says why",
        "The process is killed while an order is on its way",
    ):
        assert scene in scenes
    asked = done.stdout.partition("$ trimtab why-not US_STOCKS\n")[2]
    assert asked.lstrip().startswith("price: US_STOCKS quote is 1,800 s old")
    assert "it goes ahead." in done.stdout
    after = done.stdout.partition("The process is stopped in the middle of a run")[2]
    assert after.index("daemon stopped: SIGTERM") < after.index("Started again")
    assert after.index("Started again") < after.index("goes on: 1 buys") < after.index("complete")
    assert "index proxies, not investable" in done.stdout
    assert "NOT" not in done.stdout
    _killed_and_found(done.stdout)


def _killed_and_found(out: str) -> None:
    """After the kill the journal says, in this order, what became of the one order on its way."""
    scene = out.partition("The process is killed while an order is on its way")[2]
    lines = [line[12:] for line in scene.splitlines() if re.match(r"\d{4}-\d\d-\d\d  ", line)]
    killed = re.search(r"\$ kill -9 \d+", scene)
    unknown = re.fullmatch(
        r"order (tt1-\S+) is ambiguous \(the process ended while it was being sent\)", lines[0]
    )
    assert killed is not None
    assert unknown is not None, lines[0]
    order = unknown.group(1)
    assert lines[1] == f"order {order} is filled (found at the broker, not sent again)"
    assert lines[2].startswith("sold ")
    assert lines[3].endswith("started on the simulated broker again; it had been cut off")
    assert sum(order in line for line in lines) == 2


@pytest.mark.timeout(200)
def test_ctrl_c_ends_the_daemon_too_and_the_next_start_is_clean(tmp_path: Path) -> None:
    write_prices(tmp_path / "my.csv", 60)
    process = subprocess.Popen(
        command(["--prices", "my.csv", "--seconds", "60"]),
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "demo approves." in line:
            break
    (folder,) = tmp_path.glob(f"{PREFIX}*")
    assert running_pid(folder) is not None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Stopped" in out
    assert "Traceback" not in err
    assert running_pid(folder) is None


def test_a_fresh_directory_removes_those_that_nobody_runs_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    old = fresh_directory()
    (old / "journal.sqlite").touch()
    new = fresh_directory()
    assert new.is_dir()
    assert not old.exists()
