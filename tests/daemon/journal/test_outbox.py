"""The outbox: what waits, what is due, what became of it."""

from datetime import timedelta

import pytest

from daemon.journal.store import JournalStore
from portfolio.events import Halted
from portfolio.records import Notice, Recorded
from tests.daemon.journal.conftest import Place
from tests.support.journals import NOW

MINUTE = timedelta(minutes=1)


def render(recorded: Recorded) -> tuple[Notice, ...]:
    key = f"row-{recorded.seq}"
    return (Notice(key=key, urgent=recorded.seq == 2, title=recorded.event.kind, body="ümläut 💶"),)


@pytest.fixture
def journal(place: Place) -> JournalStore:
    journal = place.open(render)
    journal.append(Halted(by="x", reason="y"), Halted(by="x", reason="z"))
    return journal


def keys(journal: JournalStore, **chosen: int) -> list[str]:
    return [q.notice.key for q in journal.due_notices(NOW + MINUTE, **chosen)]


def test_notices_are_due_at_once_oldest_first(journal: JournalStore) -> None:
    assert keys(journal) == ["row-1", "row-2", "row-3"]
    assert keys(journal, limit=2) == ["row-1", "row-2"]
    second = journal.due_notices(NOW)[1]
    assert second.notice == render(journal.events()[1])[0]
    assert (second.queued_at, second.next_try_at, second.delivered_at) == (NOW, NOW, None)
    assert (second.tries, second.last_error) == (0, "")


def test_a_delivered_notice_is_done(journal: JournalStore, place: Place) -> None:
    first = journal.due_notices(NOW)[0]
    journal.notice_delivered(first.number, NOW)
    assert keys(journal) == ["row-2", "row-3"]
    journal.close()
    assert keys(place.open(render)) == ["row-2", "row-3"]


def test_a_failed_notice_waits_for_its_next_try(journal: JournalStore) -> None:
    first = journal.due_notices(NOW)[0]
    journal.notice_failed(first.number, "connection refused", NOW + 5 * MINUTE)
    assert keys(journal) == ["row-2", "row-3"]
    again = journal.due_notices(NOW + 5 * MINUTE)[0]
    assert (again.notice.key, again.tries, again.last_error) == ("row-1", 1, "connection refused")
