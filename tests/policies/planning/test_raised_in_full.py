"""Money that is owed to a person is raised in full, and in time to have settled."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.decide import decide
from policies.policy import Policy, WithdrawalRule
from portfolio.decisions import Decision, Hold, Proposal
from portfolio.memory import Reservation
from portfolio.money import Money
from tests.support.households import (
    DAY,
    account,
    d,
    household,
    memory,
    quote,
    stocks_and_bonds,
    target,
)


def wish(amount: str | Decimal, by: date = DAY) -> Any:
    return memory(reserved=(Reservation(number=7, account="main", amount=Money(d(amount)), by=by),))


def proceeds(answer: Decision) -> Decimal:
    """What the sales bring at least: at their limits."""
    assert isinstance(answer, Proposal)
    return sum(
        (leg.intent.quantity * (leg.intent.limit_price or 0) for leg in answer.sells), Decimal(0)
    )


def test_whole_shares_are_rounded_up_to_the_sum() -> None:
    """1,000 USD of a share of 333 are four shares; three would bring 999."""
    quotes = (quote("STK", 333), quote("BND", 100))
    snapshot = household(account(0, {"STK": 180, "BND": 400}), quotes=quotes)
    answer = decide(snapshot, stocks_and_bonds(buffer="1"), wish("1000"))
    assert isinstance(answer, Proposal)
    assert proceeds(answer) >= 1000


def test_what_a_run_left_owing_is_sold_however_little_it_is() -> None:
    """12.50 USD are missing, less than the minimum trade of 50."""
    quotes = (quote("STK", 10), quote("BND", 10))
    snapshot = household(account("987.50", {"STK": 6000, "BND": 4000}), quotes=quotes)
    answer = decide(snapshot, stocks_and_bonds(limit_offset=d(0)), wish("1000"))
    assert isinstance(answer, Proposal)
    assert proceeds(answer) >= d("12.50")
    assert all("too small" not in why for why in answer.skipped)


HOLDINGS = st.integers(1, 400)
PRICES = st.decimals("1.01", "900", places=2)


@settings(max_examples=150, deadline=None)
@given(
    units=st.tuples(HOLDINGS, HOLDINGS, HOLDINGS),
    prices=st.tuples(PRICES, PRICES, PRICES),
    part=st.decimals("0.001", "0.9", places=3),
    fractional=st.booleans(),
    offset=st.sampled_from(["0", "0.005", "0.02"]),
)
def test_the_sales_bring_the_sum_or_all_there_is(
    units: tuple[int, ...],
    prices: tuple[Decimal, ...],
    part: Decimal,
    fractional: bool,
    offset: str,
) -> None:
    symbols = ("A", "B", "C")
    worth = sum((u * p for u, p in zip(units, prices, strict=True)), Decimal(0))
    wanted = max(Decimal("0.01"), (worth * part).quantize(Decimal("0.01")))
    snapshot = household(
        account(0, dict(zip(symbols, units, strict=True))),
        quotes=tuple(quote(s, p) for s, p in zip(symbols, prices, strict=True)),
    )
    policy = Policy(
        target=target({"A": "50", "B": "30", "C": "20"}),
        fractional=fractional,
        limit_offset=d(offset),
    )
    answer = decide(snapshot, policy, wish(wanted))
    assert isinstance(answer, Proposal)
    sold = {leg.intent.symbol: leg.intent.quantity for leg in answer.sells}
    everything = all(sold.get(s) == u for s, u in zip(symbols, units, strict=True))
    assert proceeds(answer) >= wanted or everything
    dearest = max(prices) * (1 + Decimal("0.02"))
    assert proceeds(answer) <= wanted * (1 + 2 * d(offset)) + 3 * dearest + 50 + worth / 1000


@pytest.mark.parametrize(("lead", "begins"), [(0, 4), (3, 4), (7, 7)])
def test_sales_begin_early_enough_to_settle_over_a_long_weekend(lead: int, begins: int) -> None:
    """T+1 from the Friday before a Monday without a session is the Tuesday, four days later."""
    rule = WithdrawalRule(lead_days=lead)
    quotes = (quote("STK", 1), quote("BND", 1))
    snapshot = household(account(0, {"STK": 60_000, "BND": 40_000}), quotes=quotes)
    policy = stocks_and_bonds(withdrawals=rule)
    due = wish("5000", date.fromordinal(DAY.toordinal() + begins))
    early = wish("5000", date.fromordinal(DAY.toordinal() + begins + 1))
    assert isinstance(decide(snapshot, policy, due), Proposal)
    assert isinstance(decide(snapshot, policy, early), Hold)
