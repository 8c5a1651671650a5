"""Appending: all or nothing, once, and nothing that contradicts the journal."""

import hashlib
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from daemon.journal.audit import Verified, verify
from daemon.journal.opening import open_journal
from daemon.journal.store import JournalStore
from daemon.protocol import BrokenInvariant
from portfolio.canonical import canonical, digest, document_of
from portfolio.events import (
    Alarm,
    ApprovalEnded,
    ApprovalRequested,
    CycleFailed,
    Halted,
    LegPlanned,
    RunEnded,
    RunOpened,
)
from portfolio.orders import LegState
from portfolio.ports import JournalUnwritable
from portfolio.records import Notice, Recorded
from portfolio.wakes import Wake, WakeKind
from tests.daemon.journal.conftest import Place
from tests.support.journals import (
    DAY,
    DOCUMENTS,
    IDENTITY,
    INPUTS,
    NOW,
    cycle,
    deposit,
    fill,
    leg,
    moved,
    nothing_to_tell,
    proposal,
    run,
)

S = LegState


def test_a_new_journal_begins_with_what_it_is_for(journal: JournalStore) -> None:
    first = journal.events()[0]
    assert (first.seq, first.at, first.actor, first.event) == (1, NOW, "trimtab", IDENTITY)
    assert journal.identity() == IDENTITY
    assert journal.head()[0] == 1


def test_an_append_returns_the_last_number_and_keeps_who_and_when(
    journal: JournalStore, place: Place
) -> None:
    place.clock.advance_to(NOW + timedelta(minutes=1))
    last = journal.append(
        Halted(by="anna", reason="holiday"),
        CycleFailed(wake=Wake(kind=WakeKind.TICK), reason="no prices"),
        actor="anna",
    )
    assert last == 3
    kept = journal.events(after=1)
    assert [(r.seq, r.actor, r.event.kind) for r in kept] == [
        (2, "anna", "halted"),
        (3, "anna", "cycle_failed"),
    ]
    assert kept[0].at == NOW + timedelta(minutes=1)


def test_a_row_hashes_the_row_before_and_all_it_says(journal: JournalStore) -> None:
    before = journal.head()[1]
    event = Halted(by="anna", reason="ümläut")
    journal.append(event, actor="anna")
    body = canonical(event).replace("\\", "\\\\").replace('"', '\\"')
    at = "2026-03-11T14:00:00.000000+00:00"
    row = f'["core",2,"{at}","anna","halted","{body}"]'
    assert journal.head()[1] == hashlib.sha256((before + row).encode()).hexdigest()


def test_documents_are_stored_once_under_their_digest(journal: JournalStore, place: Place) -> None:
    seq = journal.append(cycle(1), documents=DOCUMENTS)
    journal.append(cycle(2), documents=DOCUMENTS)
    again = place.read()
    for text in INPUTS.values():
        assert again.document(digest(text)) == canonical(text)
    found = verify(again)
    assert isinstance(found, Verified)
    assert (seq, found.documents) == (2, len(INPUTS))
    with pytest.raises(KeyError):
        again.document("0" * 64)


def test_a_look_without_its_inputs_is_refused(journal: JournalStore) -> None:
    with pytest.raises(BrokenInvariant):
        journal.append(cycle(1), documents=DOCUMENTS[:3])
    assert journal.head()[0] == 1
    assert journal.append(cycle(1), documents=DOCUMENTS) == 2


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ((LegPlanned(leg=leg()), LegPlanned(leg=leg())), "in the journal already"),
        ((moved(S.PLANNED, S.SUBMITTING),), "never planned"),
        ((LegPlanned(leg=leg()), moved(S.PLANNED, S.WORKING)), "cannot go from planned to working"),
        ((LegPlanned(leg=leg()), moved(S.SUBMITTING, S.WORKING)), "is planned, not submitting"),
        ((LegPlanned(leg=leg()), moved(S.PLANNED, S.PLANNED)), "cannot go from planned to planned"),
        ((RunOpened(run=run(1), accepted_by="x"), RunOpened(run=run(2), accepted_by="x")), "open"),
        ((RunEnded(run=1, session=DAY, outcome="complete", reason=""),), "not open"),
        ((ApprovalEnded(proposal_hash="ab", outcome="granted", by="x", reason=""),), "not waiting"),
    ],
)
def test_an_event_that_contradicts_the_journal_keeps_nothing(
    journal: JournalStore, place: Place, events: Any, why: str
) -> None:
    with pytest.raises(BrokenInvariant, match=why):
        journal.append(
            Halted(by="x", reason="goes too"), *events, documents=[document_of("goes too")]
        )
    assert place.read().head()[0] == 1
    assert not journal.legs()
    with pytest.raises(KeyError):
        journal.document(digest("goes too"))
    assert journal.append(Halted(by="x", reason="stays")) == 2


