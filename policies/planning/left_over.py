"""What a run leaves undone of what was accepted, with the reason: nothing is dropped in silence."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from policies.book import Book, Desk
from policies.explain import money
from policies.planning.remaining import Remaining
from policies.planning.sizing import LeftOut, Part
from portfolio.money import ZERO, Money
from portfolio.orders import Side

_CENT = Decimal("0.01")


def left_over(
    book: Book, left: Sequence[Remaining], parts: Sequence[Part], sides: Collection[Side]
) -> tuple[LeftOut, ...]:
    """Every order of a run that could still be placed and is not, with its reason, in order of symbols.

    Those at the broker, those that filled in full, and those whose slice is where it should be are no
    loss. `parts` are what is placed now, `sides` those that have their turn.
    """
    planned = {(p.account, p.symbol, p.side) for p in parts}
    gaps = _gaps_after(book, parts)
    told = []
    for item in left:
        said = item.allowance
        key = book.key_of(said.symbol)
        placed = (said.account, said.symbol, said.side) in planned
        if placed or item.live or item.done or said.side not in sides or key not in gaps:
            continue
        off = gaps[key] if said.side is Side.SELL else -gaps[key]
        if off >= _CENT and item.quantity > ZERO:
            told.append(_left_out(book, item, Money(off)))
    return tuple(sorted(told, key=lambda left_out: left_out.text))


def _gaps_after(book: Book, parts: Sequence[Part]) -> dict[str, Decimal]:
    gaps: dict[str, Decimal] = {key: book.gap(key) for key in book.values}
    for part in parts:
        sign = 1 if part.side is Side.BUY else -1
        gaps[book.key_of(part.symbol)] += sign * part.quantity * book.prices[part.symbol]
    return gaps


def _left_out(book: Book, item: Remaining, off: Money) -> LeftOut:
    said = item.allowance
    what = "a sale" if said.side is Side.SELL else "a purchase"
    return LeftOut(
        account=said.account,
        symbol=said.symbol,
        side=said.side,
        why=f"{what} in {said.account} is left out, {_why(book, item, off)}",
    )


def _why(book: Book, item: Remaining, off: Money) -> str:
    said = item.allowance
    symbol, buys = said.symbol, said.side is Side.BUY
    desk = next((d for d in book.desks if d.account == said.account), None)
    locks = book.locks.buys if buys else book.locks.sales
    price = book.prices.get(symbol)
    if item.rejected:
        return "an order of it was rejected in this run"
    if desk is None or price is None:
        return "its account or its price is not there now"
    if symbol in locks:
        return locks[symbol]
    if buys and (why := desk.why_no_buy(symbol)):
        return why
    if why := desk.barred.get(symbol) or desk.advises:
        return why
    room = min(off, _room(item, desk, price, buys=buys))
    if room < max(book.minimum, book.step(symbol) * price):
        return (
            f"{money(Money(room))} of {money(off)} that are missing is too small (minimum trade "
            f"{money(book.minimum)}, a step costs {money(Money(book.step(symbol) * price))})"
        )
    return f"the money or the holding that {money(off)} need is not there"


def _room(item: Remaining, desk: Desk, price: Decimal, *, buys: bool) -> Decimal:
    """What the allowance, and the money or the holding of the account, still let through."""
    allowed = item.quantity * price
    if buys:
        return min(allowed, max(desk.spendable, ZERO))
    return min(allowed, desk.sellable.get(item.allowance.symbol, ZERO) * price)
