"""How the journal is stored: each rule that a write-ahead intent rests on, asked of the database."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from daemon.journal.opening import open_journal, open_journal_reader
from daemon.journal.store import JournalStore
from policies.policy import Policy
from portfolio.events import Halted
from tests.daemon.journal.conftest import Place
from tests.support.house import build_rig, table
from tests.support.journals import IDENTITY, nothing_to_tell, stepped
from tests.support.stories import DAYS, FALL, GROWTH, approve, finish, sixty_forty

WITHOUT_A_ROW = frozenset({"tick", "outbox"})
"""That the daemon was here, and where a notice stands: no state of the household."""


@pytest.fixture
def sqlite_journal(place: Place) -> JournalStore:
    if not place.is_sqlite:
        pytest.skip("about SQLite")
    return place.open()


def heard(journal: JournalStore) -> list[str]:
    """Every statement that the driver carries out from now on."""
    statements: list[str] = []
    with journal.database.using() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.set_trace_callback(statements.append)
    return statements


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),  # FULL: NORMAL may lose the last commits with the power
        ("busy_timeout", 5000),
        ("foreign_keys", 1),
    ],
)
def test_the_daemons_connection_is_as_careful_as_it_must_be(
    sqlite_journal: JournalStore, pragma: str, value: object
) -> None:
    assert sqlite_journal.database.rows(text(f"PRAGMA {pragma}"))[0][0] == value


def test_a_commit_begins_as_the_only_writer_and_is_one_transaction(
    sqlite_journal: JournalStore,
) -> None:
    statements = heard(sqlite_journal)
    sqlite_journal.append(Halted(by="x", reason="y"))
    marks = [s for s in statements if re.match(r"(BEGIN|COMMIT|ROLLBACK|SAVEPOINT)", s)]
    assert marks == ["BEGIN IMMEDIATE", "COMMIT"]


def test_a_reader_is_one_to_the_database_too(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    open_journal(path, clock=stepped(), render=nothing_to_tell, identity=IDENTITY).close()
    reader = open_journal_reader(path)
    assert reader.database.rows(text("PRAGMA query_only"))[0][0] == 1
    reader.close()


def test_a_server_answers_a_commit_when_it_is_on_its_disk(place: Place) -> None:
    if place.is_sqlite:
        pytest.skip("about a server")
    journal = place.open()
    assert journal.database.rows(text("SHOW synchronous_commit"))[0][0] == "on"


def transactions(statements: list[str]) -> list[list[str]]:
    """The statements between each BEGIN and its COMMIT."""
    found: list[list[str]] = []
    for statement in statements:
        if statement.startswith("BEGIN"):
            found.append([])
        elif found:
            found[-1].append(statement)
    return found


def written(transaction: list[str]) -> set[str]:
    """The tables that a transaction writes."""
    verbs = r"\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+\"?(\w+)"
    return {m[1] for statement in transaction if (m := re.match(verbs, statement, re.IGNORECASE))}


def test_no_transaction_of_a_whole_rebalance_changes_a_table_without_its_row(
    tmp_path: Path,
) -> None:
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=GROWTH, BND=FALL),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )
    statements = heard(rig.journal)
    rig.look(DAYS[8])
    approve(rig)
    finish(rig)
    rig.recover()
    kinds = [written(transaction) for transaction in transactions(statements)]
    tables = set[str]().union(*kinds)
    assert {"audit", "leg", "cycle", "fill", "lot", "run", "approval"} <= tables
    assert [kind for kind in kinds if kind - WITHOUT_A_ROW and "audit" not in kind] == []
