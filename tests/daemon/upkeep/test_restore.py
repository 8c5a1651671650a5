"""The drill: yesterday's backup, and orders at the broker that it knows nothing of."""

import shutil
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.journal.audit import Broken, verify
from daemon.journal.opening import open_journal_reader
from daemon.requests.spool import take_requests
from daemon.upkeep.backup import Backup, BackupFailed, back_up
from daemon.upkeep.crosscheck import crosscheck
from daemon.upkeep.restore import restore
from portfolio.events import FillBooked, JournalRestored, OrderAdopted
from portfolio.orders import LegState
from portfolio.ports import Unavailable
from portfolio.wakes import WakeKind
from tests.support.command_line import trimtab
from tests.support.house import Rig, build_rig, table
from tests.support.households import stocks_and_bonds
from tests.support.stories import DAYS, FALL, GROWTH, approve, finish, say


def start(folder: Path) -> Rig:
    return build_rig(
        folder,
        table(DAYS, STK=GROWTH, BND=FALL),
        stocks_and_bonds(),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )


def close(rig: Rig) -> None:
    rig.journal.close()
    rig.broker.close()


def explained(folder: Path, cycle: int) -> str:
    said = trimtab("explain", str(cycle), "--state", folder)
    assert said.code == 0, said.err
    return said.out


def lost_a_day(folder: Path) -> tuple[Backup, dict[int, str]]:
    """A backup before the yes, then a whole run; what `explain` says of the backup's cycles."""
    rig = start(folder)
    rig.look(DAYS[8])
    made = back_up(folder / "journal.sqlite", folder / "backups", now=rig.clock.now())
    told = {record.cycle: explained(folder, record.cycle) for record in rig.journal.cycles()}
    approve(rig)
    finish(rig)
    rig.journal.anchor(rig.clock.now())
    assert {leg.state for leg in rig.journal.legs()} == {LegState.FILLED}
    close(rig)
    return made, told


def test_the_drill_halts_names_what_is_younger_and_books_each_exactly_once(tmp_path: Path) -> None:
    made, told = lost_a_day(tmp_path)
    done = restore(made.file, tmp_path, by="ann", reason="the disk failed")
    assert done.rows == made.rows
    assert done.missing > 0
    assert done.kept is not None
    assert done.kept.exists()

    rig = start(tmp_path)
    rig.clock.advance_to(rig.market.session_of(DAYS[9]).opens_at + timedelta(hours=1))
    rig.broker.advance()
    rig.recover()
    orders = rig.broker.orders_since(rig.market.first_session.opens_at)
    reason = rig.latch.reason() or ""
    assert len(orders) == 3
    assert all(order.client_order_id in reason for order in orders), "each is named"
    assert rig.journal.fills() == [], "nothing is booked before a person has looked"
    held = dict(rig.journal.positions("main"))
    for _ in range(8):
        rig.clock.advance_to(rig.clock.now() + timedelta(minutes=4))
        with suppress(Unavailable):  # cash that does not follow from what is booked
            rig.look(kind=WakeKind.TICK)
    assert rig.journal.positions("main") == held, "no difference is taken for a change from outside"

    found = crosscheck(rig.journal, rig.house.readers)
    assert {one.what for one in found.mismatches} >= {order.client_order_id for order in orders}

    say(rig, "adopt_orders", reason="compared with the broker's page")
    say(rig, "adopt_orders", reason="typed twice")
    fills = rig.broker.fills_since(rig.market.first_session.opens_at)
    booked = [
        row.event.fill.execution_id
        for row in rig.journal.events("fill_booked")
        if isinstance(row.event, FillBooked)
    ]
    assert sorted(booked) == sorted(fill.execution_id for fill in fills)
    adopted = [row.event for row in rig.journal.events("order_adopted")]
    assert {e.order.client_order_id for e in adopted if isinstance(e, OrderAdopted)} == {
        order.client_order_id for order in orders
    }
    assert rig.journal.positions("main") == {p.symbol: p.quantity for p in rig.broker.positions()}
    assert crosscheck(rig.journal, rig.house.readers).mismatches == ()
    assert rig.latch.reason() is not None, "the halt stays until a person resumes"
    for cycle, text in told.items():
        assert explained(tmp_path, cycle) == text, "every old explain reads as before"
    close(rig)


