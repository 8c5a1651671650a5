"""A holding that looks split waits for its broker to tell of it, and is not split twice."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from config.settings import Reconciling
from daemon.observe import holdings, observe
from daemon.reconcile import check_worth, reconcile
from daemon.upkeep.splits import note_splits
from policies.policy import Policy
from portfolio.events import FlowSeen
from portfolio.lots import Lot
from portfolio.memory import CashFlow, Fence, FlowKind
from portfolio.money import Money, Price, Quantity
from portfolio.snapshot import Snapshot
from tests.support.house import Rig, build_rig, table
from tests.support.stories import DAYS, sixty_forty

SPLIT = CashFlow(
    flow_id="split-1",
    account="main",
    kind=FlowKind.SPLIT,
    amount=Money(Decimal(0)),
    day=date(2026, 3, 3),
    symbol="STK",
    ratio=Decimal(2),
)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """600 STK and 400 BND at 100, looked at once."""
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=["100"] * 12, BND=["100"] * 12),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )
    rig.look(DAYS[0])
    return rig


def split_in_two(rig: Rig) -> Snapshot:
    """What a broker shows on the morning after: twice the units at half the price, and no booking."""
    snapshot = observe(rig.house)
    (account,) = snapshot.accounts
    positions = tuple(
        replace(p, quantity=Quantity(Decimal(1200))) if p.symbol == "STK" else p
        for p in account.positions
    )
    half = Price(Decimal(50))
    quotes = {**snapshot.quotes, "STK": replace(snapshot.quotes["STK"], bid=half, ask=half)}
    return replace(snapshot, accounts=(replace(account, positions=positions),), quotes=quotes)


def read(rig: Rig, snapshot: Snapshot) -> tuple[Fence, ...]:
    note_splits(rig.house, snapshot, rig.watch.differences)
    fences = reconcile(rig.house, holdings(snapshot), rig.watch.differences)
    check_worth(rig.house, snapshot, fences, rig.watch.differences.splits)
    return fences


def moved(snapshot: Snapshot, symbol: str, units: int) -> Snapshot:
    """The same, with other units of a symbol: a transfer in or out."""
    (account,) = snapshot.accounts
    positions = tuple(
        replace(p, quantity=Quantity(Decimal(units))) if p.symbol == symbol else p
        for p in account.positions
    )
    return replace(snapshot, accounts=(replace(account, positions=positions),))


def lots_of(rig: Rig, symbol: str) -> list[Lot]:
    return [lot for lot in rig.journal.lots("main") if lot.symbol == symbol]


def reconcile_with_splits(rig: Rig, snapshot: Snapshot) -> tuple[Fence, ...]:
    """A read, without asking whether the transfer leaves the worth in doubt."""
    note_splits(rig.house, snapshot, rig.watch.differences)
    return reconcile(rig.house, holdings(snapshot), rig.watch.differences)


def wait(rig: Rig, **time: float) -> None:
    rig.clock.advance_to(rig.clock.now() + timedelta(**time))


def pages(rig: Rig) -> list[str]:
    return [f"{a.name} {a.scope}" for a in rig.journal.open_alarms()]


def test_what_looks_split_is_fenced_paged_once_and_leaves_the_others_tradable(rig: Rig) -> None:
    snapshot = split_in_two(rig)
    for _ in range(6):
        assert [fence.symbol for fence in read(rig, snapshot)] == ["STK"]
        wait(rig, minutes=3)
    assert rig.journal.positions("main")["STK"] == 600, "and it is not taken as it is"
    assert pages(rig) == ["likely split main STK"]
    assert "looks split 2 for 1" in rig.journal.open_alarms()[0].text


def test_only_the_split_waits_and_another_change_in_its_account_is_taken_as_ever(rig: Rig) -> None:
    snapshot = moved(split_in_two(rig), "BND", 350)
    stocks_then = lots_of(rig, "STK")
    for _ in range(3):
        fences = reconcile_with_splits(rig, snapshot)
        assert [fence.symbol for fence in fences] == ["BND", "STK"]
        wait(rig, seconds=61)
    assert [fence.symbol for fence in reconcile_with_splits(rig, snapshot)] == ["STK"]
    assert rig.journal.positions("main") == {"STK": 600, "BND": 350}
    assert pages(rig) == ["likely split main STK", "external change main"]
    assert "BND 400 → 350. Taken" in rig.journal.open_alarms()[1].text
    assert lots_of(rig, "STK") == stocks_then, "what waits keeps its lots as they were"
    assert [lot.quantity for lot in lots_of(rig, "BND")] == [350]


def test_a_split_booked_after_another_change_was_taken_is_split_once(rig: Rig) -> None:
    snapshot = moved(split_in_two(rig), "BND", 350)
    for _ in range(4):
        reconcile_with_splits(rig, snapshot)
        wait(rig, seconds=61)
    rig.journal.append(FlowSeen(flow=SPLIT))
    assert reconcile_with_splits(rig, snapshot) == ()
    assert rig.journal.positions("main") == {"STK": 1200, "BND": 350}
    assert [lot.quantity for lot in lots_of(rig, "STK")] == [1200]
    assert pages(rig) == ["external change main"]


def test_beside_a_split_a_change_that_still_moves_keeps_the_others_waiting(rig: Rig) -> None:
    whole = split_in_two(rig)
    for units in (350, 351, 352, 353, 354):
        fences = reconcile_with_splits(rig, moved(whole, "BND", units))
        assert [fence.symbol for fence in fences] == ["BND", "STK"]
        wait(rig, seconds=61)
    assert rig.journal.positions("main") == {"STK": 600, "BND": 400}


def test_its_booking_ends_the_wait_and_it_is_split_once(rig: Rig) -> None:
    snapshot = split_in_two(rig)
    read(rig, snapshot)
    rig.journal.append(FlowSeen(flow=SPLIT))
    assert read(rig, snapshot) == ()
    assert rig.journal.positions("main")["STK"] == 1200
    assert pages(rig) == []


@pytest.mark.parametrize("hours", [72, 5])
def test_a_booking_that_never_comes_is_waited_for_so_long_and_no_longer(
    rig: Rig, hours: int
) -> None:
    rig.house.reconciling = Reconciling(split_wait=timedelta(hours=hours))
    snapshot = split_in_two(rig)
    for _ in range(4):
        read(rig, snapshot)
    wait(rig, hours=hours, seconds=-1)
    assert [fence.symbol for fence in read(rig, snapshot)] == ["STK"]
    wait(rig, seconds=1)
    assert read(rig, snapshot) == ()
    assert rig.journal.positions("main")["STK"] == 1200


def test_as_many_units_at_an_unchanged_price_are_a_transfer_and_taken_after_three_minutes(
    rig: Rig,
) -> None:
    snapshot = split_in_two(rig)
    transferred = replace(snapshot, quotes={**observe(rig.house).quotes})
    for _ in range(3):
        note_splits(rig.house, transferred, rig.watch.differences)
        assert reconcile(rig.house, holdings(transferred), rig.watch.differences)
        wait(rig, seconds=61)
    note_splits(rig.house, transferred, rig.watch.differences)
    assert reconcile(rig.house, holdings(transferred), rig.watch.differences) == ()
    assert pages(rig) == ["external change main"]
