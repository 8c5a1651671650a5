"""Backups: made while the daemon writes, verified before they count, and never too many."""

import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.settings import BackupSettings
from daemon.journal import copying
from daemon.journal.anchor import read_anchor
from daemon.journal.audit import Verified, verify
from daemon.journal.opening import open_journal, open_journal_reader
from daemon.journal.store import JournalStore
from daemon.upkeep import backup
from daemon.upkeep.backup import (
    Backup,
    BackupFailed,
    Outcome,
    RecordBroken,
    ScheduledBackups,
    back_up,
    backups_in,
    made_at,
    prune,
)
from portfolio.events import Halted
from tests.support.command_line import invested_rig, trimtab
from tests.support.journals import IDENTITY, NOW, nothing_to_tell, stepped
from tests.support.postgres_server import fresh_schema


def opened(where: Path | str, anchor: Path | None = None) -> JournalStore:
    return open_journal(
        where, clock=stepped(), render=nothing_to_tell, identity=IDENTITY, anchored_in=anchor
    )


def tables_of(journal: JournalStore) -> list[object]:
    from daemon.journal.tables import METADATA

    return [
        [tuple(row) for row in journal.database.rows(table.select().order_by(*table.primary_key))]
        for table in METADATA.sorted_tables
    ]


def test_a_backup_of_a_working_journal_holds_all_of_it(tmp_path: Path) -> None:
    rig = invested_rig(tmp_path)
    rig.journal.anchor(rig.clock.now())
    made = back_up(tmp_path / "journal.sqlite", tmp_path / "backups", now=NOW)
    assert (made.rows, made.head) == rig.journal.head()
    assert made.file.name == f"journal-20260311T140000Z-{made.rows:08}.sqlite"
    copy = open_journal_reader(made.file)
    assert tables_of(copy) == tables_of(rig.journal)
    copy.close()
    names = sorted(path.name for path in made.file.parent.iterdir())
    assert names == [made.file.name, f"{made.file.name}.anchor"], "one file, and its anchor"
    anchor = read_anchor(made.file.with_name(names[1]))
    assert anchor is not None
    assert (anchor.seq, anchor.hash) == (made.rows, made.head)
    assert made.file.stat().st_mode & 0o007 == 0, "nobody else on the machine reads it"


