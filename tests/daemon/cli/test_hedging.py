"""`trimtab hedge` on a household of the built-in market."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import trimtab

HOUSEHOLD = """\
[household]
name = "core"
[[accounts]]
id = "play"
broker = "simulated"
starting_positions = { US_STOCKS = 500, US_TREASURIES_10Y = 1000 }
[[slices]]
name = "stocks"
weight_percent = 60
symbol = "US_STOCKS"
[[slices]]
name = "bonds"
weight_percent = 40
symbol = "US_TREASURIES_10Y"
[simulation]
start = 2015-06-01
"""
ADVISED = HOUSEHOLD + "[hedge]\nenabled = true\nbetas = { US_STOCKS = 1.0 }\n"


def written(folder: Path, text: str) -> Path:
    file = folder / "core.toml"
    file.write_text(text)
    return file


def test_it_is_off_until_it_is_enabled(tmp_path: Path) -> None:
    file = written(tmp_path, HOUSEHOLD)
    said = trimtab("hedge", "SPY", "--volatility", "18", "-c", file, "-s", tmp_path)
    assert said.code == 78
    assert "enabled = true" in said.err


def test_it_sizes_puts_for_the_holdings_that_have_a_beta(tmp_path: Path) -> None:
    """500 units at 517.84 are 258,920; half of it is 129,460, two contracts of 60,000 each."""
    file = written(tmp_path, ADVISED)
    said = trimtab(
        "hedge", "SPY", "--volatility", "18", "--price", "600", "-c", file, "-s", tmp_path, "--json"
    )
    assert said.code == 0, said.err
    advice = json.loads(said.out)
    assert advice["value"] == pytest.approx(258_920)
    assert advice["puts"]["contracts"] == 2
    assert advice["left_out"] == ["US_TREASURIES_10Y"]
    assert "never trades options" in advice["note"]


def test_the_screen_says_what_the_tax_law_makes_of_it(tmp_path: Path) -> None:
    file = written(tmp_path, ADVISED)
    said = trimtab(
        "hedge", "US_STOCKS", "--volatility", "18", "--future", "6000", "-c", file, "-s", tmp_path
    )
    assert said.code == 0, said.err
    assert "IRC 1092" in said.out
    assert "index futures" in said.out
    assert "This is arithmetic, no advice" in said.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--volatility", "0"], "--volatility '0' is no number above zero"),
        (["--volatility", "18", "--price", "much"], "--price 'much'"),
    ],
)
def test_what_is_no_number_is_refused_in_a_sentence(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    said = trimtab("hedge", "SPY", *arguments, "-c", written(tmp_path, ADVISED), "-s", tmp_path)
    assert said.code == 2
    assert sentence in said.err


def test_without_a_price_it_says_how_to_give_one(tmp_path: Path) -> None:
    file = written(tmp_path, ADVISED)
    said = trimtab("hedge", "SPY", "--volatility", "18", "-c", file, "-s", tmp_path)
    assert said.code == 78
    assert "give one with --price" in said.err
