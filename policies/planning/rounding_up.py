"""Money that is owed to a person is raised in full: what rounding left out of the sales is sold too."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from policies.book import Book, Desk
from policies.planning.sizing import LeftOut, Part, limit_of
from portfolio.money import ZERO, Money, Price, Quantity, round_down, round_up
from portfolio.orders import Side


def enough_for_owed(book: Book, parts: list[Part], *, but: Sequence[LeftOut] = ()) -> list[Part]:
    """The sales, with as many steps more as every account needs for what it owes at their limits.

    A sale rounds down to whole shares and a crumb is worth no order; a person who takes out a sum
    needs all of it. More of what is sold already comes first, then what is furthest over its target,
    whatever the minimum trade. Less than is owed is raised only where all that may be sold is.
    Nothing more is sold of what `but` names, in its account.
    """
    for desk in book.desks:
        owed = book.owed.get(desk.account, ZERO)
        if owed > ZERO:
            barred = {item.symbol for item in but if item.account == desk.account}
            parts = _enough_at(book, desk, Money(owed), parts, barred)
    return parts


def _enough_at(
    book: Book, desk: Desk, owed: Money, parts: list[Part], but: Collection[str]
) -> list[Part]:
    sold = {p.symbol: p.quantity for p in parts if p.account == desk.account}
    limits = _limits(book, desk)
    lacks = owed - sum((q * limits[s] for s, q in sold.items() if s in limits), ZERO)
    order = sorted(
        limits.keys() - set(but),
        key=lambda s: (-sold.get(s, ZERO) * limits[s], -book.gap(book.key_of(s)), s),
    )
    for symbol in order:
        if lacks <= ZERO:
            break
        more = _more(book, desk, symbol, lacks / limits[symbol], sold)
        if more > ZERO:
            lacks -= more * limits[symbol]
            sold[symbol] = Quantity(sold.get(symbol, ZERO) + more)
    return _with(parts, desk.account, sold)


def _limits(book: Book, desk: Desk) -> dict[str, Price]:
    quotes, offset = book.snapshot.quotes, book.policy.limit_offset
    return {
        symbol: limit
        for symbol, units in desk.sellable.items()
        if units > ZERO and symbol in quotes and symbol not in desk.barred
        if (limit := limit_of(Side.SELL, quotes[symbol], offset)) > ZERO
    }


def _more(
    book: Book, desk: Desk, symbol: str, units: Decimal, sold: Mapping[str, Quantity]
) -> Decimal:
    step = book.step(symbol)
    room = round_down(desk.sellable[symbol] - sold.get(symbol, ZERO), step)
    return min(room, round_up(units, step))


def _with(parts: list[Part], account: str, sold: Mapping[str, Quantity]) -> list[Part]:
    """The parts of an account at their new quantities, and those that are new."""
    kept = [replace(p, quantity=sold[p.symbol]) if p.account == account else p for p in parts]
    known = {p.symbol for p in parts if p.account == account}
    new = [
        Part(account=account, symbol=symbol, side=Side.SELL, quantity=quantity)
        for symbol, quantity in sold.items()
        if symbol not in known and quantity > ZERO
    ]
    return [*kept, *new]
