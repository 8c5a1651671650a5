"""A real `trimtab alpaca-server` as a child process, and a real daemon that trades on it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from daemon.journal.store import JournalStore
from tests.support.processes import PATIENCE_SECONDS, Daemon, daemon_in

KEY_FILE = 'key = "PKREHEARSALREHEARSAL"\nsecret = "rehearsal-secret"\n'
HEADERS = {"APCA-API-KEY-ID": "PKREHEARSALREHEARSAL", "APCA-API-SECRET-KEY": "rehearsal-secret"}

CONFIGURATION = """
mode = "paper"
[household]
name = "rehearsal"
[[accounts]]
id = "brokerage"
broker = "alpaca"
kind = "tax_deferred"
autonomy = "auto"
keys_file = "alpaca.keys"
server_url = "URL"
[[slices]]
name = "stocks"
weight_percent = 60
symbol = "VTI"
[[slices]]
name = "bonds"
weight_percent = 40
symbol = "BND"
[rebalance]
fractional = true
quiet_open_minutes = 0
quiet_close_minutes = 0
[limits]
max_cycles_per_symbol_per_session = 50
max_cycles_per_day = 50
max_day_percent = 100
max_orders_per_day = 200
[deposits]
wait_sessions = 0
[notices]
channels = ["file"]
file = "notices.log"
"""


@dataclass(kw_only=True)
class Rehearsal:
    """The server's URL and the daemon beside it."""

    url: str
    daemon: Daemon
    patience_seconds: float = PATIENCE_SECONDS

    def wait_for(self, what: Callable[[JournalStore], bool]) -> None:
        """Wait until the journal shows something; a failure tells what it shows instead."""
        try:
            self.daemon.wait_for(what, patience_seconds=self.patience_seconds)
        except AssertionError as failure:
            journal = self.daemon.reader()
            rows = [f"{r.at:%H:%M:%S} {r.event}"[:400] for r in journal.events()]
            journal.close()
            raise AssertionError("\n".join([str(failure), *rows[-15:]])) from failure

    def get(self, path: str, **query: str) -> Any:
        """What the broker says."""
        answer = requests.get(f"{self.url}{path}", params=query, headers=HEADERS, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    def break_(self, **switches: Any) -> None:
        """Move fault switches."""
        answer = requests.post(f"{self.url}/_faults", json=switches, timeout=20)
        assert answer.ok, answer.text

    def mend(self) -> None:
        """No switch is set any more."""
        answer = requests.delete(f"{self.url}/_faults", timeout=20)
        assert answer.ok, answer.text

    def held(self) -> dict[str, Decimal]:
        return {row["symbol"]: Decimal(row["qty"]) for row in self.get("/v2/positions")}

    def orders(self) -> list[Any]:
        rows: list[Any] = self.get("/v2/orders", status="all", limit="500", direction="asc")
        return rows

    def executions(self) -> list[Any]:
        """Every execution, oldest first, page by page."""
        found: list[Any] = []
        more = {"direction": "asc", "page_size": "100"}
        while page := self.get("/v2/account/activities/FILL", **more):
            found += page
            more["page_token"] = page[-1]["id"]
        return found

    def filled(self) -> dict[str, Decimal]:
        """Units bought less units sold, by the broker's own executions."""
        found: dict[str, Decimal] = {}
        for row in self.executions():
            sign = 1 if row["side"] == "buy" else -1
            found[row["symbol"]] = found.get(row["symbol"], Decimal(0)) + sign * Decimal(row["qty"])
        return found


@contextmanager
def alpaca_process(*options: str) -> Iterator[str]:
    """The URL of a running `trimtab alpaca-server` on a free port."""
    command = [sys.executable, "-m", "daemon.cli.main", "alpaca-server", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "answers at http" in line, line
            yield line.partition("answers at ")[2].split()[0]
        finally:
            process.terminate()
            assert process.wait(timeout=60) == 0


@contextmanager
def rehearsal(folder: Path, *options: str) -> Iterator[Rehearsal]:
    """A server, and a daemon configured for it that is not started yet.

    Its market is closed for the last minute of New York's day: a test that would meet it is skipped.
    """
    clock = datetime.now(ZoneInfo("America/New_York"))
    if (clock + timedelta(minutes=6)).day != clock.day:
        pytest.skip("a rehearsal's market closes at New York's midnight, a few minutes from now")
    with (
        alpaca_process("--faults", "--requests-per-minute", "100000", *options) as url,
        daemon_in(folder, CONFIGURATION.replace("URL", url)) as daemon,
    ):
        keys = folder / "alpaca.keys"
        keys.write_text(KEY_FILE)
        keys.chmod(0o600)
        yield Rehearsal(url=url, daemon=daemon)
