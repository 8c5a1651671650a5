"""Substitutes count to their slice; locks keep what the user wants kept."""

from decimal import Decimal
from typing import Any

import pytest

from policies.book import Book, open_book
from policies.decide import decide
from policies.policy import Policy
from portfolio.decisions import Hold, Proposal, Run, accepted
from portfolio.drift import leaf_values
from portfolio.money import Weight
from portfolio.orders import Side
from portfolio.snapshot import Snapshot
from portfolio.target import Lock, Slice, TargetError, build_target
from tests.support.households import NOW, account, d, household, memory, quote

QUOTES = (quote("STK", 100), quote("SUB", 50), quote("BND", 10))


def policy(*, lock: Lock = Lock.NONE, group_lock: Lock = Lock.NONE, **settings: Any) -> Policy:
    """60/40; SUB stands for STK."""
    return Policy(
        target=build_target(
            [
                Slice(name="shares", weight=Weight(d("0.6")), lock=group_lock),
                Slice(
                    name="stk",
                    parent="shares",
                    weight=Weight(d(1)),
                    symbol="STK",
                    substitutes=("SUB",),
                    lock=lock,
                ),
                Slice(name="bnd", weight=Weight(d("0.4")), symbol="BND"),
            ]
        ),
        fractional=True,
        **settings,
    )


def held(cash: int = 0, **units: int) -> Snapshot:
    return household(account(cash=cash, holdings=units), quotes=QUOTES)


def trades(decision: object) -> dict[str, tuple[Side, Decimal]]:
    assert isinstance(decision, Proposal), decision
    return {leg.intent.symbol: (leg.intent.side, leg.intent.quantity) for leg in decision.legs}


def test_a_substitute_counts_to_its_slice_and_nothing_is_due() -> None:
    # 30 x 100 + 60 x 50 = 6,000 of 10,000
    snapshot = held(STK=30, SUB=60, BND=400)
    book = open_book(snapshot, policy(), memory())
    assert isinstance(book, Book)
    assert book.values["STK"] == 6000
    assert leaf_values(snapshot, policy().target) == (6000, 4000, 0)
    decision = decide(snapshot, policy(), memory())
    assert isinstance(decision, Hold)
    assert not [gate for gate in decision.gates if gate.name == "left alone"]


def test_a_sale_of_a_slice_takes_the_substitute_first() -> None:
    # 9,000 of 10,000 are stocks: 3,000 are sold, all from the 4,000 in SUB
    sold = trades(decide(held(STK=50, SUB=80, BND=100), policy(), memory()))
    assert sold["SUB"] == (Side.SELL, d(60))
    assert "STK" not in sold


def test_a_sale_larger_than_the_substitute_goes_on_with_the_symbol_itself() -> None:
    # 3,000 are sold: 20 x 50 of SUB, then 20 x 100 of STK
    sold = trades(decide(held(STK=80, SUB=20, BND=100), policy(), memory()))
    assert sold["SUB"] == (Side.SELL, d(20))
    assert sold["STK"] == (Side.SELL, d(20))


def test_new_money_buys_the_symbol_and_never_the_substitute() -> None:
    bought = trades(decide(held(cash=300, SUB=113, BND=405), policy(), memory()))
    assert set(bought) == {"STK"}


def test_a_run_sells_a_substitute_only_down_to_the_slices_target() -> None:
    first = decide(held(STK=50, SUB=80, BND=100), policy(), memory())
    assert isinstance(first, Proposal)
    run: Run = accepted(first, number=1, opened_cycle=1, expires_at=NOW.replace(year=2027))
    # The market fell meanwhile: 7,000 of 8,000 are stocks, so 2,200 are too much.
    quotes = (quote("STK", 100), quote("SUB", 25), quote("BND", 10))
    later = household(account(cash=0, holdings={"STK": 50, "SUB": 80, "BND": 100}), quotes=quotes)
    decision = decide(later, policy(), memory(run=run))
    # 5,000 + 2,000 = 7,000 of 8,000: 2,200 over 60 %. The run allows 60.6, in whole shares.
    assert trades(decision) == {"SUB": (Side.SELL, d(60))}


def test_an_unheld_substitute_needs_no_quote() -> None:
    snapshot = household(
        account(cash=0, holdings={"STK": 90, "BND": 100}),
        quotes=(quote("STK", 100), quote("BND", 10)),
    )
    decision = decide(snapshot, policy(), memory())
    assert not [gate for gate in decision.gates if gate.name == "price"]
    assert trades(decision)["STK"] == (Side.SELL, d(30))


def test_a_held_substitute_without_a_price_makes_the_weights_unknown() -> None:
    snapshot = household(
        account(cash=0, holdings={"STK": 90, "SUB": 1, "BND": 100}),
        quotes=(quote("STK", 100), quote("BND", 10)),
    )
    decision = decide(snapshot, policy(), memory())
    assert isinstance(decision, Hold)
    assert "SUB cannot be counted" in decision.reason


@pytest.mark.parametrize("where", ["slice", "group", "symbol"])
def test_what_is_locked_against_sales_is_kept_and_said(where: str) -> None:
    locked = {
        "slice": policy(lock=Lock.DO_NOT_SELL),
        "group": policy(group_lock=Lock.LEAVE_ALONE),
        "symbol": policy(locks={"STK": Lock.DO_NOT_SELL, "SUB": Lock.DO_NOT_SELL}),
    }[where]
    decision = decide(held(STK=50, SUB=80, BND=100), locked, memory())
    assert isinstance(decision, Hold)
    texts = [gate.text for gate in decision.gates if gate.name == "lock"]
    assert any(text.startswith("STK is not sold") for text in texts)


def test_a_lock_on_the_substitute_leaves_the_symbol_itself_for_sale() -> None:
    locked = policy(locks={"SUB": Lock.LEAVE_ALONE})
    sold = trades(decide(held(STK=50, SUB=80, BND=100), locked, memory()))
    assert sold["STK"] == (Side.SELL, d(30))
    assert "SUB" not in sold


def test_what_is_locked_against_buys_gets_no_new_money() -> None:
    decision = decide(held(cash=1000, STK=50, BND=400), policy(lock=Lock.DO_NOT_BUY), memory())
    if isinstance(decision, Proposal):
        assert "STK" not in trades(decision)
    unlocked = trades(decide(held(cash=1000, STK=50, BND=400), policy(), memory()))
    assert "STK" in unlocked


def test_a_buy_lock_still_sells_and_a_sell_lock_still_buys() -> None:
    over = held(STK=90, BND=100)
    assert "STK" in trades(decide(over, policy(lock=Lock.DO_NOT_BUY), memory()))
    under = held(STK=30, BND=700)
    assert trades(decide(under, policy(lock=Lock.DO_NOT_SELL), memory()))["STK"][0] is Side.BUY


@pytest.mark.parametrize(
    ("slices", "why"),
    [
        (
            [Slice(name="a", weight=Weight(d(1)), symbol="A", substitutes=("A",))],
            "A is in slice 'a' twice",
        ),
        (
            [
                Slice(name="a", weight=Weight(d("0.5")), symbol="A", substitutes=("B",)),
                Slice(name="b", weight=Weight(d("0.5")), symbol="B"),
            ],
            "B is in two slices",
        ),
        (
            [Slice(name="a", weight=Weight(d(1)), is_cash=True, substitutes=("B",))],
            "no symbol they stand for",
        ),
    ],
)
def test_substitutes_that_do_not_fit_are_no_target(slices: list[Slice], why: str) -> None:
    with pytest.raises(TargetError, match=why):
        build_target(slices)
