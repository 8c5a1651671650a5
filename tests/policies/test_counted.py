"""What counts to a slice though it is not traded for it, and the floor that cash keeps."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.book import Book, open_book
from policies.cash_floor import CashFloor, with_floor
from policies.decide import decide
from policies.policy import DepositRule, MinimumTrade
from portfolio.decisions import Gate, Hold, Proposal
from portfolio.money import ONE, Money, Weight
from portfolio.orders import Side
from portfolio.snapshot import Snapshot
from portfolio.target import Slice, build_target
from portfolio.valuations import Valuation
from tests.support.households import account, d, household, memory, quote, stocks_and_bonds, target

HOUSE = Valuation(name="House", value=Money(d(40_000)), as_of=date(2026, 1, 31))


def held(cash: int = 0, *, by_hand: tuple[Valuation, ...] = (), **units: int) -> Snapshot:
    quotes = tuple(quote(s, 100) for s in ("STK", "BND", "MIX"))
    return replace(household(account(cash, units), quotes=quotes), by_hand=by_hand)


def gate(found: Hold | Proposal, name: str) -> Gate:
    return next(g for g in found.gates if g.name == name)


def before(found: Hold | Proposal) -> dict[str, Decimal]:
    return {view.name: view.before.quantize(Decimal("0.0001")) for view in found.slices}


def test_a_pension_that_counts_to_bonds_is_no_reason_to_buy_bonds() -> None:
    # 60,000 of stocks and a pension of 40,000 that counts as bonds: exactly 60/40.
    pension = replace(HOUSE, name="Pension")
    policy = stocks_and_bonds(counts={"Pension": {"bnd": ONE}})
    found = decide(held(by_hand=(pension,), STK=600), policy, memory())
    assert isinstance(found, Hold)
    assert before(found) == {"stk": d("0.6"), "bnd": d("0.4"), "cash": d(0)}
    assert "never traded, counted to bnd" in gate(found, "by hand").text


def test_a_holding_that_is_only_shown_counts_to_no_slice_and_not_to_equity() -> None:
    snapshot = held(by_hand=(HOUSE,), STK=600, BND=400)
    found = decide(snapshot, stocks_and_bonds(), memory())
    assert before(found) == {"stk": d("0.6"), "bnd": d("0.4"), "cash": d(0)}
    assert snapshot.equity() == 100_000
    assert "only shown" in gate(found, "by hand").text


def test_what_is_counted_is_never_sold_only_what_is_held_is() -> None:
    # Bonds are 10,000 held and 60,000 counted of 100,000: all that is held is sold, no more.
    policy = stocks_and_bonds(counts={"Pension": {"bnd": ONE}})
    pension = replace(HOUSE, name="Pension", value=Money(d(60_000)))
    found = decide(held(by_hand=(pension,), STK=300, BND=100), policy, memory())
    assert isinstance(found, Proposal)
    assert {(leg.intent.symbol, leg.intent.side): leg.intent.quantity for leg in found.sells} == {
        ("BND", Side.SELL): 100
    }
    assert {leg.intent.symbol for leg in found.buys} == {"STK"}


def test_a_value_that_is_too_old_counts_and_is_told() -> None:
    old = replace(HOUSE, as_of=date(2025, 3, 10))  # 366 days before the look
    policy = stocks_and_bonds(counts={"House": {"bnd": ONE}})
    found = decide(held(by_hand=(old,), STK=600), policy, memory())
    told = gate(found, "by hand")
    assert not told.passed
    assert "366 days old, at most 365: value it again" in told.text
    assert before(found)["bnd"] == d("0.4")


@pytest.mark.parametrize(("day", "is_old"), [(date(2025, 3, 11), False), (date(2025, 3, 10), True)])
def test_a_value_is_old_after_its_days_and_not_on_the_last_of_them(
    day: date, *, is_old: bool
) -> None:
    assert replace(HOUSE, as_of=day).is_old(date(2026, 3, 11)) is is_old


def test_without_the_value_of_what_counts_nothing_is_decided() -> None:
    unread = Valuation(name="House", why="valuations.csv cannot be read")
    policy = stocks_and_bonds(counts={"House": {"bnd": ONE}})
    found = decide(held(by_hand=(unread,), STK=600, BND=400), policy, memory())
    assert isinstance(found, Hold)
    assert found.reason == "House cannot be counted: valuations.csv cannot be read"


def test_a_fund_of_two_classes_in_no_slice_counts_to_both() -> None:
    # 100,000 in a 60/40 fund, nothing else: the household is on its target without a trade.
    policy = stocks_and_bonds(counts={"MIX": {"stk": d("0.6"), "bnd": d("0.4")}})
    found = decide(held(MIX=1000), policy, memory())
    assert isinstance(found, Hold)
    assert before(found) == {"stk": d("0.6"), "bnd": d("0.4"), "cash": d(0)}
    assert "counted to stk with 60.0 %, bnd with 40.0 %" in gate(found, "left alone").text


def test_the_floor_of_cash_is_not_invested() -> None:
    # 20,000 of cash under a floor of 30,000: nothing is bought, cash is short by 10,000.
    policy = stocks_and_bonds(cash_floor=CashFloor(usd=Money(d(30_000))))
    found = decide(held(20_000, STK=480, BND=320), policy, memory())
    told = gate(found, "cash floor")
    assert not told.passed
    assert told.margin == 10_000
    assert isinstance(found, Proposal)
    assert found.buys == ()
    # what is sold brings cash to the floor, stocks and bonds alike in proportion to 60/40
    assert sum(leg.value for leg in found.sells) == pytest.approx(d(10_000), abs=d(200))


def test_new_cash_fills_the_floor_before_it_buys() -> None:
    # The floor is six months of 2,500; 17,000 are there, so 2,000 are to be invested.
    floor = CashFloor(spending_months=Weight(d(6)), monthly_spending=Money(d(2_500)))
    policy = stocks_and_bonds(cash_floor=floor, deposits=DepositRule(wait_sessions=0))
    found = decide(held(17_000, STK=600, BND=400), policy, memory())
    assert isinstance(found, Proposal)
    assert found.sells == ()
    spent = sum(leg.intent.quantity * (leg.intent.limit_price or 0) for leg in found.buys)
    assert 1_500 < spent <= 2_000
    assert "15,000.00 USD (6 months of 2,500.00 USD)" in gate(found, "cash floor").text


def test_a_floor_that_the_cash_slice_covers_changes_nothing() -> None:
    plain = stocks_and_bonds(buffer="10")
    floored = replace(plain, cash_floor=CashFloor(usd=Money(d(10_000))))
    snapshot = held(10_000, STK=540, BND=360)
    books = [open_book(snapshot, policy, memory()) for policy in (plain, floored)]
    assert all(isinstance(book, Book) for book in books)
    assert books[0].goals == books[1].goals  # type: ignore[union-attr]


def test_the_floor_that_is_everything_leaves_nothing_to_invest() -> None:
    floored = with_floor(
        target({"STK": "60", "BND": "40"}), CashFloor(usd=Money(d(5))), Money(d(4))
    )
    assert floored.leaf_weights == {"stk": 0, "bnd": 0, "cash": 1}


@given(
    floor=st.decimals("0.01", "999999", places=2),
    managed=st.decimals("1", "1000000", places=2),
    stocks=st.integers(0, 100),
    buffer=st.decimals("0", "99", places=1),
)
def test_a_floored_target_sums_to_one_keeps_proportions_and_holds_the_floor(
    floor: Decimal, managed: Decimal, stocks: int, buffer: Decimal
) -> None:
    whole = build_target(
        [
            Slice(name="a", weight=Weight(Decimal(stocks) / 100), symbol="A"),
            Slice(name="b", weight=Weight(Decimal(100 - stocks) / 100), symbol="B"),
        ],
        cash_buffer=Weight(buffer / 100),
    )
    found = with_floor(whole, CashFloor(usd=Money(floor)), Money(managed))
    weights = found.leaf_weights
    assert sum(weights.values()) == 1
    assert weights["cash"] * managed >= min(floor, managed)
    rest = 1 - weights["cash"]
    assert float(weights["a"]) == pytest.approx(float(rest) * stocks / 100, abs=2e-6)


def test_crumbs_of_the_floor_raise_nothing() -> None:
    policy = stocks_and_bonds(
        cash_floor=CashFloor(usd=Money(d(10_040))), minimum_trade=MinimumTrade()
    )
    found = decide(held(10_000, STK=540, BND=360), policy, memory())
    assert isinstance(found, Hold)
