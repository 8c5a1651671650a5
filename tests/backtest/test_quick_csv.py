"""The quick reader reads what the strict one reads, or nothing."""

from pathlib import Path

import numpy as np
import pytest

from backtest.quick_csv import read_plainly
from brokers.simulated.price_file import read_prices

PLAIN = "date,VTI,BND\n2024-03-01,250.5,72.31\n2024-03-04,0.0001,1e3\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "prices.csv"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("text", [PLAIN, "\ufeff" + PLAIN.replace("\n", "\r\n"), PLAIN.rstrip()])
def test_a_plain_file_is_read_as_the_strict_reader_does(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, text)
    strict, read = read_prices(path), read_plainly(path)
    assert read is not None
    assert read[:2] == (strict.sessions, strict.symbols)
    assert read[2].tolist() == np.array(strict.rows, dtype=np.float64).tolist()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("date", "day"),
        ("BND", "VTI"),
        ("250.5", ""),
        ("250.5", "nan"),
        ("250.5", "inf"),
        ("250.5", "0"),
        ("250.5", "-3"),
        ("250.5", "1_000"),
        ("250.5", '"250.5"'),
        ("250.5", "250.5,9"),
        ("2024-03-04", "2024-03-01"),
        ("2024-03-04", "2024-02-30"),
        ("2024-03-04", "20240304"),
        ("VTI", "V TI"),
        ("2024-03-04,0.0001,1e3\n", ""),
    ],
)
def test_anything_odd_is_left_to_the_strict_reader(tmp_path: Path, old: str, new: str) -> None:
    assert old in PLAIN
    assert read_plainly(written(tmp_path, PLAIN.replace(old, new, 1))) is None


def test_a_file_that_is_not_there_or_empty_is_left_too(tmp_path: Path) -> None:
    assert read_plainly(tmp_path / "nothing.csv") is None
    assert read_plainly(written(tmp_path, "")) is None
