"""The legs that the writer keeps beside the database: always what the database says."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.journal.database import IN_MEMORY
from daemon.journal.leg_book import GROWS_TO, REACHES_BACK
from daemon.journal.opening import open_journal
from daemon.journal.queries import leg as leg_in_database
from daemon.journal.queries import legs as legs_in_database
from daemon.journal.store import JournalStore
from daemon.machine.clocks import SteppedClock
from daemon.protocol import BrokenInvariant
from portfolio.events import LegMoved, LegPlanned, RunEnded, RunOpened
from portfolio.orders import LegState
from tests.daemon.journal.conftest import Place
from tests.support.journals import DAY, IDENTITY, NOW, leg, moved, nothing_to_tell, run

WAYS = {
    LegState.PLANNED: (LegState.SUBMITTING, LegState.ABANDONED),
    LegState.SUBMITTING: (LegState.WORKING, LegState.AMBIGUOUS, LegState.REJECTED),
    LegState.WORKING: (LegState.FILLED, LegState.CANCEL_REQUESTED),
    LegState.AMBIGUOUS: (LegState.LOST, LegState.WORKING),
    LegState.LOST: (LegState.NEVER_ARRIVED,),
    LegState.CANCEL_REQUESTED: (LegState.CANCELED,),
}
AGES = (timedelta(0), timedelta(hours=5), REACHES_BACK + timedelta(days=2))


def assert_both_say_the_same(journal: JournalStore, clock: SteppedClock) -> None:
    runs = (None, *range(1, 5))
    ages = (None, *AGES, timedelta(days=1))
    for number, live, age in product(runs, (True, False), ages):
        since = None if age is None else clock.now() - age
        kept = journal.legs(run=number, live=live, since=since)
        told = legs_in_database(journal.database, run=number, live=live, since=since)
        assert list(kept) == list(told)
    for found in journal.legs():
        name = found.client_order_id
        assert journal.leg(name) == leg_in_database(journal.database, name)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 2)), max_size=25))
def test_legs_are_what_the_database_says_after_every_append(steps: list[tuple[int, int]]) -> None:
    clock = SteppedClock(NOW)
    journal = open_journal(IN_MEMORY, clock=clock, render=nothing_to_tell, identity=IDENTITY)
    planned, number = dict[str, LegState](), 0
    for what, choice in steps:
        movable = sorted(name for name, state in planned.items() if state in WAYS)
        if what == 0:
            if number:
                journal.append(RunEnded(run=number, session=DAY, outcome="complete", reason=""))
            number += 1
            journal.append(RunOpened(run=run(number), accepted_by="limits"))
        elif what == 1:
            clock.advance_to(clock.now() + AGES[choice])
        elif what in (2, 3) or not movable:
            name = f"tt1-k7qa-{len(planned):06}-00-abcdef"
            journal.append(LegPlanned(leg=leg(name, run=max(number, 1))))
            planned[name] = LegState.PLANNED
        else:
            name = movable[choice % len(movable)]
            before = planned[name]
            after = WAYS[before][choice % len(WAYS[before])]
            journal.append(moved(before, after, of=leg(name)))
            planned[name] = after
        assert_both_say_the_same(journal, clock)
    journal.close()


def test_a_leg_of_last_month_is_found_in_the_database(place: Place) -> None:
    journal = place.open()
    old, ended = leg(), LegState.ABANDONED
    journal.append(LegPlanned(leg=old), moved(LegState.PLANNED, ended))
    place.clock.advance_to(NOW + timedelta(days=30))
    journal.close()
    later = place.open()
    assert later.legs(live=True) == []
    assert [found.state for found in later.legs(since=NOW)] == [ended]
    assert [found.client_order_id for found in later.legs(run=1)] == [old.client_order_id]
    known = later.leg(old.client_order_id)
    assert known is not None
    assert known.state is ended


def test_a_move_that_the_journal_refuses_changes_no_leg(journal: JournalStore) -> None:
    journal.append(LegPlanned(leg=leg()))
    assert [found.state for found in journal.legs(live=True)] == [LegState.PLANNED]
    with pytest.raises(BrokenInvariant, match="cannot go on from there"):
        journal.append(moved(LegState.WORKING, LegState.FILLED))
    assert [found.state for found in journal.legs(live=True)] == [LegState.PLANNED]


def test_a_book_that_has_grown_is_read_again_and_says_the_same(place: Place) -> None:
    journal = place.open()
    assert journal.legs(live=True) == []
    legs = [leg(f"tt1-k7qa-{number:06}-00-abcdef") for number in range(GROWS_TO + 2)]
    moves: list[LegMoved] = [moved(LegState.PLANNED, LegState.ABANDONED, of=one) for one in legs]
    journal.append(*(LegPlanned(leg=one) for one in legs), *moves)
    place.clock.advance_to(NOW + timedelta(days=30))
    assert journal.legs(live=True) == []
    assert len(journal.legs(since=NOW)) == len(legs)
