"""The last look before a send, over ten thousand quotes: what is sent is what the rules allow."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from policies.limit_rule import Limits
from policies.limits import last_look
from policies.policy import PriceRule
from portfolio.money import Money, Price, Quantity
from portfolio.orders import OrderIntent, Side
from portfolio.snapshot import Quote
from tests.support.households import NOW, quote

QUOTES = 10_000
CENT = Decimal("0.01")


def cents(dice: random.Random, low: int, high: int) -> Decimal:
    return Decimal(dice.randint(low, high)) * CENT


def a_quote(dice: random.Random) -> Quote:
    """Mostly one that could be traded on, often at an edge, sometimes no quote at all."""
    bid = cents(dice, 1_000, 20_000)
    edge = (bid * Decimal("1.02")).quantize(CENT)
    ask = dice.choice(
        [bid, bid + CENT, bid + cents(dice, 0, 40), edge, edge + CENT * 5, bid - CENT]
    )
    bid = dice.choice([bid] * 40 + [Decimal(0), Decimal("NaN"), -bid])
    close = dice.choice([ask, ask * Decimal("0.8"), ask * Decimal("0.75"), ask * Decimal("1.4")])
    age = dice.choice([0, 1, 59, 60, 60.001, 61, 3600, -60, -61])
    return replace(
        quote("VTI", 100),
        bid=Price(bid),
        ask=Price(ask),
        previous_close=dice.choice([None, Price(close.quantize(CENT))]),
        as_of=NOW - timedelta(seconds=age),
    )


def an_order(dice: random.Random, given: Quote) -> OrderIntent:
    side = dice.choice([Side.BUY, Side.SELL])
    middle = given.ask
    edge = middle * (Decimal("1.01") if side is Side.BUY else Decimal("0.99"))
    limit = dice.choice(
        [edge, edge + CENT, edge - CENT, middle, middle * Decimal("1.5"), middle / 2, None]
    )
    return OrderIntent(
        account="main",
        symbol="VTI",
        side=side,
        quantity=Quantity(Decimal(dice.randint(1, 200))),
        limit_price=None if limit is None else Price(max(limit.quantize(CENT), CENT)),
    )


def may_go(
    intent: OrderIntent, given: Quote, cash: Decimal, available: Decimal, allowance: Decimal
) -> bool:
    """The rules of docs/controls.md (P1, P5, P10, P12) in sums of their own, in exact fractions."""
    if not given.bid.is_finite() or given.bid <= 0 or intent.limit_price is None:
        return False
    bid, ask, limit = Fraction(given.bid), Fraction(given.ask), Fraction(intent.limit_price)
    units, middle = Fraction(intent.quantity), (bid + ask) / 2
    age = abs((NOW - given.as_of).total_seconds())
    close = given.previous_close
    if bid > ask or age > 60 or ask - bid > middle * 2 / 100:
        return False
    if close is not None and abs(middle - Fraction(close)) > Fraction(close) / 4:
        return False
    if units > Fraction(allowance):
        return False
    if intent.side is Side.BUY:
        return limit <= ask * 101 / 100 and units * limit <= Fraction(cash)
    return limit >= bid * 99 / 100 and units <= Fraction(available)


def test_of_ten_thousand_quotes_exactly_those_within_the_rules_are_sent_on() -> None:
    dice, seen = random.Random(1), Counter[str]()
    for number in range(QUOTES):
        given = a_quote(dice)
        intent = an_order(dice, given)
        cash = dice.choice(
            [Decimal(10**7), Decimal(0), intent.quantity * (intent.limit_price or 1)]
        )
        available = dice.choice([Decimal(500), intent.quantity, intent.quantity - 1])
        allowance = dice.choice([Decimal(500), intent.quantity, intent.quantity - 1])
        refused = last_look(
            intent,
            given,
            at=NOW,
            rule=PriceRule(),
            limits=Limits(),
            cash=Money(cash),
            available=Quantity(available),
            allowance=Quantity(allowance),
        )
        expected = may_go(intent, given, cash, available, allowance)
        assert (refused is None) is expected, (number, given, intent, refused)
        seen[refused.name if refused else "sent"] += 1
    assert set(seen) == {"sent", "quote", "collar", "cash", "oversell", "allowance"}
    assert min(seen.values()) > 100, "every rule had its turn"
