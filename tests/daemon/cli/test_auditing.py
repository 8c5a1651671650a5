"""`trimtab audit`: each command says what it found, and ends with 1 when something does not hold."""

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.journal.opening import open_journal_reader
from daemon.notices.render import renderer
from daemon.upkeep.crosscheck import crosscheck
from portfolio.events import DaemonStopped
from portfolio.money import Quantity
from portfolio.orders import LegState, OrderStatus
from tests.support.command_line import invested_rig, trimtab
from tests.support.house import Rig
from tests.support.processes import CONFIGURATION, daemon_in


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return invested_rig(tmp_path)


def behind_its_back(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "journal.sqlite")) as connection:
        connection.execute(statement)
        connection.commit()


def test_tables_that_follow_from_the_chain_replay(rig: Rig, tmp_path: Path) -> None:
    said = trimtab("audit", "replay", "--state", tmp_path)
    assert said.code == 0, said.err
    assert said.out.startswith(f"{rig.journal.head()[0]:,} rows make the same tables again: cycle")
    found = json.loads(trimtab("audit", "replay", "--json", "--state", tmp_path).out)
    assert found["agrees"] is True


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE leg SET state = 'canceled' WHERE number = 1", "leg"),
        ("UPDATE cycle SET decision = 'proposal'", "cycle"),
        ("DELETE FROM position", "position"),
    ],
)
def test_a_changed_table_does_not_replay(
    rig: Rig, tmp_path: Path, statement: str, table: str
) -> None:
    rig.journal.close()
    behind_its_back(tmp_path, statement)
    said = trimtab("audit", "replay", "--state", tmp_path)
    assert said.code == 1
    assert "do NOT follow from the chain" in said.out
    assert f"  {table} " in said.out


def test_an_anchor_from_a_log_or_a_notice_is_held_against_the_chain(
    rig: Rig, tmp_path: Path
) -> None:
    row, head = rig.journal.head()
    good = trimtab("audit", "verify", "--anchor", f"{row}:{head[:12]}", "--state", tmp_path)
    assert good.code == 0
    assert f"and so does {row}:{head[:12]}" in good.out
    other = trimtab("audit", "verify", "--anchor", f"{row}:{'0' * 12}", "--state", tmp_path)
    assert other.code == 1
    assert "the given head says 000000000000" in other.out
    later = trimtab("audit", "verify", "--anchor", f"{row + 1}:{head[:12]}", "--state", tmp_path)
    assert later.code == 1
    assert f"the chain ends at row {row}" in later.out
    assert trimtab("audit", "verify", "--anchor", "nonsense", "--state", tmp_path).code == 2


def test_the_head_in_a_stop_notice_shows_an_older_file_put_in_place_while_nobody_watches(
    rig: Rig, tmp_path: Path
) -> None:
    writer = rig.journal._writer
    assert writer is not None
    writer._render = renderer(amounts=False, dry_run=False, household="core")
    older = tmp_path / "older.sqlite"
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as now:
        now.execute("VACUUM INTO ?", (str(older),))
    rig.journal.append(DaemonStopped(reason="SIGTERM"))
    stopped = rig.journal.due_notices(rig.clock.now())[-1].notice
    rig.journal.close()
    told = re.search(r"trimtab audit verify --head (\d+:[0-9a-f]+)$", stopped.body)
    assert told is not None, stopped.body
    assert trimtab("audit", "verify", "--head", told.group(1), "--state", tmp_path).code == 0

    older.replace(tmp_path / "journal.sqlite")
    (tmp_path / "journal.sqlite.anchor").unlink(missing_ok=True)
    assert trimtab("audit", "verify", "--state", tmp_path).code == 0, "alone it cannot know"
    cut = trimtab("audit", "verify", "--head", told.group(1), "--state", tmp_path)
    assert cut.code == 1
    assert f"the given head is of row {told.group(1).partition(':')[0]}" in cut.out


def test_journal_and_broker_agree_order_by_order(rig: Rig) -> None:
    found = crosscheck(rig.journal, rig.house.readers)
    since = rig.market.first_session.opens_at
    orders, fills = rig.broker.orders_since(since), rig.broker.fills_since(since)
    assert (found.orders, found.fills, found.mismatches) == (len(orders), len(fills), ())
    assert orders


