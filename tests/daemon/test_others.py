"""Orders of other people: their symbol is left alone while one is open and fifteen minutes after."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from config.safeguards import OrderLife
from policies.policy import Policy
from portfolio.money import Price, Quantity, Weight
from portfolio.orders import OrderIntent, Side
from portfolio.target import Slice, build_target
from portfolio.wakes import WakeKind
from tests.support.house import Rig, build_rig, table
from tests.support.stories import DAYS, FALL, GROWTH, approve

WEIGHTS = {"STK": "0.4", "OTH": "0.2", "BND": "0.4"}


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Stocks have grown, bonds fallen: all three symbols are due to be traded."""
    slices = [
        Slice(name=s.lower(), weight=Weight(Decimal(w)), symbol=s) for s, w in WEIGHTS.items()
    ]
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=GROWTH, OTH=GROWTH, BND=FALL),
        Policy(target=build_target(slices)),
        positions={s: str(Decimal(w) * 1000) for s, w in WEIGHTS.items()},
        costs=dict.fromkeys(WEIGHTS, "100"),
    )
    rig.go_to(DAYS[8])
    return rig


def order_by_hand(rig: Rig, symbol: str, quantity: str, limit: str) -> str:
    intent = OrderIntent(
        account="main",
        symbol=symbol,
        side=Side.SELL,
        quantity=Quantity(Decimal(quantity)),
        limit_price=Price(Decimal(limit)),
    )
    rig.broker.exchange.submit("by-hand", intent, rig.clock.now())
    order = rig.broker.find_order("by-hand")
    assert order is not None
    return order.broker_order_id


def later(rig: Rig, **time: float) -> None:
    rig.clock.advance_to(rig.clock.now() + timedelta(**time))


def planned(rig: Rig) -> set[str]:
    """What a look now would trade."""
    decision = rig.look(kind=WakeKind.LOOK).decision
    return {leg.intent.symbol for leg in getattr(decision, "legs", ())}


def why_not(rig: Rig) -> str:
    (last,) = rig.journal.cycles(limit=1)
    return " ".join(g.text for g in last.decision.gates if g.name == "barred")


def test_a_symbol_rests_while_somebody_elses_order_is_open_and_fifteen_minutes_after(
    rig: Rig,
) -> None:
    number = order_by_hand(rig, "STK", "1", "300")
    assert "STK" not in planned(rig)
    assert "an order of yours is open" in why_not(rig)
    later(rig, minutes=10)
    assert "STK" not in planned(rig)
    rig.broker.cancel(number)
    for _ in range(7):
        later(rig, minutes=2)
        assert "STK" not in planned(rig)
    assert "somebody else traded it at" in why_not(rig)
    later(rig, minutes=1)
    assert "STK" in planned(rig), "fifteen minutes after it was last seen open"


def test_an_order_that_filled_between_two_looks_rests_its_symbol_too(rig: Rig) -> None:
    order_by_hand(rig, "STK", "1", "180")
    later(rig, minutes=14, seconds=59)
    assert "STK" not in planned(rig)
    later(rig, seconds=1)
    assert "STK" in planned(rig)


def test_a_start_in_between_goes_on_from_the_last_look(rig: Rig) -> None:
    number = order_by_hand(rig, "STK", "1", "300")
    assert "STK" not in planned(rig)
    rig.broker.cancel(number)
    later(rig, minutes=5)
    rig.recover()
    assert "STK" not in planned(rig)
    later(rig, minutes=10)
    assert "STK" in planned(rig)


def test_other_symbols_go_on_beside_it(rig: Rig) -> None:
    order_by_hand(rig, "OTH", "1", "180")
    later(rig, seconds=1)
    assert planned(rig) == {"STK", "BND"}


def test_our_own_orders_rest_nothing_and_zero_minutes_switch_it_off(rig: Rig) -> None:
    rig.look()
    approve(rig)
    assert rig.journal.fills()
    rig.look(kind=WakeKind.ORDER_UPDATE)
    assert "somebody else" not in why_not(rig)
    rig.house.order_life = OrderLife(others_rest=timedelta(0))
    order_by_hand(rig, "STK", "1", "180")
    later(rig, seconds=1)
    rig.look()
    assert "somebody else" not in why_not(rig)
