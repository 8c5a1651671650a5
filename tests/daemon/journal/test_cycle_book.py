"""The looks that the writer keeps beside the database: always what the database says."""

import pytest

from daemon.journal import cycle_book
from daemon.journal.queries import cycles as cycles_in_database
from daemon.journal.store import JournalStore
from daemon.protocol import BrokenInvariant
from portfolio.events import Halted
from tests.support.journals import DOCUMENTS, cycle

LIMITS = (1, 2, 3, 5, 20, 400)


def assert_both_say_the_same(journal: JournalStore) -> None:
    for limit in LIMITS:
        told = cycles_in_database(journal.database, limit=limit, before=None)
        assert list(journal.cycles(limit=limit)) == list(told)


def test_each_new_look_is_the_first_of_those_that_are_kept(journal: JournalStore) -> None:
    assert_both_say_the_same(journal)
    for number in range(1, 8):
        journal.append(cycle(number), documents=DOCUMENTS)
        assert [look.cycle for look in journal.cycles(limit=2)] == [number, number - 1][:number]
        assert_both_say_the_same(journal)


def test_looks_that_nobody_asked_for_in_between_are_there(journal: JournalStore) -> None:
    journal.append(cycle(1), documents=DOCUMENTS)
    assert [look.cycle for look in journal.cycles(limit=1)] == [1]
    for number in (2, 3, 4):
        journal.append(Halted(by="ann", reason="looking"), cycle(number), documents=DOCUMENTS)
    assert [look.cycle for look in journal.cycles(limit=3)] == [4, 3, 2]
    assert_both_say_the_same(journal)


def test_no_more_are_kept_than_anybody_needs(
    journal: JournalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cycle_book, "MOST", 3)
    for number in range(1, 10):
        journal.append(cycle(number), documents=DOCUMENTS)
        assert_both_say_the_same(journal)


def test_a_look_that_the_journal_refused_is_not_among_them(journal: JournalStore) -> None:
    journal.append(cycle(1), documents=DOCUMENTS)
    assert [look.cycle for look in journal.cycles(limit=2)] == [1]
    with pytest.raises(BrokenInvariant):
        journal.append(cycle(2), cycle(1), documents=DOCUMENTS)
    assert [look.cycle for look in journal.cycles(limit=2)] == [1]
    assert_both_say_the_same(journal)