def test_what_only_one_side_knows_is_named(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    legs = list(rig.journal.legs())
    orders = list(rig.broker.orders_since(rig.market.first_session.opens_at))
    monkeypatch.setattr(rig.broker, "orders_since", lambda _since: orders[1:])
    (only,) = crosscheck(rig.journal, rig.house.readers).mismatches
    assert (only.what, only.problem) == (
        legs[0].client_order_id,
        f"{LegState.FILLED} in the journal, not at the broker",
    )
    monkeypatch.setattr(rig.broker, "fills_since", lambda _since: [])
    problems = {one.problem for one in crosscheck(rig.journal, rig.house.readers).mismatches}
    assert "booked, not at the broker" in problems


def test_an_order_whose_content_is_another_is_named(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = list(rig.broker.orders_since(rig.market.first_session.opens_at))
    other = replace(orders[0], quantity=Quantity(orders[0].filled_quantity + 1))
    assert other.status is OrderStatus.FILLED
    assert orders[0].quantity == orders[0].filled_quantity
    monkeypatch.setattr(rig.broker, "orders_since", lambda _since: [other, *orders[1:]])
    (only,) = crosscheck(rig.journal, rig.house.readers).mismatches
    assert "quantity" in only.problem


def test_what_only_the_broker_knows_is_named(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    since = rig.market.first_session.opens_at
    orders, fills = list(rig.broker.orders_since(since)), list(rig.broker.fills_since(since))
    stranger = replace(orders[0], client_order_id="tt1-zzzz-000001-01-abcdef", broker_order_id="x")
    by_hand = replace(orders[0], client_order_id="a person's", broker_order_id="y")
    monkeypatch.setattr(rig.broker, "orders_since", lambda _since: [*orders, stranger, by_hand])
    (only,) = crosscheck(rig.journal, rig.house.readers).mismatches
    assert (only.what, only.problem) == (
        "tt1-zzzz-000001-01-abcdef",
        "at the broker, not in the journal",
    )
    monkeypatch.setattr(rig.broker, "orders_since", lambda _since: orders)
    told = [*fills, replace(fills[0], execution_id="another")]
    monkeypatch.setattr(rig.broker, "fills_since", lambda _since: told)
    (only,) = crosscheck(rig.journal, rig.house.readers).mismatches
    assert (only.what, only.problem) == ("another", "executed, not booked")


def test_an_order_that_filled_otherwise_than_we_count_is_named(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = list(rig.broker.orders_since(rig.market.first_session.opens_at))
    less = replace(orders[0], filled_quantity=Quantity(orders[0].filled_quantity - 1))
    monkeypatch.setattr(rig.broker, "orders_since", lambda _since: [less, *orders[1:]])
    (only,) = crosscheck(rig.journal, rig.house.readers).mismatches
    filled = orders[0].filled_quantity
    assert only.problem == f"{filled - 1} filled at the broker, {filled} in the journal"


def test_an_order_of_a_leg_that_was_never_sent_is_named(rig: Rig, tmp_path: Path) -> None:
    name = rig.journal.legs()[0].client_order_id
    rig.journal.close()
    never = "UPDATE leg SET state = 'abandoned', sends = 0 WHERE client_order_id = 'NAME'"
    behind_its_back(tmp_path, never.replace("NAME", name))
    (only,) = crosscheck(
        open_journal_reader(tmp_path / "journal.sqlite"), rig.house.readers
    ).mismatches
    assert only.problem == "at the broker, abandoned in the journal"


def test_an_id_that_does_not_carry_the_hash_of_its_order_is_named(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Journal and broker were changed alike; the id that was spent says what was meant."""
    orders = list(rig.broker.orders_since(rig.market.first_session.opens_at))
    quantity = orders[0].quantity
    assert quantity is not None
    rig.journal.close()
    more = "UPDATE leg SET quantity = 'MORE', filled_quantity = 'MORE' WHERE client_order_id = 'ID'"
    more = more.replace("MORE", str(quantity + 1)).replace("ID'", f"{orders[0].client_order_id}'")
    behind_its_back(tmp_path, more)
    changed = replace(
        orders[0], quantity=Quantity(quantity + 1), filled_quantity=Quantity(quantity + 1)
    )
    monkeypatch.setattr(rig.broker, "orders_since", lambda _since: [changed, *orders[1:]])
    (only,) = crosscheck(
        open_journal_reader(tmp_path / "journal.sqlite"), rig.house.readers
    ).mismatches
    assert only.problem == "its id does not fit what the journal says it is"


def test_the_command_compares_a_household_with_its_broker(tmp_path: Path) -> None:
    with daemon_in(tmp_path, CONFIGURATION.replace("2012-06-30", "2008-09-10")) as daemon:
        daemon.pace(session_seconds=0.0, dwell_seconds=0.0)
        daemon.start()
        daemon.wait_for(lambda journal: journal.pending_approval() is not None)
        daemon.approve()
        daemon.wait_for(lambda journal: bool(journal.events("daemon_stopped")))
        places = ("--config", daemon.configuration, "--state", daemon.state)
        said = trimtab("audit", "crosscheck", *places)
        assert said.code == 0, said.out + said.err
        assert re.fullmatch(
            r"Journal and broker agree: [1-9] orders of ours, [1-9] executions.\n", said.out
        )
