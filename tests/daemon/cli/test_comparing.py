"""`trimtab compare`: a table for people, JSON for programs, a page, and sentences for what is wrong."""

import json
from pathlib import Path

import pytest

from tests.support.backtests import random_prices, weekdays
from tests.support.command_line import Said, trimtab

CONFIG = """
[household]
name = "core"
[[accounts]]
id = "main"
broker = "simulated"
[[slices]]
name = "stocks"
weight_percent = 60
symbol = "VTI"
[[slices]]
name = "bonds"
weight_percent = 40
symbol = "BND"
[compare]
paths = 2
path_years = 1
workers = 1
"""
GRID = "[compare.grid]\nband_points = [2, 8]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "core.toml").write_text(CONFIG + GRID)
    (tmp_path / "calm.toml").write_text(CONFIG + "[rebalance]\nband_points = 12\n")
    lines = ["date,VTI,BND"]
    for day, row in zip(weekdays(300), random_prices(300, 2, 3, volatility=0.02), strict=True):
        lines.append(f"{day},{row[0]:.2f},{row[1]:.2f}")
    (tmp_path / "prices.csv").write_text("\n".join(lines))
    return tmp_path


def compare(folder: Path, names: tuple[str, ...], *more: str | Path) -> Said:
    files = [folder / name for name in names]
    return trimtab("compare", *files, "--prices", folder / "prices.csv", *more)


def test_a_grid_is_compared_with_the_file_itself(folder: Path) -> None:
    said = compare(folder, ("core.toml",), "--json")
    assert said.code == 0, said
    found = json.loads(said.out)
    assert [p["name"] for p in found["policies"]] == ["as it is", "band_points 2", "band_points 8"]
    assert found["draw"]["paths"] == 2


def test_several_configurations_are_compared_in_words(folder: Path) -> None:
    said = compare(folder, ("core.toml", "calm.toml"), "--paths", "0")
    assert said.code == 0, said
    assert "rebalances a year" in said.out
    assert "holding what “core” holds then" in said.out
    assert "not by return" in said.out


def test_many_policies_have_a_row_each(folder: Path) -> None:
    grid = "[compare.grid]\nband_points = [1, 2, 3, 4, 5, 6]\n"
    (folder / "core.toml").write_text(CONFIG + grid)
    said = compare(folder, ("core.toml",), "--paths", "0")
    assert said.code == 0, said
    assert "band_points 6" in said.out


def test_the_page_is_written_where_it_was_asked_for(folder: Path) -> None:
    page = folder / "page.html"
    assert compare(folder, ("core.toml",), "--report", page).code == 0
    assert "Policies compared" in page.read_text(encoding="utf-8")


def test_what_is_wrong_is_said(folder: Path) -> None:
    (folder / "core.toml").write_text(CONFIG + "[compare.grid]\nband = [2]\n")
    said = compare(folder, ("core.toml",))
    assert said.code == 78
    assert "no key of [rebalance]" in said.err
    short = compare(folder, ("calm.toml",), "--from", "2031-01-01")
    assert (short.code, "two sessions" in short.err) == (78, True)
