"""A full disk, a read-only directory, a lock, a damaged file: one clear sentence, nothing lost."""

import itertools
import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from daemon.journal import database
from daemon.journal.audit import Verified, verify
from daemon.journal.errors import JournalCorrupt
from daemon.journal.opening import open_journal, open_journal_reader
from daemon.journal.store import JournalStore
from portfolio.canonical import document_of
from portfolio.events import Halted
from portfolio.ports import JournalUnwritable
from tests.daemon.journal.conftest import Place
from tests.support.journals import IDENTITY, NOW, fill, nothing_to_tell, stepped

NOBODY = 65534


def opened(path: Path) -> JournalStore:
    return open_journal(path, clock=stepped(), render=nothing_to_tell, identity=IDENTITY)


def test_a_full_disk_keeps_nothing_and_passes(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal.db")
    pages = journal.database.rows(text("PRAGMA page_count"))[0][0]
    journal.database.rows(text(f"PRAGMA max_page_count = {pages + 2}"))
    head = journal.head()
    with pytest.raises(JournalUnwritable, match="full: make room"):
        journal.append(fill("e-1"), documents=[document_of("x" * 100_000)])
    assert journal.head() == head
    assert not journal.fills()
    journal.database.rows(text("PRAGMA max_page_count = 1000000"))
    assert journal.append(fill("e-1"), documents=[document_of("x" * 100_000)]) == head[0] + 1
    assert isinstance(verify(journal), Verified)
    journal.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def for_ever(journal: JournalStore) -> None:
    for number in itertools.count():
        journal.append(fill(f"e-{number}"))


def test_a_really_full_disk_keeps_nothing_and_passes(small_disk: Path) -> None:
    journal = opened(small_disk / "journal.db")
    ballast = small_disk / "ballast"
    room = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    ballast.write_bytes(b"x" * (room - 8192))
    with pytest.raises(JournalUnwritable, match="full: make room"):
        for_ever(journal)
    kept = journal.head()[0]
    assert len(journal.fills()) == kept - 1
    ballast.unlink()
    assert journal.append(fill("after")) == kept + 1
    assert isinstance(verify(journal), Verified)
    journal.close()


@pytest.fixture
def no_rights() -> Iterator[Callable[[Path], None]]:
    """Take the right to write away, also from a test that is run by root."""
    root = os.geteuid() == 0
    locked: list[Path] = []

    def lock(directory: Path) -> None:
        for path in (directory, *directory.iterdir()):
            if root:
                os.chown(path, NOBODY, NOBODY)
            path.chmod(0o555 if path.is_dir() else 0o444)
        locked.append(directory)
        if root:
            os.seteuid(NOBODY)

    yield lock
    if root:
        os.seteuid(0)
    for directory in locked:
        directory.chmod(0o700)


@pytest.fixture
def state() -> Iterator[Path]:
    """A directory that another user could reach."""
    with tempfile.TemporaryDirectory(prefix="trimtab-test-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_read_only_directory_is_said(state: Path, no_rights: Callable[[Path], None]) -> None:
    no_rights(state)
    with pytest.raises(JournalUnwritable, match=r"journal\.db cannot be written.*directory"):
        opened(state / "journal.db")


def test_a_read_only_journal_is_said_and_can_still_be_read(
    state: Path, no_rights: Callable[[Path], None]
) -> None:
    path = state / "journal.db"
    writer = opened(path)  # still open: its -wal and -shm are there
    no_rights(state)
    with pytest.raises(JournalUnwritable, match="permission denied"):
        opened(path)
    reader = open_journal_reader(path)
    assert reader.head()[0] == 1
    reader.close()
    os.seteuid(os.getuid())
    writer.close()


def test_a_missing_directory_is_said(tmp_path: Path) -> None:
    with pytest.raises(JournalUnwritable, match="No such file or directory"):
        opened(tmp_path / "nowhere" / "journal.db")


def test_a_locked_journal_is_unwritable_until_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 20)
    journal = opened(tmp_path / "journal.db")
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnwritable, match=r"locked.*Another process"):
            journal.append(Halted(by="x", reason="y"))
        with pytest.raises(JournalUnwritable, match="locked"):
            journal.tick(NOW)
        assert journal.head()[0] == 1
        other.execute("ROLLBACK")
    assert journal.append(Halted(by="x", reason="y")) == 2
    journal.close()


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_text("this is a diary, not a database\n" * 200)
    for attempt in (opened, open_journal_reader):
        with pytest.raises(JournalCorrupt, match="not a database"):
            attempt(path)
    assert path.read_text().startswith("this is a diary")


def test_a_damaged_file_is_found_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = opened(path)
    for number in range(200):
        journal.append(fill(f"e-{number}"))
    journal.close()
    with path.open("r+b") as file:
        size = path.stat().st_size
        file.seek(size // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096)
    with pytest.raises(JournalCorrupt, match="restore a backup"):
        opened(path)


def test_a_cut_file_is_found_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    opened(path).close()
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(JournalCorrupt):
        opened(path)


def test_an_anchor_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal.db")
    (tmp_path / "journal.db.anchor.new").mkdir()
    with pytest.raises(JournalUnwritable, match="anchor"):
        journal.anchor(NOW)
    journal.close()


@pytest.fixture
def server_journal(place: Place) -> JournalStore:
    if place.is_sqlite:
        pytest.skip("about the connection to a server")
    return place.open()


def cut(place: Place, journal: JournalStore) -> None:
    """End the journal's connection from the server's side."""
    import psycopg

    pid = journal.database.rows(text("SELECT pg_backend_pid()"))[0][0]
    with psycopg.connect(str(place.where), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s)", (pid,))
        while connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,)
        ).fetchone():
            pass


def test_a_lost_connection_keeps_nothing_and_is_made_anew(
    place: Place, server_journal: JournalStore
) -> None:
    cut(place, server_journal)
    with pytest.raises(JournalUnwritable):
        server_journal.append(Halted(by="x", reason="y"))
    assert server_journal.head()[0] == 1
    assert server_journal.append(Halted(by="x", reason="z")) == 2
    assert isinstance(verify(server_journal), Verified)


def test_a_commit_whose_answer_was_lost_counts(
    place: Place, server_journal: JournalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = database.Database.transaction

    @contextmanager
    def answer_lost(self: database.Database) -> Iterator[object]:
        with real(self) as tables:
            yield tables
        cut(place, server_journal)
        self.rows(text("SELECT 1"))

    monkeypatch.setattr(database.Database, "transaction", answer_lost)
    assert server_journal.append(fill("e-1")) == 2
    monkeypatch.undo()
    assert server_journal.append(fill("e-1"), fill("e-2")) == 3
    assert isinstance(verify(server_journal), Verified)
