"""docs/failures.md: all 43 failures and 16 crash points are there; every test that it names exists."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
TEXT = (TESTS.parent / "docs" / "failures.md").read_text(encoding="utf-8")
ROWS = [line for line in TEXT.splitlines() if re.match(r"\| (\d+|CP\d+.*?) \|", line)]
NAMED = sorted(set(re.findall(r"`([\w/]+\.py::test_\w+)`", TEXT)))


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_every_failure_has_one_row_that_says_what_fell_and_what_is_done() -> None:
    failures = [cells(row) for row in ROWS if row.split()[1].isdigit()]
    assert sorted(int(number) for number, *_ in failures) == list(range(1, 44))
    for number, source, there, here, test in failures:
        assert "#" in source, number
        assert there, number
        assert here, number
        assert "::test_" in test, number


def test_every_crash_point_has_its_row() -> None:
    points: list[int] = []
    for row in ROWS:
        found = [int(number) for number in re.findall(r"CP(\d+)", cells(row)[0])]
        points += range(found[0], found[-1] + 1) if found else []
    assert points == list(range(16))


def test_the_page_names_tests_at_all() -> None:
    assert len(NAMED) > 60
    assert TEXT.count("::test_") == len(re.findall(r"`[\w/]+\.py::test_\w+`", TEXT))


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_exists(name: str) -> None:
    place, _, test = name.partition("::")
    source = (TESTS / place).read_text(encoding="utf-8")
    assert re.search(rf"^ *def {test}\(", source, re.MULTILINE)
