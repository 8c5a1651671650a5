"""The simulated account's file: restarts, a killed process, two processes, files that are no good."""

import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokers.simulated.books import Books
from brokers.simulated.broker import SimulatedBroker
from brokers.simulated.market import SimulatedMarket
from brokers.simulated.settings import SimulatedSettings
from brokers.simulated.store import SCHEMA_VERSION, AccountFileError, FileStore
from brokers.simulated.world_events import Deposit, Dividend, Split
from portfolio.canonical import canonical
from portfolio.money import Money, Quantity
from portfolio.orders import OrderStatus
from portfolio.ports import Accepted, Ambiguous, Exists, Refused, Unavailable
from tests.support.simulated import (
    ACCOUNT,
    FLAT,
    WEEK,
    HandClock,
    SmallWorld,
    buy,
    new_york,
    sell,
    small_world,
    week,
)

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, NEXT_MONDAY = WEEK
TEN = Quantity(Decimal(10))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "paper-core.sqlite"


def state(world: SmallWorld) -> str:
    def text(books: Books) -> str:
        kept = {name: getattr(books, name) for name in Books.__slots__}
        kept["orders"] = {number: order.shown(books.at) for number, order in books.orders.items()}
        return canonical(kept)

    return world.broker.exchange.read(world.clock.now(), text)


# Restarts


def test_a_restart_finds_everything_as_it_was(path: Path) -> None:
    events = (
        Deposit(session=TUESDAY, amount=Money(Decimal("500.10"))),
        Dividend(session=WEDNESDAY, symbol="VTI", per_share=Money(Decimal("0.5"))),
        Split(session=THURSDAY, symbol="VTI", ratio=Decimal(2)),
    )
    settings: dict[str, Any] = {
        "events": events,
        "positions": {"VTI": TEN},
        "fill_takes": timedelta(minutes=1),
    }
    world = small_world(FLAT, path, **settings)
    for day in (MONDAY, TUESDAY, WEDNESDAY, THURSDAY):
        world.go(day)
        world.broker.submit(f"buy-{day}", buy("BND", "1.5", "50.00"))
        world.broker.submit(f"sell-{day}", sell("VTI", "1", "1000.00"))
        before = state(world)
        world.broker.close()
        world = small_world(FLAT, path, at=world.clock.now(), **settings)
        assert state(world) == before
    world.go(FRIDAY)
    assert world.cash() == Decimal("10000.00") + Decimal("500.10") + 5 - 4 * 75
    assert len(world.broker.flows_since(MONDAY)) == 3


def test_an_average_cost_comes_back_with_all_its_digits(path: Path) -> None:
    world = small_world(week(VTI=["100.00", "93.80"]), path)
    world.broker.submit("a", buy("VTI", "1"))
    world.go(TUESDAY).broker.submit("b", buy("VTI", "2"))
    (before,) = world.broker.positions()
    world.broker.close()
    again = small_world(week(VTI=["100.00", "93.80"]), path, at=world.clock.now())
    assert again.broker.positions() == (before,)
    assert len(str(before.average_cost)) == 35  # 34 digits and a point: 287.60 / 3


def test_the_starting_settings_matter_only_once(path: Path) -> None:
    small_world(FLAT, path).broker.close()
    assert small_world(FLAT, path, cash=Money(Decimal(1))).cash() == Decimal("10000.00")


def test_a_restart_knows_how_far_the_account_has_lived(path: Path) -> None:
    small_world(FLAT, path).go(WEDNESDAY, "11:00").broker.close()
    reopened = small_world(FLAT, path, at=new_york(MONDAY))
    at = reopened.broker.exchange.read(new_york(MONDAY), lambda books: books.at)
    assert at == new_york(WEDNESDAY, "11:00")


def test_held_fills_and_a_block_survive_a_restart(path: Path) -> None:
    world = small_world(FLAT, path)
    world.broker.exchange.switch(world.clock.now(), blocked="review", fills_held=True)
    world.broker.close()
    assert small_world(FLAT, path).broker.account().blocked == "review"


def test_another_price_file_without_a_held_symbol_is_refused(path: Path) -> None:
    world = small_world(FLAT, path)
    world.broker.submit("a", buy("BND", "1"))
    world.broker.close()
    with pytest.raises(ValueError, match="no column for BND"):
        small_world(week(VTI=["100.00"] * 6), path)


# A killed process


WRITER = """
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any
from tests.support.simulated import FLAT, buy, small_world

world = small_world(FLAT, Path(sys.argv[1]))
number = len(world.broker.orders_since(world.clock.now()))
while True:
    number += 1
    world.broker.submit(f"order-{number}", buy("VTI", "0.01", "100.00"))
    print(number, flush=True)
"""


def test_an_order_that_was_answered_survives_kill_9(path: Path) -> None:
    chance = random.Random(7)
    answered = 0
    for _ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert child.stdout is not None
        wanted = answered + chance.randrange(1, 30)
        while answered < wanted:
            line = child.stdout.readline()
            assert line, "the child ended by itself"
            answered = int(line)
        os.kill(child.pid, signal.SIGKILL)
        for line in child.stdout:  # what it had still answered
            answered = int(line) if line.endswith(b"\n") else answered
        child.stdout.close()
        child.wait()
        world = small_world(FLAT, path)
        taken = world.broker.orders_since(world.clock.now())
        fills = world.broker.fills_since(world.clock.now())
        world.broker.close()
        assert len(taken) in (answered, answered + 1)
        assert all(order.status is OrderStatus.FILLED for order in taken)
        assert len({fill.execution_id for fill in fills}) == len(taken)
        assert world_cash(path) == Decimal("10000.00") - len(taken)


