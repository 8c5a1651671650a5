"""`trimtab backtest`: figures for people and programs, a page, and sentences for what is wrong."""

import json
from pathlib import Path

import pytest

from tests.support.backtests import random_prices, weekdays
from tests.support.command_line import Said, trimtab
from tests.support.pages import names_in

CONFIG = """
mode = "dry_run"
[household]
name = "core"
[[accounts]]
id = "main"
broker = "simulated"
starting_cash_usd = 50000
[[slices]]
name = "stocks"
weight_percent = 60
symbol = "VTI"
[[slices]]
name = "bonds"
weight_percent = 40
symbol = "BND"
[simulation]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "trimtab.toml").write_text(CONFIG)
    lines = ["date,VTI,BND"]
    for day, row in zip(weekdays(400), random_prices(400, 2, 3, volatility=0.02), strict=True):
        lines.append(f"{day},{row[0]:.2f},{row[1]:.2f}")
    (tmp_path / "prices.csv").write_text("\n".join(lines))
    return tmp_path


def backtest(folder: Path, *more: str | Path) -> Said:
    return trimtab("backtest", folder / "trimtab.toml", "--prices", folder / "prices.csv", *more)


def test_the_json_has_every_figure_by_name(folder: Path) -> None:
    said = backtest(folder, "--json")
    assert said.code == 0, said
    figures = json.loads(said.out)
    assert figures["fill_convention"] == "next_close"
    assert figures["initial_value"] == 50000
    assert figures["orders"] >= 2 + figures["rebalances"]
    assert {"final_value", "turnover_per_year", "average_drift", "cost"} <= figures.keys()


def test_the_json_has_what_the_page_says_and_the_promised_five(folder: Path) -> None:
    figures = json.loads(backtest(folder, "--json").out)
    documented = names_in("backtest.md", "name in `--json`")
    promised = {"final_value", "rebalances", "orders", "turnover_per_year", "fill_convention"}
    assert promised < documented
    assert documented <= figures.keys()
    assert isinstance(figures["rebalances"], int)
    assert isinstance(figures["orders"], int)
    assert isinstance(figures["final_value"], float)
    assert 0 < figures["turnover_per_year"] < 5


def test_a_sample_of_survivors_is_called_one_first(folder: Path) -> None:
    page = folder / "page.html"
    said = backtest(folder, "--report", page)
    html = page.read_text(encoding="utf-8")
    assert html.index('class="banner"') < html.index("<svg")
    assert "These prices are of what exists today" in html
    assert "These prices are of what exists today" in said.out


def test_the_same_is_told_in_words(folder: Path) -> None:
    said = backtest(folder, "--fill", "same_close", "--from", "2019-03-01", "--to", "2019-12-31")
    assert said.code == 0, said
    assert "decided and filled at the same close" in said.out
    assert "2019-03-01 to 2019-12-31" in said.out


def test_costs_flows_and_interest_of_the_command_line_count(folder: Path) -> None:
    plain = json.loads(backtest(folder, "--json", "--spread-percent", "0").out)
    assert plain["cost"] == 0
    dear = json.loads(backtest(folder, "--json", "--fee-usd", "25", "--fee-percent", "0.1").out)
    assert dear["cost"] >= 25 * dear["orders"]
    saving = json.loads(backtest(folder, "--json", "--monthly-usd", "100").out)
    assert saving["paid_in"] == 1800  # the first sessions of 18 months
    earning = json.loads(backtest(folder, "--json", "--interest-percent", "4").out)
    assert earning["income"] > 0
    assert json.loads(backtest(folder, "--json", "--cash-usd", "7000").out)["initial_value"] == 7000


def test_dividends_come_from_their_file(folder: Path) -> None:
    day = weekdays(400)[30]
    (folder / "dividends.csv").write_text(f"date,symbol,per_unit\n{day},BND,1.5\n")
    said = backtest(folder, "--json", "--dividends", folder / "dividends.csv")
    assert json.loads(said.out)["income"] > 0


def test_the_page_is_written_where_it_was_asked_for(folder: Path) -> None:
    page = folder / "page.html"
    assert backtest(folder, "--report", page).code == 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (("--from", "yesterday"), 2, "--from is a day"),
        (("--cash-usd", "much"), 2, "--cash-usd is a number"),
        (("--from", "2031-01-01"), 78, "two sessions"),
    ],
)
def test_what_is_wrong_is_said(folder: Path, more: tuple[str, ...], code: int, words: str) -> None:
    said = backtest(folder, *more)
    assert (said.code, words in said.err) == (code, True), said


def test_a_symbol_without_a_column_is_named(folder: Path) -> None:
    text = (folder / "prices.csv").read_text().replace("BND", "AGG")
    (folder / "prices.csv").write_text(text)
    said = backtest(folder)
    assert said.code == 78
    assert "no column for BND" in said.err


def test_what_no_option_says_stands_in_the_configuration(folder: Path) -> None:
    text = f"""{CONFIG}[backtest]
fill = "same_close"
start = 2019-03-01
end = 2019-12-31
cash_usd = 7000
monthly_usd = 100
spread_percent = 0
fee_per_order_usd = 25
interest_percent = 4
"""
    (folder / "trimtab.toml").write_text(text)
    figures = json.loads(backtest(folder, "--json").out)
    assert figures["fill_convention"] == "same_close"
    assert (figures["first_session"], figures["last_session"]) == ("2019-03-01", "2019-12-31")
    assert figures["initial_value"] == 7000
    assert figures["paid_in"] == 900  # the first sessions of April to December
    assert figures["cost"] == 25 * figures["orders"]
    assert figures["income"] > 0
    other = json.loads(backtest(folder, "--json", "--fill", "next_close", "--cash-usd", "1").out)
    assert (other["fill_convention"], other["initial_value"]) == ("next_close", 1)
