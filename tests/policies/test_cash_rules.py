"""What deposits, dividends and withdrawals do by their rules, and money that a person announced."""

from datetime import date
from decimal import Decimal
from typing import Any

from policies.decide import decide
from policies.flows import answered_flows
from policies.limit_rule import Limits
from policies.limits import check_plan
from policies.planning.instead import deposit_instead
from policies.policy import (
    CashAction,
    DepositRule,
    Fill,
    MinimumTrade,
    Policy,
    WithdrawalRule,
    Withdrawing,
)
from portfolio.decisions import Decision, Gate, Hold, Proposal
from portfolio.memory import Reservation
from portfolio.money import Money, Weight
from portfolio.target import Band
from tests.support.households import (
    DAY,
    account,
    d,
    deposit,
    household,
    memory,
    quote,
    stocks_and_bonds,
    target,
)

QUOTES = (quote("STK", 1), quote("BND", 1))


def gate(answer: Decision, name: str) -> Gate:
    return next(g for g in answer.gates if g.name == name)


def look(cash: int, stocks: int, bonds: int, past: Any = None, **rules: Any) -> Decision:
    snapshot = household(account(cash, {"STK": stocks, "BND": bonds}), quotes=QUOTES)
    return decide(snapshot, stocks_and_bonds(**rules), past or memory())


def units(answer: Decision) -> dict[str, Decimal]:
    assert isinstance(answer, Proposal)
    return {f"{leg.intent.side} {leg.intent.symbol}": leg.intent.quantity for leg in answer.legs}


def held() -> DepositRule:
    return DepositRule(action=CashAction.HOLD)


def seen() -> Any:
    return memory(flows=(deposit(3000, seen=date(2026, 3, 9)),), sessions_since_flow=2)


def test_a_held_deposit_buys_nothing_by_itself_and_is_used_by_a_rebalance() -> None:
    quiet = look(3000, 58_200, 38_800, seen(), deposits=held())
    assert isinstance(quiet, Hold)
    assert gate(quiet, "held cash").text == (
        "3,000.00 USD of new cash is held until the next rebalance"
    )
    rebalance = look(3000, 64_000, 33_000, seen(), deposits=held(), limit_offset=d(0))
    assert units(rebalance) == {"sell STK": d(4000), "buy BND": d(7000)}


def test_a_held_deposit_is_answered_by_a_rebalance_only() -> None:
    policy = stocks_and_bonds(deposits=held())
    assert answered_flows(seen(), policy, rebalances=False) == ()
    assert answered_flows(seen(), policy, rebalances=True) == ("f1",)
    assert answered_flows(seen(), stocks_and_bonds(), rebalances=False) == ("f1",)


def test_other_cash_is_invested_beside_a_held_deposit() -> None:
    answer = look(5000, 57_000, 38_000, seen(), deposits=held(), limit_offset=d(0))
    # Gaps of 3000 and 2000, of which 2000 may be filled: down to 1500 each.
    assert units(answer) == {"buy STK": d(1500), "buy BND": d(500)}


def test_a_deposit_rule_that_asks_refers_any_deposit() -> None:
    rule = DepositRule(action=CashAction.ASK)
    snapshot = household(account(3000, {"STK": 58_200, "BND": 38_800}), quotes=QUOTES)
    answer = decide(snapshot, stocks_and_bonds(deposits=rule), seen())
    assert isinstance(answer, Proposal)
    assert check_plan(answer, snapshot, Limits(), seen()).outcome == "referred"


def test_held_dividends_stay_in_cash_and_asked_ones_refer() -> None:
    past = memory(income=Money(d(500)))
    quiet = look(500, 59_700, 39_800, past, deposits=DepositRule(income=CashAction.HOLD))
    assert isinstance(quiet, Hold)
    asked = look(500, 59_700, 39_800, past, deposits=DepositRule(income=CashAction.ASK))
    assert isinstance(asked, Proposal)
    assert not gate(asked, "income asks").passed


def test_a_relative_fill_raises_the_lowest_share_first() -> None:
    """The published case of unequal weights: 0, 1933.33 and 2066.67 of 4000."""
    tree = target({"A": "70", "B": "22", "C": "8"})
    snapshot = household(
        account(4000, {"A": 50_000, "B": 12_000, "C": 3000}),
        quotes=tuple(quote(s, 1) for s in "ABC"),
    )
    rules: dict[str, Any] = {
        "limit_offset": d(0),
        "min_improvement": d(0),
        "default_band": Band(points=Weight(d(1)), relative=None),
        "backstop": None,
        "minimum_trade": MinimumTrade(amount=Money(d(1)), fraction=Weight(d(0))),
    }
    relative = Policy(target=tree, deposits=DepositRule(fill=Fill.RELATIVE), **rules)
    assert units(decide(snapshot, relative, memory())) == {"buy C": d(2067), "buy B": d(1933)}
    level = Policy(target=tree, **rules)
    assert units(decide(snapshot, level, memory())) == {"buy B": d(2330), "buy C": d(1670)}


