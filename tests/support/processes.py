"""A real daemon as a child process, on the built-in broker, and what a test does to it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from daemon.journal.store import JournalStore
from daemon.requests.spool import Request, RequestKind, signal_daemon, write_request
from daemon.wiring import open_reader
from tests.support.warm import Forked, WarmStarter

PATIENCE_SECONDS = 60.0

CONFIGURATION = """
mode = "paper"
[household]
name = "test"
[[accounts]]
id = "main"
broker = "simulated"
kind = "tax_deferred"
autonomy = "auto"
starting_cash_usd = 100_000
[[slices]]
name = "stocks"
weight_percent = 60
symbol = "US_STOCKS"
[[slices]]
name = "bonds"
weight_percent = 40
symbol = "US_TREASURIES_10Y"
[rebalance]
fractional = true
[notices]
channels = ["file"]
file = "notices.log"
[simulation]
start = 2008-09-02
end = 2012-06-30
"""


@dataclass
class Daemon:
    """One state directory and the processes that have run on it."""

    folder: Path
    process: "subprocess.Popen[str] | Forked | None" = None
    warm: WarmStarter | None = None
    """What starts it without its imports, where it is started often."""

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def configuration(self) -> Path:
        return self.folder / "trimtab.toml"

    def pace(self, **wish: object) -> None:
        part = self.state / "pace.part"
        part.write_text(json.dumps(wish))
        part.replace(self.state / "pace.json")

    def command(self) -> list[str]:
        return [
            *(sys.executable, "-m", "daemon.cli.main", "run"),
            *(str(self.configuration), "--state", str(self.state)),
        ]

    def start(self) -> None:
        if self.warm is not None:
            self.process = self.warm.start(self.command(), self.folder / "printed.txt")
            return
        self.process = subprocess.Popen(
            self.command(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def run_second(self) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(), capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal and wait; the exit code and everything that was printed."""
        assert self.process is not None
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        out, _ = self.process.communicate(timeout=PATIENCE_SECONDS)
        code = self.process.returncode
        assert code is not None
        self.process = None
        return code, out

    def reader(self) -> JournalStore:
        reader = open_reader(self.state)
        assert isinstance(reader, JournalStore)
        return reader

    def wait_for(
        self, what: Callable[[JournalStore], bool], *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        """Wait until the journal shows something; fails when the daemon ends before."""
        ends = time.monotonic() + patience_seconds
        with ExitStack() as opened:
            reader: JournalStore | None = None
            while time.monotonic() < ends:
                if reader is None and (reader := self._reader_if_begun()) is not None:
                    opened.callback(reader.close)
                if reader is not None and what(reader):
                    return
                if self.process is not None and self.process.poll() is not None:
                    raise AssertionError(f"the daemon ended: {self.process.communicate()[0]}")
                time.sleep(0.05)
        raise AssertionError("it did not come to pass")

    def _reader_if_begun(self) -> JournalStore | None:
        if "TRIMTAB_DATABASE" not in os.environ and not (self.state / "journal.sqlite").exists():
            return None
        try:
            return self.reader()
        except Exception:  # noqa: BLE001  not begun yet
            return None

    def ask(self, kind: RequestKind, subject: str = "", reason: str = "a test") -> None:
        request = Request(kind=kind, by="ann", reason=reason, subject=subject, at=datetime.now(UTC))
        write_request(self.state, request)
        signal_daemon(self.state)

    def approve(self) -> None:
        reader = self.reader()
        pending = reader.pending_approval()
        reader.close()
        assert pending is not None
        self.ask("approve", pending.proposal_hash[:12])


@contextmanager
def daemon_in(folder: Path, configuration: str = CONFIGURATION) -> Iterator[Daemon]:
    """A daemon that is not started yet; whatever still runs at the end is killed."""
    daemon = Daemon(folder=folder)
    daemon.state.mkdir()
    daemon.configuration.write_text(configuration)
    try:
        yield daemon
    finally:
        if daemon.process is not None:
            daemon.stop(signal.SIGKILL)
