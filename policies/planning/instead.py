"""Money instead of sales: the deposit with which nothing would have to be sold."""

from decimal import ROUND_CEILING, Decimal

from policies.allocation import Unknown
from policies.book import open_book
from policies.planning.cash_first import no_sell_deposit
from policies.policy import Policy
from policies.prices import judge_prices
from portfolio.memory import Memory
from portfolio.money import ZERO, Money, exact_arithmetic
from portfolio.snapshot import Snapshot

_CENT = Decimal("0.01")


def deposit_instead(snapshot: Snapshot, policy: Policy, memory: Memory) -> Money | None:
    """The smallest deposit that brings every slice to its target without a sale, to the cent above.

    None when none is needed, when none is enough (something is held that has no weight), or when the
    weights are not known.
    """
    with exact_arithmetic():
        judged = judge_prices(snapshot, policy.prices, policy.target.symbols)
        book = open_book(judged, policy, memory)
        if isinstance(book, Unknown):
            return None
        weights = {s: goal / book.managed for s, goal in book.goals.items()}
        found = no_sell_deposit(book.values, weights, book.managed)
        if found is None or found <= ZERO:
            return None
        return Money(found.quantize(_CENT, rounding=ROUND_CEILING))
