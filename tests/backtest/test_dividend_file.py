"""Dividends from CSV, long and wide, and what is refused."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from backtest.dividend_file import read_dividends
from backtest.history import HistoryError


def written(folder: Path, text: str) -> Path:
    path = folder / "dividends.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_long_file_has_a_row_for_each_payment(tmp_path: Path) -> None:
    text = "date,symbol,per_unit\n2024-03-01,VTI,0.91\n\n2024-03-04,BND,0.2\n"
    (first, second) = read_dividends(written(tmp_path, text))
    assert (first.day, first.symbol, first.per_unit) == (
        date(2024, 3, 1),
        "VTI",
        Decimal("0.91"),
    )
    assert second.symbol == "BND"


def test_empty_cells_and_zeros_of_a_wide_file_are_no_payments(tmp_path: Path) -> None:
    text = "Date,VTI,BND\n2024-03-01,0.91,\n2024-03-04,0,0.0\n2024-03-05,,0.2\n"
    found = read_dividends(written(tmp_path, text))
    assert [(d.symbol, d.per_unit) for d in found] == [
        ("VTI", Decimal("0.91")),
        ("BND", Decimal("0.2")),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "header"),
        ("day,VTI\n", "header"),
        ("date,VTI\n2024-03-01,1,2\n", "line 2: 3 columns"),
        ("date,symbol,per_unit\n2024-03-01,VTI\n", "line 2"),
        ("date,VTI\n2024-13-01,1\n", "line 2, VTI"),
        ("date,VTI\n2024-03-01,much\n", "much"),
        ("date,VTI\n2024-03-01,-1\n", "under zero"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_line(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(HistoryError, match=words):
        read_dividends(written(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"nothing\.csv cannot be read"):
        read_dividends(tmp_path / "nothing.csv")
