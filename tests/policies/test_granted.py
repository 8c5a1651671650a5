"""What a yes covers when prices have moved since: the same plan, cut to what was said yes to."""

from dataclasses import replace

import pytest

from policies.planning.granted import cut, fits, steps_in
from policies.policy import Policy
from portfolio.decisions import Allowance, PlannedLeg, Proposal, allowances_of
from portfolio.instruments import Instrument
from portfolio.money import Money, Price, Quantity
from portfolio.orders import OrderIntent, Side
from tests.support.households import NOW, account, d, household, stocks_and_bonds

SELL, BUY = Side.SELL, Side.BUY


def order(side: Side, symbol: str, quantity: str) -> PlannedLeg:
    intent = OrderIntent(
        account="main",
        symbol=symbol,
        side=side,
        quantity=Quantity(d(quantity)),
        limit_price=Price(d(100)),
    )
    return PlannedLeg(intent=intent, price=Price(d(100)), reason="a test")


def plan(*legs: PlannedLeg) -> Proposal:
    return Proposal(
        household="core",
        as_of=NOW,
        reason="a test",
        gates=(),
        slices=(),
        legs=legs,
        managed_value=Money(d(100_000)),
    )


def allowed(side: Side, symbol: str, quantity: str) -> Allowance:
    return Allowance(account="main", symbol=symbol, side=side, quantity=Quantity(d(quantity)))


def one(_symbol: str) -> Quantity:
    return Quantity(d(1))


def left(*legs: PlannedLeg, yes: tuple[Allowance, ...]) -> list[tuple[str, str]]:
    kept = cut(plan(*legs).legs, yes, one)
    return [(leg.intent.symbol, str(leg.intent.quantity)) for leg in kept]


@pytest.mark.parametrize(
    ("quantity", "still"), [("3", True), ("4", True), ("4.03", True), ("4.04", False)]
)
def test_an_order_may_have_grown_by_one_step_since_the_yes(quantity: str, still: bool) -> None:
    """Three shares were approved; 3.03 are allowed, which is no share more."""
    granted = plan(order(BUY, "BND", "3"))
    assert fits(plan(order(BUY, "BND", quantity)), granted, one) is still


def billionths(_symbol: str) -> Quantity:
    return Quantity(d("0.000000001"))


@pytest.mark.parametrize(("quantity", "still"), [("3.01", True), ("3.0101", False)])
def test_an_order_may_have_grown_by_one_percent_of_the_plan(quantity: str, still: bool) -> None:
    """200 units at 100 are sold: 1 % is 200 in money, two units over the 1.01 that were allowed."""
    sold = (order(SELL, "STK", "100"), order(SELL, "BND", "100"))
    granted = plan(*sold, order(BUY, "NEW", "1"))
    assert fits(plan(*sold, order(BUY, "NEW", quantity)), granted, billionths) is still


def test_what_is_sent_is_cut_to_the_yes() -> None:
    yes = (allowed(BUY, "BND", "3.03"), allowed(BUY, "STK", "303"))
    assert left(order(BUY, "BND", "4"), order(BUY, "STK", "302"), yes=yes) == [
        ("BND", "3"),
        ("STK", "302"),
    ]


def test_a_step_that_nobody_was_asked_about_is_left_out_and_more_of_it_is_another_plan() -> None:
    granted = plan(order(BUY, "BND", "3"))
    yes = allowances_of(granted)
    assert fits(plan(order(BUY, "BND", "3"), order(BUY, "NEW", "1")), granted, one)
    assert left(order(BUY, "BND", "3"), order(BUY, "NEW", "1"), yes=yes) == [("BND", "3")]
    assert not fits(plan(order(BUY, "BND", "3"), order(BUY, "NEW", "2")), granted, one)


def test_a_yes_to_a_sale_is_no_yes_to_a_purchase() -> None:
    granted = plan(order(SELL, "BND", "30"))
    assert not fits(plan(order(BUY, "BND", "30")), granted, one)


def test_a_plan_of_which_nothing_would_be_left_does_not_fit() -> None:
    granted = plan(order(BUY, "BND", "3"))
    assert not fits(plan(order(BUY, "NEW", "1")), granted, one)


def test_sales_that_nobody_allowed_do_not_make_way_for_the_purchases() -> None:
    """Its sales go out first; a plan whose sales are all cut away would wait for nothing."""
    granted = plan(order(BUY, "BND", "3"))
    assert not fits(plan(order(SELL, "NEW", "1"), order(BUY, "BND", "3")), granted, one)


def test_a_yes_to_a_run_that_goes_on_is_no_yes_to_another() -> None:
    granted = replace(plan(order(BUY, "BND", "3")), run=7)
    assert fits(granted, granted, one)
    assert not fits(plan(order(BUY, "BND", "3")), granted, one)


def test_a_step_is_a_billionth_only_where_it_is_wanted_and_the_broker_trades_it() -> None:
    known = (
        Instrument(symbol="AAA", fractionable=True),
        Instrument(symbol="BBB", fractionable=False),
    )
    there = household(account(0, {}), instruments=known)
    wanted: Policy = stocks_and_bonds(fractional=True)
    step = steps_in(there, wanted)
    assert (step("AAA"), step("BBB"), step("CCC")) == (d("0.000000001"), 1, 1)
    assert steps_in(there, stocks_and_bonds(fractional=False))("AAA") == 1
