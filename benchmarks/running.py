"""A real daemon in a process of its own, from its start until it has taken its first look."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psutil

from daemon.requests.spool import Request, write_request

START_SECONDS = 60.0
"""How long a start may take on a slow machine before it counts as failed."""

FIRST_DAY = date(2040, 1, 2)
"""In the future, so that no alarm of a session rings by the wall clock while it is measured."""
STANDING = '{"pause_on": "2040-01-01"}'
"""The pace at which simulated time stands still from the start."""

_COMMON = """\
mode = "paper"

[household]
name = "bench"

[[slices]]
name = "stocks"
weight_percent = 60
symbol = "STOCK"

[[slices]]
name = "bonds"
weight_percent = 40
symbol = "BOND"

[rebalance]
backstop = "never"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A daemon that is ready and has looked."""

    process: psutil.Process
    state: Path

    def cpu_seconds(self) -> float:
        """Processor time used so far, by all its threads: to the microsecond where Linux tells it."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        try:
            times = [int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir()]
        except (OSError, ValueError, IndexError):
            used = self.process.cpu_times()
            return float(used.user + used.system)
        return sum(times) / 1e9

    def rows(self, table: str) -> int:
        """Rows of a table of its journal."""
        return count(self.state / "journal.sqlite", table)


def on_the_built_in_broker(folder: Path, *, tick_seconds: int = 60, more: str = "") -> Path:
    """The configuration of a household that holds its target, in the built-in market."""
    days = (FIRST_DAY + timedelta(days=n) for n in range(200))
    lines = [f"{day},100.00,100.00" for day in days if day.weekday() < 5]
    (folder / "prices.csv").write_text("date,STOCK,BOND\n" + "\n".join(lines) + "\n")
    account = """
[[accounts]]
id = "main"
broker = "simulated"
autonomy = "auto"
starting_cash_usd = 500
starting_positions = { STOCK = 597, BOND = 398 }

[simulation]
prices = "prices.csv"
"""
    return _written(folder, account + more, tick_seconds)


def on_alpaca(folder: Path, url: str, *, tick_seconds: int = 60) -> Path:
    """The configuration of the same household at a stand-in for Alpaca."""
    keys = folder / "alpaca.keys"
    keys.touch(mode=0o600)
    keys.write_text('key = "PKBENCHMARK"\nsecret = "made-up-for-the-benchmark"\n')
    account = f"""
[[accounts]]
id = "main"
broker = "alpaca"
autonomy = "auto"
keys_file = "alpaca.keys"
server_url = "{url}"
"""
    return _written(folder, account, tick_seconds)


def _written(folder: Path, account: str, tick_seconds: int) -> Path:
    path = folder / "trimtab.toml"
    path.write_text(f"{_COMMON}{account}\n[schedule]\ntick_seconds = {tick_seconds}\n")
    return path


def trimtab_run(configuration: Path, state: Path) -> list[str]:
    """The command line of the service."""
    trimtab = str(Path(sys.executable).with_name("trimtab"))
    return [trimtab, "run", str(configuration), "--state", str(state)]


@contextmanager
def running(line: Sequence[str], state: Path) -> Iterator[Running]:
    """Start a daemon, wait until it says READY and has looked; stop it at the end.

    Raises `RuntimeError` with the end of its log when it does not come so far.
    """
    state.mkdir(exist_ok=True)
    log = state / "log"
    with log.open("wb") as out:
        with _notified(state) as (listener, environment):
            process = subprocess.Popen(line, stdout=out, stderr=out, env=environment)  # noqa: S603
            try:
                _wait_for_ready(process, listener, log)
            except RuntimeError:
                _end(process)
                raise
        # From here on nobody listens: a full queue of unread words would hold the daemon up.
        try:
            daemon = Running(process=psutil.Process(process.pid), state=state)
            _wait_for_look(process, daemon, log)
            yield daemon
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _notified(state: Path) -> Iterator[tuple[socket.socket, Mapping[str, str]]]:
    """A socket that hears what the daemon would tell systemd."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listener:
        address = f"\0trimtab-bench-{os.getpid()}-{state}"[:100]
        listener.bind(address)
        listener.settimeout(1.0)
        environment = {name: value for name, value in os.environ.items() if name != "WATCHDOG_USEC"}
        yield listener, {**environment, "NOTIFY_SOCKET": "@" + address[1:], "NO_PROXY": "127.0.0.1"}


def _wait_for_ready(process: subprocess.Popen[bytes], listener: socket.socket, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            if b"READY=1" in listener.recv(4096):
                return
        except TimeoutError:
            continue
    raise RuntimeError(f"the daemon did not become ready: {_end_of(log)}")


def _wait_for_look(process: subprocess.Popen[bytes], daemon: Running, log: Path) -> None:
    """Ask for a look, as `trimtab run-now` does, and wait until its row is in the journal."""
    before = daemon.rows("cycle")
    write_request(daemon.state, Request(kind="run_now", by="bench", at=datetime.now(UTC)))
    process.send_signal(signal.SIGUSR1)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if daemon.rows("cycle") > before:
            return
        time.sleep(0.1)
    raise RuntimeError(f"the daemon took no look: {_end_of(log)}")


def count(journal: Path, table: str) -> int:
    """Rows of a table in a journal that another process writes."""
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-800:].strip()
