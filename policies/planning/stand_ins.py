"""New money while a fund is barred: its partner is bought instead, and another one in an IRA.

After a loss the fund is not bought for 30 days in any account. In a taxable account its partner takes
new money meanwhile. A tax-advantaged account takes a third fund, one that no taxable account holds:
bought there, the partner would lose its own next loss for good.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from policies.book import Book, Desk
from policies.planning.accounts import money_of
from policies.planning.cash_first import water_fill
from policies.planning.sizing import Part, affordable, limit_of
from policies.taxes.harvest_rule import why_not_declared
from portfolio.accounts import AccountKind
from portfolio.money import ZERO, Money
from portfolio.orders import Side


def with_stand_ins(
    book: Book, parts: Sequence[Part], most: Mapping[str, Money] | None = None
) -> tuple[list[Part], list[str]]:
    """The parts of a plan with purchases of partners for what is left of the money, and each in words.

    Only for a household that has declared its accounts, and only where the wash-sale guards keep a
    slice's own symbol from being bought. `most` limits what is bought for a slice, by the symbol that
    stands for it, in money; None goes up to its goal.
    """
    rule, day = book.policy.harvest, book.snapshot.day
    if rule.declared_on is None or why_not_declared(rule, day) or not book.stand_ins:
        return list(parts), []
    left = money_left(book, parts)
    gaps = _gaps_left(book, parts)
    more: list[Part] = []
    said: list[str] = []
    for desk in book.desks:
        for key in sorted(gaps, key=lambda k: (-gaps[k], k)):
            room = gaps[key] if most is None else min(gaps[key], most.get(key, ZERO))
            amount = min(room, left[desk.account])
            if amount < book.minimum or key not in desk.no_buys:
                continue
            symbol = next(_candidates(book, desk, key), None)
            if symbol is None or key in book.locks.buys:
                continue
            quote = book.snapshot.quotes[symbol]
            limit = limit_of(Side.BUY, quote, book.policy.limit_offset)
            units = affordable(book, symbol, amount, limit)
            if units * book.prices[symbol] < book.minimum:
                continue
            more.append(Part(account=desk.account, symbol=symbol, side=Side.BUY, quantity=units))
            left[desk.account] = Money(left[desk.account] - units * limit)
            gaps[key] = Money(gaps[key] - units * book.prices[symbol])
            said.append(f"{key} is barred in {desk.account}: {symbol} is bought instead")
    return [*parts, *more], said


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """Purchases of partners, what is still to be bought and for what money, and words for a person."""

    parts: tuple[Part, ...]
    buys: Mapping[str, Money]
    funds: Mapping[str, Money]
    said: tuple[str, ...]


def stand_ins_first(book: Book, buys: Mapping[str, Money], sells: Sequence[Part]) -> First:
    """The partners' part of the money, bought before the rest of a plan's purchases.

    `buys` is money by the symbol that stands for a slice. Each barred slice has the share of the money
    that it would have had for its own symbol.
    """
    barred = [key for key in buys if has_stand_in(book, key)]
    if not barred:
        return First(parts=(), buys=buys, funds=money_of(book, list(sells)), said=())
    money = sum((max(ZERO, m) for m in money_of(book, list(sells)).values()), ZERO)
    shares = water_fill(buys, money)
    most = {key: shares[key] for key in barred if key in shares}
    parts, said = with_stand_ins(book, sells, most)
    return First(
        parts=tuple(parts[len(sells) :]),
        buys={key: amount for key, amount in buys.items() if key not in barred},
        funds=money_left(book, parts),
        said=tuple(said),
    )


def has_stand_in(book: Book, key: str) -> bool:
    """Whether the guards bar a slice's symbol everywhere and a partner may be bought somewhere."""
    rule, day = book.policy.harvest, book.snapshot.day
    if rule.declared_on is None or not book.stand_ins or why_not_declared(rule, day):
        return False
    if any(key not in desk.no_buys for desk in book.desks):
        return False
    return any(next(_candidates(book, desk, key), None) for desk in book.desks)


def _candidates(book: Book, desk: Desk, key: str) -> Iterator[str]:
    """Funds that may be bought for a slice whose symbol is barred, the first choice first."""
    node = book.policy.target.slice_named(book.slice_of[key])
    known = [fund.symbol for fund in book.policy.harvest.partners.get(key, ())]
    others = [s for s in node.every_symbol if s != key]
    order = [s for s in known if s in others] + [s for s in others if s not in known]
    taxable = _held_taxable(book)
    household = book.policy.lots.household
    sheltered = not household.is_taxable(desk.account) or _is_sheltered(book, desk)
    if not sheltered:
        order.sort(key=lambda s: s not in taxable)  # what stands in already goes on standing in
    for symbol in order:
        if household.group_of(symbol) == household.group_of(key):
            continue
        if symbol not in book.prices or symbol not in book.snapshot.quotes:
            continue
        if desk.why_no_buy(symbol) or symbol in book.locks.buys:
            continue
        partners = {stood.partner for stood in book.memory.stood_in}
        held = {household.group_of(s) for s in taxable | partners}
        if sheltered and household.group_of(symbol) in held:
            continue
        yield symbol


def _is_sheltered(book: Book, desk: Desk) -> bool:
    accounts = {a.account.id: a.account.kind for a in book.snapshot.accounts}
    return accounts[desk.account] is not AccountKind.TAXABLE


def _held_taxable(book: Book) -> frozenset[str]:
    return frozenset(
        position.symbol
        for account in book.snapshot.accounts
        if account.account.kind is AccountKind.TAXABLE
        for position in account.positions
        if position.quantity > ZERO
    )


def money_left(book: Book, parts: Sequence[Part]) -> dict[str, Money]:
    """What each account may still spend after the parts, at their limits."""
    left = money_of(book, [part for part in parts if part.side is Side.SELL])
    for part in parts:
        if part.side is Side.BUY:
            quote = book.snapshot.quotes[part.symbol]
            limit = limit_of(Side.BUY, quote, book.policy.limit_offset)
            left[part.account] = Money(left[part.account] - part.quantity * limit)
    return left


def _gaps_left(book: Book, parts: Sequence[Part]) -> dict[str, Money]:
    """What each slice is still short of after the parts, in money."""
    short = {key: -book.gap(key) for key in book.values}
    for part in parts:
        sign = -1 if part.side is Side.BUY else 1
        key = book.key_of(part.symbol)
        short[key] += sign * part.quantity * book.prices[part.symbol]
    return {key: Money(gap) for key, gap in short.items()}
