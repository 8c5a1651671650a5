"""Which prices a backtest runs on: those that are named, else those of the configuration."""

from pathlib import Path

from tests.support.command_line import trimtab

SLICES = """
[household]
name = "core"
[[accounts]]
id = "ira"
broker = "simulated"
kind = "tax_deferred"
starting_cash_usd = 10_000
[[slices]]
name = "a"
weight_percent = 60
symbol = "AAA"
[[slices]]
name = "b"
weight_percent = 40
symbol = "BBB"
"""
PRICES = "date,AAA,BBB\n2024-03-04,100,50\n2024-03-05,101,50\n2024-03-06,102,50\n"


def written(folder: Path, text: str) -> Path:
    (folder / "own.csv").write_text(PRICES)
    file = folder / "core.toml"
    file.write_text(text)
    return file


def test_the_prices_of_the_simulation_are_taken_when_none_are_named(tmp_path: Path) -> None:
    file = written(tmp_path, SLICES + '[simulation]\nprices = "own.csv"\n')
    said = trimtab("backtest", file)
    assert said.code == 0, said.err
    assert "2024-03-04 to 2024-03-06, 3 sessions" in said.out


def test_named_prices_win_over_those_of_the_simulation(tmp_path: Path) -> None:
    file = written(tmp_path, SLICES + '[simulation]\nprices = "own.csv"\n')
    (tmp_path / "other.csv").write_text(PRICES.replace("2024-03-06,102,50\n", ""))
    said = trimtab("backtest", file, "--prices", tmp_path / "other.csv")
    assert "2024-03-04 to 2024-03-05, 2 sessions" in said.out


def test_without_any_prices_it_says_which_option_names_them(tmp_path: Path) -> None:
    text = SLICES.replace('"simulated"', '"alpaca"').replace("starting_cash_usd = 10_000\n", "")
    said = trimtab("backtest", written(tmp_path, text))
    assert said.code == 78
    assert said.err.startswith("trimtab: no prices are named, and the configuration has no")
    assert "--prices FILE" in said.err
    assert "Traceback" not in said.err
