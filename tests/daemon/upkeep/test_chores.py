"""What is looked after at every tick: each figure at its edge, told once, and ended when it is over."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from config.safeguards import Halting
from config.settings import NoticeSettings, Reconciling
from daemon.reconcile import reconcile
from daemon.upkeep import chores
from daemon.upkeep.backup import Backup, RecordBroken
from daemon.upkeep.chores import Chores, check_disk, check_holdings, check_refusals, note_backup
from portfolio.money import Quantity
from portfolio.orders import LegState
from portfolio.ports import Refused, Unavailable
from portfolio.wakes import WakeKind
from tests.support.house import Rig
from tests.support.stories import approve, say, textbook

MIB = 1024 * 1024


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return textbook(tmp_path)


def alarms(rig: Rig) -> list[str]:
    return [alarm.name for alarm in rig.journal.open_alarms()]


def halts(rig: Rig) -> int:
    return len(rig.journal.events("halted"))


def pass_time(rig: Rig, **time: float) -> None:
    rig.clock.advance_to(rig.clock.now() + timedelta(**time))


@pytest.mark.parametrize(
    ("free", "alarmed", "halted"),
    [
        (1024 * MIB, False, False),
        (1024 * MIB - 1, True, False),
        (200 * MIB, True, False),
        (200 * MIB - 1, True, True),
    ],
)
def test_a_disk_alarms_below_a_gib_and_halts_below_two_hundred_mib(
    rig: Rig, free: int, alarmed: bool, halted: bool
) -> None:
    check_disk(rig.house, free)
    check_disk(rig.house, free)
    assert alarms(rig).count("disk") == alarmed
    assert halts(rig) == halted
    assert bool(rig.latch.reason()) is halted
    if halted:
        assert "only 199 MiB are free" in (rig.latch.reason() or "")


def test_the_room_that_is_asked_for_is_a_setting(rig: Rig) -> None:
    rig.house.halting = Halting(free_disk=300 * MIB, free_disk_alarm=500 * MIB)
    check_disk(rig.house, 500 * MIB)
    assert alarms(rig) == []
    check_disk(rig.house, 300 * MIB)
    assert [a.text for a in rig.journal.open_alarms()] == [
        "300 MiB are free where the journal lies; below 300 it halts."
    ]
    check_disk(rig.house, 300 * MIB - 1)
    assert halts(rig) == 1


def test_room_that_was_made_ends_the_alarm_and_not_the_halt(rig: Rig) -> None:
    check_disk(rig.house, 100 * MIB)
    check_disk(rig.house, 2048 * MIB)
    assert "disk" not in alarms(rig)
    assert rig.latch.reason() is not None, "only a person resumes"


def refused(rig: Rig, times: int) -> None:
    """So many orders that the broker refuses, each with a person's yes to its plan."""
    there = len(rig.journal.legs())
    rig.broker.faults.answers = [
        Refused(code="403", message=f"no {number}") for number in range(there, there + times)
    ]
    for _ in range(5 * times):
        if len(rig.journal.legs()) == there + times:
            return
        if rig.journal.pending_approval() is not None:
            approve(rig)
        pass_time(rig, minutes=1)
        rig.look(kind=WakeKind.ORDER_UPDATE)
    pytest.fail("the plan is not tried again")


def test_three_refusals_in_a_row_halt_and_two_do_not(rig: Rig) -> None:
    refused(rig, 2)
    check_refusals(rig.house)
    assert halts(rig) == 0
    refused(rig, 1)
    assert [leg.state for leg in rig.journal.legs()] == [LegState.REJECTED] * 3
    check_refusals(rig.house)
    check_refusals(rig.house)
    assert halts(rig) == 1
    reason = rig.latch.reason() or ""
    assert "refused 3 orders in a row" in reason
    assert all(f"no {number}" in reason for number in range(3))


def test_how_many_refusals_halt_is_a_setting(rig: Rig) -> None:
    rig.house.halting = Halting(refused_orders=2)
    refused(rig, 1)
    check_refusals(rig.house)
    assert halts(rig) == 0
    refused(rig, 1)
    check_refusals(rig.house)
    assert "refused 2 orders in a row" in (rig.latch.reason() or "")


def test_after_a_persons_word_only_new_refusals_count(rig: Rig) -> None:
    refused(rig, 3)
    check_refusals(rig.house)
    pass_time(rig, minutes=1)
    say(rig, "resume")
    pass_time(rig, minutes=1)
    check_refusals(rig.house)
    assert rig.latch.reason() is None


