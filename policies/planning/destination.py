"""Where a rebalance stops: how much money each symbol should gain or lose, for the household."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import assert_never

from policies.book import Book
from policies.planning.cash_first import fill_relative, fill_worthwhile, water_fill
from policies.planning.stand_ins import has_stand_in
from policies.planning.stops import stops_of
from policies.policy import Fill, Stop
from policies.triggers.ask import Aim, Call
from policies.triggers.cash_flow import investable, new_cash, shortage
from portfolio.money import ONE, ZERO, Money, total
from portfolio.target import Slice


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Money to sell and to buy by symbol, at count prices, both unsigned."""

    sells: Mapping[str, Money]
    buys: Mapping[str, Money]


def wanted_trades(book: Book, call: Call) -> Wanted:
    """What a call asks for, cut to what can be sold now and to the sales that the money needs.

    A symbol that cannot be traded keeps its place; sales that would only have paid for it are not
    made, so that one bad quote never turns another holding into cash.
    """
    match call.aim:
        case Aim.INVEST:
            return Wanted(sells={}, buys=_invested(book))
        case Aim.RAISE:
            return Wanted(sells=_raised(book), buys={})
        case Aim.REBALANCE:
            return _rebalance(book, call)
        case _:
            assert_never(call.aim)


def _rebalance(book: Book, call: Call) -> Wanted:
    """To the destination, new cash first; a short cash slice is filled whole, whatever the stop.

    A date with no band breached goes to the target also under BAND_EDGE or BY_COST, and for all
    slices: there is no edge to stop at.
    """
    rule = book.policy.destination
    at_edge = rule.stop in (Stop.BAND_EDGE, Stop.BY_COST)
    all_move = rule.moves_all or not call.breached
    if (rule.stop is Stop.TARGET and all_move) or (at_edge and not call.breached):
        return _balanced(book, _surpluses(book), _shortfalls(book))
    fresh = new_cash(book)
    buyable = _tradable_buys(book, _shortfalls(book))
    first = _spread(book, buyable, fresh) if fresh >= book.minimum else {}
    after = _after(book, first)
    if rule.stop is Stop.PART_WAY and all_move:
        sells = {s: Money(rule.part * gap) for s, gap in _surpluses(after).items()}
        buys = {s: Money(rule.part * gap) for s, gap in _shortfalls(after).items()}
    else:
        names = frozenset(d.name for d in book.drifts) if all_move else frozenset(call.breached)
        sells, buys = _to_stops(after, names)
    return _balanced(book, sells, _sum(first, buys))


def _invested(book: Book) -> dict[str, Money]:
    """What new cash buys. Where it may go everywhere, the accounts spread what each has of it."""
    buyable = _tradable_buys(book, _shortfalls(book))
    amount, rule = investable(book), book.policy.deposits
    if rule.fill is Fill.LEAST_SQUARES and amount == new_cash(book):
        return buyable
    parts = _spread(book, buyable, amount)
    worth = {s: buyable[s] for s, part in parts.items() if part >= book.minimum}
    return _spread(book, worth or buyable, amount)


def _spread(book: Book, gaps: Mapping[str, Money], amount: Money) -> dict[str, Money]:
    if book.policy.deposits.fill is Fill.LEAST_SQUARES:
        return water_fill(gaps, amount)
    values = {s: book.values[s] for s in gaps}
    return fill_relative(values, {s: book.goals[s] for s in gaps}, amount)


def _raised(book: Book) -> dict[str, Money]:
    """Sales of what is over its target, for the cash that is short.

    What is owed to a person is sold a little more of, for the limits stand under the prices; and where
    overweights are not enough, as in an account of its own, all holdings give in proportion.
    """
    over, need = _capped(book, _surpluses(book)), shortage(book)
    owed = total(book.owed.values())
    if owed > ZERO:
        margin = ZERO if book.cash_goal > ZERO else book.minimum
        need = Money(max(need, owed * (ONE + book.policy.limit_offset) + margin))
    sells = fill_worthwhile(over, need, book.minimum)
    lacks = min(owed, need) - total(sells.values())
    if lacks <= ZERO:
        return sells
    rest = _capped(book, {s: Money(v - sells.get(s, ZERO)) for s, v in book.values.items()})
    return _sum(sells, fill_worthwhile(rest, lacks, book.minimum))


