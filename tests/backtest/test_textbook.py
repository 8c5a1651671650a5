"""The shipped textbook example against the arithmetic of a textbook, which shares no code with us."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

import brokers.simulated
import config
from tests.support.command_line import trimtab

EXAMPLE = Path(config.__path__[0]) / "examples" / "textbook.toml"
PRICES = Path(brokers.simulated.__path__[0]) / "data" / "us_stocks_treasuries.csv"
Due = Callable[[str, str, float], bool]


def by_hand(due: Due) -> tuple[float, int]:
    """Final value and rebalances of 60/40 from 100,000, back to target at each close that is due."""
    with PRICES.open() as file:
        rows = [(day, float(stock), float(bond)) for day, stock, bond in list(csv.reader(file))[1:]]
    before, stock, bond = rows[0]
    value, rebalances = 100_000.0, 0
    stocks, bonds = 0.6 * value / stock, 0.4 * value / bond
    for day, stock, bond in rows[1:]:
        value = stocks * stock + bonds * bond
        if due(before, day, stocks * stock / value):
            stocks, bonds = 0.6 * value / stock, 0.4 * value / bond
            rebalances += 1
        before = day
    return value, rebalances


def backtest(path: Path) -> dict[str, float]:
    said = trimtab("backtest", path, "--prices", PRICES, "--json")
    assert said.code == 0, said
    figures: dict[str, float] = json.loads(said.out)
    return figures


def test_a_band_of_5_points_ends_at_the_textbooks_value() -> None:
    value, rebalances = by_hand(lambda before, day, weight: abs(weight - 0.6) >= 0.05 - 1e-9)
    figures = backtest(EXAMPLE)
    assert figures["rebalances"] == rebalances > 10
    assert figures["orders"] == 2 * (rebalances + 1)
    assert figures["final_value"] == pytest.approx(value, rel=1e-9)


def test_the_first_session_of_each_month_ends_at_the_textbooks_value(tmp_path: Path) -> None:
    text = EXAMPLE.read_text().replace("[rebalance]", '[rebalance]\ncalendar = ["monthly"]')
    monthly = tmp_path / "monthly.toml"
    monthly.write_text(text.replace("band_points = 5", "band_points = 39"))
    value, rebalances = by_hand(lambda before, day, weight: before[:7] != day[:7])
    figures = backtest(monthly)
    assert figures["rebalances"] == rebalances > 200
    assert figures["final_value"] == pytest.approx(value, rel=1e-9)