def differ(rig: Rig) -> None:
    """The broker shows another number of stocks at each read: nothing settles."""
    for units in (500, 501, 502):
        shown = {"STK": Quantity(Decimal(units)), "BND": Quantity(Decimal(400))}
        reconcile(rig.house, {"main": shown}, rig.watch.differences)


@pytest.mark.parametrize(
    ("minutes", "waited", "pages"),
    [
        (15, timedelta(minutes=15, seconds=-1), 0),
        (15, timedelta(minutes=15), 1),
        (5, timedelta(minutes=5, seconds=-1), 0),
        (5, timedelta(minutes=5), 1),
    ],
)
def test_holdings_that_have_differed_for_the_set_time_page_once(
    rig: Rig, minutes: int, waited: timedelta, pages: int
) -> None:
    rig.house.reconciling = Reconciling(alarm_after=timedelta(minutes=minutes))
    differ(rig)
    now = rig.clock.now() + waited
    check_holdings(rig.house, rig.watch, now)
    check_holdings(rig.house, rig.watch, now)
    assert alarms(rig) == ["holdings differ"] * pages
    if pages:
        assert f"for {minutes} minutes" in rig.journal.open_alarms()[0].text


def test_holdings_that_agree_again_end_the_page(rig: Rig) -> None:
    differ(rig)
    check_holdings(rig.house, rig.watch, rig.clock.now() + timedelta(minutes=15))
    reconcile(rig.house, {"main": rig.journal.positions("main")}, rig.watch.differences)
    check_holdings(rig.house, rig.watch, rig.clock.now() + timedelta(minutes=16))
    assert alarms(rig) == []


def test_a_backup_that_fails_pages_until_one_succeeds(rig: Rig, tmp_path: Path) -> None:
    note_backup(rig.house, "the folder is full")
    note_backup(rig.house, "the folder is full")
    assert alarms(rig) == ["backup"]
    done = Backup(file=tmp_path / "journal-1.sqlite", rows=7, head="ab")
    note_backup(rig.house, done)
    assert alarms(rig) == []


def test_a_record_that_does_not_hold_halts_everything(rig: Rig) -> None:
    note_backup(rig.house, "the folder is full")
    assert halts(rig) == 0
    for _ in range(2):
        note_backup(rig.house, RecordBroken(reason="row 7: its hash does not fit what it says"))
    assert halts(rig) == 1
    assert "the audit chain does not hold at row 7" in (rig.latch.reason() or "")


class NoBackups:
    """Backups have tests of their own."""

    def after_tick(self, _journal: object) -> None:
        pass


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which of the hourly questions were asked."""
    found: list[str] = []

    def note(name: str) -> Callable[..., None]:
        return lambda *_: found.append(name)

    for name in ("check_clock", "look_for_strangers", "look_for_late_fills"):
        monkeypatch.setattr(chores, name, note(name))
    return found


def chores_of(rig: Rig) -> Chores:
    return Chores(
        house=rig.house,
        watch=rig.watch,
        notices=NoticeSettings(),
        backups=NoBackups(),  # type: ignore[arg-type]
        free=lambda: 2048 * MIB,
    )


def test_the_brokers_clock_strangers_and_late_fills_are_asked_for_once_an_hour(
    rig: Rig, asked: list[str]
) -> None:
    looked_after = chores_of(rig)
    looked_after.after_tick()
    pass_time(rig, minutes=59, seconds=59)
    looked_after.after_tick()
    assert asked == [], "the start has asked already"
    pass_time(rig, seconds=1)
    looked_after.after_tick()
    looked_after.after_tick()
    assert asked == ["check_clock", "look_for_strangers", "look_for_late_fills"]
    pass_time(rig, hours=1)
    looked_after.after_tick()
    assert len(asked) == 6


def test_how_often_they_are_asked_for_is_a_setting(rig: Rig, asked: list[str]) -> None:
    rig.house.halting = Halting(check_every=timedelta(minutes=5))
    looked_after = chores_of(rig)
    looked_after.after_tick()
    pass_time(rig, minutes=4, seconds=59)
    looked_after.after_tick()
    assert asked == []
    pass_time(rig, seconds=1)
    looked_after.after_tick()
    assert asked[0] == "check_clock"


def test_a_broker_that_is_silent_at_the_hour_is_asked_again_an_hour_later(
    rig: Rig,
) -> None:
    looked_after = chores_of(rig)
    looked_after.after_tick()
    pass_time(rig, hours=1)
    rig.broker.faults.failing_reads = 1
    with pytest.raises(Unavailable):
        looked_after.after_tick()
    looked_after.after_tick()
    pass_time(rig, hours=1)
    looked_after.after_tick()
    assert alarms(rig) == []
