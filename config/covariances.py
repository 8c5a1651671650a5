"""Covariances of returns from CSV files that a configuration names; private to this room."""

import csv
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path

from config.files import Unreadable, read_small
from config.fire_tables import FireTable, Matrices, tables_in
from policies.conditions import Covariance

LARGEST_FILE = 4 * 1024 * 1024
MOST_SYMBOLS = 500


class NoCovariance(Exception):
    """A file that holds none; `found` and `instead` are half sentences."""

    def __init__(self, found: str, instead: str) -> None:
        super().__init__(found)
        self.found, self.instead = found, instead


def covariances_of(tables: Sequence[FireTable], folder: Path) -> Matrices:
    """Every covariance that the tables name, by the name of its file. Raises `NoCovariance`."""
    return {
        name: read_covariance(folder / Path(name).expanduser())
        for table in tables
        for inner, _ in tables_in(table, ())
        if (name := inner.covariance_file) is not None
    }


def read_covariance(path: Path) -> Covariance:
    """A square, symmetric matrix: symbols in the first line and the first column, returns a year.

    0.04 is the variance of a volatility of 20 %. Raises `NoCovariance`.
    """
    try:
        text = read_small(path, at_most=LARGEST_FILE).decode("utf-8-sig")
    except Unreadable as error:
        raise NoCovariance(error.found, error.instead) from None
    except UnicodeDecodeError:
        raise NoCovariance("the file is not UTF-8 text", "Save it as UTF-8 text") from None
    lines = [line for line in csv.reader(text.splitlines()) if any(cell.strip() for cell in line)]
    if len(lines) < 2:
        raise NoCovariance(
            "the file has no matrix", "Write symbols in the first line, then a row each"
        )
    symbols = tuple(cell.strip() for cell in lines[0][1:])
    names = tuple(line[0].strip() for line in lines[1:])
    if names != symbols or len(set(symbols)) != len(symbols) or len(symbols) > MOST_SYMBOLS:
        raise NoCovariance(
            "its first line and its first column do not list the same symbols once each",
            "Write the symbols in the same order in both",
        )
    rows = tuple(_row(line, len(symbols)) for line in lines[1:])
    if any(rows[i][j] != rows[j][i] for i in range(len(rows)) for j in range(i)):
        raise NoCovariance(
            "the matrix is not symmetric", "Write each pair's covariance twice, alike"
        )
    if any(rows[n][n] < 0 for n in range(len(rows))) or not _fits(rows):
        raise NoCovariance(
            "no returns have such covariances: a pair varies together more than each alone",
            "Take it from a program, or shrink the pairs",
        )
    return Covariance(symbols=symbols, rows=rows)


def _row(cells: list[str], width: int) -> tuple[Decimal, ...]:
    if len(cells) != width + 1:
        raise NoCovariance(
            f'the row "{cells[0]}" has not {width} numbers', "Write one for each symbol"
        )
    try:
        numbers = tuple(Decimal(cell.strip()) for cell in cells[1:])
    except InvalidOperation:
        numbers = (Decimal("NaN"),)
    if not all(number.is_finite() and abs(number) < 100 for number in numbers):
        raise NoCovariance(f'the row "{cells[0]}" is not all numbers', "Write 0.04 for a variance")
    return numbers


def _fits(rows: tuple[tuple[Decimal, ...], ...]) -> bool:
    import numpy as np

    values = np.linalg.eigvalsh(np.array([[float(cell) for cell in row] for row in rows]))
    return bool(values[0] >= -1e-9 * max(1.0, float(values[-1])))
