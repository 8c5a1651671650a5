"""docs/controls.md: every setting, file and test that a row names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "controls.md").read_text(encoding="utf-8")
ROWS = [line for line in TEXT.splitlines() if re.match(r"\| [PKR]\d+ ", line)]
KEYS = set(re.findall(r"^\| `(\w+)`", (ROOT / "docs" / "defaults.md").read_text(), re.MULTILINE))


def names_of_tests() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        found |= set(re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    return found


TESTS = names_of_tests()


def test_every_row_of_the_checklist_is_there() -> None:
    letters = [row.split()[1] for row in ROWS]
    assert letters == [
        *(f"P{number}" for number in range(1, 17)),
        *(f"K{number}" for number in range(1, 6)),
        *(f"R{number}" for number in range(1, 8)),
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.split()[1]))
def test_a_control_names_what_exists(row: str) -> None:
    _, settings, code, tests = (re.findall(r"`([^`]+)`", cell) for cell in row.split("|")[1:-1])
    assert set(settings) <= KEYS
    assert code
    assert [name for name in code if not (ROOT / name).is_file()] == []
    assert tests
    assert set(tests) <= TESTS
