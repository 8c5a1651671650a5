"""Indicator series from CSV: `period,known_on,value`, one number a line, ISO dates.

`known_on` may be left out of the header: a number is then known on its own date, as prices are.
"""

import csv
from datetime import date
from math import isfinite
from pathlib import Path

from daemon.targets.feed import NoWeights
from policies.targets.series import Observation, Series

MOST_ROWS = 200_000
_FORMS = (["period", "known_on", "value"], ["period", "value"])


def read_series(path: Path, name: str) -> Series:
    """The series in a file; raises `NoWeights` with the line that is wrong."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            header = [cell.strip().lower() for cell in next(rows, [])]
            if header not in _FORMS:
                raise NoWeights(f"{path}: the first line must be period,known_on,value")
            found = tuple(_observation(path, rows.line_num, row, header) for row in rows if row)
    except OSError as error:
        raise NoWeights(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise NoWeights(f"{path} is no CSV text: {error}") from None
    if not 0 < len(found) <= MOST_ROWS:
        raise NoWeights(f"{path} has {len(found):,} numbers; 1 to {MOST_ROWS:,} are taken")
    return Series(name=name, observations=found)


def _observation(path: Path, line: int, row: list[str], header: list[str]) -> Observation:
    try:
        cells = dict(zip(header, (cell.strip() for cell in row), strict=True))
        period = date.fromisoformat(cells["period"])
        known_on = date.fromisoformat(cells.get("known_on", cells["period"]))
        value = float(cells["value"])
    except ValueError:
        raise NoWeights(f"{path} line {line}: {','.join(row)[:80]!r} is no observation") from None
    if not isfinite(value):
        raise NoWeights(f"{path} line {line}: {row[-1][:40]!r} is no number")
    if known_on < period:
        raise NoWeights(f"{path} line {line}: {known_on} is before the period {period} itself")
    return Observation(period=period, known_on=known_on, value=value)
