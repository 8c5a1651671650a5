"""No commit changes what the journal says of orders, holdings or halts without its row in the chain."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from daemon.journal.database import Database
from daemon.journal.tables import LEG, PROJECTIONS
from portfolio.orders import LegState
from tests.support.command_line import invested_rig
from tests.support.house import Rig
from tests.support.stories import say

State = tuple[dict[str, list[tuple[Any, ...]]], tuple[int, str]]


class Witness:
    """Reads the file by a connection of its own after every commit, and compares with before."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.commits = 0
        self.without_a_row: list[str] = []
        self.touched: set[str] = set()
        self._before = self._read()

    def look(self) -> None:
        self.commits += 1
        tables, head = self._read()
        changed = {name for name, rows in tables.items() if rows != self._before[0].get(name, [])}
        self.touched |= changed
        if changed and head == self._before[1]:
            self.without_a_row += sorted(changed)
        self._before = (tables, head)

    def _read(self) -> State:
        if not self.file.exists():
            return {}, (0, "")
        with closing(sqlite3.connect(self.file)) as reader:
            there = {name for (name,) in reader.execute("SELECT name FROM sqlite_master")}
            if not there >= {"audit", *(table.name for table in PROJECTIONS)}:
                return {}, (0, "")
            tables = {
                table.name: reader.execute(f"SELECT * FROM {table.name}").fetchall()  # noqa: S608
                for table in PROJECTIONS
            }
            head = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"
            return tables, reader.execute(head).fetchone() or (0, "")


@pytest.fixture
def witness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Witness:
    made = Witness(tmp_path / "journal.sqlite")
    original = Database.transaction

    @contextmanager
    def transaction(self: Database) -> Iterator[Any]:
        with original(self) as tables:
            yield tables
        made.look()

    monkeypatch.setattr(Database, "transaction", transaction)
    return made


def a_day_with_everything(folder: Path) -> Rig:
    """A plan, its yes, sales, buys, a halt and its end."""
    rig = invested_rig(folder)
    say(rig, "halt", reason="a drill")
    say(rig, "resume", reason="it was a drill")
    return rig


def test_every_commit_that_changes_a_table_has_its_row_in_the_chain(
    witness: Witness, tmp_path: Path
) -> None:
    rig = a_day_with_everything(tmp_path)
    assert {leg.state for leg in rig.journal.legs()} == {LegState.FILLED}
    assert witness.without_a_row == []
    assert witness.touched >= {"cycle", "approval", "run", "leg", "fill", "position", "lot", "halt"}
    assert witness.commits > 20


def test_the_witness_sees_a_change_without_one(witness: Witness, tmp_path: Path) -> None:
    rig = a_day_with_everything(tmp_path)
    with rig.journal.database.transaction() as tables:
        tables.execute(LEG.update().values(note="nobody wrote this down"))
    assert witness.without_a_row == ["leg"]
