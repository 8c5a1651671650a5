"""A grid in the configuration gives one policy for each combination, and says what it refuses."""

from decimal import Decimal
from pathlib import Path

import pytest

from config.problems import ConfigurationError
from config.read import settings_from
from config.variants import variants_at
from policies.policy import Stop

BASE = """
[household]
name = "core"
[[accounts]]
id = "main"
broker = "simulated"
[[slices]]
name = "all"
weight_percent = 60
symbol = "VTI"
[[slices]]
name = "bonds"
weight_percent = 40
symbol = "BND"
"""


def written(folder: Path, more: str, name: str = "core.toml") -> Path:
    path = folder / name
    path.write_text(BASE + more)
    return path


def test_a_grid_gives_the_file_itself_and_every_combination(tmp_path: Path) -> None:
    path = written(
        tmp_path, '[compare.grid]\nband_points = [3, 2.5]\ndestination = ["target", "band edge"]\n'
    )
    found = variants_at([path])
    assert [v.name for v in found] == [
        "as it is",
        'band_points 3, destination "target"',
        'band_points 3, destination "band edge"',
        'band_points 2.5, destination "target"',
        'band_points 2.5, destination "band edge"',
    ]
    policies = [v.settings.policy for v in found]
    assert [p.default_band.points for p in policies[1:]] == [Decimal(n) for n in (
        "0.03", "0.03", "0.025", "0.025")]  # fmt: skip
    assert [p.destination.stop for p in policies[1:3]] == [Stop.TARGET, Stop.BAND_EDGE]


def test_a_width_of_the_grid_drops_the_other_one_of_the_file(tmp_path: Path) -> None:
    path = written(
        tmp_path, "[rebalance]\nband_relative_percent = 25\n[compare.grid]\nband_points = [3]\n"
    )
    band = variants_at([path])[1].settings.policy.default_band
    assert (band.points, band.relative) == (Decimal("0.03"), None)


def test_several_files_are_compared_as_they_are(tmp_path: Path) -> None:
    one = written(tmp_path, "", "one.toml")
    two = written(tmp_path, "[compare.grid]\nband_points = [3]\n", "two.toml")
    assert [v.name for v in variants_at([one, two])] == ["one", "two"]


@pytest.mark.parametrize(
    ("grid", "words"),
    [
        ("band_width = [3]", "no key of [rebalance]"),
        ("band_points = 3", "no list of 1 to 50 values"),
        ("band_points = []", "no list of 1 to 50 values"),
        (
            f"rest_sessions = {list(range(50))}\nproposal_hours = {list(range(1, 31))}",
            "1500 combinations",
        ),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(tmp_path: Path, grid: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        variants_at([written(tmp_path, f"[compare.grid]\n{grid}\n")])
    assert words in str(refused.value)


def test_a_combination_that_the_reader_refuses_names_the_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="destination"):
        variants_at([written(tmp_path, '[compare.grid]\ndestination = ["home"]\n')])


def test_what_is_studied_does_not_change_what_the_daemon_is_told(tmp_path: Path) -> None:
    plain = settings_from(BASE, file=tmp_path / "a.toml")
    studied = settings_from(
        BASE + "[backtest]\ncash_usd = 5\n[compare]\npaths = 3\n", file=tmp_path / "a.toml"
    )
    assert studied.digest == plain.digest
    assert studied.backtest.cash == 5
    assert studied.compare.paths == 3
