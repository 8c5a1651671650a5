"""The tables hold nothing that the chain does not say: made again from it, they are the same."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.journal.replay import Difference, rebuild
from daemon.journal.store import JournalStore
from portfolio.events import (
    Alarm,
    AlarmCleared,
    ApprovalEnded,
    ApprovalRequested,
    Event,
    Fenced,
    Halted,
    LegPlanned,
    Resumed,
    RunEnded,
    RunOpened,
    Unfenced,
)
from portfolio.memory import Fence
from portfolio.orders import LegState, Side
from tests.daemon.journal.conftest import Place, Tampering
from tests.support.journals import (
    DAY,
    DOCUMENTS,
    NOW,
    accepted,
    cycle,
    deposit,
    fill,
    leg,
    moved,
    proposal,
    run,
    split,
)

S = LegState
STORY: tuple[Event, ...] = (
    accepted(VTI="10", BND="3.5"),
    cycle(1, proposal()),
    ApprovalRequested(
        cycle=1, proposal_hash="h", expires_at=NOW + timedelta(hours=24), reasons=("over 10 %",)
    ),
    ApprovalEnded(proposal_hash="h", outcome="granted", by="anna", reason="fine"),
    RunOpened(run=run(), accepted_by="anna"),
    LegPlanned(leg=leg()),
    moved(S.PLANNED, S.SUBMITTING),
    moved(S.SUBMITTING, S.WORKING),
    moved(S.WORKING, S.WORKING, filled="4"),
    fill("e-1", "4", "250.1", fee="0.35", order=leg().client_order_id),
    moved(S.WORKING, S.FILLED, filled="10"),
    fill("e-2", "6", "250.2", order=leg().client_order_id),
    RunEnded(run=1, session=DAY, outcome="complete", reason=""),
    split("VTI", "3"),
    fill("e-3", "7", side=Side.SELL),
    deposit("1000.01"),
    Fenced(fence=Fence(account="brokerage", symbol="VTI", reason="lost")),
    Fenced(fence=Fence(account="brokerage", symbol="BND", reason="jump", until=NOW)),
    Unfenced(account="brokerage", symbol="VTI", reason="found"),
    Alarm(name="lost", level="page", text="x"),
    Alarm(name="stuck", level="page", text="x"),
    AlarmCleared(name="lost"),
    Halted(by="anna", reason="holiday"),
    Resumed(by="anna", reason="back"),
)


def told(journal: JournalStore, place: Place) -> None:
    for event in STORY:
        place.clock.advance_to(place.clock.now() + timedelta(seconds=1))
        journal.append(event, documents=DOCUMENTS)


def test_replaying_the_chain_gives_the_tables_as_they_are(
    journal: JournalStore, place: Place
) -> None:
    told(journal, place)
    assert rebuild(journal) == ()
    assert rebuild(place.read()) == ()


def test_a_changed_table_is_shown_row_by_row(
    journal: JournalStore, place: Place, tamper: Tampering
) -> None:
    told(journal, place)
    tamper(
        "UPDATE position SET quantity = '999' WHERE symbol = 'BND'",
        "DELETE FROM alarm WHERE name = 'stuck'",
    )
    key = ("brokerage", "BND")
    assert rebuild(journal) == (
        Difference(
            table="position",
            key=key,
            stored=(*key, Decimal(999)),
            replayed=(*key, Decimal("3.5")),
        ),
        Difference(
            table="alarm",
            key=("stuck", ""),
            stored=None,
            replayed=("stuck", "", 22, "page", "x"),
        ),
    )


BOOKING = st.one_of(
    st.builds(
        fill,
        st.integers(0, 30).map("e-{}".format),
        st.integers(1, 40).map(str),
        side=st.sampled_from(Side),
        symbol=st.sampled_from(["VTI", "BND"]),
    ),
    st.builds(
        split,
        st.sampled_from(["VTI", "BND"]),
        st.sampled_from(["2", "0.5", "1.5"]),
        st.integers(0, 9).map("s-{}".format),
    ),
    st.builds(lambda vti: accepted(VTI=str(vti)), st.integers(0, 50)),
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bookings=st.lists(BOOKING, max_size=12))
def test_any_order_of_bookings_replays_to_the_same_ledger(
    journal: JournalStore, bookings: list[Event]
) -> None:
    journal.append(*bookings)
    assert rebuild(journal) == ()
    positions = journal.positions("brokerage")
    for symbol in ("VTI", "BND"):
        held = sum(lot.quantity for lot in journal.lots("brokerage") if lot.symbol == symbol)
        assert held >= max(positions.get(symbol, Decimal(0)), Decimal(0))