def world_cash(path: Path) -> Decimal:
    world = small_world(FLAT, path)
    cash = world.cash()
    world.broker.close()
    return cash


# Two processes


def test_a_second_writer_sees_the_first_ones_orders_and_neither_is_lost(path: Path) -> None:
    one, other = small_world(FLAT, path), small_world(FLAT, path)
    for number in range(10):
        writer = (one, other)[number % 2]
        assert isinstance(writer.broker.submit(f"order-{number}", buy("VTI", "1")), Accepted)
    assert isinstance(one.broker.submit("order-9", buy("VTI", "1")), Exists)
    assert state(one) == state(other)
    assert one.cash() == Decimal("9000.00")


def test_an_order_that_loses_a_race_to_the_file_is_tried_on_what_is_there_now(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = small_world(FLAT, path), small_world(FLAT, path)
    other.broker.submit("a", buy("VTI", "60", "100.00"))
    # The other's commit comes between our look at the file and our own commit.
    monkeypatch.setattr(one.broker.exchange._store, "changed", lambda: False)
    outcome = one.broker.submit("b", buy("VTI", "60", "100.00"))
    assert isinstance(outcome, Refused)
    assert "buying_power: 4000.00" in outcome.message
    assert isinstance(one.broker.submit("c", buy("VTI", "40", "100.00")), Accepted)
    assert other.held() == {"VTI": Decimal(100)}


def test_a_reader_follows_the_writer_and_writes_nothing(path: Path) -> None:
    writer = small_world(FLAT, path)
    settings = SimulatedSettings(prices=FLAT)
    clock = HandClock(new_york(MONDAY))
    reader = SimulatedBroker(
        ACCOUNT, settings, SimulatedMarket(settings), clock, path, read_only=True
    )
    writer.broker.submit("a", buy("VTI", "1", "99.00"))
    assert reader.find_order("a") is not None
    clock.at = new_york(TUESDAY)
    assert reader.open_orders() == ()
    order = writer.broker.find_order("a")
    assert order is not None
    assert order.status is OrderStatus.OPEN  # the reader's Tuesday is its own


# Files that are no good


def test_the_file_is_its_owners_only(path: Path) -> None:
    small_world(FLAT, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def opening_fails(path: Path) -> str:
    with pytest.raises(AccountFileError) as caught:
        small_world(FLAT, path)
    return str(caught.value)


def test_a_file_of_a_newer_version_is_left_alone(path: Path) -> None:
    small_world(FLAT, path).broker.close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    connection.close()
    assert "written by a newer trimtab (version 2" in opening_fails(path)


def test_another_programs_database_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    assert "is not the file of a simulated account" in opening_fails(path)


def test_what_is_no_database_is_left_alone(path: Path) -> None:
    path.write_text("date,VTI\n" * 1000)
    assert "cannot be used (file is not a database)" in opening_fails(path)
    assert path.read_text() == "date,VTI\n" * 1000


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM entries WHERE seq = 1",
        "UPDATE entries SET body = '{' WHERE seq = 2",
        "UPDATE entries SET body = replace(body, '\"100\"', '\"NaN\"') WHERE seq = 2",
        "UPDATE entries SET body = replace(body, 'order_taken', 'order_lost') WHERE seq = 2",
    ],
)
def test_damaged_entries_are_told_and_not_guessed(path: Path, damage: str) -> None:
    world = small_world(FLAT, path)
    world.broker.submit("a", buy("VTI", "1", "100.00"))
    world.broker.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute(damage).rowcount == 1
    connection.close()
    assert "of the simulated account cannot be read" in opening_fails(path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert "cannot be used" in opening_fails(tmp_path / "no" / "account.sqlite")


def test_a_full_disk_makes_a_submit_ambiguous_and_keeps_nothing_of_it(path: Path) -> None:
    world = small_world(FLAT, path)
    world.broker.submit("resting", buy("VTI", "1", "99.00"))
    # The store's own connection, told that the disk ends here: SQLite then fails as on a full one.
    store = world.broker.exchange._store
    assert isinstance(store, FileStore)
    disk = store._connection
    disk.execute("PRAGMA max_page_count=1")
    outcomes = [world.broker.submit(f"{n}", buy("VTI", "0.1")) for n in range(100)]
    last = next(n for n, outcome in enumerate(outcomes) if isinstance(outcome, Ambiguous))
    assert all(isinstance(outcome, Accepted) for outcome in outcomes[:last])
    assert all(isinstance(outcome, Ambiguous) for outcome in outcomes[last:])
    with pytest.raises(Unavailable, match=r"database or disk is full\).*has room"):
        world.broker.cancel("SIM-core-000001")
    disk.execute("PRAGMA max_page_count=1000000")
    assert world.broker.find_order(f"{last}") is None
    assert isinstance(world.broker.submit(f"{last}", buy("VTI", "0.1")), Accepted)
    assert world.cash() == Decimal("10000.00") - 10 * (last + 1)
    assert world.broker.cancel("SIM-core-000001") == ""