def test_the_filled_quantity_of_a_leg_never_falls(journal: JournalStore) -> None:
    journal.append(LegPlanned(leg=leg()), moved(S.PLANNED, S.SUBMITTING))
    journal.append(moved(S.SUBMITTING, S.WORKING, filled="9.5"))
    journal.append(moved(S.WORKING, S.WORKING, filled="10"))
    with pytest.raises(BrokenInvariant, match=r"had 10 filled, 9\.75 would be fewer"):
        journal.append(moved(S.WORKING, S.CANCELED, filled="9.75"))
    journal.append(moved(S.WORKING, S.CANCELED, filled="10"))
    journal.append(moved(S.CANCELED, S.CANCELED, filled="11"))  # a sweep found more
    found = journal.leg(leg().client_order_id)
    assert found is not None
    assert (found.state, int(found.filled_quantity), found.sends) == (S.CANCELED, 11, 1)


def test_a_look_is_recorded_once(journal: JournalStore) -> None:
    journal.append(cycle(1), documents=DOCUMENTS)
    with pytest.raises(BrokenInvariant, match="cycle 1 is in the journal already"):
        journal.append(cycle(1), documents=DOCUMENTS)


def test_a_fill_or_flow_seen_again_is_no_news(journal: JournalStore) -> None:
    assert journal.append(fill("e-1"), deposit("100"), fill("e-1")) == 3
    assert journal.append(fill("e-1", "99"), deposit("99")) == 3
    assert journal.append(fill("e-1", account="other"), fill("e-2")) == 5
    assert [f.fill.quantity for f in journal.fills()] == [10, 10, 10]
    assert [f.amount for f in journal.flows()] == [100]


def test_notices_are_queued_with_their_event_and_only_once(place: Place) -> None:
    def render(recorded: Recorded) -> tuple[Notice, ...]:
        if recorded.event.kind != "alarm":
            return ()
        text = f"row {recorded.seq}"
        return (Notice(key=recorded.event.name, urgent=True, title="Alarm", body=text),)

    journal = place.open(render)
    alarm = Alarm(name="clock skew", level="page", text="5 s")
    journal.append(alarm)
    journal.append(alarm)
    with pytest.raises(BrokenInvariant):
        journal.append(Alarm(name="lost", level="page", text="x"), moved(S.PLANNED, S.SUBMITTING))
    (queued,) = journal.due_notices(NOW)
    assert (queued.notice.key, queued.notice.body, queued.tries) == ("clock skew", "row 2", 0)


def test_a_fault_in_the_wording_does_not_keep_a_fact_out(place: Place) -> None:
    def render(_recorded: Recorded) -> tuple[Notice, ...]:
        raise ZeroDivisionError("no managed value")

    journal = place.open(render)
    assert journal.append(fill("e-1")) == 2
    queued = journal.due_notices(NOW)[-1].notice
    assert queued.urgent
    assert "fill_booked" in queued.body
    assert "no managed value" in queued.body


def test_a_clock_without_a_zone_is_refused(place: Place, journal: JournalStore) -> None:
    class Naive:
        def now(self) -> datetime:
            return datetime(2026, 3, 11)  # noqa: DTZ001  what is tested

    journal.close()
    broken = open_journal(place.where, clock=Naive(), render=nothing_to_tell)
    with pytest.raises(ValueError, match="time zone"):
        broken.append(Halted(by="x", reason="y"))
    broken.close()


def test_a_second_writer_is_found_out(place: Place, journal: JournalStore) -> None:
    if not place.is_sqlite:
        with pytest.raises(JournalUnwritable, match="another trimtab writes"):
            place.open()
        return
    other = place.open()
    other.append(Halted(by="other", reason="x"))
    for _ in range(2):
        with pytest.raises(JournalUnwritable, match="only one daemon may write"):
            journal.append(Halted(by="x", reason="y"))
    assert isinstance(verify(other), Verified)


def test_threads_may_share_a_journal(journal: JournalStore) -> None:
    failures: list[BaseException] = []

    def work(name: int) -> None:
        try:
            for number in range(20):
                journal.append(fill(f"e-{name}-{number}", "1"))
                journal.due_notices(NOW)
                journal.tick(NOW)
        except BaseException as error:  # noqa: BLE001  shown below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert journal.head()[0] == 81
    assert journal.positions("brokerage") == {"VTI": 80}
    assert isinstance(verify(journal), Verified)


def test_asking_again_replaces_the_older_question(journal: JournalStore) -> None:
    for number in (1, 2):
        asked = ApprovalRequested(
            cycle=number,
            proposal_hash=f"hash-{number}",
            expires_at=NOW + timedelta(hours=24),
            reasons=("over 10 %",),
        )
        look = cycle(number, proposal(f"reason {number}"))
        journal.append(look, asked, documents=DOCUMENTS)
    pending = journal.pending_approval()
    assert pending is not None
    assert (pending.cycle, pending.proposal_hash) == (2, "hash-2")
    assert pending.proposal == proposal("reason 2")
    assert (pending.requested_at, pending.reasons) == (NOW, ("over 10 %",))
    journal.append(
        ApprovalEnded(proposal_hash="hash-1", outcome="replaced", by="trimtab", reason="newer"),
        ApprovalEnded(proposal_hash="hash-2", outcome="granted", by="anna", reason=""),
    )
    assert journal.pending_approval() is None
