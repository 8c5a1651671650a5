"""Holdings that disagree, and starts after a bad night."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from daemon.observe import observe
from daemon.reconcile import Differences, check_worth, reconcile
from policies.policy import Policy
from portfolio.accounts import Position
from portfolio.memory import Fence
from portfolio.money import Money, Price, Quantity
from portfolio.orders import OrderIntent, Side, client_order_id
from portfolio.ports import BrokerClock, Unavailable
from portfolio.wakes import WakeKind
from tests.support.house import Rig, build_rig, table
from tests.support.stories import DAYS, sixty_forty


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return build_rig(
        tmp_path,
        table(DAYS, STK=["100"] * 12, BND=["100"] * 12),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )


def held(stocks: int, bonds: int = 400) -> dict[str, dict[str, Quantity]]:
    return {"main": {"STK": Quantity(Decimal(stocks)), "BND": Quantity(Decimal(bonds))}}


def read(rig: Rig, watch: Differences, stocks: int, bonds: int = 400) -> list[str]:
    """One read of the holdings a minute later; the symbols it fences."""
    rig.clock.advance_to(rig.clock.now() + timedelta(seconds=61))
    return [fence.symbol for fence in reconcile(rig.house, held(stocks, bonds), watch)]


def test_holdings_that_agree_fence_nothing(rig: Rig) -> None:
    assert read(rig, Differences(), 600) == []


def test_a_difference_fences_its_symbol_until_it_has_stood_four_reads_and_three_minutes(
    rig: Rig,
) -> None:
    watch = Differences()
    assert [read(rig, watch, 500) for _ in range(3)] == [["STK"]] * 3
    assert read(rig, watch, 500) == []
    assert rig.journal.positions("main")["STK"] == 500
    (alarm,) = rig.journal.open_alarms()
    assert alarm.name == "external change"
    assert "STK 600 → 500" in alarm.text
    assert read(rig, watch, 500) == []


def test_a_difference_that_changes_is_counted_from_the_beginning(rig: Rig) -> None:
    watch = Differences()
    for stocks in (500, 500, 500, 400, 400, 400):
        assert read(rig, watch, stocks) == ["STK"]
    assert rig.journal.positions("main")["STK"] == 600


def test_one_stale_answer_is_forgotten_when_the_next_one_agrees(rig: Rig) -> None:
    watch = Differences()
    assert read(rig, watch, 0) == ["STK"]
    assert read(rig, watch, 600) == []
    assert watch.seen == {}


def test_four_reads_within_a_second_confirm_nothing(rig: Rig) -> None:
    watch = Differences()
    for _ in range(8):
        assert [f.symbol for f in reconcile(rig.house, held(500), watch)] == ["STK"]


def test_two_differences_are_accepted_together_or_not_at_all(rig: Rig) -> None:
    watch = Differences()
    for _ in range(3):
        read(rig, watch, 500)
    assert read(rig, watch, 500, 300) == ["BND", "STK"]
    assert rig.journal.positions("main")["STK"] == 600
    for _ in range(3):
        read(rig, watch, 500, 300)
    assert rig.journal.positions("main") == {"STK": 500, "BND": 300}


def shows(rig: Rig, monkeypatch: pytest.MonkeyPatch, stocks: int) -> None:
    """From now on the broker shows so many stocks, whatever it has booked."""
    really = rig.broker.positions()

    def positions() -> list[Position]:
        return [
            replace(p, quantity=Quantity(Decimal(stocks))) if p.symbol == "STK" else p
            for p in really
        ]

    whole = rig.broker.account()
    held_then = sum(p.quantity for p in really if p.symbol == "STK")
    equity = Money(whole.equity + (stocks - held_then) * 100)
    monkeypatch.setattr(rig.broker, "positions", positions)
    monkeypatch.setattr(rig.broker, "account", lambda: replace(whole, equity=equity))


@pytest.mark.parametrize(("stocks", "is_known"), [(605, True), (606, False), (596, True)])
def test_half_a_percent_of_the_worth_may_be_in_doubt_while_other_symbols_are_traded(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, stocks: int, is_known: bool
) -> None:
    rig.go_to(DAYS[0], timedelta(hours=1))
    shows(rig, monkeypatch, stocks)
    if is_known:
        rig.look(kind=WakeKind.LOOK)
        (last,) = rig.journal.cycles(limit=1)
        assert any(g.name == "barred" and g.scope == "STK" for g in last.decision.gates)
    else:
        with pytest.raises(Unavailable, match=r"600\.00 of 100600\.00 are in doubt.* 606 STK"):
            rig.look(kind=WakeKind.LOOK)


def test_holdings_that_nobody_can_price_leave_the_worth_unknown(rig: Rig) -> None:
    rig.go_to(DAYS[0], timedelta(hours=1))
    fence = Fence(account="main", symbol="NEW", reason="the broker shows 5 NEW, our records say 0")
    with pytest.raises(Unavailable, match="nobody says what they are worth"):
        check_worth(rig.house, observe(rig.house), (fence,))


def test_a_large_change_from_outside_is_traded_on_once_it_has_stood(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.go_to(DAYS[0], timedelta(hours=1))
    shows(rig, monkeypatch, 400)
    for _ in range(3):
        with pytest.raises(Unavailable):
            rig.look(kind=WakeKind.LOOK)
        rig.clock.advance_to(rig.clock.now() + timedelta(seconds=61))
    rig.look(kind=WakeKind.LOOK)
    assert rig.journal.positions("main")["STK"] == 400


def test_what_vanished_is_fenced_until_it_is_there_again(rig: Rig) -> None:
    watch = Differences()
    for _ in range(4):
        read(rig, watch, 0)
    (fence,) = rig.journal.fences(rig.clock.now())
    assert (fence.symbol, fence.until) == ("STK", None)
    assert fence.reason == "its 600 units vanished: renamed, merged or moved away"
    (alarm,) = rig.journal.open_alarms()
    assert alarm.level == "page"
    for _ in range(4):
        read(rig, watch, 600)
    assert rig.journal.fences(rig.clock.now()) == []


def test_ten_starts_add_no_rows(rig: Rig) -> None:
    rig.look(DAYS[0])
    head = rig.journal.head()
    for _ in range(10):
        rig.recover()
    assert rig.journal.head() == head


def test_an_order_with_our_prefix_that_nobody_wrote_down_halts_the_start(rig: Rig) -> None:
    intent = OrderIntent(
        account="main",
        symbol="STK",
        side=Side.SELL,
        quantity=Quantity(Decimal(1)),
        limit_price=Price(Decimal(99)),
    )
    stranger = client_order_id("zzzz", 7, 1, intent)
    rig.broker.exchange.submit(stranger, intent, rig.clock.now())
    rig.recover()
    assert stranger in (rig.latch.reason() or "")
    rig.recover()
    assert len(rig.journal.events("halted")) == 1


@pytest.mark.parametrize(
    ("seconds", "halts", "alarms"), [(1, False, 0), (3, False, 1), (6, True, 1)]
)
def test_a_clock_that_is_off_warns_and_from_five_seconds_on_halts(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, seconds: int, halts: bool, alarms: int
) -> None:
    def clock() -> BrokerClock:
        return BrokerClock(now=rig.clock.now() + timedelta(seconds=seconds), is_open=True)

    monkeypatch.setattr(rig.broker, "clock", clock)
    rig.recover()
    assert (rig.latch.reason() is not None) is halts
    assert len(rig.journal.open_alarms()) == alarms


def test_a_persons_own_trade_is_booked_and_not_taken_for_a_difference(rig: Rig) -> None:
    rig.look(DAYS[0])
    intent = OrderIntent(
        account="main",
        symbol="STK",
        side=Side.SELL,
        quantity=Quantity(Decimal(5)),
        limit_price=Price(Decimal(99)),
    )
    rig.broker.exchange.submit("by-hand-1", intent, rig.clock.now())
    rig.look(DAYS[1])
    (booked,) = rig.journal.fills()
    assert booked.client_order_id is None
    assert rig.journal.positions("main")["STK"] == 595
