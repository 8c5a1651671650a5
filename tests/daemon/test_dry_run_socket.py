"""A dry run at a broker, watched on its line: it asks, and says nothing that could change a thing."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import requests

from brokers.alpaca_server.fault_proxy import FaultProxy, proxying
from portfolio.decisions import Proposal
from portfolio.events import CycleDecided
from tests.support.processes import Daemon, daemon_in
from tests.support.rehearsals import CONFIGURATION, HEADERS, KEY_FILE, alpaca_process

MORE = "\n[schedule]\ntick_seconds = 1\ncancel_orders_on_stop = true\n"


def methods(proxy: FaultProxy) -> Counter[str]:
    return Counter(line.partition(" ")[0] for line in proxy.arrived)


def configured(folder: Path, url: str, mode: str) -> str:
    keys = folder / "alpaca.keys"
    keys.write_text(KEY_FILE)
    keys.chmod(0o600)
    return CONFIGURATION.replace("URL", url).replace('mode = "paper"', f'mode = "{mode}"') + MORE


def command(daemon: Daemon, *words: str) -> int:
    line = [sys.executable, "-m", "daemon.cli.main", *words]
    line += ["--config", str(daemon.configuration), "--state", str(daemon.state)]
    return subprocess.run(line, capture_output=True, check=False).returncode


def resting_order(url: str) -> str:
    """An order of a person's that nobody may touch."""
    order = {"symbol": "BND", "side": "buy", "type": "limit", "time_in_force": "day"}
    body = {**order, "qty": "1", "limit_price": "1", "client_order_id": "by-hand"}
    answer = requests.post(f"{url}/v2/orders", json=body, headers=HEADERS, timeout=20)
    assert answer.ok
    return str(answer.json()["id"])


def wants_to_trade(daemon: Daemon) -> bool:
    reader = daemon.reader()
    looks = [r.event for r in reader.events("cycle_decided")]
    reader.close()
    return any(isinstance(e, CycleDecided) and isinstance(e.decision, Proposal) for e in looks)


def test_a_dry_run_sends_no_post_patch_or_delete_whatever_is_asked_of_it(tmp_path: Path) -> None:
    with alpaca_process("--hold", "VTI=100", "--requests-per-minute", "100000") as url:
        where = urlsplit(url)
        by_hand = resting_order(url)
        with (
            proxying(where.hostname or "", where.port or 0) as (proxy, line),
            daemon_in(tmp_path, configured(tmp_path, line, "dry_run")) as daemon,
        ):
            daemon.start()
            daemon.wait_for(lambda journal: bool(journal.cycles(limit=1)))
            daemon.ask("run_now")
            daemon.wait_for(lambda journal: len(journal.cycles(limit=2)) == 2)
            daemon.ask("halt")
            daemon.wait_for(lambda journal: bool(journal.events("halted")))
            daemon.ask("resume")
            daemon.wait_for(lambda journal: bool(journal.events("resumed")))
            command(daemon, "plan")
            command(daemon, "check")
            command(daemon, "halt", "--direct", "--reason", "a drill")
            code, _ = daemon.stop()
            assert code == 0
            assert wants_to_trade(daemon), "else there was nothing to hold back"
            assert set(methods(proxy)) == {"GET"}
            assert methods(proxy)["GET"] > 10
        answer = requests.get(f"{url}/v2/orders", headers=HEADERS, timeout=20)
        assert [row["id"] for row in answer.json()] == [by_hand]


def test_the_same_line_shows_the_order_of_a_daemon_that_may_send(tmp_path: Path) -> None:
    with alpaca_process("--hold", "VTI=100", "--requests-per-minute", "100000") as url:
        where = urlsplit(url)
        with (
            proxying(where.hostname or "", where.port or 0) as (proxy, line),
            daemon_in(tmp_path, configured(tmp_path, line, "paper")) as daemon,
        ):
            daemon.start()
            daemon.wait_for(lambda journal: journal.pending_approval() is not None)
            daemon.approve()
            daemon.wait_for(lambda journal: bool(journal.fills()))
            daemon.stop()
            assert [text for text in proxy.arrived if text.startswith("POST /v2/orders")]
