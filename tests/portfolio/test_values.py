"""Snapshots, decisions and memory: the small questions that values answer about themselves."""

from dataclasses import replace
from datetime import timedelta

from portfolio.decisions import (
    LimitCheck,
    PlannedLeg,
    Proposal,
    Verdict,
    allowances_of,
)
from portfolio.instruments import Instrument
from portfolio.memory import Fence
from portfolio.money import Money, Price, Quantity
from portfolio.orders import OrderIntent, Side
from portfolio.snapshot import PriceFault, RefusedPrice
from tests.support.households import NOW, SESSION, account, d, household, memory, quote


def test_a_session_holds_its_open_and_not_its_close() -> None:
    assert SESSION.is_open(SESSION.opens_at)
    assert not SESSION.is_open(SESSION.closes_at)
    assert not SESSION.is_open(SESSION.opens_at - timedelta(microseconds=1))


def test_a_household_sums_its_accounts() -> None:
    snapshot = household(
        account(10, {"A": 1, "B": 2}, name="a"),
        account(5, {"A": 3}, name="b"),
        quotes=(quote("A", 10, spread="0.5"), quote("B", 100)),
    )
    assert snapshot.cash == 15
    assert snapshot.quantity("A") == 4
    assert snapshot.quantity("X") == 0
    assert snapshot.quantities() == {"A": 4, "B": 2}
    assert snapshot.symbols_held() == ("A", "B")
    assert snapshot.value("A") == 40
    assert snapshot.value("X") == 0
    assert snapshot.equity() == 255


def test_an_account_knows_what_it_holds_and_whether_it_can_trade() -> None:
    holder = account(0, {"A": 1})
    assert holder.quantity("A") == 1
    assert holder.quantity("X") == 0
    assert holder.account.can_trade
    assert not account(0, broker="held_elsewhere").account.can_trade


def test_a_holding_without_a_price_makes_the_equity_unknown_and_one_of_zero_does_not() -> None:
    snapshot = household(account(10, {"A": 1, "Z": 0}), quotes=())
    assert snapshot.value("A") is None
    assert snapshot.equity() is None
    refused = RefusedPrice(symbol="A", fault=PriceFault.WIDE, detail="wide", count_at=Price(d(7)))
    assert replace(snapshot, refused={"A": refused}).equity() == 17


def test_an_instrument_is_traded_in_fractions_only_where_both_sides_want() -> None:
    fine, whole = Instrument(symbol="A"), Instrument(symbol="A", fractionable=False)
    assert fine.quantity_step(fractional=True) == d("0.000000001")
    assert fine.quantity_step(fractional=False) == 1
    assert whole.quantity_step(fractional=True) == 1


def planned(side: Side, symbol: str, quantity: int) -> PlannedLeg:
    intent = OrderIntent(
        account="main",
        symbol=symbol,
        side=side,
        quantity=Quantity(d(quantity)),
        limit_price=Price(d(10)),
    )
    return PlannedLeg(intent=intent, price=Price(d(10)), reason="a test")


def proposal(*legs: PlannedLeg) -> Proposal:
    return Proposal(
        household="core",
        as_of=NOW,
        reason="a test",
        gates=(),
        slices=(),
        legs=legs,
        managed_value=Money(d(1000)),
    )


def test_a_proposal_sends_its_sales_first_and_its_buys_only_when_there_are_none() -> None:
    sell, buy = planned(Side.SELL, "A", 10), planned(Side.BUY, "B", 9)
    both = proposal(sell, buy)
    assert both.first_wave == (sell,)
    assert proposal(buy).first_wave == (buy,)
    assert (both.one_way, both.turnover) == (Money(d(100)), d("0.1"))
    assert replace(both, managed_value=Money(d(0))).turnover == 0


def test_an_approval_is_bound_to_every_number_of_a_proposal() -> None:
    one = proposal(planned(Side.SELL, "A", 10))
    assert one.proposal_hash() == proposal(planned(Side.SELL, "A", 10)).proposal_hash()
    assert one.proposal_hash() != proposal(planned(Side.SELL, "A", 11)).proposal_hash()
    assert one.proposal_hash() != replace(one, reason="another").proposal_hash()


def test_an_accepted_plan_allows_one_percent_more() -> None:
    (allowance,) = allowances_of(proposal(planned(Side.SELL, "A", 100)))
    assert (allowance.symbol, allowance.side, allowance.quantity) == ("A", Side.SELL, d(101))


def test_a_verdict_is_its_worst_check() -> None:
    def verdict(*outcomes: str) -> Verdict:
        return Verdict(
            checks=tuple(
                LimitCheck(name=o, outcome=o, text=o)  # type: ignore[arg-type]
                for o in outcomes
            )
        )

    assert verdict().outcome == "approved"
    assert verdict("ok", "warn").outcome == "approved"
    assert verdict("ok", "refer", "warn").outcome == "referred"
    assert verdict("refer", "deny").outcome == "denied"
    assert verdict("ok", "refer", "deny", "warn").reasons == ("refer", "deny")


def test_a_fence_is_found_by_account_and_symbol() -> None:
    fences = (
        Fence(account="a", symbol="A", reason="1"),
        Fence(account="b", symbol="B", reason="2"),
    )
    past = memory(fences=fences)
    assert past.fence_of("b", "B") is fences[1]
    assert past.fence_of("a", "B") is None
    assert past.fence_of("b", "A") is None
