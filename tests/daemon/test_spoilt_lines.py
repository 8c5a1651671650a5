"""What other systems lost orders or money by, played over HTTP on the local Alpaca.

The daemon's own cycle, adapter and journal; between them and the exchange a line that can be spoilt.
"""

import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from brokers.alpaca_server.fault_proxy import Harm, proxying
from daemon.recovery import recover
from portfolio.money import Quantity
from portfolio.orders import LegState
from portfolio.ports import Unavailable
from portfolio.wakes import WakeKind
from tests.support.processes import daemon_in
from tests.support.rehearsals import CONFIGURATION, KEY_FILE, alpaca_process
from tests.support.wire_house import ACCOUNT, FOUR, WireHouse, wire_house


@pytest.fixture(autouse=True)
def _no_office_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WireHouse]:
    """75/25 where 60/40 is wanted: 15 VTI are to be sold and 29 BND bought."""
    holds, wants = {"VTI": "75", "BND": "50"}, {"VTI": "60", "BND": "40"}
    with wire_house(tmp_path, holds=holds, wants=wants) as found:
        yield found


def states(house: WireHouse) -> list[LegState]:
    return [leg.state for leg in house.legs()]


TAKEN = ("502_after", "504_after", "drop_after", "half_after", "null_after")
"""The exchange takes the order and its answer is lost on the way."""
NOT_TAKEN = ("500", "502", "503", "504", "drop")


@pytest.mark.parametrize("act", TAKEN)
def test_an_order_that_was_taken_without_an_answer_is_posted_once_and_found(
    house: WireHouse, act: str
) -> None:
    house.local.break_(requests=[{"on": "POST /v2/orders", "act": act, "times": 2}])
    house.plan()
    house.ticks(2)
    assert states(house) == [LegState.FILLED] * 2
    assert house.posts() == house.sends() == len(house.orders()) == 2
    house.agrees()
    assert house.local.held() == {"VTI": 60, "BND": 79}


@pytest.mark.parametrize("act", NOT_TAKEN)
def test_an_order_that_nobody_took_is_posted_once_and_its_symbol_rests_until_the_close(
    house: WireHouse, act: str
) -> None:
    house.local.break_(requests=[{"on": "POST /v2/orders", "act": act}])
    house.plan()
    house.ticks(60)
    assert states(house) == [LegState.LOST]
    assert house.posts() == house.sends() == 1
    assert house.orders() == []
    assert [f.symbol for f in house.journal.fences(house.house.clock.now())] == ["VTI"]
    assert house.pages() == ["lost order"]


def test_too_many_requests_are_answered_by_a_new_order_and_not_by_the_old_one_again(
    house: WireHouse,
) -> None:
    house.local.break_(requests=[{"on": "POST /v2/orders", "act": "429"}])
    house.plan()
    house.ticks(25)
    assert states(house) == [LegState.ABANDONED, LegState.FILLED, LegState.FILLED]
    assert house.posts() == house.sends() == 3
    assert len({leg.client_order_id for leg in house.legs()}) == 3
    house.agrees()


def test_five_deposits_in_a_row_with_every_answer_lost_buy_five_times_what_came(
    house: WireHouse,
) -> None:
    policy = house.house.policy
    at_once = replace(policy.deposits, wait_sessions=0)
    house.house.policy = replace(policy, deposits=at_once)
    house.plan()
    house.local.break_(requests=[{"on": "POST /v2/orders", "act": "drop_after", "times": 100}])
    for _ in range(5):
        before = house.posts()
        house.local.break_(cash="1000")
        house.tick(minutes=1)
        house.approve()
        house.ticks(12)
        assert house.posts() > before, "the money is placed"
        assert house.posts() == house.sends() == len(house.orders())
    house.agrees()
    held = house.local.held()
    assert 14_800 <= held["VTI"] * 100 + held["BND"] * 50 <= 15_000


def test_an_answer_without_an_id_is_no_answer_and_the_next_start_finds_the_order(
    house: WireHouse,
) -> None:
    house.local.break_(fills_held=True)
    house.local.break_(requests=[{"on": "POST /v2/orders", "act": "null_after"}])
    house.local.break_(requests=[{"on": "GET /v2/orders:by", "act": "502", "times": 4}])
    with suppress(Unavailable):
        house.plan()
    assert states(house) == [LegState.AMBIGUOUS]
    house.restart()
    (leg,) = house.legs()
    assert (leg.state, leg.sends) == (LegState.WORKING, 1)
    assert leg.broker_order_id == house.orders()[0]["id"]


