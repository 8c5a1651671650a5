"""The daemon as a child process, and a person's hands on it: files and signals, nothing private."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from daemon.latch import FileLatch
from daemon.machine.lease import running_pid
from daemon.requests.spool import Request, RequestKind, signal_daemon, write_request
from daemon.worlds.simulated_time import PACE_FILE

PREFIX = "trimtab-demo-"
STOP_SECONDS = 10.0


def fresh_directory() -> Path:
    """A new state directory; those of earlier demos that nobody runs any more are removed."""
    home = Path(tempfile.gettempdir())
    for old in home.glob(f"{PREFIX}{os.getuid()}-*"):
        is_ours = old.is_dir() and not old.is_symlink() and old.stat().st_uid == os.getuid()
        if is_ours and running_pid(old) is None:
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getuid()}-"))


@dataclass(slots=True, kw_only=True)
class Child:
    """`trimtab run` on a state directory. `restarts` counts starts after the first."""

    configuration: Path
    state_dir: Path
    restarts: int = -1
    _process: "subprocess.Popen[bytes] | None" = field(default=None)

    def start(self) -> None:
        """Start it, in a session of its own so that Ctrl-C reaches it only through us.

        One that has said its last word may still hold the lease: its end is waited for.
        """
        if self._process is not None:
            self._process.wait(STOP_SECONDS)
        self.restarts += 1
        with (self.state_dir / "daemon.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
                [
                    *(sys.executable, "-m", "daemon.cli.main", "run"),
                    *(str(self.configuration), "--state", str(self.state_dir)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def exit_code(self) -> int | None:
        """None while it runs, or before it was started."""
        return None if self._process is None else self._process.poll()

    @property
    def pid(self) -> int | None:
        """The process number, once started."""
        return None if self._process is None else self._process.pid

    def ask_to_stop(self) -> None:
        """SIGTERM, as systemd would send it."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: it ends where it stands, without a word."""
        if self._process is not None:
            self._process.kill()

    def end(self) -> None:
        """Make sure that it is gone; killed when it does not end by itself, or at a second Ctrl-C."""
        if self._process is None:
            return
        self.ask_to_stop()
        try:
            self._process.wait(STOP_SECONDS)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            self._process.kill()
            self._process.wait()

    def last_words(self) -> str:
        """The last line of its log: what it said before it ended."""
        with suppress(OSError):
            lines = (self.state_dir / "daemon.log").read_text(errors="replace").splitlines()
            return lines[-1] if lines else ""
        return ""

    def set_pace(
        self, *, session_seconds: float, dwell_seconds: float, pause_on: date | None
    ) -> None:
        """Tell the simulated clock how fast to run and before which session to stand still."""
        pace = {
            "session_seconds": session_seconds,
            "dwell_seconds": dwell_seconds,
            "pause_on": None if pause_on is None else pause_on.isoformat(),
        }
        part = self.state_dir / f".{PACE_FILE}.part"
        part.write_text(json.dumps(pace))
        part.replace(self.state_dir / PACE_FILE)

    def ask(self, kind: RequestKind, *, reason: str, subject: str = "") -> None:
        """What `trimtab approve`, `halt` and `resume` do: a file in the spool and a signal."""
        if kind == "halt":
            FileLatch(self.state_dir).set("demo", reason)
        write_request(
            self.state_dir,
            Request(kind=kind, by="demo", reason=reason, subject=subject, at=datetime.now(UTC)),
        )
        signal_daemon(self.state_dir)
