"""Sizing: ticks, steps, minimum trade, what is left over and said."""

from decimal import Decimal

import pytest

from policies.decide import decide
from policies.planning.sizing import limit_of
from policies.policy import MinimumTrade, Policy
from portfolio.decisions import Decision, Hold, Proposal
from portfolio.instruments import Instrument
from portfolio.money import Money
from portfolio.orders import Side
from tests.support.households import account, d, household, memory, quote, stocks_and_bonds, target


@pytest.mark.parametrize(
    ("side", "price", "offset", "limit"),
    [
        (Side.BUY, "100.01", "0.005", "100.51"),
        (Side.SELL, "100.01", "0.005", "99.51"),
        (Side.BUY, "0.5", "0.005", "0.5025"),
        (Side.SELL, "0.3333", "0.005", "0.3317"),
        (Side.BUY, "1.00", "0.005", "1.00"),
        (Side.SELL, "1.00", "0.005", "0.9950"),
    ],
)
def test_a_limit_lies_through_the_quote_on_a_tick(
    side: Side, price: str, offset: str, limit: str
) -> None:
    assert limit_of(side, quote("A", price), d(offset)) == d(limit)


def plan(answer: Decision) -> Proposal:
    assert isinstance(answer, Proposal)
    return answer


def units(answer: Decision) -> dict[str, Decimal]:
    return {leg.intent.symbol: leg.intent.quantity for leg in plan(answer).legs}


def test_whole_shares_round_down_and_the_rest_is_said() -> None:
    snapshot = household(
        account(1000, {"STK": 60, "BND": 40}), quotes=(quote("STK", 90), quote("BND", 77))
    )
    answer = plan(decide(snapshot, stocks_and_bonds(), memory()))
    spent = sum(leg.intent.quantity * (leg.intent.limit_price or 0) for leg in answer.legs)
    assert all(q == int(q) for q in units(answer).values())
    left = 1000 - spent
    assert 0 <= left < 78
    assert any(f"{left:.2f} USD stay in cash" in text for text in answer.skipped)


def test_fractions_where_the_instrument_allows_them() -> None:
    """At limits of 100.50, 1,000 is 5 short of 603 and 402: 600.50 buys fractions, 399.50 three."""
    policy = stocks_and_bonds(fractional=True)
    snapshot = household(
        account(1000),
        quotes=(quote("STK", 100), quote("BND", 100)),
        instruments=(Instrument(symbol="STK"), Instrument(symbol="BND", fractionable=False)),
    )
    bought = units(decide(snapshot, policy, memory()))
    assert bought["BND"] == 3
    assert bought["STK"] == d("5.975124378")


def test_an_unknown_instrument_is_whole() -> None:
    snapshot = household(account(1000), quotes=(quote("STK", 70), quote("BND", 70)))
    bought = units(decide(snapshot, stocks_and_bonds(fractional=True), memory()))
    assert bought == {"STK": 8, "BND": 6}


def test_orders_under_the_minimum_trade_are_dropped_and_said() -> None:
    """C is 300 over at 100 a share: under a minimum of 500 it is left; A and B trade."""
    policy = Policy(
        target=target({"A": "50", "B": "30", "C": "20"}),
        minimum_trade=MinimumTrade(amount=Money(d(500))),
        backstop=None,
    )
    quotes = tuple(quote(s, 100) for s in "ABC")
    answer = plan(
        decide(
            household(account(0, {"A": 560, "B": 237, "C": 203}), quotes=quotes), policy, memory()
        )
    )
    assert set(units(answer)) == {"A", "B"}
    assert (
        "C: a sale of 300.00 USD is too small (minimum trade 500.00 USD, quantity step 1)"
        in answer.skipped
    )


def test_a_full_exit_is_sold_whatever_its_size() -> None:
    policy = Policy(target=target({"A": "60", "B": "40", "OLD": "0"}), backstop=None)
    quotes = (quote("A", 100), quote("B", 100), quote("OLD", 10))
    held = {"A": 660, "B": 340, "OLD": 3}
    answer = plan(decide(household(account(0, held), quotes=quotes), policy, memory()))
    assert units(answer)["OLD"] == 3


def test_the_crumb_of_a_whole_share_exit_is_said() -> None:
    policy = Policy(target=target({"A": "60", "B": "40", "OLD": "0"}), backstop=None)
    quotes = (quote("A", 100), quote("B", 100), quote("OLD", 10))
    held: dict[str, str | int] = {"A": 660, "B": 340, "OLD": "0.5"}
    answer = plan(decide(household(account(0, held), quotes=quotes), policy, memory()))
    assert "OLD" not in units(answer)
    assert any(text.startswith("OLD: a sale of 5.00 USD is too small") for text in answer.skipped)


def test_a_share_dearer_than_the_cash_is_not_bought_and_said() -> None:
    """1,300 in all: bonds are 120 short, one costs 402, 100 is there."""
    snapshot = household(
        account(100, {"STK": 800, "BND": 1}), quotes=(quote("STK", 1), quote("BND", 400))
    )
    answer = decide(snapshot, stocks_and_bonds(sells_allowed=False), memory())
    assert isinstance(answer, Hold)
    assert answer.reason == (
        "invest: no order is left, 100.00 USD stay in cash (7.7 %) beside the cash slice, "
        "BND: 120.00 USD stay unbought (an order is at least 50.00 USD, a step costs 402.00 USD)"
    )


def test_a_price_too_small_for_a_limit_is_not_bought() -> None:
    snapshot = household(account(1000), quotes=(quote("STK", "0.00001"), quote("BND", "0.00001")))
    answer = decide(snapshot, stocks_and_bonds(limit_offset=d(0)), memory())
    assert isinstance(answer, Hold)


def test_legs_are_sales_then_buys_and_the_largest_first() -> None:
    policy = Policy(target=target({"A": "25", "B": "25", "C": "25", "D": "25"}), backstop=None)
    quotes = tuple(quote(s, 1) for s in "ABCD")
    held = {"D": 40_000, "B": 30_000, "A": 15_000, "C": 15_000}
    answer = plan(decide(household(account(0, held), quotes=quotes), policy, memory()))
    assert [(leg.intent.side, leg.intent.symbol) for leg in answer.legs] == [
        (Side.SELL, "D"),
        (Side.SELL, "B"),
        (Side.BUY, "A"),
        (Side.BUY, "C"),
    ]


def test_buys_are_planned_within_the_sales_at_their_limits() -> None:
    """22,500 sold at a limit 0.5 % under brings 22,387.50; at 75.37 that is 297 bonds of 75."""
    snapshot = household(
        account(0, {"STK": 450, "BND": 500}), quotes=(quote("STK", 250), quote("BND", 75))
    )
    answer = plan(decide(snapshot, stocks_and_bonds(), memory()))
    assert units(answer) == {"STK": 90, "BND": 297}


def test_the_cost_is_half_the_spread_of_every_order() -> None:
    quotes = (quote("STK", 100, spread="0.10"), quote("BND", 100, spread="0.02"))
    snapshot = household(account(0, {"STK": 700, "BND": 300}), quotes=quotes)
    answer = plan(decide(snapshot, stocks_and_bonds(limit_offset=d(0)), memory()))
    assert units(answer) == {"STK": 100, "BND": 99}
    assert answer.estimated_cost == 100 * d("0.05") + 99 * d("0.01")
