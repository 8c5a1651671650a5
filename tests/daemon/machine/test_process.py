"""The daemon as a real process: one at a time, killed with -9 and started again, told to stop."""

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from config.read import read_settings
from daemon.exit_codes import ExitCode
from daemon.worlds.simulated import open_simulated_world
from tests.support.processes import CONFIGURATION, Daemon, daemon_in


def first_plan_waits(daemon: Daemon) -> None:
    daemon.wait_for(lambda journal: journal.pending_approval() is not None)


def test_a_second_daemon_on_the_same_state_is_refused_at_once(tmp_path: Path) -> None:
    with daemon_in(tmp_path) as daemon:
        daemon.start()
        first_plan_waits(daemon)
        second = daemon.run_second()
        assert second.returncode == ExitCode.ALREADY_RUNNING
        assert "Traceback" not in second.stderr
        assert str(daemon.process and daemon.process.pid) in second.stderr


def test_sigterm_ends_it_with_its_state_told(tmp_path: Path) -> None:
    with daemon_in(tmp_path) as daemon:
        daemon.start()
        first_plan_waits(daemon)
        code, _ = daemon.stop()
        assert code == 0
        last = daemon.reader().events(limit=1, newest_first=True)[0]
        assert last.event.kind == "daemon_stopped"


def test_the_head_of_the_chain_is_in_the_log_and_a_start_on_an_older_file_is_refused(
    tmp_path: Path,
) -> None:
    with daemon_in(tmp_path) as daemon:
        daemon.start()
        first_plan_waits(daemon)
        daemon.stop()
        older = (daemon.state / "journal.sqlite").read_bytes()
        daemon.start()
        daemon.wait_for(lambda journal: len(journal.events("daemon_started")) == 2)
        _, printed = daemon.stop()
        lines = [json.loads(line) for line in printed.splitlines() if "audit_head" in line]
        assert [line["event"] for line in lines] == ["audit head", "stopped"]
        at_the_end = f"{lines[-1]['audit_row']}:{lines[-1]['audit_head']}"
        assert verified(daemon, at_the_end) == 0

        (daemon.state / "journal.sqlite").write_bytes(older)
        refused = daemon.run_second()
        assert refused.returncode == ExitCode.JOURNAL_REFUSED
        assert "gone back in time" in refused.stderr
        assert "Traceback" not in refused.stderr

        (daemon.state / "journal.sqlite.anchor").unlink()
        assert verified(daemon, at_the_end) == 1, "the log knows it, too"


def verified(daemon: Daemon, anchor: str) -> int:
    audit = [sys.executable, "-m", "daemon.cli.main", "audit", "verify", "--anchor", anchor]
    done = subprocess.run(
        [*audit, "--state", str(daemon.state)], capture_output=True, text=True, check=False
    )
    return done.returncode


def test_an_approval_on_the_command_line_reaches_the_running_daemon(tmp_path: Path) -> None:
    with daemon_in(tmp_path) as daemon:
        daemon.start()
        first_plan_waits(daemon)
        daemon.approve()
        daemon.wait_for(lambda journal: bool(journal.events("run_ended")))
        daemon.stop()
        assert {leg.state.value for leg in daemon.reader().legs()} == {"filled"}


def test_sighup_puts_a_changed_configuration_in_force(tmp_path: Path) -> None:
    with daemon_in(tmp_path) as daemon:
        daemon.start()
        first_plan_waits(daemon)
        daemon.configuration.write_text(
            CONFIGURATION.replace("fractional = true", "fractional = true\nrest_sessions = 3")
        )
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for(lambda journal: bool(journal.events("configuration_changed")))


def test_a_wrong_configuration_on_sighup_changes_nothing_and_raises_an_alarm(
    tmp_path: Path,
) -> None:
    with daemon_in(tmp_path) as daemon:
        daemon.start()
        first_plan_waits(daemon)
        daemon.configuration.write_text(CONFIGURATION.replace("60", "61"))
        assert daemon.process is not None
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for(
            lambda journal: any(a.name == "configuration" for a in journal.open_alarms())
        )


def test_a_dry_run_promoted_to_paper_trades_and_books_what_it_trades(tmp_path: Path) -> None:
    with daemon_in(tmp_path, CONFIGURATION.replace('"paper"', '"dry_run"')) as daemon:
        daemon.start()
        daemon.wait_for(lambda journal: journal.cycles(limit=1) != [])
        daemon.stop()
        assert not daemon.reader().legs()
        promote = [sys.executable, "-m", "daemon.cli.main", "promote", str(daemon.configuration)]
        done = subprocess.run(
            [*promote, "--state", str(daemon.state)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        daemon.start()
        first_plan_waits(daemon)
        daemon.approve()
        daemon.wait_for(lambda journal: bool(journal.events("run_ended")))
        daemon.stop()
        assert daemon.reader().fills()
        check_books(daemon)


@pytest.mark.timeout(300)
def test_eight_kills_in_the_middle_of_things_double_and_lose_nothing(tmp_path: Path) -> None:
    """The kill falls at another moment each time: after so many rows have been written."""
    with daemon_in(tmp_path) as daemon:
        daemon.pace(session_seconds=0.01)
        daemon.start()
        first_plan_waits(daemon)
        daemon.approve()
        for kill in range(8):
            head = daemon.reader().head()[0]
            daemon.wait_for(lambda journal, goal=head + 3 + kill: journal.head()[0] >= goal)  # type: ignore[misc]
            daemon.stop(signal.SIGKILL)
            daemon.start()
        head = daemon.reader().head()[0]
        daemon.wait_for(lambda journal: journal.head()[0] > head)
        code, _ = daemon.stop()
        assert code == 0
        check_books(daemon)


def check_books(daemon: Daemon) -> None:
    """Every order once, written down before it was sent; holdings are base plus fills."""
    settings = read_settings(daemon.configuration)
    assert settings.simulation is not None
    world = open_simulated_world(settings, settings.simulation, daemon.state, read_only=True)
    broker, journal = world.brokers["main"], daemon.reader()
    orders = broker.orders_since(world.market.first_session.opens_at)
    assert orders
    legs = {leg.client_order_id: leg for leg in journal.legs()}
    ids = Counter(order.client_order_id for order in orders)
    assert all(count == 1 for count in ids.values())
    assert set(ids) <= set(legs)
    held = {p.symbol: p.quantity for p in broker.positions()}
    assert held == {s: q for s, q in journal.positions("main").items() if q}
