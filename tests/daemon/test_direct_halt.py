"""`trimtab halt --direct`: cancels reach the broker whatever state the daemon and its disk are in."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import pytest

from daemon.direct_halt import ALL_SECONDS, Canceller, cancel_all
from daemon.latch import FileLatch
from daemon.machine.lease import running_pid
from portfolio.money import ZERO, Quantity
from portfolio.orders import Order, OrderStatus, Side
from portfolio.ports import CredentialsRefused, Unavailable
from tests.support.kill_rounds import begin
from tests.support.rehearsals import Rehearsal, rehearsal
from tests.support.simulated import WEEK, new_york

IN_TIME = ALL_SECONDS + 5
"""The promise, and on a busy machine the time that an interpreter takes to start and to end."""


def own_order(number: int, name: str = "tt1-abcd-000001-01-aaaaaa") -> Order:
    return Order(
        broker_order_id=f"b-{number}",
        client_order_id=name,
        symbol="VTI",
        side=Side.BUY,
        quantity=Quantity(ZERO + 3),
        limit_price=None,
        status=OrderStatus.OPEN,
        raw_status="new",
        filled_quantity=Quantity(ZERO),
        filled_average_price=None,
        submitted_at=new_york(WEEK[0]),
    )


def test_only_orders_of_ours_are_cancelled() -> None:
    asked: list[str] = []

    def cancel(broker_order_id: str) -> str:
        asked.append(broker_order_id)
        return ""

    orders = [own_order(1), own_order(2, "a person's own")]
    done = cancel_all([Canceller(account="main", open_orders=lambda: orders, cancel=cancel)])
    assert asked == ["b-1"]
    assert [(one.order, one.problem) for one in done] == [
        ("buy 3 VTI (tt1-abcd-000001-01-aaaaaa)", "")
    ]


@pytest.mark.parametrize(
    "problem", [Unavailable("no answer"), CredentialsRefused("no such key"), RuntimeError("bug")]
)
def test_an_account_that_fails_does_not_keep_the_others_from_being_cancelled(
    problem: Exception,
) -> None:
    asked: list[str] = []

    def fail() -> list[Order]:
        raise problem

    def cancel(broker_order_id: str) -> str:
        asked.append(broker_order_id)
        return ""

    first = Canceller(account="first", open_orders=fail, cancel=cancel)
    second = Canceller(account="second", open_orders=lambda: [own_order(1)], cancel=cancel)
    done = cancel_all([first, second])
    assert asked == ["b-1"]
    assert [(one.account, bool(one.problem)) for one in done] == [
        ("first", True),
        ("second", False),
    ]


def test_a_broker_that_does_not_answer_is_not_waited_for_longer_than_promised() -> None:
    def slow() -> list[Order]:
        sleep(1)
        return []

    began = monotonic()
    silent = Canceller(account="main", open_orders=slow, cancel=lambda _: "")
    (only,) = cancel_all([silent], seconds=0.05)
    assert monotonic() - began < 0.9
    assert only.problem == "no answer in time"


@contextmanager
def orders_at_work(folder: Path) -> Iterator[Rehearsal]:
    """A daemon whose orders do not fill: they wait at the broker."""
    with rehearsal(folder, "--hold", "VTI=100") as stage:
        stage.break_(fills_held=True)
        begin(stage)
        stage.daemon.approve()
        stage.wait_for(lambda journal: any(leg.broker_order_id for leg in journal.legs(live=True)))
        yield stage


def halt_directly(stage: Rehearsal, *, disk_is_full: bool) -> "subprocess.CompletedProcess[str]":
    """The command as a person types it; a full disk lets it write not one byte."""

    def no_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    return subprocess.run(
        [
            *(sys.executable, "-m", "daemon.cli.main", "halt", "--direct", "--reason", "it hangs"),
            *("--config", str(stage.daemon.configuration), "--state", str(stage.daemon.state)),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=no_room if disk_is_full else None,
    )


def waiting(stage: Rehearsal) -> list[str]:
    return [row["id"] for row in stage.get("/v2/orders", status="open")]


@pytest.mark.timeout(200)
@pytest.mark.parametrize("disk_is_full", [False, True])
def test_a_hung_daemon_a_locked_database_and_a_full_disk_do_not_keep_a_halt_from_cancelling(
    tmp_path: Path, disk_is_full: bool
) -> None:
    with orders_at_work(tmp_path) as stage:
        pid = running_pid(stage.daemon.state)
        assert pid is not None
        assert waiting(stage)
        os.kill(pid, signal.SIGSTOP)
        with closing(sqlite3.connect(stage.daemon.state / "journal.sqlite")) as locked:
            with suppress(sqlite3.OperationalError):  # it was stopped in a transaction of its own
                locked.execute("BEGIN IMMEDIATE")
            began = monotonic()
            done = halt_directly(stage, disk_is_full=disk_is_full)
            took = monotonic() - began
            assert done.returncode == 0, done.stdout + done.stderr
            assert "asked to cancel" in done.stdout
            assert waiting(stage) == []
            assert took < IN_TIME
            assert FileLatch(stage.daemon.state).reason() is not None
            locked.rollback()
        sent = len(stage.orders())
        stage.break_(cash="50000", fills_held=False)
        os.kill(pid, signal.SIGCONT)
        stage.daemon.ask("run_now")
        stage.wait_for(lambda journal: bool(journal.events("halted")))
        stage.wait_for(lambda journal: not journal.legs(live=True))
        stage.daemon.stop()
        assert len(stage.orders()) == sent, "nothing is sent after the halt"


def test_what_cannot_be_cancelled_is_said_and_the_halt_holds(tmp_path: Path) -> None:
    with orders_at_work(tmp_path) as stage:
        stage.break_(requests=[{"on": "GET /v2/orders", "act": "500", "times": 50}])
        done = halt_directly(stage, disk_is_full=False)
        assert done.returncode == 69
        assert "not every open order could be cancelled" in done.stderr
        assert "rehearsal-secret" not in done.stdout + done.stderr
        assert FileLatch(stage.daemon.state).reason() is not None
        stage.daemon.stop()
