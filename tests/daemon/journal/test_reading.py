"""Reading back: by the writer and by a reader beside it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from daemon.journal.store import JournalStore
from portfolio.events import (
    Alarm,
    AlarmCleared,
    Fenced,
    Halted,
    LegPlanned,
    Resumed,
    RunEnded,
    RunOpened,
    Unfenced,
)
from portfolio.memory import Fence
from portfolio.orders import LegState
from portfolio.ports import JournalUnwritable
from tests.daemon.journal.conftest import Place
from tests.support.journals import (
    DAY,
    DOCUMENTS,
    NOW,
    cycle,
    deposit,
    fill,
    leg,
    moved,
    proposal,
    run,
)

HOUR = timedelta(hours=1)


def test_a_reader_sees_each_commit_while_the_daemon_writes(
    place: Place, journal: JournalStore
) -> None:
    reader = place.read()
    for number in range(1, 4):
        journal.append(Halted(by="x", reason=str(number)))
        assert reader.head() == journal.head()
        assert reader.head()[0] == number + 1


def test_a_reader_sees_a_journal_that_nobody_has_open(place: Place, journal: JournalStore) -> None:
    head = journal.head()
    journal.close()
    assert place.read().head() == head


def test_no_write_is_possible_through_a_reader(place: Place, journal: JournalStore) -> None:
    reader = place.read()
    for attempt in (
        lambda: reader.append(Halted(by="x", reason="y")),
        lambda: reader.tick(NOW),
        lambda: reader.notice_delivered(1, NOW),
        lambda: reader.notice_failed(1, "x", NOW),
        lambda: reader.database.rows(text("DELETE FROM leg")),
    ):
        with pytest.raises(JournalUnwritable):
            attempt()
    assert journal.head()[0] == 1


def test_events_are_chosen_by_kind_number_and_end(journal: JournalStore) -> None:
    for number in range(3):
        journal.append(Halted(by="x", reason=str(number)), Resumed(by="y", reason=str(number)))

    def seqs(*kinds: str, **chosen: int) -> list[int]:
        return [r.seq for r in journal.events(*kinds, **chosen)]  # type: ignore[arg-type]

    assert seqs() == [1, 2, 3, 4, 5, 6, 7]
    assert seqs("halted") == [2, 4, 6]
    assert seqs("halted", "resumed", after=4) == [5, 6, 7]
    assert seqs("resumed", limit=1) == [3]
    assert seqs("resumed", limit=2, newest_first=True) == [7, 5]
    assert seqs("session_closed") == []


def test_looks_are_numbered_and_read_newest_first(journal: JournalStore, place: Place) -> None:
    assert journal.next_cycle() == 1
    for number in (1, 2, 3):
        place.clock.advance_to(NOW + number * HOUR)
        journal.append(cycle(number, proposal(str(number))), documents=DOCUMENTS)
    assert journal.next_cycle() == 4
    assert [c.cycle for c in journal.cycles()] == [3, 2, 1]
    assert [c.cycle for c in journal.cycles(limit=1)] == [3]
    assert [c.cycle for c in journal.cycles(before=NOW + 2 * HOUR)] == [2, 1]
    found = journal.cycle(2)
    assert found is not None
    assert (found.seq, found.at, found.decision) == (3, NOW + 2 * HOUR, proposal("2"))
    assert (found.session, found.snapshot) == (DAY, cycle(2).snapshot)
    assert journal.cycle(9) is None


def test_legs_are_found_by_run_by_life_by_time_and_by_name(journal: JournalStore) -> None:
    first, second = leg("tt1-a"), leg("tt1-b", run=2, index=1)
    journal.append(LegPlanned(leg=first), LegPlanned(leg=second))
    journal.append(moved(LegState.PLANNED, LegState.ABANDONED, of=first))

    def names(**chosen: object) -> list[str]:
        return [found.client_order_id for found in journal.legs(**chosen)]  # type: ignore[arg-type]

    assert names() == ["tt1-a", "tt1-b"]
    assert names(run=2) == ["tt1-b"]
    assert names(live=True) == ["tt1-b"]
    assert names(live=True, run=1) == []
    assert names(since=NOW) == ["tt1-a", "tt1-b"]
    assert names(since=NOW + HOUR) == []
    assert journal.leg("tt1-b") == second
    assert journal.leg("tt1-c") is None


def test_fills_and_flows_are_found_by_order_and_time(journal: JournalStore) -> None:
    booked = fill("e-1", order="tt1-a", at=NOW)
    journal.append(booked, fill("e-2", at=NOW + HOUR), deposit("5"))
    assert journal.fills(client_order_id="tt1-a") == [booked]
    assert [f.fill.execution_id for f in journal.fills()] == ["e-1", "e-2"]
    assert [f.fill.execution_id for f in journal.fills(since=NOW + HOUR)] == ["e-2"]
    assert journal.flows() == [deposit("5").flow]
    assert journal.flows(since=DAY) == [deposit("5").flow]
    assert not journal.flows(since=date(2026, 3, 12))


def test_one_run_is_open_until_it_ends(journal: JournalStore) -> None:
    assert (journal.open_run(), journal.next_run()) == (None, 1)
    journal.append(RunOpened(run=run(1), accepted_by="anna", flows=("d-1",)))
    assert (journal.open_run(), journal.next_run()) == (run(1), 2)
    assert run(1).buy_budget == Decimal("2500.50")
    journal.append(RunEnded(run=1, session=DAY, outcome="complete", reason=""))
    assert (journal.open_run(), journal.next_run()) == (None, 2)


def test_fences_stand_until_their_time_or_a_person(journal: JournalStore, place: Place) -> None:
    lost = Fence(account="brokerage", symbol="VTI", reason="order lost")
    jump = Fence(account="brokerage", symbol="VTI", reason="price jump", until=NOW + HOUR)
    other = Fence(account="brokerage", symbol="BND", reason="price jump", until=NOW + HOUR)
    journal.append(Fenced(fence=lost), Fenced(fence=jump), Fenced(fence=other))
    assert journal.fences(NOW) == [lost, jump, other]
    assert journal.fences(NOW + HOUR) == [lost]  # half-open
    later = Fence(account="brokerage", symbol="VTI", reason="price jump", until=NOW + 2 * HOUR)
    journal.append(Fenced(fence=later))
    assert journal.fences(NOW + HOUR) == [lost, later]
    journal.append(Unfenced(account="brokerage", symbol="VTI", reason="looked"))
    assert journal.fences(NOW) == [other]


def test_an_alarm_is_open_until_it_is_cleared(journal: JournalStore) -> None:
    first = Alarm(name="stuck", level="info", text="order a", scope="a")
    second = Alarm(name="stuck", level="page", text="order b", scope="b")
    journal.append(first, second)
    worse = Alarm(name="stuck", level="page", text="order a, still", scope="a")
    journal.append(worse)
    assert list(journal.open_alarms()) == [second, worse]
    journal.append(AlarmCleared(name="stuck", scope="b"), AlarmCleared(name="never raised"))
    assert list(journal.open_alarms()) == [worse]


def test_ticks_are_kept_for_four_hundred_days(journal: JournalStore) -> None:
    assert journal.last_tick() is None
    journal.tick(NOW)
    journal.tick(NOW + HOUR)
    assert journal.last_tick() == NOW + HOUR
    journal.tick(NOW + timedelta(days=400, minutes=30))
    rows = journal.database.rows(text("SELECT count(*) FROM tick"))
    assert rows[0][0] == 2
    assert journal.head()[0] == 1
