"""Opening: made when there is none, refused when it is another's, light until it is needed."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.journal.errors import (
    JournalCorrupt,
    JournalMismatch,
    JournalMissing,
    JournalTooNew,
    JournalTooOld,
)
from daemon.journal.opening import open_journal, open_journal_reader
from daemon.journal.store import JournalStore
from portfolio.events import Halted, JournalOpened
from portfolio.ports import Journal, JournalReader, JournalUnwritable
from tests.daemon.journal.conftest import Place, Tampering
from tests.support.journals import IDENTITY, nothing_to_tell, stepped


def test_a_journal_goes_on_where_it_was(place: Place, journal: JournalStore) -> None:
    journal.append(Halted(by="x", reason="y"))
    head = journal.head()
    journal.close()
    later = replace(IDENTITY, epoch="zzzz", code_version="0.2.0")
    again = place.open(identity=later)
    assert again.head() == head
    assert again.identity() == IDENTITY  # the epoch of its first row, not of the caller
    again.append(Halted(by="x", reason="z"))
    assert again.head()[0] == 3


def test_the_store_is_the_port_for_the_type_checker(journal: JournalStore) -> None:
    whole: Journal = journal
    half: JournalReader = journal
    assert whole is half


@pytest.mark.parametrize(
    ("identity", "says"),
    [
        (replace(IDENTITY, mode="dry_run"), "mode dry_run"),
        (replace(IDENTITY, household="other"), "household other"),
        (replace(IDENTITY, account_numbers=("PA-0002",)), "PA-0002"),
        (replace(IDENTITY, account_numbers=()), "no account"),
    ],
)
def test_a_journal_refuses_another_mode_household_or_account(
    place: Place, journal: JournalStore, identity: JournalOpened, says: str
) -> None:
    journal.close()
    with pytest.raises(JournalMismatch) as caught:
        place.open(identity=identity)
    text = str(caught.value)
    assert "mode paper, household core, PA-0001" in text
    assert says in text
    assert "trimtab promote" in text
    assert place.read().head()[0] == 1


def test_the_order_of_accounts_does_not_matter(place: Place) -> None:
    place.open(identity=replace(IDENTITY, account_numbers=("A", "B"))).close()
    assert place.open(identity=replace(IDENTITY, account_numbers=("B", "A"))).head()[0] == 1


def test_nothing_is_made_without_an_identity(place: Place) -> None:
    with pytest.raises(JournalMissing, match="no journal"):
        place.open(identity=None)
    if place.is_sqlite:
        assert not Path(place.where).exists()


def test_what_is_there_can_be_opened_without_an_identity(
    place: Place, journal: JournalStore
) -> None:
    journal.close()
    assert place.open(identity=None).identity() == IDENTITY


def test_a_reader_makes_nothing(place: Place) -> None:
    with pytest.raises(JournalMissing):
        place.read()
    if place.is_sqlite:
        assert not Path(place.where).exists()


def test_a_start_cut_off_before_the_first_row_is_finished_by_the_next(
    place: Place, journal: JournalStore, tamper: Tampering
) -> None:
    tamper("DELETE FROM audit")
    journal.close()
    with pytest.raises(JournalMissing, match="not begun"):
        place.read()
    assert place.open().head()[0] == 1


def test_a_journal_of_a_newer_version_is_left_alone(
    place: Place, journal: JournalStore, tamper: Tampering
) -> None:
    tamper("UPDATE alembic_version SET version_num = '0999'")
    journal.close()
    for attempt in (place.open, place.read):
        with pytest.raises(JournalTooNew, match=r"version 0999.*install the newer trimtab"):
            attempt()


def test_a_reader_does_not_bring_an_older_journal_up_to_date(
    place: Place, journal: JournalStore, tamper: Tampering
) -> None:
    tamper("UPDATE alembic_version SET version_num = '0000'")
    journal.close()
    with pytest.raises(JournalTooOld, match="start the daemon once"):
        place.read()


def test_another_programs_database_is_not_touched(tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE cats (name TEXT)")
    with pytest.raises(JournalCorrupt, match="no journal of trimtab"):
        open_journal(path, clock=stepped(), render=nothing_to_tell, identity=IDENTITY)
    with pytest.raises(JournalCorrupt, match="no journal of trimtab"):
        open_journal_reader(path)


def test_others_on_the_machine_cannot_read_the_file(place: Place, journal: JournalStore) -> None:
    if not place.is_sqlite:
        pytest.skip("about the rights of a file")
    journal.append(Halted(by="x", reason="y"))
    files = list(Path(place.where).parent.iterdir())
    assert {"journal.db", "journal.db-wal", "journal.db-shm"} <= {file.name for file in files}
    assert [file.name for file in files if file.stat().st_mode & 0o007] == []


def test_an_odd_path_is_just_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a b?c#d%20é" / "journal.db"
    path.parent.mkdir()
    made = open_journal(str(path), clock=stepped(), render=nothing_to_tell, identity=IDENTITY)
    reader = open_journal_reader(path)
    assert reader.head() == made.head()
    reader.close()
    made.close()
    assert [p.name for p in tmp_path.iterdir()] == ["a b?c#d%20é"]


def test_a_password_is_not_in_the_error() -> None:
    address = "postgresql://trimtab:hunter2@127.0.0.1:1/none"
    with pytest.raises(JournalUnwritable) as caught:
        open_journal_reader(address)
    assert "hunter2" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


LIGHT = """
import sys
import daemon.journal.codec, daemon.journal.errors, daemon.journal.chain, daemon.journal.anchor
heavy = {"sqlmodel", "sqlalchemy", "alembic", "pydantic"} & set(sys.modules)
assert not heavy, heavy
from daemon.journal.opening import open_journal
from tests.support.journals import IDENTITY, nothing_to_tell, stepped
journal = open_journal(sys.argv[1], clock=stepped(), render=nothing_to_tell, identity=IDENTITY)
heavy = {"alembic", "psycopg"} & set(sys.modules)
assert not heavy, heavy
journal.close()
"""


def test_heavy_libraries_load_only_where_they_are_needed(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-W", "error", "-c", LIGHT, str(tmp_path / "journal.db")],
        check=True,
        cwd=Path(__file__).parents[3],
    )
