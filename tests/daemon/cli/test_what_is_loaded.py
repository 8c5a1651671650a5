"""A plain backtest loads no more than it needs: imports are most of its time."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
CONFIGURATION = REPOSITORY / "config" / "examples" / "textbook.toml"
PRICES = REPOSITORY / "brokers" / "simulated" / "data" / "us_stocks_treasuries.csv"

SPARED = (
    "brokers.simulated.broker",
    "backtest.engine",
    "policies.planning.plan",
    "policies.taxes.ledger",
    "policies.taxes.year_to_date",
    "daemon.journal.store",
    "ssl",
    "sqlalchemy",
    "rich",
)
BACKTEST = """
import sys
sys.argv = ["trimtab", "backtest", CONFIGURATION, "--prices", PRICES, "--json"]
from daemon.cli.main import run
try:
    run()
except SystemExit as end:
    assert not end.code, end.code
sys.stderr.write(" ".join(sys.modules))
"""


@pytest.fixture(scope="module")
def loaded() -> frozenset[str]:
    names = f"CONFIGURATION, PRICES = {str(CONFIGURATION)!r}, {str(PRICES)!r}\n"
    command = [sys.executable, "-c", names + BACKTEST]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return frozenset(done.stderr.split())


@pytest.mark.parametrize("module", SPARED)
def test_a_plain_backtest_of_a_named_file_does_not_load(
    loaded: frozenset[str], module: str
) -> None:
    assert "backtest.plain" in loaded
    assert module not in loaded
