"""Limits on a whole plan, each at its edge, and the last look before a send."""

from dataclasses import replace
from datetime import timedelta

import pytest

from policies.limit_rule import Limits
from policies.limits import check_plan, last_look
from policies.policy import PriceRule
from portfolio.decisions import Allowance, LimitCheck, PlannedLeg, Proposal, Run, Verdict
from portfolio.instruments import AssetClass, Instrument
from portfolio.memory import Memory, Usage
from portfolio.money import Money, Price, Quantity
from portfolio.orders import LegState, Order, OrderIntent, OrderStatus, Side
from portfolio.snapshot import PriceFault, Quote, RefusedPrice, Snapshot
from tests.support.households import NOW, account, d, household, leg, memory, quote

SELL, BUY = Side.SELL, Side.BUY


def order(
    side: Side, symbol: str, quantity: str | int, limit: str = "100", name: str = "main"
) -> PlannedLeg:
    intent = OrderIntent(
        account=name,
        symbol=symbol,
        side=side,
        quantity=Quantity(d(quantity)),
        limit_price=Price(d(limit)),
    )
    return PlannedLeg(intent=intent, price=Price(d(100)), reason="a test")


def plan(*legs: PlannedLeg, run: int | None = None) -> Proposal:
    return Proposal(
        household="core",
        as_of=NOW,
        reason="a test",
        gates=(),
        slices=(),
        legs=legs,
        managed_value=Money(d(100_000)),
        run=run,
    )


def there(cash: int = 50_000, **held: int) -> Snapshot:
    """100,000 by default: half in cash, half in STK at 100."""
    quotes = tuple(quote(s, 100) for s in ("STK", "BND", "XYZ"))
    return household(account(cash, held or {"STK": 500}), quotes=quotes)


def check(
    proposal: Proposal,
    name: str,
    *,
    snapshot: Snapshot | None = None,
    limits: Limits | None = None,
    past: Memory | None = None,
) -> LimitCheck:
    verdict = judge(proposal, snapshot=snapshot, limits=limits, past=past)
    return next(c for c in verdict.checks if c.name == name)


def judge(
    proposal: Proposal,
    *,
    snapshot: Snapshot | None = None,
    limits: Limits | None = None,
    past: Memory | None = None,
    asked: bool = False,
) -> Verdict:
    return check_plan(
        proposal, snapshot or there(), limits or Limits(), past or memory(), asked=asked
    )


def test_a_modest_plan_is_approved_with_every_number() -> None:
    verdict = judge(plan(order(SELL, "STK", 50), order(BUY, "BND", 50)))
    assert verdict.outcome == "approved"
    assert {c.name for c in verdict.checks} == {
        "collar", "cash", "order", "plan", "legs", "day", "position sold", "volume", "close",
        "pace", "repeats", "orders today", "cycles today", "first plan",
    }  # fmt: skip
    assert verdict.reasons == ()


@pytest.mark.parametrize(
    ("legs", "name", "fine"),
    [
        ((order(BUY, "BND", 100),), "order", True),
        ((order(BUY, "BND", "100.01"),), "order", False),
        ((order(BUY, "BND", 100), order(BUY, "XYZ", 100)), "plan", True),
        ((order(BUY, "BND", 100), order(BUY, "XYZ", "100.01")), "plan", False),
        ((order(SELL, "STK", 250),), "position sold", True),
        ((order(SELL, "STK", 251),), "position sold", False),
    ],
)
def test_a_level_passes_and_a_cent_more_asks(
    legs: tuple[PlannedLeg, ...], name: str, fine: bool
) -> None:
    assert check(plan(*legs), name).outcome == ("ok" if fine else "refer")


def test_a_configured_cap_is_the_smaller_and_passes_at_its_cent() -> None:
    cap = Limits(max_order=Money(d(5000)))
    assert check(plan(order(BUY, "BND", 50)), "order", limits=cap).outcome == "ok"
    over = check(plan(order(BUY, "BND", 50, "100.0002")), "order", limits=cap)
    assert over.outcome == "refer"
    assert over.level == 5000
    generous = Limits(max_order=Money(d(50_000)))
    assert check(plan(order(BUY, "BND", 50)), "order", limits=generous).level == 10_000


