"""Two keys in a file: a real daemon trades over HTTP on a real local Alpaca, and is killed at it."""

from pathlib import Path

import pytest

from portfolio.orders import LegState
from tests.support.kill_rounds import account_for, begin, kill_rounds
from tests.support.postgres_server import is_there
from tests.support.rehearsals import rehearsal


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
        account_for(stage, began_with={"VTI": 100})
        equity = float(stage.get("/v2/account")["equity"])
        values = {r["symbol"]: float(r["market_value"]) for r in stage.get("/v2/positions")}
        assert values["VTI"] / equity == pytest.approx(0.597, abs=0.005)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("database", "rounds"), [("sqlite", 10), ("postgresql", 4)])
def test_a_daemon_killed_again_and_again_while_it_trades_doubles_and_loses_nothing(
    database: str, rounds: int
) -> None:
    """Each round brings cash; the kill falls while an order is on its way, or at any instant."""
    if database == "postgresql" and not is_there():
        pytest.skip("no PostgreSQL on this machine")
    tally = kill_rounds(rounds, seed=7, database=database)
    assert tally.rounds == rounds
    assert tally.kills.total() >= rounds
    calm = {LegState.FILLED, LegState.ABANDONED, LegState.CANCELED, LegState.AMBIGUOUS}
    assert {LegState(state) for state in tally.ends} <= calm
    assert tally.orders >= rounds
