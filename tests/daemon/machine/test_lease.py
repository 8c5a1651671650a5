"""One daemon per state directory, held by the kernel."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.machine.lease import AlreadyRunning, Lease, acquire, running_pid

HOLDER = """
import sys, time
from pathlib import Path
from daemon.machine.lease import acquire
lease = acquire(Path(sys.argv[1]))
print(type(lease).__name__, flush=True)
time.sleep(600)
"""


def start_holder(state_dir: Path) -> "subprocess.Popen[str]":
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(state_dir)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "Lease\n"
    return holder


def end(holder: "subprocess.Popen[str]") -> None:
    holder.kill()
    holder.communicate()


def test_the_lease_names_its_holder(tmp_path: Path) -> None:
    assert running_pid(tmp_path) is None
    with held(tmp_path):
        assert running_pid(tmp_path) == os.getpid()
    assert running_pid(tmp_path) is None


def held(state_dir: Path) -> Lease:
    lease = acquire(state_dir)
    assert isinstance(lease, Lease)
    return lease


def test_a_second_daemon_in_another_process_is_refused_with_the_pid(tmp_path: Path) -> None:
    holder = start_holder(tmp_path)
    try:
        assert acquire(tmp_path) == AlreadyRunning(pid=holder.pid)
        assert running_pid(tmp_path) == holder.pid
    finally:
        end(holder)


def test_kill_9_gives_the_lease_back(tmp_path: Path) -> None:
    holder = start_holder(tmp_path)
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    assert (tmp_path / "daemon.pid").read_text() == f"{holder.pid}\n"
    assert running_pid(tmp_path) is None
    with held(tmp_path):
        assert (tmp_path / "daemon.pid").read_text() == f"{os.getpid()}\n"


def test_releasing_twice_is_harmless(tmp_path: Path) -> None:
    lease = held(tmp_path)
    lease.release()
    lease.release()
    with held(tmp_path):
        lease.release()
        assert isinstance(acquire(tmp_path), AlreadyRunning)


@pytest.mark.parametrize("content", ["", "garbage", "0\n", "1\n", "-5\n", "9" * 31])
def test_a_pid_file_that_says_nothing_useful_names_no_daemon(tmp_path: Path, content: str) -> None:
    (tmp_path / "daemon.pid").write_text(content)
    assert running_pid(tmp_path) is None
    with held(tmp_path):
        assert running_pid(tmp_path) == os.getpid()


def test_a_live_pid_without_the_lock_is_a_stranger(tmp_path: Path) -> None:
    (tmp_path / "daemon.pid").write_text(f"{os.getpid()}\n")
    assert running_pid(tmp_path) is None


def test_a_child_process_does_not_inherit_the_lease(tmp_path: Path) -> None:
    lease = held(tmp_path)
    child = subprocess.Popen(["sleep", "600"], close_fds=False)
    lease.release()
    try:
        held(tmp_path).release()
    finally:
        child.kill()
        child.wait()


def test_a_missing_state_directory_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        acquire(tmp_path / "nowhere")