def test_fifteen_legs_pass_and_sixteen_ask() -> None:
    few = [order(BUY, f"S{i}", 1) for i in range(16)]
    assert check(plan(*few[:15]), "legs").outcome == "ok"
    assert check(plan(*few), "legs").outcome == "refer"


def test_the_day_counts_what_was_traded_both_ways() -> None:
    legs = (order(SELL, "STK", 50), order(BUY, "BND", 50))
    used = memory(usage=Usage(traded_today=Money(d(40_000))))
    assert check(plan(*legs), "day", past=used).outcome == "ok"
    used = memory(usage=Usage(traded_today=Money(d("40_000.01"))))
    assert check(plan(*legs), "day", past=used).outcome == "refer"


def test_one_percent_of_the_volume_passes_and_unknown_volume_asks() -> None:
    thin = replace(there(), quotes={"BND": quote("BND", 100, volume="5000")})
    assert check(plan(order(BUY, "BND", 50)), "volume", snapshot=thin).outcome == "ok"
    assert check(plan(order(BUY, "BND", 51)), "volume", snapshot=thin).outcome == "refer"
    dark = replace(there(), quotes={"BND": quote("BND", 100, volume=None)})
    unknown = check(plan(order(BUY, "BND", 1)), "volume", snapshot=dark)
    assert unknown.outcome == "refer"
    assert unknown.text == "the average volume of BND is not known"


def test_a_limit_far_from_the_last_close_asks() -> None:
    near = replace(there(), quotes={"BND": quote("BND", 110, close="100")})
    far = replace(there(), quotes={"BND": quote("BND", "110.01", close="100")})
    assert check(plan(order(BUY, "BND", 1, "110")), "close", snapshot=near).outcome == "ok"
    assert check(plan(order(BUY, "BND", 1, "110.01")), "close", snapshot=far).outcome == "refer"
    none = replace(quote("BND", 100), previous_close=None)
    unknown = replace(there(), quotes={"BND": none})
    assert check(plan(order(BUY, "BND", 1)), "close", snapshot=unknown).outcome == "refer"


@pytest.mark.parametrize(
    ("side", "limit", "outcome"),
    [
        (BUY, "101", "ok"),
        (BUY, "101.01", "deny"),
        (BUY, "90", "ok"),
        (SELL, "99", "ok"),
        (SELL, "98.99", "deny"),
        (SELL, "110", "ok"),
    ],
)
def test_a_limit_beyond_the_collar_is_denied(side: Side, limit: str, outcome: str) -> None:
    assert check(plan(order(side, "STK", 1, limit)), "collar").outcome == outcome


def test_an_order_without_a_limit_is_denied() -> None:
    market = order(BUY, "BND", 1)
    market = replace(market, intent=replace(market.intent, limit_price=None))
    assert check(plan(market), "collar").outcome == "deny"


def test_a_symbol_without_a_quote_is_denied_with_its_reason() -> None:
    gone = replace(there(), quotes={})
    assert check(plan(order(BUY, "BND", 1)), "quote", snapshot=gone).text == "BND has no quote"
    said = RefusedPrice(symbol="BND", fault=PriceFault.MISSING, detail="the feed has no BND")
    told = replace(gone, refused={"BND": said})
    assert check(plan(order(BUY, "BND", 1)), "quote", snapshot=told).text == "the feed has no BND"
    assert judge(plan(order(BUY, "BND", 1)), snapshot=told, asked=True).outcome == "denied"


def test_selling_more_than_is_there_is_denied_even_in_two_orders() -> None:
    assert judge(plan(order(SELL, "STK", 501))).outcome == "denied"
    assert judge(plan(order(SELL, "STK", 300), order(SELL, "STK", 201))).outcome == "denied"
    assert judge(plan(order(SELL, "XYZ", 1))).outcome == "denied"


