"""Several accounts, unknown bases, observed and blocked accounts, and symbols that are barred."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from policies.decide import decide
from policies.planning.accounts import pro_rata
from portfolio.accounts import AccountKind, Autonomy
from portfolio.decisions import Decision, Hold, Proposal
from portfolio.instruments import Instrument
from portfolio.lots import Lot
from portfolio.memory import Fence
from portfolio.money import Price, Quantity
from portfolio.orders import LegState, Order, OrderStatus, Side
from portfolio.snapshot import AccountSnapshot, Quote
from tests.support.households import (
    DAY,
    NOW,
    account,
    d,
    household,
    leg,
    lot,
    memory,
    quote,
    stocks_and_bonds,
    target,
)

QUOTES = (quote("STK", 100), quote("BND", 100))
POLICY = stocks_and_bonds(limit_offset=d(0))


def look(*accounts: AccountSnapshot, quotes: tuple[Quote, ...] = QUOTES) -> Decision:
    return decide(household(*accounts, quotes=quotes), POLICY, memory())


def orders(answer: Decision) -> dict[tuple[str, str], Decimal]:
    """(account, symbol) to units, bought above zero and sold under it."""
    assert isinstance(answer, Proposal)
    return {
        (leg.intent.account, leg.intent.symbol): leg.intent.quantity
        * (1 if leg.intent.side is Side.BUY else -1)
        for leg in answer.legs
    }


def gates(answer: Decision, name: str) -> list[str]:
    return [g.text for g in answer.gates if g.name == name]


def test_sales_are_split_pro_rata_and_each_account_buys_from_its_own() -> None:
    """STK 750 in all: A has 500, B 250; 150 are sold 100 to 50, and each buys bonds for its own."""
    a = account(0, {"STK": 500, "BND": 100}, name="a")
    b = account(0, {"STK": 250, "BND": 150}, name="b", kind=AccountKind.TAX_FREE)
    assert orders(look(a, b)) == {
        ("a", "STK"): -100,
        ("b", "STK"): -50,
        ("a", "BND"): 100,
        ("b", "BND"): 50,
    }


def test_new_cash_is_spent_where_it_lies() -> None:
    a = account(4000, {"STK": 600}, name="a")
    b = account(0, {"BND": 360}, name="b")
    assert orders(look(a, b)) == {("a", "BND"): 40}


def test_the_buffer_is_kept_in_proportion_to_each_accounts_cash() -> None:
    """102,000 with 1 % buffer keeps 1,020: 510 in each of two accounts with 2,000 and 2,000."""
    policy = stocks_and_bonds(limit_offset=d(0), buffer="1", fractional=True)
    can = (Instrument(symbol="STK"), Instrument(symbol="BND"))
    a = account(2000, {"STK": 588}, name="a")
    b = account(2000, {"BND": 392}, name="b")
    answer = decide(household(a, b, quotes=QUOTES, instruments=can), policy, memory())
    spent: dict[str, Decimal] = {}
    for (name, _), units in orders(answer).items():
        spent[name] = spent.get(name, d(0)) + units * 100
    assert spent == {"a": 1490, "b": 1490}


def test_money_held_elsewhere_is_counted_and_neither_spent_nor_sold() -> None:
    """Stocks 600 of 1,000 elsewhere; here 150 stocks and 250 bonds: all the selling is done here."""
    here = account(0, {"STK": 150, "BND": 250}, name="here")
    there = account(10_000, {"STK": 500}, name="there", broker="held_elsewhere")
    answer = look(here, there)
    assert orders(answer) == {("here", "STK"): -50, ("here", "BND"): 50}
    assert gates(answer, "account") == ["there is held elsewhere: counted, never traded"]


def test_an_observed_account_is_told_and_not_sent() -> None:
    watched = account(0, {"STK": 750, "BND": 250}, autonomy=Autonomy.OBSERVE)
    answer = look(watched)
    assert isinstance(answer, Proposal)
    assert answer.legs == ()
    assert [a.intent.symbol for a in answer.advice] == ["STK", "BND"]
    assert gates(answer, "account") == ["main is only observed: told only"]


def test_a_blocked_account_is_told_and_not_sent_and_the_other_goes_on() -> None:
    blocked = account(0, {"STK": 500, "BND": 100}, name="a", blocked="trading_blocked")
    free = account(0, {"STK": 250, "BND": 150}, name="b")
    answer = look(blocked, free)
    assert set(orders(answer)) == {("b", "STK"), ("b", "BND")}
    assert gates(answer, "account") == ["a is blocked: trading_blocked: told only"]


def test_a_taxable_account_sells_only_what_has_a_basis_and_says_so() -> None:
    lots = (lot("STK", 100), lot("STK", 650, known=False), lot("BND", 250))
    holdings = {"STK": 750, "BND": 250}
    answer = look(account(0, holdings, lots=lots))
    assert orders(answer) == {("main", "STK"): -100, ("main", "BND"): 100}
    assert isinstance(answer, Proposal)
    assert (
        "STK: the basis of 650 of 750 units is not known, a taxable account does not sell them"
        in answer.skipped
    )
    deferred = account(0, holdings, lots=lots, kind=AccountKind.TAX_DEFERRED)
    assert orders(look(deferred))["main", "STK"] == -150


def test_lots_of_a_known_cost_and_an_unknown_date_may_be_sold() -> None:
    lots = (replace(lot("STK", 750), acquired_on=None), lot("BND", 250))
    answer = look(account(0, {"STK": 750, "BND": 250}, lots=lots))
    assert orders(answer)["main", "STK"] == -150


def bought_today(known: int, today: int) -> tuple[Lot, ...]:
    new = replace(lot("STK", today), acquired_on=DAY)
    return (lot("STK", known), new, lot("BND", 250))


def test_a_cash_account_sells_nothing_that_it_bought_today_and_says_so() -> None:
    """Of 750 units 650 were bought with money that may settle only tomorrow; 150 are too many."""
    holdings = {"STK": 750, "BND": 250}
    lends = account(0, holdings, lots=bought_today(100, 650))
    cash = replace(lends, lends=False)
    assert orders(look(lends))["main", "STK"] == -150
    answer = look(cash)
    assert orders(answer) == {("main", "STK"): -100, ("main", "BND"): 100}
    assert isinstance(answer, Proposal)
    assert (
        "STK: 650 of 750 units were bought today, and a cash account does not sell them before they"
        " are paid for" in answer.skipped
    )


def test_a_cash_account_sells_the_session_after_it_bought() -> None:
    yesterday = tuple(
        replace(part, acquired_on=DAY - timedelta(days=1)) for part in bought_today(100, 650)
    )
    cash = replace(account(0, {"STK": 750, "BND": 250}, lots=yesterday), lends=False)
    assert orders(look(cash))["main", "STK"] == -150


def test_unknown_bases_and_purchases_of_today_add_up_in_a_taxable_cash_account() -> None:
    """750 units: 60 old ones of known basis, 90 of today, 600 of unknown basis."""
    lots = (
        lot("STK", 60),
        replace(lot("STK", 90), acquired_on=DAY),
        lot("STK", 600, known=False),
        lot("BND", 250),
    )
    cash = replace(account(0, {"STK": 750, "BND": 250}, lots=lots), lends=False)
    assert orders(look(cash))["main", "STK"] == -60


def test_what_open_orders_hold_is_not_sold() -> None:
    free = account(0, {"STK": 750, "BND": 250}, available={"STK": 90})
    assert orders(look(free))["main", "STK"] == -90


def order(symbol: str, side: Side, quantity: str | None, limit: str | None = None) -> Order:
    return Order(
        broker_order_id="b1",
        client_order_id="by-hand",
        symbol=symbol,
        side=side,
        quantity=None if quantity is None else Quantity(d(quantity)),
        limit_price=None if limit is None else Price(d(limit)),
        status=OrderStatus.OPEN,
        raw_status="new",
        filled_quantity=Quantity(d(0)),
        filled_average_price=None,
        submitted_at=NOW,
    )


def test_a_persons_open_order_bars_its_symbol_and_says_so() -> None:
    base = account(0, {"STK": 750, "BND": 250})
    answer = look(replace(base, open_orders=(order("STK", Side.SELL, "10"),)))
    assert isinstance(answer, Hold)
    assert gates(answer, "barred") == ["STK in main: an order of yours is open (sell, new)"]
    assert not answer.settles_calendar


def test_a_persons_open_buy_reserves_its_cash() -> None:
    """4,000 are there: a buy of 20 at a limit of 95, at the ask, or by amount leaves less or none."""
    base = account(4000, {"STK": 600, "BND": 360})
    limited = replace(base, open_orders=(order("XYZ", Side.BUY, "20", "95"),))
    assert orders(look(limited)) == {("main", "BND"): 21}
    market = replace(base, open_orders=(order("STK", Side.BUY, "20"),))
    assert orders(look(market)) == {("main", "BND"): 20}
    by_amount = replace(base, open_orders=(order("STK", Side.BUY, None),))
    assert isinstance(look(by_amount), Hold)


def test_a_live_leg_bars_its_symbol_and_reserves_its_cash() -> None:
    lost = leg("XYZ", Side.BUY, 10, LegState.LOST, filled=2)
    past = memory(live_legs=(lost,))
    snapshot = household(account(4000, {"STK": 600, "BND": 360}), quotes=QUOTES)
    assert orders(decide(snapshot, POLICY, past)) == {("main", "BND"): 32}
    own = memory(live_legs=(leg("BND", Side.BUY, 10, LegState.WORKING),))
    answer = decide(snapshot, POLICY, own)
    assert gates(answer, "barred") == ["BND in main: order tt1-e-000001-01-bnd is working"]
    assert isinstance(answer, Hold)


def test_our_own_open_order_is_not_reserved_twice() -> None:
    working = leg("XYZ", Side.BUY, 10, LegState.WORKING)
    same = replace(order("XYZ", Side.BUY, "10", "100"), client_order_id=working.client_order_id)
    base = replace(account(4000, {"STK": 600, "BND": 360}), open_orders=(same,))
    answer = decide(household(base, quotes=QUOTES), POLICY, memory(live_legs=(working,)))
    assert orders(answer) == {("main", "BND"): 30}


def test_a_fence_bars_until_it_falls() -> None:
    snapshot = household(account(4000, {"STK": 600, "BND": 360}), quotes=QUOTES)
    fence = Fence(account="main", symbol="BND", reason="wash sale")
    assert isinstance(decide(snapshot, POLICY, memory(fences=(fence,))), Hold)
    over = replace(fence, until=NOW)
    assert isinstance(decide(snapshot, POLICY, memory(fences=(over,))), Proposal)
    later = replace(fence, until=NOW + timedelta(days=1))
    answer = decide(snapshot, POLICY, memory(fences=(later,)))
    assert gates(answer, "barred") == ["BND in main: fenced: wash sale"]
    assert [g.next_possible for g in answer.gates if g.name == "barred"] == [
        (NOW + timedelta(days=1)).date()
    ]


def test_a_symbol_fenced_in_one_account_is_bought_in_another() -> None:
    a = account(4000, {"STK": 600}, name="a")
    b = account(1000, {"BND": 350}, name="b")
    past = memory(fences=(Fence(account="a", symbol="BND", reason="wash sale"),))
    assert orders(decide(household(a, b, quotes=QUOTES), POLICY, past)) == {("b", "BND"): 10}


def test_a_live_leg_bars_its_symbol_in_its_own_account_only() -> None:
    a = account(4000, {"STK": 600}, name="a")
    b = account(1000, {"BND": 350}, name="b")
    past = memory(live_legs=(leg("BND", Side.BUY, 1, LegState.WORKING, account="a"),))
    assert orders(decide(household(a, b, quotes=QUOTES), POLICY, past)) == {("b", "BND"): 10}


def test_what_the_broker_does_not_trade_is_barred() -> None:
    snapshot = household(
        account(4000, {"STK": 600, "BND": 360}),
        quotes=QUOTES,
        instruments=(Instrument(symbol="BND", tradable=False),),
    )
    answer = decide(snapshot, POLICY, memory())
    assert gates(answer, "barred") == ["BND in main: its broker does not trade it now"]


def test_small_parts_go_to_the_account_with_the_most_room() -> None:
    room = {"a": Quantity(d(90)), "b": Quantity(d(9)), "c": Quantity(d(1))}
    assert pro_rata(room, d(50), d(1), d(5)) == {"a": 50}
    assert pro_rata(room, d(100), d(1), d(0)) == {"a": 90, "b": 9, "c": 1}
    assert pro_rata(room, d(500), d(1), d(0)) == {"a": 90, "b": 9, "c": 1}
    assert pro_rata(room, d(0), d(1), d(0)) == {}
    assert pro_rata({"a": Quantity(d(3)), "b": Quantity(d(3))}, d(5), d(1), d(4)) == {}


def test_a_halt_holds_and_still_tells_what_is_due() -> None:
    snapshot = household(account(0, {"STK": 750, "BND": 250}), quotes=QUOTES)
    answer = decide(snapshot, POLICY, memory(halted="by ann: testing"))
    assert isinstance(answer, Hold)
    assert answer.reason == (
        "halted: by ann: testing; waiting: stk +15.0 points, fires at 5.0 (and 1 more)"
    )
    assert not answer.settles_calendar


def test_a_closed_exchange_holds() -> None:
    snapshot = household(account(0, {"STK": 600, "BND": 400}), quotes=QUOTES, is_open=False)
    answer = decide(snapshot, POLICY, memory())
    assert isinstance(answer, Hold)
    assert answer.reason == "the exchange is closed, the last session was 2026-03-11"
    assert not answer.settles_calendar


def test_fourteen_holdings_three_in_no_slice_and_one_without_a_basis() -> None:
    """Eleven slices of a hundredth to a quarter; XA, XB, XC stay; H05 is never sold."""
    sliced = [f"H{i:02}" for i in range(11)]
    held = {s: 60 + 80 * (i % 3) for i, s in enumerate(sliced)} | {"XA": 50, "XB": 70, "XC": 9}
    held["H05"] = 250
    lots = tuple(lot(s, q, known=s != "H05") for s, q in held.items())
    weights = dict.fromkeys(sliced, "9") | {"H00": "10"}
    policy = replace(stocks_and_bonds(), target=target(weights))
    quotes = tuple(quote(s, 50) for s in held if s != "XC")
    snapshot = household(account(500, held, lots=lots), quotes=quotes)
    answer = decide(snapshot, policy, memory(first_plan_done=()))
    assert isinstance(answer, Proposal)
    traded = {leg.intent.symbol for leg in answer.legs}
    assert traded <= set(sliced)
    assert "H05" not in {leg.intent.symbol for leg in answer.sells}
    assert any(text.startswith("H05: the basis of 250 of 250 units") for text in answer.skipped)
    assert gates(answer, "left alone") == [
        "XA (worth 2,500.00 USD) is in no slice: left alone",
        "XB (worth 3,500.00 USD) is in no slice: left alone",
        "XC (of unknown value) is in no slice: left alone",
    ]
    assert answer.managed_value == 50 * sum(held[s] for s in sliced) + 500
