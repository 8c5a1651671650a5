"""Side by side with peers: the works they are handed, and the final values that must agree."""

import gzip
import json
import zipfile
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.backtesting import workloads
from benchmarks.figures import spread
from benchmarks.peering import Ran, disagreements, skfolio_prices, table, write_works


def ran(value: float, ms: float = 2.0) -> Ran:
    return Ran(final_value=value, ms=spread([ms]))


def test_a_final_value_that_is_not_ours_is_named() -> None:
    ours = {"W1": ran(1_000_000.0), "W2": ran(5.0)}
    peers = {"bt": {"W1": ran(1_000_000.0005), "W2": ran(5.00001)}}
    assert disagreements(ours, peers) == ["bt, W2: 5.000010, here 5.000000"]


def test_the_table_says_how_many_times_ours_a_peer_takes() -> None:
    shown = table({"W1": ran(1.0, 2.0)}, {"bt": {"W1": ran(1.0, 500.0)}}, {"bt": ("1.4.1", None)})
    assert [next(iter(column.cells)) for column in shown.columns][2:] == ["500", "250"]


def test_a_peer_is_handed_the_same_prices_goals_and_widths(tmp_path: Path) -> None:
    works = workloads(shrink=50)
    write_works(works, tmp_path)
    told = {work["name"]: work for work in json.loads((tmp_path / "works.json").read_text())}
    assert told["W1, monthly"]["widths"] is None
    assert told["W1, 5-point band"]["widths"] == [0.05, 0.05]
    assert told["W2, 20 % band"]["widths"] == [0.05 * 0.2] * 20
    raw = np.load(tmp_path / told["W3, monthly"]["file"])
    assert raw["prices"].tolist() == works[-1].history.prices.tolist()
    assert raw["days"][0] == (date(1990, 1, 2) - date(1970, 1, 1)).days


def test_prices_are_read_out_of_the_wheel_without_installing_it(tmp_path: Path) -> None:
    text = "Date,AAA,BBB\n2020-01-02,1.5,2\n2020-01-03,1.6,2.5\n"
    with zipfile.ZipFile(tmp_path / "skfolio-1.0-py3-none-any.whl", "w") as wheel:
        packed = gzip.compress(text.encode())
        wheel.writestr("skfolio/datasets/data/sp500_dataset.csv.gz", packed)
    prices = skfolio_prices(tmp_path)
    assert prices.symbols == ("AAA", "BBB")
    assert prices.prices.tolist() == [[1.5, 2.0], [1.6, 2.5]]