def test_cash_below_zero_is_denied_and_sales_count_at_their_limits() -> None:
    poor = there(cash=0)
    exact = plan(order(SELL, "STK", 10, "99"), order(BUY, "BND", 9, "100"))
    assert check(exact, "cash", snapshot=poor).outcome == "ok"
    over = plan(order(SELL, "STK", 10, "99"), order(BUY, "BND", "9.91", "100"))
    assert check(over, "cash", snapshot=poor).outcome == "deny"
    raising = plan(order(SELL, "STK", 1))
    assert judge(raising, snapshot=there(cash=-5000)).outcome == "approved"


def test_cash_that_open_buys_may_take_is_not_there() -> None:
    lost = memory(live_legs=(leg("XYZ", BUY, 400, LegState.LOST),))
    assert check(plan(order(BUY, "BND", 100)), "cash", past=lost).outcome == "ok"
    assert check(plan(order(BUY, "BND", 101)), "cash", past=lost).outcome == "deny"


@pytest.mark.parametrize("state", [LegState.WORKING, LegState.AMBIGUOUS, LegState.LOST])
def test_a_second_order_beside_an_open_one_is_denied_and_one_in_another_symbol_is_not(
    state: LegState,
) -> None:
    live = memory(live_legs=(leg("BND", BUY, 1, state),))
    second = check(plan(order(SELL, "BND", 1)), "duplicate", past=live)
    assert (second.outcome, second.value, second.level, second.unit) == ("deny", 2, 1, "orders")
    assert second.text == "main BND: 2 is more than the 1 there is (duplicate)"
    other = judge(plan(order(BUY, "XYZ", 1)), past=live)
    assert "duplicate" not in {c.name for c in other.checks}


def test_an_order_of_ours_at_the_broker_that_no_leg_knows_counts_as_open() -> None:
    (account,) = there().accounts
    open_order = Order(
        broker_order_id="b-1",
        client_order_id="tt1-test-000001-01-abcdef",
        symbol="BND",
        side=BUY,
        quantity=Quantity(d(1)),
        limit_price=None,
        status=OrderStatus.OPEN,
        raw_status="new",
        filled_quantity=Quantity(d(0)),
        filled_average_price=None,
        submitted_at=there().as_of,
    )
    ours = replace(there(), accounts=(replace(account, open_orders=(open_order,)),))
    assert check(plan(order(BUY, "BND", 1)), "duplicate", snapshot=ours).outcome == "deny"
    theirs = replace(open_order, client_order_id="a person's own")
    persons = replace(there(), accounts=(replace(account, open_orders=(theirs,)),))
    checks = judge(plan(order(BUY, "BND", 1)), snapshot=persons).checks
    assert "duplicate" not in {c.name for c in checks}


def test_pace_and_repeats_ask() -> None:
    three = plan(*(order(BUY, "BND", 1) for _ in range(3)))
    assert check(three, "pace").outcome == "refer"
    one = plan(order(BUY, "BND", 1))
    used = memory(usage=Usage(orders_today=59, cycles_today=4, cycles_by_symbol={"BND": 2}))
    assert judge(one, past=used).outcome == "approved"
    more = memory(usage=Usage(orders_today=60, cycles_today=5, cycles_by_symbol={"BND": 3}))
    refused = {c.name for c in judge(one, past=more).checks if c.outcome == "refer"}
    assert refused == {"orders today", "cycles today", "repeats"}
    assert check(one, "repeats", past=more).text == (
        "4 cycles that traded BND this session, disarmed beyond, at most 3"
    )


def test_the_pace_is_each_accounts_own_and_a_loop_is_the_households() -> None:
    accounts = ("main", "spouse", "ira")
    proposal = plan(*(order(BUY, "BND", 1, name=name) for name in accounts for _ in range(2)))
    past = memory(first_plan_done=accounts)
    snapshot = household(
        *(account(10_000, name=name) for name in accounts),
        quotes=tuple(quote(s, 100) for s in ("STK", "BND")),
    )
    found = judge(proposal, snapshot=snapshot, past=past).checks
    paces = [c for c in found if c.name == "pace"]
    assert [(c.scope, c.value, c.outcome) for c in paces] == [
        ("ira BND", 2, "ok"),
        ("main BND", 2, "ok"),
        ("spouse BND", 2, "ok"),
    ]
    assert [c.scope for c in found if c.name == "repeats"] == ["BND"]
    third = plan(*proposal.legs, order(BUY, "BND", 1, name="ira"))
    asked = [c for c in judge(third, snapshot=snapshot, past=past).checks if c.outcome == "refer"]
    assert [(c.name, c.scope, c.text) for c in asked] == [
        ("pace", "ira BND", "3 orders of BND in ira in one cycle, at most 2")
    ]