def test_a_backup_made_while_rows_are_written_holds_a_whole_chain(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal.sqlite")
    enough = threading.Event()

    def write() -> None:
        number = 0
        while not enough.is_set():
            number += 1
            journal.append(Halted(by="x", reason=f"row {number}"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [
            back_up(tmp_path / "journal.sqlite", tmp_path / "copies", now=NOW + timedelta(hours=n))
            for n in range(5)
        ]
    finally:
        enough.set()
        writer.join()
    assert [one.rows for one in made] == sorted(one.rows for one in made)
    for one in made:
        copy = open_journal_reader(one.file)
        assert isinstance(verify(copy), Verified)
        copy.close()
    journal.close()


def test_a_journal_with_a_changed_row_gives_no_backup_and_leaves_the_old_ones(
    tmp_path: Path,
) -> None:
    journal = opened(tmp_path / "journal.sqlite")
    journal.append(Halted(by="x", reason="first"))
    good = back_up(tmp_path / "journal.sqlite", tmp_path / "copies", now=NOW)
    journal.close()
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as behind_its_back:
        behind_its_back.execute("DROP TRIGGER audit_no_update")
        behind_its_back.execute("UPDATE audit SET actor = 'someone else' WHERE seq = 2")
        behind_its_back.commit()
    with pytest.raises(BackupFailed, match="does not hold at row 2"):
        back_up(tmp_path / "journal.sqlite", tmp_path / "copies", now=NOW + timedelta(days=1))
    assert backups_in(tmp_path / "copies") == (good.file,)


def test_a_table_that_does_not_follow_from_the_chain_gives_no_backup(tmp_path: Path) -> None:
    rig = invested_rig(tmp_path)
    rig.journal.close()
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as behind_its_back:
        behind_its_back.execute("UPDATE position SET quantity = '1'")
        behind_its_back.commit()
    with pytest.raises(BackupFailed, match="do not follow from the chain"):
        back_up(tmp_path / "journal.sqlite", tmp_path / "copies", now=NOW)


def test_a_copy_that_is_older_than_the_anchor_is_no_backup(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal.sqlite")
    journal.append(Halted(by="x", reason="first"))
    journal.anchor(NOW)
    anchor = tmp_path / "journal.sqlite.anchor"
    text = anchor.read_text().replace('"seq": 2', '"seq": 9')
    anchor.write_text(text)
    with pytest.raises(BackupFailed, match="the anchor knows row 9"):
        back_up(tmp_path / "journal.sqlite", tmp_path / "copies", now=NOW, anchored_in=anchor)
    journal.close()


def test_only_the_latest_are_kept_and_one_always_is(tmp_path: Path) -> None:
    opened(tmp_path / "journal.sqlite").close()
    made = [
        back_up(tmp_path / "journal.sqlite", tmp_path, now=NOW + timedelta(days=n)).file
        for n in range(4)
    ]
    prune(tmp_path, 2)
    assert backups_in(tmp_path) == tuple(made[2:])
    prune(tmp_path, 0)
    assert backups_in(tmp_path) == tuple(made[3:])
    assert made_at(made[3]) == NOW + timedelta(days=3)


def test_a_backup_is_due_a_day_after_the_last_and_is_told_of(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal.sqlite")
    clock, told = stepped(), list[Outcome]()
    scheduled = ScheduledBackups(
        BackupSettings(every=timedelta(hours=24), keep=3),
        tmp_path / "journal.sqlite",
        tmp_path / "copies",
        clock,
        anchored_in=None,
        on_done=told.append,
    )
    for hours in (0, 23, 24, 30, 47, 48, 49):
        clock.advance_to(NOW + timedelta(hours=hours))
        scheduled.after_tick(journal)
        scheduled.stop()
    assert [made_at(file) - NOW for file in backups_in(tmp_path / "copies")] == [
        timedelta(hours=24),
        timedelta(hours=48),
    ]
    assert [isinstance(one, Backup) for one in told] == [True, True]
    journal.close()


def test_a_backup_that_fails_is_told_of_and_tried_again_after_an_hour(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal.sqlite")
    clock, told = stepped(), list[Outcome]()
    (tmp_path / "in the way").write_text("a file, no folder")
    scheduled = ScheduledBackups(
        BackupSettings(every=timedelta(hours=1), keep=3),
        tmp_path / "journal.sqlite",
        tmp_path / "in the way",
        clock,
        anchored_in=None,
        on_done=told.append,
    )
    for minutes in (60, 61, 119, 120):
        clock.advance_to(NOW + timedelta(minutes=minutes))
        scheduled.after_tick(journal)
        scheduled.stop()
    assert len(told) == 2
    assert all(isinstance(one, str) and "takes no backup" in one for one in told)
    journal.close()


@pytest.mark.parametrize("is_the_journal", [True, False])
def test_a_record_that_was_changed_is_told_apart_from_a_copy_that_is_no_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_the_journal: bool
) -> None:
    journal = opened(tmp_path / "journal.sqlite")
    journal.append(Halted(by="x", reason="first"))

    def change(file: Path) -> None:
        with closing(sqlite3.connect(file)) as behind_its_back:
            behind_its_back.execute("DROP TRIGGER audit_no_update")
            behind_its_back.execute("UPDATE audit SET actor = 'someone else' WHERE seq = 2")
            behind_its_back.commit()

    if is_the_journal:
        change(tmp_path / "journal.sqlite")
    else:
        copy = copying.copy_journal

        def spoilt(where: Path, part: Path) -> None:
            copy(where, part)
            change(part)

        monkeypatch.setattr(copying, "copy_journal", spoilt)
    clock, told = stepped(), list[Outcome]()
    clock.advance_to(NOW + timedelta(hours=1))
    scheduled = ScheduledBackups(
        BackupSettings(every=timedelta(hours=1), keep=3),
        tmp_path / "journal.sqlite",
        tmp_path / "copies",
        clock,
        anchored_in=None,
        on_done=told.append,
    )
    scheduled.after_tick(journal)
    scheduled.stop()
    (outcome,) = told
    if is_the_journal:
        assert outcome == RecordBroken(reason="row 2: its hash does not fit what it says")
    else:
        assert isinstance(outcome, str)
        assert "does not hold at row 2" in outcome
    journal.close()


def test_the_command_backs_up_and_says_what_it_verified(tmp_path: Path) -> None:
    rig = invested_rig(tmp_path)
    said = trimtab("backup", "--state", tmp_path)
    assert said.code == 0, said.err
    (file,) = backups_in(tmp_path / backup.FOLDER)
    assert str(file) in said.out
    assert f"Verified: {rig.journal.head()[0]:,} rows, head {rig.journal.head()[1]}" in said.out


def test_a_journal_on_a_server_is_backed_up_into_a_file_and_filled_back_from_it(
    tmp_path: Path, postgres: str
) -> None:
    """The chain is the same text on both, so that the copy verifies where it is."""
    from daemon.journal.copying import load_into_server
    from tests.daemon.journal.test_replay import STORY
    from tests.support.journals import DOCUMENTS

    with fresh_schema(postgres) as first, fresh_schema(postgres) as other:
        journal = opened(first, tmp_path / "a.anchor")
        journal.append(*STORY, documents=DOCUMENTS)
        journal.tick(NOW)
        made = back_up(first, tmp_path / "copies", now=datetime.now(UTC))
        assert (made.rows, made.head) == journal.head()
        load_into_server(made.file, other)
        back = opened(other, tmp_path / "b.anchor")
        assert tables_of(back) == tables_of(journal)
        back.tick(NOW + timedelta(minutes=1))
        back.append(Halted(by="x", reason="goes on"))
        back.close()
        journal.close()
