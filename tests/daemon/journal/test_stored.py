"""A journal as an earlier program wrote it: every later one reads it, replays it and decides it again.

`stored/journal_schema_0001.sqlite` holds a first plan, asked for, approved and done, as the last
program before the first release wrote it. It is never made anew: a change that cannot read it any more
breaks a journal that people have.
"""

import shutil
from pathlib import Path

import pytest

from daemon.demo.scorecard import differing_cycles
from daemon.journal.audit import Verified, verify
from daemon.journal.opening import open_journal, open_journal_reader
from daemon.journal.replay import rebuild
from daemon.journal.schema import CURRENT, version_of
from daemon.machine.clocks import SteppedClock
from daemon.upkeep.restore import restore
from portfolio.events import Halted

STORED = Path(__file__).parent / "stored" / "journal_schema_0001.sqlite"
HEAD = (31, "ab0dc4610807e3a7b9e0936e3121378d96a262ee3133825436457a60e43ea2c3")


@pytest.fixture
def journal_file(tmp_path: Path) -> Path:
    return Path(shutil.copy(STORED, tmp_path / "journal.sqlite"))


def test_an_upgrade_keeps_every_row_and_every_answer(journal_file: Path) -> None:
    first = open_journal_reader(STORED)
    clock = SteppedClock(first.events(limit=1, newest_first=True)[0].at)
    first.close()
    journal = open_journal(journal_file, clock=clock, render=lambda _: ())
    assert version_of(journal.database) == CURRENT
    assert journal.head() == HEAD
    assert isinstance(verify(journal), Verified)
    assert rebuild(journal) == ()
    looks = journal.cycles(limit=100)
    assert [look.cycle for look in looks] == [5, 4, 3, 2, 1]
    assert differing_cycles(journal, looks) == ()
    assert len(journal.legs()) == 4
    assert journal.append(Halted(by="x", reason="it goes on")) == HEAD[0] + 1
    journal.close()


def test_a_backup_of_before_an_upgrade_can_be_restored(tmp_path: Path) -> None:
    done = restore(STORED, tmp_path, by="ann", reason="rolled back")
    assert done.rows == HEAD[0]
    journal = open_journal_reader(tmp_path / "journal.sqlite")
    assert isinstance(verify(journal), Verified)
    assert differing_cycles(journal, journal.cycles(limit=100)) == ()
    journal.close()