def test_the_first_plan_of_an_account_is_always_asked() -> None:
    one = plan(order(BUY, "BND", 1))
    verdict = judge(one, past=memory(first_plan_done=()))
    assert verdict.reasons == ("the first plan of main is always a proposal",)


def test_a_grant_allows_what_is_referred_and_nothing_that_is_denied() -> None:
    large = plan(order(BUY, "BND", 300))
    granted = judge(large, asked=True)
    assert granted.outcome == "approved"
    assert any(c.text.endswith("(granted by a person)") for c in granted.checks)
    assert judge(plan(order(SELL, "STK", 501)), asked=True).outcome == "denied"


def test_a_single_stock_above_ten_percent_is_warned_of_and_a_fund_is_not() -> None:
    def known(is_fund: bool) -> Snapshot:
        item = Instrument(symbol="BND", asset_class=AssetClass.EQUITY, is_fund=is_fund)
        return replace(there(45_000, STK=500, BND=50), instruments={"BND": item})

    legs = plan(order(BUY, "BND", 51))
    assert check(legs, "concentration", snapshot=known(False)).text == (
        "BND becomes 10.1 %, a single stock above 10.0 %"
    )
    assert judge(legs, snapshot=known(False)).outcome == "approved"
    assert "concentration" not in {c.name for c in judge(legs, snapshot=known(True)).checks}
    within = judge(plan(order(BUY, "BND", 50)), snapshot=known(False))
    assert "concentration" not in {c.name for c in within.checks}


def test_advice_is_not_checked_for_it_is_never_sent() -> None:
    told = replace(plan(), advice=(order(BUY, "BND", 900),))
    verdict = judge(told)
    assert verdict.outcome == "approved"
    assert {c.name for c in verdict.checks} == {"plan", "legs", "day", "orders today"}


def test_equity_that_cannot_be_known_falls_back_to_the_managed_value() -> None:
    unpriced = there(50_000, STK=400, DARK=5)
    assert check(plan(order(BUY, "BND", 1)), "order", snapshot=unpriced).level == 10_000


def run(**facts: object) -> Memory:
    this = Run(
        number=7,
        proposal_hash="h",
        opened_cycle=1,
        allowances=(
            Allowance(account="main", symbol="STK", side=SELL, quantity=Quantity(d(30))),
            Allowance(account="main", symbol="BND", side=BUY, quantity=Quantity(d(300))),
        ),
        buy_budget=Money(d(20_000)),
        expires_at=NOW + timedelta(days=1),
    )
    return memory(run=this, first_plan_done=(), **facts)


def test_a_continuation_is_held_to_its_run_and_to_nothing_that_was_accepted_with_it() -> None:
    fine = judge(plan(order(BUY, "BND", 200), run=7), past=run())
    assert fine.outcome == "approved"
    assert "order" not in {c.name for c in fine.checks}
    assert check(plan(order(BUY, "BND", 201), run=7), "budget", past=run()).outcome == "deny"
    assert check(plan(order(SELL, "STK", 31), run=7), "allowance", past=run()).outcome == "deny"
    assert check(plan(order(BUY, "XYZ", 1), run=7), "allowance", past=run()).outcome == "deny"


def test_what_a_run_has_used_is_not_allowed_again() -> None:
    sold = leg("STK", SELL, 30, LegState.CANCELED, filled=20)
    again = run(run_legs=(sold,))
    assert judge(plan(order(SELL, "STK", 10), run=7), past=again).outcome == "approved"
    assert judge(plan(order(SELL, "STK", 11), run=7), past=again).outcome == "denied"


