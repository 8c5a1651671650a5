"""Daemons forked from an interpreter that has imported everything: a start costs no imports.

What is forked is a process like any other, with its own signals, files and connections, and dies of
SIGKILL like any other. The interpreter itself opens nothing that a fork could carry over.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HEAVY = (
    *("daemon.cli.app", "daemon.machine.process", "daemon.worlds.alpaca", "daemon.service"),
    *("exchange_calendars", "alpaca.trading.client", "alpaca.data.historical", "psycopg"),
    *("daemon.journal.opening", "daemon.journal.migrations", "alembic.command"),
)


@dataclass
class Forked:
    """A forked daemon, asked and waited for like a `subprocess.Popen`."""

    starter: "WarmStarter"
    pid: int
    printed: Path
    returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self.starter.ask(code_of=self.pid)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def communicate(self, timeout: float = 60.0) -> tuple[str, None]:
        ends = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > ends:
                raise subprocess.TimeoutExpired(["trimtab", "run"], timeout)
            time.sleep(0.02)
        return self.printed.read_text(errors="replace"), None


@dataclass
class WarmStarter:
    """The warm interpreter, and the way to ask it."""

    interpreter: "subprocess.Popen[str]"

    def ask(self, **what: Any) -> Any:
        assert self.interpreter.stdin is not None
        assert self.interpreter.stdout is not None
        print(json.dumps(what), file=self.interpreter.stdin, flush=True)
        return json.loads(self.interpreter.stdout.readline())

    def start(self, command: Sequence[str], printed: Path) -> Forked:
        """Fork a process that runs `trimtab` with the arguments behind `-m daemon.cli.main`."""
        arguments = list(command[command.index("daemon.cli.main") + 1 :])
        pid = self.ask(run=arguments, printed=str(printed), environment=dict(os.environ))
        return Forked(starter=self, pid=pid, printed=printed)


@contextmanager
def warm_starter() -> Iterator[WarmStarter]:
    """A warm interpreter for as long as it is wanted."""
    command = [sys.executable, "-m", "tests.support.warm"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as interpreter:  # type: ignore[call-overload]
        yield WarmStarter(interpreter)
        assert interpreter.stdin is not None
        interpreter.stdin.close()


def _become(arguments: Sequence[str], printed: str, environment: Mapping[str, str]) -> None:
    """What a forked process does instead of going on as this one."""
    code = 1
    try:
        out = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["trimtab", *arguments]
        from daemon.cli.main import run

        run()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    finally:
        sys.stdout.flush()
        os._exit(code)


def _answer(asked: Mapping[str, Any]) -> int | None:
    if "run" in asked:
        pid = os.fork()
        if pid == 0:
            _become(asked["run"], asked["printed"], asked["environment"])
        return pid
    pid, status = os.waitpid(asked["code_of"], os.WNOHANG)
    return None if pid == 0 else os.waitstatus_to_exitcode(status)


def _main() -> None:
    for name in HEAVY:
        __import__(name)
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    _main()