def test_half_an_hour_without_a_name_server_forgets_no_order(
    house: WireHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.local.break_(fills_held=True)
    house.plan()
    assert states(house) == [LegState.WORKING]
    house.line.close()

    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    with monkeypatch.context() as gone:
        gone.setattr(socket, "getaddrinfo", nobody)
        house.ticks(15)
        assert house.pages() == []
        desk = house.local.desk
        desk.change(lambda exchange, at: exchange.switch(at, fills_held=False))
        house.ticks(15)
        assert states(house) == [LegState.WORKING], "it is neither dropped nor refused"
        assert house.pages() == ["unreachable"]
    house.ticks(12)
    assert states(house) == [LegState.FILLED] * 2
    assert house.pages() == []
    assert house.posts() == 2
    house.agrees()


def test_a_line_that_breaks_in_a_burst_of_fills_loses_none(house: WireHouse) -> None:
    house.local.break_(fills_held=True)
    house.plan()
    (row,) = house.orders()
    number = house.local.desk.number_of(row["id"])
    assert number is not None
    one = Quantity(Decimal(1))
    house.proxy.only = "GET"
    for unit in range(15):
        house.proxy.harms.extend(["reset"] * (unit % 5))
        house.local.desk.change(lambda exchange, at: exchange.fill_now(number, one, at))
        house.tick(seconds=20)
    house.proxy.harms.clear()
    house.local.break_(fills_held=False)
    house.ticks(12)
    assert len([b for b in house.journal.fills() if b.fill.symbol == "VTI"]) == 15
    house.agrees()


# Cancels


def test_when_every_cancel_is_lost_no_symbol_gets_a_second_order(house: WireHouse) -> None:
    house.local.break_(fills_held=True)
    house.plan()
    house.proxy.only = "DELETE"
    house.proxy.harms.extend(["drop_before"] * 1000)
    house.ticks(60)
    open_now = [row["symbol"] for row in house.orders() if row["status"] == "new"]
    assert open_now == ["VTI"]
    assert house.posts() == 1
    assert house.pages() == [], "everything else goes on: the broker is not called unreachable"
    house.local.break_(fills_held=False)
    house.ticks(12)
    assert house.posts() == 2, "the purchase, once the sale is over"
    house.agrees()


def test_an_order_that_fills_while_its_cancel_is_on_the_way_is_filled(house: WireHouse) -> None:
    house.local.break_(pending_cancel_seconds=3600, fills_held=True)
    house.plan()
    house.ticks(10)
    assert states(house) == [LegState.CANCEL_REQUESTED]
    house.local.break_(fills_held=False)
    house.ticks(12)
    assert states(house) == [LegState.FILLED] * 2
    house.agrees()


@pytest.mark.parametrize("act", ["502_after", "drop_after"])
def test_a_cancel_of_an_order_that_has_ended_is_news_and_no_crash(
    house: WireHouse, act: str
) -> None:
    """The first cancel works and is not heard; the second is refused, because the order is over."""
    house.local.break_(fills_held=True)
    house.plan()
    house.local.break_(requests=[{"on": "DELETE /v2/orders", "act": act}])
    house.local.break_(requests=[{"on": "GET /v2/orders:by", "act": "502", "times": 4}])
    house.ticks(11)
    house.local.break_(fills_held=False)
    house.ticks(12)
    assert states(house) == [LegState.CANCELED, LegState.FILLED, LegState.FILLED]
    house.agrees()


# Starting again


def test_a_start_follows_the_three_orders_that_were_open(tmp_path: Path) -> None:
    holds = {"AAA": "40", "BBB": "40", "CCC": "40"}
    wants = {"AAA": "20", "BBB": "20", "CCC": "20", "DDD": "40"}
    with wire_house(tmp_path, holds=holds, wants=wants, prices=FOUR) as house:
        house.local.break_(fills_held=True)
        house.plan()
        assert states(house) == [LegState.WORKING] * 3
        before = house.journal.head()
        for _ in range(3):
            house.restart()
            house.tick(seconds=30)
        assert states(house) == [LegState.WORKING] * 3
        assert house.journal.head() == before, "nothing was news"
        house.local.break_(fills_held=False)
        house.ticks(15)
        assert {leg.state for leg in house.legs()} == {LegState.FILLED}
        assert house.posts() == len(house.orders()) == 4
        house.agrees()


def test_a_start_keeps_a_working_order_though_holdings_disagree(house: WireHouse) -> None:
    """Five units have been sold, and the list of holdings does not show it yet."""
    house.local.break_(fills_held=True, position_lag_seconds=10)
    house.plan()
    number = house.local.desk.number_of(house.orders()[0]["id"])
    assert number is not None
    house.local.clock.at += timedelta(minutes=1)
    five = Quantity(Decimal(5))
    house.local.desk.change(lambda exchange, at: exchange.fill_now(number, five, at))
    house.restart()
    assert house.local.held()["VTI"] == 75
    assert house.journal.positions(ACCOUNT)["VTI"] == 70
    (leg,) = house.legs()
    assert (leg.state, leg.filled_quantity) == (LegState.WORKING, 5)
    house.local.break_(fills_held=False)
    house.ticks(12)
    assert states(house) == [LegState.FILLED] * 2
    house.agrees()


def test_a_start_that_is_cut_off_at_any_question_goes_on_from_the_first_one(
    house: WireHouse,
) -> None:
    """Each question of recovery fails once: the start says so, and the next one adds no row twice."""
    house.local.break_(fills_held=True)
    house.plan()
    before = house.journal.head()
    house.proxy.only = "GET"
    for asked in range(12):
        house.proxy.harms.clear()
        passes: list[Harm] = ["none"] * asked
        breaks: list[Harm] = ["reset"] * 4
        house.proxy.harms.extend(passes + breaks)
        try:
            recover(house.house, house.watch)
        except Unavailable:
            assert states(house) == [LegState.WORKING]
        else:
            break
    else:
        pytest.fail("a start asks more than twelve questions")
    assert asked >= 4
    assert house.journal.head() == before
    assert house.posts() == 1


# Other people


def test_a_persons_order_like_ours_is_not_taken_for_ours(house: WireHouse) -> None:
    """Ours is lost on the way; another's sells the same at the same second."""
    house.local.break_(requests=[{"on": "POST /v2/orders", "act": "drop"}])
    house.plan()
    (leg,) = house.legs()
    assert leg.state is LegState.AMBIGUOUS
    theirs = house.local.order(
        symbol="VTI", side="sell", qty=str(leg.intent.quantity), client_order_id="by-hand"
    )
    house.ticks(8)
    (leg,) = house.legs()
    assert (leg.state, leg.filled_quantity) == (LegState.LOST, 0)
    (booked,) = house.journal.fills()
    assert booked.client_order_id is None
    assert booked.fill.broker_order_id == theirs["id"]
    assert dict(house.journal.positions(ACCOUNT)) == house.local.held()


# A dry run


def test_a_real_dry_run_sends_no_verb_but_get(tmp_path: Path) -> None:
    """`trimtab run` with mode = "dry_run", a whole look and a stop; every request is counted."""
    parts_of = CONFIGURATION.replace('mode = "paper"', 'mode = "dry_run"')
    with alpaca_process("--hold", "VTI=100") as server:
        parts = urlsplit(server)
        assert parts.hostname
        assert parts.port
        with (
            proxying(parts.hostname, parts.port) as (proxy, url),
            daemon_in(tmp_path, parts_of.replace("URL", url)) as daemon,
        ):
            keys = tmp_path / "alpaca.keys"
            keys.write_text(KEY_FILE)
            keys.chmod(0o600)
            daemon.ask("run_now")
            daemon.start()
            daemon.wait_for(lambda journal: bool(journal.cycles(limit=1)))
            reader = daemon.reader()
            (look,) = reader.cycles(limit=1)
            reader.close()
            assert daemon.stop()[0] == 0
            assert look.decision.kind == "proposal", "there was something to send"
            verbs = {line.split()[0] for line in proxy.arrived}
            assert verbs == {"GET"}


def test_a_dry_run_sends_no_verb_but_get(tmp_path: Path) -> None:
    holds, wants = {"VTI": "75", "BND": "50"}, {"VTI": "60", "BND": "40"}
    with wire_house(tmp_path, holds=holds, wants=wants, dry_run=True) as house:
        house.wake(WakeKind.PERSON)
        assert house.journal.cycles(limit=1)[0].decision.kind == "proposal"
        house.local.order(symbol="VTI", side="sell", qty="1", type="limit", limit_price="120")
        house.house.latch.set("ann", "a drill")
        house.ticks(30)
        house.restart()
        house.ticks(2)
        assert house.verbs() == {"GET"}