def names_that_ask(proposal: Proposal, past: Memory) -> set[str]:
    return {c.name for c in judge(proposal, past=past).checks if c.outcome == "refer"}


def test_a_run_that_trades_a_symbol_again_and_again_asks_too() -> None:
    """RTS 6 article 15 (3): an execution that repeats itself waits for a person to look."""
    again = plan(order(SELL, "STK", 5), run=7)
    tried = (replace(leg("STK", SELL, 10, LegState.CANCELED), sends=1),)
    twice = run(run_legs=tried, usage=Usage(cycles_today=4, cycles_by_symbol={"STK": 2}))
    assert names_that_ask(again, twice) == set()
    thrice = run(run_legs=tried, usage=Usage(cycles_today=4, cycles_by_symbol={"STK": 3}))
    assert names_that_ask(again, thrice) == {"repeats"}
    sixth = run(run_legs=tried, usage=Usage(cycles_today=5, cycles_by_symbol={"STK": 2}))
    assert names_that_ask(again, sixth) == {"cycles today"}
    granted = judge(again, past=thrice, asked=True)
    assert granted.outcome == "approved"


def test_the_first_purchases_of_a_run_never_wait_for_a_person_behind_its_sales() -> None:
    busy = Usage(cycles_today=5, cycles_by_symbol={"STK": 3, "BND": 3})
    filled = replace(leg("STK", SELL, 10, LegState.FILLED, filled=10), sends=1)
    sold = run(run_legs=(filled,), usage=busy)
    assert judge(plan(order(BUY, "BND", 5), run=7), past=sold).outcome == "approved"


@pytest.mark.parametrize("past", [memory(), run()])
def test_a_continuation_of_a_run_that_is_not_under_way_is_denied(past: Memory) -> None:
    assert check(plan(order(SELL, "STK", 1), run=6), "run", past=past).outcome == "deny"


def last(
    one: PlannedLeg,
    given: Quote | RefusedPrice | None,
    *,
    cash: str = "50000",
    available: str = "500",
    allowance: str = "1000",
) -> LimitCheck | None:
    return last_look(
        one.intent,
        given,
        at=NOW,
        rule=PriceRule(),
        limits=Limits(),
        cash=Money(d(cash)),
        available=Quantity(d(available)),
        allowance=Quantity(d(allowance)),
    )


def refuses(check: LimitCheck | None) -> str:
    assert check is not None
    assert check.outcome == "deny"
    return check.name


def test_the_last_look_lets_a_fresh_order_go() -> None:
    assert last(order(BUY, "BND", 500), quote("BND", 100), available="0") is None
    assert last(order(SELL, "STK", 500), quote("STK", 100), cash="-1", allowance="500") is None


def test_the_last_look_refuses_what_has_changed_since() -> None:
    buy, sell = order(BUY, "BND", 10), order(SELL, "STK", 10)
    refused = RefusedPrice(symbol="BND", fault=PriceFault.MISSING, detail="gone")
    assert refuses(last(buy, None)) == "quote"
    assert refuses(last(buy, refused)) == "quote"
    assert refuses(last(buy, quote("BND", 100, age=61))) == "quote"
    assert refuses(last(buy, quote("BND", 98))) == "collar"
    assert refuses(last(sell, quote("STK", 102))) == "collar"
    assert refuses(last(buy, quote("BND", 100), cash="999.99")) == "cash"
    assert refuses(last(sell, quote("STK", 100), available="9.99")) == "oversell"
    assert refuses(last(buy, quote("BND", 100), allowance="9.99")) == "allowance"
    market = replace(buy, intent=replace(buy.intent, limit_price=None))
    assert refuses(last(market, quote("BND", 100))) == "collar"


def test_the_numbers_of_a_refusal_are_in_its_text() -> None:
    check = last(order(BUY, "BND", 501), quote("BND", 100))
    assert check is not None
    assert check.text == "main: 50,100.00 USD is more than the 50,000.00 USD there is (cash)"
