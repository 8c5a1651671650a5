"""Dividends from a plain CSV file, long or wide, refused with file and line when they are not.

Long is `date,symbol,per_unit`, a row for each payment. Wide is `date,SYM,SYM,...` like a price file;
an empty cell or a zero is no payment. A date is the ex-date: who held the symbol before it is paid.
"""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from backtest.history import Dividend, HistoryError
from portfolio.money import ZERO, finite

_LONG = 3


def read_dividends(path: Path) -> tuple[Dividend, ...]:
    """Read a file of dividends; raises `HistoryError` for the first thing wrong with it."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise HistoryError(f"{path} cannot be read: {problem}") from None
    rows = [
        (number, [cell.strip() for cell in cells])
        for number, cells in enumerate(csv.reader(text.splitlines()), start=1)
        if any(cell.strip() for cell in cells)
    ]
    if not rows or rows[0][1][0].lower() != "date" or len(rows[0][1]) < 2:
        raise HistoryError(
            f"{path}: the header must be date,symbol,per_unit or date,SYM,SYM of one column a symbol"
        )
    header = rows[0][1]
    is_long = len(header) == _LONG and header[1].lower() == "symbol"
    found = (_long(path, *row) if is_long else _wide(path, header, *row) for row in rows[1:])
    return tuple(dividend for row in found for dividend in row)


def _long(path: Path, line: int, cells: list[str]) -> Iterator[Dividend]:
    if len(cells) != _LONG:
        raise HistoryError(f"{path}, line {line}: a row is date,symbol,per_unit")
    yield from _dividend(path, line, cells[0], cells[1], cells[2])


def _wide(path: Path, header: list[str], line: int, cells: list[str]) -> Iterator[Dividend]:
    if len(cells) != len(header):
        raise HistoryError(
            f"{path}, line {line}: {len(cells)} columns where the header has {len(header)}"
        )
    for symbol, cell in zip(header[1:], cells[1:], strict=True):
        if cell:
            yield from _dividend(path, line, cells[0], symbol, cell)


def _dividend(path: Path, line: int, day: str, symbol: str, cell: str) -> Iterator[Dividend]:
    try:
        amount: Decimal = finite(cell)
        on = date.fromisoformat(day)
    except ValueError as problem:
        raise HistoryError(f"{path}, line {line}, {symbol}: {problem}") from None
    if amount < ZERO:
        raise HistoryError(
            f"{path}, line {line}, {symbol}: {cell} is no dividend, it is under zero"
        )
    if amount > ZERO:
        yield Dividend(day=on, symbol=symbol, per_unit=amount)
