"""Each benchmark works on its smallest sizes and says finite numbers; none of them judges a time."""

import io
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.__main__ import BENCHMARKS
from benchmarks.effort import least
from benchmarks.figures import Figure, Goal, Peer, Row, Skipped, Spread, spread
from benchmarks.table import as_json, in_words, show

ROOT = Path(__file__).parents[2]
FIGURE = Figure(
    name="commits",
    unit="1/s",
    measured=spread([90.0, 110.0, 100.0]),
    goal=Goal(level=0.5, at_least=True, of_ratio=True),
    peer=Peer(name="bare", measured=spread([200.0])),
)


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name != "setup"])
def test_a_benchmark_measures_something_finite(name: str, tmp_path: Path) -> None:
    said: list[str] = []
    rows = BENCHMARKS[name](least(tmp_path), said.append)
    figures = [row for row in rows if isinstance(row, Figure)]
    assert figures
    assert said, "what takes long says so"
    for figure in figures:
        assert all(math.isfinite(value) and value > 0 for value in numbers(figure)), figure


def test_the_second_setup_is_measured_where_there_is_make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("make") is None:
        pytest.skip("there is no make here")
    (tmp_path / "Makefile").write_text("setup:\n\t@true\nhelp:\n\t@true\n")
    monkeypatch.setattr("benchmarks.simulating.ROOT", tmp_path)
    (row,) = BENCHMARKS["setup"](least(tmp_path), lambda _: None)
    assert isinstance(row, Figure)
    assert all(math.isfinite(value) for value in numbers(row))


def numbers(figure: Figure) -> list[float]:
    of = [figure.measured] + ([figure.peer.measured] if figure.peer else [])
    return [value for s in of for value in (s.median, s.least, s.most)]


def test_a_goal_of_the_ratio_is_held_against_the_peer() -> None:
    assert FIGURE.ratio == 0.5
    assert FIGURE.is_met is True


@pytest.mark.parametrize(("level", "met"), [(99.0, False), (100.0, True), (101.0, True)])
def test_a_ceiling_counts_itself_as_met(level: float, met: bool) -> None:
    row = Figure(name="x", unit="ms", measured=spread([100.0]), goal=Goal(level=level))
    assert row.is_met is met


def test_without_a_goal_nothing_is_met_or_missed() -> None:
    assert Figure(name="x", unit="ms", measured=spread([1.0])).is_met is None


@pytest.mark.parametrize("values", [[], [math.nan], [1.0, math.inf]])
def test_what_is_no_number_is_no_measurement(values: list[float]) -> None:
    with pytest.raises(ValueError, match="no measurement"):
        spread(values)


def test_the_table_and_the_json_say_the_same() -> None:
    rows: list[Row] = [FIGURE, Skipped(name="cycle, in memory", reason="there is no /dev/shm here")]
    console = Console(width=140, record=True, file=io.StringIO())
    show(rows, console)
    text = console.export_text()
    assert "100 (90.0–110)" in text
    assert "≥ 0.5 ×" in text
    assert "there is no /dev/shm here" in text
    told = json.loads(as_json(rows, effort="whole"))
    assert told["rows"][0]["measured"] == {"median": 100.0, "least": 90.0, "most": 110.0, "runs": 3}
    assert told["rows"][0]["is_met"] is True
    assert told["rows"][1]["reason"] == "there is no /dev/shm here"


def test_one_run_has_no_range() -> None:
    assert in_words(Spread(median=3.14159, least=3.14159, most=3.14159, runs=1)) == "3.14"


def test_the_command_writes_its_figures_where_it_is_told(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    line = [sys.executable, "-m", "benchmarks", "--quick", "--only", "journal"]
    line += ["--disk", str(tmp_path), "--json", str(out)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "journal commits" in done.stdout
    assert json.loads(out.read_text(encoding="utf-8"))["rows"]