def test_whole_shares_are_bought_as_in_the_published_case() -> None:
    """Values 50,000, 12,000 and 3,000 at 70/22/8, and 4,000 to spend: nothing is left."""
    prices = {"A": d("233"), "B": d("71.5"), "C": d("48.25")}
    values = {"A": d(50_000), "B": d(12_000), "C": d(3000)}
    snapshot = household(
        account(4000, {s: (values[s] / p).quantize(d("1e-9")) for s, p in prices.items()}),
        quotes=tuple(quote(s, p) for s, p in prices.items()),
    )
    policy = Policy(
        target=target({"A": "70", "B": "22", "C": "8"}),
        default_band=Band(points=Weight(d(1)), relative=None),
        limit_offset=d(0),
        min_improvement=d(0),
        backstop=None,
        minimum_trade=MinimumTrade(amount=Money(d(1)), fraction=Weight(d(0))),
    )
    assert units(decide(snapshot, policy, memory())) == {"buy B": d(33), "buy C": d(34)}


def test_sell_only_raises_what_is_short_and_buys_nothing() -> None:
    assert isinstance(look(0, 70_000, 30_000, buys_allowed=False), Hold)
    short = look(-1000, 61_000, 40_000, buys_allowed=False)
    assert all(key.startswith("sell") for key in units(short))


def wish(amount: int, by: date) -> Any:
    return memory(reserved=(Reservation(number=7, account="main", amount=Money(d(amount)), by=by),))


def test_money_for_a_withdrawal_is_raised_from_what_is_over() -> None:
    """Of 100,000 at 65/35, 12,000 go: of the 88,000 that stay, stocks are worth 12,200 too much.

    Sold is 50 more, the minimum trade, for there is no cash buffer and limits stand under the prices.
    """
    answer = look(0, 65_000, 35_000, wish(12_000, DAY), limit_offset=d(0), rest_sessions=10)
    assert units(answer) == {"sell STK": d(12_050)}


def test_cash_that_is_kept_is_not_invested() -> None:
    free = look(12_000, 52_800, 35_200)
    assert isinstance(free, Proposal)
    kept = look(12_000, 52_800, 35_200, wish(12_000, DAY))
    assert isinstance(kept, Hold)
    assert gate(kept, "reserved").text == (
        "12,000.00 USD kept in main for 2026-03-11, 0.00 USD still to be raised"
    )


def test_sales_for_a_withdrawal_begin_a_week_before_its_day() -> None:
    assert isinstance(look(0, 60_000, 40_000, wish(12_000, date(2026, 3, 19))), Hold)
    assert isinstance(look(0, 60_000, 40_000, wish(12_000, date(2026, 3, 18))), Proposal)


def test_a_withdrawal_that_asks_refers_its_sales() -> None:
    rule = WithdrawalRule(action=Withdrawing.ASK)
    answer = look(0, 60_000, 40_000, wish(12_000, DAY), withdrawals=rule)
    assert not gate(answer, "withdrawal asks").passed


def test_only_the_paying_account_sells() -> None:
    accounts = (
        account(50_000, {"STK": 60_000}, name="other"),
        account(0, {"BND": 40_000}, name="main"),
    )
    snapshot = household(*accounts, quotes=QUOTES)
    answer = decide(snapshot, stocks_and_bonds(), wish(12_000, DAY))
    assert isinstance(answer, Proposal)
    assert {leg.intent.account for leg in answer.sells} == {"main"}
    assert not answer.buys
    assert sum(leg.value for leg in answer.sells) >= d(12_000)


def test_more_than_there_is_cannot_be_kept() -> None:
    answer = look(0, 6000, 4000, wish(12_000, DAY))
    assert isinstance(answer, Hold)
    assert answer.reason == "the money to be taken out is all that there is, or more"


def test_the_deposit_that_would_make_selling_unnecessary() -> None:
    """75,000 are 60 % of 125,000: 25,000 more."""
    snapshot = household(account(0, {"STK": 75_000, "BND": 25_000}), quotes=QUOTES)
    assert deposit_instead(snapshot, stocks_and_bonds(), memory()) == Money(d(25_000))
    even = household(account(0, {"STK": 60_000, "BND": 40_000}), quotes=QUOTES)
    assert deposit_instead(even, stocks_and_bonds(), memory()) is None