def _after(book: Book, buys: Mapping[str, Money]) -> Book:
    if not buys:
        return book
    values = {s: Money(v + buys.get(s, ZERO)) for s, v in book.values.items()}
    return replace(book, values=values, cash=Money(book.cash - sum(buys.values(), ZERO)))


def _surpluses(book: Book) -> dict[str, Money]:
    return {s: Money(gap) for s in book.values if (gap := book.gap(s)) > ZERO}


def _shortfalls(book: Book) -> dict[str, Money]:
    return {s: Money(-gap) for s in book.values if (gap := book.gap(s)) < ZERO}


def _sum(a: Mapping[str, Money], b: Mapping[str, Money]) -> dict[str, Money]:
    return {s: Money(a.get(s, ZERO) + b.get(s, ZERO)) for s in (*a, *(s for s in b if s not in a))}


def _capped(book: Book, sells: Mapping[str, Money]) -> dict[str, Money]:
    """Sales cut to what the accounts can sell now."""
    capped: dict[str, Money] = {}
    for symbol, amount in sells.items():
        worth = sum((_sellable_worth(book, held) for held in book.to_sell(symbol)), ZERO)
        if worth > ZERO:
            capped[symbol] = Money(min(amount, worth))
    return capped


def _sellable_worth(book: Book, symbol: str) -> Decimal:
    units = sum((d.sellable.get(symbol, ZERO) for d in book.desks if symbol not in d.barred), ZERO)
    return units * book.prices[symbol] if units > ZERO else ZERO


def _tradable_buys(book: Book, buys: Mapping[str, Money]) -> dict[str, Money]:
    return {
        s: amount
        for s, amount in buys.items()
        if s not in book.locks.buys
        and (any(not d.why_no_buy(s) for d in book.desks) or has_stand_in(book, s))
    }


def _balanced(book: Book, sells: Mapping[str, Money], buys: Mapping[str, Money]) -> Wanted:
    """Cut both sides to what can be traded, then the sales to what the buys and the cash need."""
    sells, buys = _capped(book, sells), _tradable_buys(book, buys)
    need = sum(buys.values(), ZERO) + book.cash_goal - book.cash
    if sum(sells.values(), ZERO) > need:
        sells = water_fill(sells, need)
    return Wanted(sells=sells, buys=buys)


def _to_stops(book: Book, names: frozenset[str]) -> tuple[dict[str, Money], dict[str, Money]]:
    """Each named slice that is further out to its stop; the others only as far as the money needs.

    Leaves move first; a group then moves by what its leaves have not done yet, the largest gap
    first. What is then still to pay for comes from the largest surpluses, and what is still to spend
    goes to the largest shortfalls, of all slices.
    """
    target = book.policy.target
    stops = stops_of(book)
    moves: dict[str, Decimal] = {}
    order = [n for n in target.slices if n.name in names and not n.is_cash]
    for node in sorted(order, key=lambda n: len(target.members[n.name])):
        members = _symbols_under(book, node)
        gap = sum((book.gap(s) for s in members), ZERO)
        edge = stops[node.name] * book.managed
        done = sum((moves.get(s, ZERO) for s in members), ZERO)
        sign = ONE if gap > ZERO else -ONE
        rest = {s: sign * (book.gap(s) + moves.get(s, ZERO)) for s in members}
        for s, part in water_fill(rest, sign * (gap + done) - edge).items():
            moves[s] = moves.get(s, ZERO) - sign * part
    sells = {s: Money(-m) for s, m in moves.items() if m < ZERO}
    buys = {s: Money(m) for s, m in moves.items() if m > ZERO}
    free = book.cash - book.cash_goal - sum(moves.values(), ZERO)
    left = {s: book.gap(s) + moves.get(s, ZERO) for s in book.values}
    if free < ZERO:
        return _sum(sells, water_fill(left, -free)), buys
    return sells, _sum(buys, water_fill({s: -gap for s, gap in left.items()}, free))


def _symbols_under(book: Book, node: Slice) -> list[str]:
    under = frozenset(book.policy.target.members[node.name])
    return [symbol for symbol in book.values if book.slice_of[symbol] in under]
