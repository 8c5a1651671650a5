"""`trimtab trial`: a replay over a journal, a shadow begun and ended, sentences for what is wrong."""

import json
from pathlib import Path

import pytest

from policies.policy import Policy
from portfolio.accounts import Autonomy
from tests.support.command_line import Said, trimtab
from tests.support.house import build_rig, table
from tests.support.stories import DAYS, sixty_forty

CONFIG = """
[household]
name = "core"
[[accounts]]
id = "main"
broker = "simulated"
[[slices]]
name = "stocks"
weight_percent = 60
symbol = "STK"
[[slices]]
name = "bonds"
weight_percent = 40
symbol = "BND"
[rebalance]
band_points = 2
fractional = true
cash_buffer_percent = 0
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A journal of eight looks in which stocks rise from 100 to 135 and nothing was traded."""
    prices = [str(100 + 5 * n) for n in range(len(DAYS))]
    policy = Policy(target=sixty_forty())
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=prices, BND=["100"] * len(DAYS)),
        policy,
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
        autonomy=Autonomy.OBSERVE,
    )
    for day in DAYS[:8]:
        rig.look(day)
    (tmp_path / "new.toml").write_text(CONFIG)
    return tmp_path


def trial(state: Path, *more: str | Path) -> Said:
    return trimtab("trial", *more, "--state", state)


def test_a_replay_shows_where_the_two_part(state: Path) -> None:
    said = trial(state, state / "new.toml")
    assert said.code == 0, said
    assert "8 sessions with a look" in said.out
    assert "They part on" in said.out
    found = json.loads(trial(state, state / "new.toml", "--json").out)
    assert found["changed"]["figures"]["rebalances"] > found["running"]["figures"]["rebalances"]
    assert found["really_filled"] == 0
    assert found["days"][0]["changed"][0]["symbol"] in {"STK", "BND"}


def test_a_shadow_is_put_where_the_daemon_reads_it_and_taken_away(state: Path) -> None:
    assert "Nothing is on trial" in trial(state).out
    said = trial(state, state / "new.toml", "--shadow")
    assert said.code == 0, said
    assert (state / "trial.toml").read_text() == CONFIG
    assert "waits for its trial" in trial(state).out
    assert trial(state, "--end").code == 0
    assert not (state / "trial.toml").exists()


def test_a_configuration_that_cannot_be_read_is_put_nowhere(state: Path) -> None:
    (state / "new.toml").write_text(CONFIG.replace("60", "61"))
    said = trial(state, state / "new.toml", "--shadow")
    assert said.code == 78
    assert "100" in said.err
    assert not (state / "trial.toml").exists()


def test_a_symbol_that_was_never_watched_is_named(state: Path) -> None:
    (state / "new.toml").write_text(CONFIG.replace("BND", "XYZ"))
    said = trial(state, state / "new.toml")
    assert (said.code, "no prices of XYZ" in said.err) == (2, True), said
