"""Sizing: limit prices on a tick, quantities on a step, nothing beyond what is held or can be paid."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from policies.book import Book
from policies.explain import why_leg
from portfolio.decisions import PlannedLeg
from portfolio.money import ONE, ZERO, Money, Price, Quantity, round_down, tick_down, tick_up
from portfolio.orders import OrderIntent, Side
from portfolio.snapshot import Quote


def limit_of(side: Side, quote: Quote, offset: Decimal) -> Price:
    """A limit through the quote, so that it fills: a buy at ask x (1 + offset) rounded down to the
    tick, a sale at bid x (1 - offset) rounded up to it.

    A sale's limit is never above the bid, nor a buy's under the ask, when those are on a tick.
    """
    if side is Side.BUY:
        return tick_down(quote.ask * (ONE + offset))
    return tick_up(quote.bid * (ONE - offset))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A quantity of one symbol in one account, before it is an order."""

    account: str
    symbol: str
    side: Side
    quantity: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An order that is wanted and not placed; `why` goes on after the symbol and a colon."""

    account: str
    symbol: str
    side: Side
    why: str

    @property
    def text(self) -> str:
        return f"{self.symbol}: {self.why}"

    @property
    def order(self) -> tuple[str, str, Side]:
        """Which order it is: account, symbol and side."""
        return self.account, self.symbol, self.side


def as_leg(book: Book, part: Part) -> PlannedLeg:
    """The order of a part, with its limit and its reason."""
    quote = book.snapshot.quotes[part.symbol]
    name = book.slice_of[part.symbol]
    actual = book.values[book.key_of(part.symbol)] / book.managed
    return PlannedLeg(
        intent=OrderIntent(
            account=part.account,
            symbol=part.symbol,
            side=part.side,
            quantity=part.quantity,
            limit_price=limit_of(part.side, quote, book.policy.limit_offset),
        ),
        price=quote.price,
        reason=why_leg(part.side, name, actual, book.policy.target.weights[name]),
    )


def affordable(book: Book, symbol: str, amount: Decimal, limit: Price) -> Quantity:
    """The largest quantity on the symbol's step whose cost at the limit is within `amount`."""
    if amount <= ZERO:
        return Quantity(ZERO)
    return Quantity(round_down(amount / limit, book.step(symbol)))


def in_order(legs: list[PlannedLeg]) -> tuple[PlannedLeg, ...]:
    """Sales first, then buys; the largest first, ties by symbol and account."""
    return tuple(
        sorted(
            legs,
            key=lambda leg: (
                leg.intent.side is Side.BUY,
                -leg.value,
                leg.intent.symbol,
                leg.intent.account,
            ),
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUp:
    """What whole shares left over: money in one account, and the gaps that it may still close.

    `limits` are the buy limits of the symbols open to it, `held` what is planned of each already.
    """

    money: Money
    limits: Mapping[str, Price]
    held: Mapping[str, Quantity]


def top_up(book: Book, rest: TopUp, gaps: dict[str, Decimal]) -> dict[str, Quantity]:
    """Spend what is left, one more share at a time, where it closes most.

    The gain of n units at price p against a gap g is n p (2 g - n p), the fall of the squared gap;
    only gains above zero are bought, so that no share makes a gap larger. A symbol with nothing
    planned yet starts at the smallest quantity worth the minimum trade. `gaps` is lowered in place.
    """
    bought: dict[str, Quantity] = {}
    left: Decimal = rest.money
    queue = [
        entry
        for symbol in sorted(rest.limits)
        if (entry := _gain(book, symbol, gaps, rest.held)) is not None
    ]
    heapq.heapify(queue)
    while queue:
        _, symbol, quantity = heapq.heappop(queue)
        cost = quantity * rest.limits[symbol]
        if cost > left:
            continue
        left -= cost
        bought[symbol] = Quantity(bought.get(symbol, ZERO) + quantity)
        gaps[symbol] -= quantity * book.prices[symbol]
        entry = _gain(book, symbol, gaps, bought)
        if entry is not None:
            heapq.heappush(queue, entry)
    return bought


def _gain(
    book: Book, symbol: str, gaps: Mapping[str, Decimal], held: Mapping[str, Quantity]
) -> tuple[Decimal, str, Decimal] | None:
    step = book.step(symbol)
    if step < ONE:
        return None
    price = book.prices[symbol]
    quantity: Decimal = step
    if held.get(symbol, ZERO) <= ZERO:
        quantity = max(step, (book.minimum / price).quantize(ONE, rounding=ROUND_CEILING))
    value = quantity * price
    gain = value * (2 * gaps.get(symbol, ZERO) - value)
    return (-gain, symbol, quantity) if gain > ZERO else None
