"""Two keys in a file: a real daemon trades over HTTP on a real local Alpaca, and is killed at it."""

import signal
from pathlib import Path
from time import monotonic, sleep

import pytest

from daemon.journal.store import JournalStore
from portfolio.orders import LegState
from tests.support.processes import PATIENCE_SECONDS
from tests.support.rehearsals import Rehearsal, rehearsal


def first_plan_waits(journal: JournalStore) -> bool:
    return journal.pending_approval() is not None


def begin(stage: Rehearsal) -> None:
    """Start the daemon, and ask for a look whatever its schedule says at this hour."""
    stage.daemon.ask("run_now")
    stage.daemon.start()
    stage.wait_for(first_plan_waits)


def nothing_is_live(journal: JournalStore) -> bool:
    return journal.open_run() is None and not journal.legs(live=True)


def agrees(stage: Rehearsal, *, began_with: dict[str, int]) -> None:
    """Journal and broker tell the same of every order, every execution and every holding."""
    journal = stage.daemon.reader()
    try:
        legs = {leg.client_order_id: leg for leg in journal.legs()}
        sent = {name: leg for name, leg in legs.items() if leg.sends}
        orders = {row["client_order_id"]: row for row in stage.orders()}
        assert len(orders) == len(stage.orders())
        assert set(orders) <= set(sent)
        assert {n for n, leg in sent.items() if leg.filled_quantity} <= set(orders)
        for name, row in orders.items():
            leg = legs[name]
            assert str(leg.intent.side) == row["side"]
            assert f"{leg.filled_quantity.normalize():f}" == row["filled_qty"]
        fills = [booked.fill.execution_id for booked in journal.fills()]
        told = [row["id"] for row in stage.get("/v2/account/activities/FILL")]
        assert sorted(fills) == sorted(told)
        wanted = {s: began_with.get(s, 0) + q for s, q in stage.filled().items()}
        assert stage.held() == wanted
        assert dict(journal.positions("brokerage")) == wanted
    finally:
        journal.close()


def test_two_keys_in_a_file_buy_a_first_plan(tmp_path: Path) -> None:
    with rehearsal(tmp_path, "--hold", "VTI=100") as stage:
        begin(stage)
        assert stage.orders() == []
        stage.daemon.approve()
        stage.wait_for(lambda journal: bool(journal.events("run_ended")))
        code, printed = stage.daemon.stop()
        assert code == 0
        assert "rehearsal-secret" not in printed
        assert {row["status"] for row in stage.orders()} == {"filled"}
        agrees(stage, began_with={"VTI": 100})
        equity = float(stage.get("/v2/account")["equity"])
        values = {r["symbol"]: float(r["market_value"]) for r in stage.get("/v2/positions")}
        assert values["VTI"] / equity == pytest.approx(0.597, abs=0.005)


def until(stage: Rehearsal, count: int) -> None:
    """Wait until the broker has so many orders, while the daemon is alive."""
    ends = monotonic() + PATIENCE_SECONDS
    while len(stage.orders()) < count:
        assert monotonic() < ends, "no order came"
        process = stage.daemon.process
        assert process is not None
        assert process.poll() is None
        sleep(0.01)


ROUNDS = 12


@pytest.mark.timeout(400)
def test_a_daemon_killed_a_dozen_times_while_it_trades_doubles_and_loses_nothing(
    tmp_path: Path,
) -> None:
    """Each round brings cash; the kill falls while an order is on its way, or a little later."""
    with rehearsal(tmp_path, "--hold", "VTI=100") as stage:
        begin(stage)
        stage.daemon.approve()
        stage.wait_for(lambda journal: bool(journal.events("run_ended")))
        for number in range(ROUNDS):
            before = len(stage.orders())
            on_its_way = number % 2 == 0
            stage.break_(cash="3000", pending_new_seconds=str(number % 3))
            if on_its_way:
                stage.break_(requests=[{"on": "POST /v2/orders", "act": "hang_after"}])
            stage.daemon.ask("run_now")
            until(stage, before + 1)
            if not on_its_way:
                sleep(0.05 * number)
            code, _ = stage.daemon.stop(signal.SIGKILL)
            assert code == -signal.SIGKILL
            stage.daemon.start()
            stage.wait_for(nothing_is_live)
        stage.daemon.stop()
        agrees(stage, began_with={"VTI": 100})
        journal = stage.daemon.reader()
        states = {leg.state for leg in journal.legs()}
        journal.close()
        assert states <= {LegState.FILLED, LegState.ABANDONED, LegState.CANCELED}
        assert len(stage.orders()) >= 2 + ROUNDS
