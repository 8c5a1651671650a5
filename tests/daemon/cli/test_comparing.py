"""`trimtab compare`: a table for people, JSON for programs, a page, and sentences for what is wrong."""

import json
from pathlib import Path

import pytest

from backtest.measures import Rates
from config.read import settings_from
from daemon.answers.comparisons import rates_of
from tests.support.backtests import random_prices, weekdays
from tests.support.command_line import Said, trimtab, waiting_rig
from tests.support.pages import names_in

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
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with a grid, another, and prices; no household of this machine is near."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
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


def test_the_json_has_what_the_page_says(folder: Path) -> None:
    found = json.loads(compare(folder, ("core.toml",), "--json").out)
    assert found.keys() >= {"draw", "today_on", "notes", "policies"}
    figures = names_in("backtest.md", "name in `--json`")
    measures = names_in("backtest.md", "name in `history` and `paths`")
    assert len(measures) > 10
    for policy in found["policies"]:
        assert policy.keys() >= {"name", "figures", "history", "paths", "today"}
        assert figures <= policy["figures"].keys()
        assert measures <= policy["history"].keys()
        assert all(measures <= policy["paths"][end].keys() for end in ("low", "median", "high"))
        assert policy["today"].keys() == {"decision", "reason", "orders"}


def test_several_configurations_are_compared_in_words(folder: Path) -> None:
    said = compare(folder, ("core.toml", "calm.toml"), "--paths", "0")
    assert said.code == 0, said
    assert "rebalances a year" in said.out
    assert "holding what “core” holds then" in said.out
    assert "not by return" in said.out


def test_without_a_journal_today_is_the_end_of_the_history(folder: Path) -> None:
    found = json.loads(compare(folder, ("core.toml",), "--paths", "0", "--json").out)
    assert found["today_on"].startswith("At the closes of 2020-02-25, holding what “as it is”")
    assert found["notes"] == []
    assert not (folder / ".local").exists(), "asking makes no directory"


@pytest.mark.parametrize("named", [True, False], ids=["named with --state", "found by itself"])
def test_with_a_journal_today_is_what_the_household_holds(folder: Path, named: bool) -> None:
    """The household of the journal has 100,000 USD in cash and nothing else: both buy 60/40 of it."""
    state = folder / ".local" / "state" / "trimtab" / "core"
    state.mkdir(parents=True)
    waiting_rig(state)
    for name in ("core.toml", "calm.toml"):
        text = (folder / name).read_text().replace("VTI", "STK").replace(GRID, "")
        (folder / name).write_text(text)
    prices = folder / "prices.csv"
    prices.write_text(prices.read_text().replace("VTI", "STK"))
    more = ("--state", state) if named else ()
    said = compare(folder, ("core.toml", "calm.toml"), "--paths", "0", "--json", *more)
    assert said.code == 0, said
    found = json.loads(said.out)
    assert found["today_on"].startswith("At the last look of test's journal, 2026-03-02")
    for policy in found["policies"]:
        assert policy["today"]["decision"] == "proposal"
        stocks, bonds = policy["today"]["orders"].split(", ")
        assert stocks.startswith("buy STK 59,"), "60 % of 99,500, in whole shares"
        assert bonds.startswith("buy BND 39,")


def test_a_state_directory_that_was_named_must_hold_a_journal(folder: Path) -> None:
    (folder / "empty").mkdir()
    said = compare(folder, ("core.toml",), "--paths", "0", "--state", folder / "empty")
    assert said.code != 0
    assert "journal" in said.err


def test_weights_that_nobody_can_know_for_the_past_are_said(folder: Path) -> None:
    feed = '[target]\nsource = "file"\nfile = "weights.json"\n'
    (folder / "calm.toml").write_text(CONFIG + feed)
    (folder / "weights.json").write_text("{}")
    page = folder / "page.html"
    said = compare(folder, ("core.toml", "calm.toml"), "--paths", "0", "--report", page)
    assert said.code == 0, said
    sentence = "calm: What the source file would have said in the past is not known"
    assert sentence in " ".join(said.out.split())
    assert sentence in page.read_text(encoding="utf-8")


def test_the_rates_of_taxes_are_those_of_a_comparison() -> None:
    """20 % and 15 % with 5 % of a state and 3.8 %; brackets have no one rate."""
    flat = "short_term_percent = 20\nlong_term_percent = 15\nordinary_percent = 20\n"
    more = "state_percent = 5\nniit = true\n"
    taxed = settings_from(CONFIG + "[taxes]\n" + flat + more, file=Path("core.toml"))
    assert rates_of(taxed) == Rates(short=0.288, long=0.238)
    own = settings_from(CONFIG + "[backtest]\nlong_gains_tax_percent = 15\n", file=Path("c.toml"))
    assert rates_of(own) == Rates(long=0.15)
    brackets = settings_from(
        CONFIG + "[taxes]\nordinary_income_usd = 90_000\n", file=Path("c.toml")
    )
    assert rates_of(brackets) == Rates()


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
