"""A symbol that nobody can price is left alone and told of once; the others are traded as ever."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from policies.policy import Policy
from portfolio.events import Fenced
from portfolio.memory import Fence
from portfolio.money import Price, Weight
from portfolio.orders import LegState
from portfolio.snapshot import PriceFault, Quote, RefusedPrice
from portfolio.target import Slice, build_target
from portfolio.wakes import WakeKind
from tests.support.house import build_rig, table
from tests.support.running import Running, run_service
from tests.support.stories import DAYS, FALL, GROWTH, approve

WEIGHTS = {"STK": "0.5", "BND": "0.4", "ODD": "0.1"}


@pytest.fixture
def running(tmp_path: Path) -> Running:
    """STK has grown and BND has fallen by the ninth session; ODD stands where it stood."""
    slices = [
        Slice(name=s.lower(), weight=Weight(Decimal(w)), symbol=s) for s, w in WEIGHTS.items()
    ]
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=GROWTH, BND=FALL, ODD=["100"] * 12),
        Policy(target=build_target(slices)),
        positions={s: str(Decimal(w) * 1000) for s, w in WEIGHTS.items()},
        costs=dict.fromkeys(WEIGHTS, "100"),
    )
    rig.go_to(DAYS[8], timedelta(minutes=10))
    return run_service(rig)


def alarms(running: Running) -> list[tuple[str, str, str]]:
    return [(a.name, a.scope, a.level) for a in running.rig.journal.open_alarms()]


def tick(running: Running, minutes: int = 1) -> None:
    rig = running.rig
    rig.clock.advance_to(rig.clock.now() + timedelta(minutes=minutes))
    running.wake(WakeKind.TICK)


def break_quote(
    running: Running, monkeypatch: pytest.MonkeyPatch, price: str | None, last: str | None = None
) -> None:
    """From now on the feed says this of ODD: a number that is none, or nothing at all."""
    prices, symbol = running.rig.house.prices, "ODD"
    really = prices.quotes

    def quotes(symbols: list[str]) -> dict[str, Quote | RefusedPrice]:
        found = dict(really(symbols))
        if symbol not in found:
            return found
        if price is None:
            found[symbol] = RefusedPrice(
                symbol=symbol, fault=PriceFault.MISSING, detail=f"{symbol} has no quote"
            )
            return found
        number = Price(Decimal(price))
        found[symbol] = Quote(
            symbol=symbol,
            bid=number,
            ask=number,
            last=number if last is None else Price(Decimal(last)),
            as_of=running.rig.clock.now(),
            previous_close=None,
            average_daily_volume=None,
        )
        return found

    monkeypatch.setattr(prices, "quotes", quotes)


@pytest.mark.parametrize("price", ["NaN", "Infinity", "0", "-3", None])
def test_three_looks_without_a_price_page_and_two_do_not(
    running: Running, monkeypatch: pytest.MonkeyPatch, price: str | None
) -> None:
    with monkeypatch.context() as feed:
        break_quote(running, feed, price)
        tick(running)
        tick(running)
        assert alarms(running) == []
        tick(running)
        assert alarms(running) == [("no price", "ODD", "page")]
        tick(running, minutes=20)
        assert len(running.rig.journal.events("alarm")) == 1, "told once"
    tick(running)
    assert alarms(running) == []


def test_a_price_that_is_none_costs_its_own_symbol_and_no_other(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is held counts at its last trade; without that nobody's share is known."""
    break_quote(running, monkeypatch, "NaN", last="100")
    for _ in range(3):
        tick(running, minutes=10)
        if running.rig.journal.pending_approval() is not None:
            approve(running.rig)
    for _ in range(3):
        running.wake(WakeKind.ORDER_UPDATE)
    legs = running.rig.journal.legs()
    assert {leg.intent.symbol for leg in legs} == {"STK", "BND"}
    assert {leg.state for leg in legs} == {LegState.FILLED}


def test_a_holding_that_nothing_prices_leaves_everything_alone(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_quote(running, monkeypatch, "NaN")
    for _ in range(4):
        tick(running, minutes=10)
        running.wake(WakeKind.PERSON)
    assert running.rig.journal.pending_approval() is None
    assert running.rig.journal.legs() == []
    assert alarms(running) == [("no price", "ODD", "page")]


def test_looks_that_alternate_never_page(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        with monkeypatch.context() as feed:
            break_quote(running, feed, None)
            tick(running)
            tick(running)
        tick(running)
    assert running.rig.journal.events("alarm") == []


def test_old_quotes_are_news_after_a_quarter_of_an_hour(running: Running) -> None:
    rig = running.rig
    rig.market.break_quotes("ODD", PriceFault.STALE, rig.clock.now())
    tick(running, minutes=2)
    tick(running, minutes=14)
    assert alarms(running) == []
    tick(running)
    assert alarms(running) == [("no price", "ODD", "info")]
    rig.market.mend_quotes("ODD")
    tick(running)
    assert alarms(running) == []


def test_a_symbol_behind_a_fence_is_not_told_of_a_second_time(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    fence = Fence(account="main", symbol="ODD", reason="its 100 units vanished: renamed, or moved")
    running.rig.journal.append(Fenced(fence=fence))
    break_quote(running, monkeypatch, None)
    for _ in range(5):
        tick(running, minutes=5)
    assert alarms(running) == []


def test_a_night_counts_for_nothing(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    break_quote(running, monkeypatch, None)
    tick(running)
    tick(running)
    running.rig.go_to(DAYS[8], timedelta(hours=8))
    running.wake(WakeKind.LOOK)
    running.rig.go_to(DAYS[9], timedelta(minutes=10))
    running.wake(WakeKind.TICK)
    assert alarms(running) == []