def test_after_a_restore_no_id_of_before_is_used_again(tmp_path: Path) -> None:
    made, _ = lost_a_day(tmp_path)
    done = restore(made.file, tmp_path, by="ann", reason="the disk failed")
    rig = start(tmp_path)
    assert rig.house.epoch == done.epoch != "test"
    first = rig.journal.events("journal_restored")[0].event
    assert isinstance(first, JournalRestored)
    assert first.backup_head == made.head
    assert first.replaced_row == made.rows + done.missing
    close(rig)


def test_a_backup_with_nothing_younger_goes_on_without_a_halt(tmp_path: Path) -> None:
    rig = start(tmp_path)
    rig.look(DAYS[8])
    made = back_up(tmp_path / "journal.sqlite", tmp_path / "backups", now=rig.clock.now())
    close(rig)
    restore(made.file, tmp_path, by="ann", reason="moved to another machine")
    rig = start(tmp_path)
    rig.go_to(DAYS[8], timedelta(minutes=40))
    rig.recover()
    assert rig.latch.reason() is None
    approve(rig)
    finish(rig)
    assert {leg.state for leg in rig.journal.legs()} == {LegState.FILLED}
    close(rig)


def test_a_database_file_that_went_back_in_time_is_recognised(tmp_path: Path) -> None:
    made, _ = lost_a_day(tmp_path)
    for ending in ("-wal", "-shm"):
        (tmp_path / f"journal.sqlite{ending}").unlink(missing_ok=True)
    shutil.copy(made.file, tmp_path / "journal.sqlite")  # by hand, without `trimtab restore`
    journal = open_journal_reader(tmp_path / "journal.sqlite")
    found = verify(journal)
    journal.close()
    assert isinstance(found, Broken)
    assert "gone back in time" in found.reason


def test_a_damaged_backup_changes_nothing(tmp_path: Path) -> None:
    made, _ = lost_a_day(tmp_path)
    content = bytearray(made.file.read_bytes())
    place = (
        content.find(b"within the limits")
        if b"within the limits" in content
        else content.find(b'"household"')
    )
    content[place + 1 : place + 4] = b"zzz"
    made.file.write_bytes(content)
    before = (tmp_path / "journal.sqlite").read_bytes()
    with pytest.raises(BackupFailed, match="does not hold"):
        restore(made.file, tmp_path, by="ann", reason="a drill")
    assert (tmp_path / "journal.sqlite").read_bytes() == before
    assert not list(tmp_path.glob(".restore*"))


def test_the_commands_restore_and_hand_over_the_persons_word(tmp_path: Path) -> None:
    made, _ = lost_a_day(tmp_path)
    said = trimtab("restore", made.file, "--reason", "the disk failed", "--state", tmp_path)
    assert said.code == 0, said.err
    assert "had" in said.out
    assert "journal.replaced-" in said.out
    history = trimtab("history", "--state", tmp_path)
    assert "the disk failed" in history.out
    said = trimtab("audit", "adopt-orders", "--reason", "looked", "--state", tmp_path)
    assert said.code == 0, said.err
    (request,) = take_requests(tmp_path)
    assert (request.kind, request.reason) == ("adopt_orders", "looked")


def test_a_restore_needs_a_reason_and_a_file(tmp_path: Path) -> None:
    made, _ = lost_a_day(tmp_path)
    assert trimtab("restore", made.file, "--reason", " ", "--state", tmp_path).code == 2
    said = trimtab("restore", tmp_path / "none.sqlite", "--reason", "x", "--state", tmp_path)
    assert said.code == 73
    assert "there is no file" in said.err


def test_an_order_is_named_by_account_and_what_it_is(tmp_path: Path) -> None:
    made, _ = lost_a_day(tmp_path)
    restore(made.file, tmp_path, by="ann", reason="x")
    rig = start(tmp_path)
    rig.clock.advance_to(rig.market.session_of(DAYS[9]).opens_at)
    rig.recover()
    reason = rig.latch.reason() or ""
    assert "3 orders at the broker of main carry our prefix" in reason
    assert "sell 120 STK, filled" in reason
    close(rig)
