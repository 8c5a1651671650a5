"""What a check tells: its value and its level in its own unit, at the edges where it counts or not."""

from dataclasses import replace

from policies.limit_rule import Limits
from policies.limits import check_plan
from portfolio.decisions import Allowance, LimitCheck, PlannedLeg, Proposal, Run
from portfolio.memory import Memory, Usage
from portfolio.money import Money, Price, Quantity
from portfolio.orders import LegState, Order, OrderIntent, OrderStatus, Side
from portfolio.snapshot import Snapshot
from tests.support.households import NOW, account, d, household, leg, memory, quote


def order(side: Side, symbol: str, quantity: int, limit: str) -> PlannedLeg:
    intent = OrderIntent(
        account="main",
        symbol=symbol,
        side=side,
        quantity=Quantity(d(quantity)),
        limit_price=Price(d(limit)),
    )
    return PlannedLeg(intent=intent, price=Price(d(100)), reason="a test")


def plan(*legs: PlannedLeg, run: int | None = None, managed: int = 100_000) -> Proposal:
    return Proposal(
        household="core",
        as_of=NOW,
        reason="a test",
        gates=(),
        slices=(),
        legs=legs,
        managed_value=Money(d(managed)),
        run=run,
    )


def there() -> Snapshot:
    """100,000: half in cash, half in 500 STK at 100, of which 10,000 are traded on a day."""
    quotes = tuple(quote(s, 100, close="100", volume="10000") for s in ("STK", "BND"))
    return household(account(50_000, {"STK": 500}), quotes=quotes)


def checks(
    proposal: Proposal, *, snapshot: Snapshot | None = None, past: Memory | None = None
) -> list[LimitCheck]:
    return list(check_plan(proposal, snapshot or there(), Limits(), past or memory()).checks)


def told(found: list[LimitCheck], name: str) -> LimitCheck:
    return next(check for check in found if check.name == name)


def test_percents_are_told_as_percents() -> None:
    sold = checks(plan(order(Side.SELL, "STK", 50, "99.50")))
    part = told(sold, "position sold")
    assert (part.value, part.level, part.unit) == (10, 50, "percent")
    bought = checks(plan(order(Side.BUY, "BND", 50, "100.50")))
    for name, value, level in (("collar", "0.5", 1), ("volume", "0.5", 1), ("close", "0.5", 10)):
        check = told(bought, name)
        assert (check.value, check.level, check.unit) == (d(value), level, "percent"), name


def test_counts_are_told_as_orders_or_as_cycles() -> None:
    found = checks(plan(order(Side.BUY, "BND", 1, "100")))
    for name, value, level, unit in (
        ("legs", 1, 15, "orders"),
        ("orders today", 1, 60, "orders"),
        ("repeats", 1, 3, "cycles"),
        ("cycles today", 1, 5, "cycles"),
    ):
        check = told(found, name)
        assert (check.value, check.level, check.unit) == (value, level, unit), name


def test_a_sum_is_told_with_its_symbol_where_it_has_one() -> None:
    found = checks(plan(order(Side.BUY, "BND", 50, "100")))
    at_most = "without a person at most"
    assert told(found, "order").text == f"BND: an order of 5,000.00 USD, {at_most} 10,000.00 USD"
    assert told(found, "plan").text == f"one way 5,000.00 USD, {at_most} 20,000.00 USD"


def test_levels_are_parts_of_the_equity_and_not_of_what_is_managed() -> None:
    found = checks(plan(order(Side.BUY, "BND", 50, "100"), managed=40_000))
    assert told(found, "order").level == 10_000


def test_a_close_of_zero_is_no_close() -> None:
    nothing = quote("BND", 100, close="0", volume="10000")
    quotes = replace(there(), quotes={"BND": nothing})
    found = told(checks(plan(order(Side.BUY, "BND", 1, "100")), snapshot=quotes), "close")
    assert (found.outcome, found.text) == ("refer", "the last close of BND is not known")


def test_all_that_is_there_may_be_sold_and_not_a_unit_more() -> None:
    everything = checks(plan(order(Side.SELL, "STK", 500, "100")))
    assert "oversell" not in {check.name for check in everything}
    more = checks(plan(order(Side.SELL, "STK", 501, "100")))
    assert told(more, "oversell").outcome == "deny"


def test_an_order_of_ours_that_the_broker_shows_too_is_one_order() -> None:
    live = leg("BND", Side.BUY, 1, LegState.WORKING)
    shown = Order(
        broker_order_id="b-1",
        client_order_id=live.client_order_id,
        symbol="BND",
        side=Side.BUY,
        quantity=live.intent.quantity,
        limit_price=live.intent.limit_price,
        status=OrderStatus.OPEN,
        raw_status="new",
        filled_quantity=Quantity(d(0)),
        filled_average_price=None,
        submitted_at=NOW,
    )
    (own,) = there().accounts
    snapshot = replace(there(), accounts=(replace(own, open_orders=(shown,)),))
    past = memory(live_legs=(live,))
    found = checks(plan(order(Side.BUY, "BND", 1, "100")), snapshot=snapshot, past=past)
    assert told(found, "duplicate").value == 2


def test_an_order_that_was_never_sent_is_no_try() -> None:
    """What was planned and abandoned moved nothing: the run's next order in it is its first."""
    run = Run(
        number=7,
        proposal_hash="h",
        opened_cycle=1,
        allowances=(
            Allowance(account="main", symbol="STK", side=Side.SELL, quantity=Quantity(d(30))),
        ),
        buy_budget=Money(d(0)),
        expires_at=NOW,
    )
    unsent = replace(leg("STK", Side.SELL, 10, LegState.ABANDONED), sends=0)
    busy = Usage(cycles_today=5, cycles_by_symbol={"STK": 3})
    past = memory(run=run, run_legs=(unsent,), usage=busy)
    found = checks(plan(order(Side.SELL, "STK", 5, "100"), run=7), past=past)
    assert not {"repeats", "cycles today"} & {check.name for check in found}
