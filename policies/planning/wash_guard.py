"""Wash-sale guards on a plan: nothing is bought that a recent loss, or the plan's own, blocks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from policies.book import Book, with_guards
from policies.planning.sizing import Part, limit_of
from policies.taxes.guards import LotRule, blocking, sells_at_a_loss, why_no_buy
from portfolio.accounts import AccountKind
from portfolio.decisions import Gate, LimitCheck, PlannedLeg, Proposal
from portfolio.memory import Memory
from portfolio.money import ZERO
from portfolio.orders import Side
from portfolio.snapshot import AccountSnapshot, Snapshot


def wash_gates(book: Book) -> tuple[Gate, ...]:
    """One gate for each symbol of the target that may not be bought now, with the first safe day."""
    memory, rule, day = book.memory, book.policy.lots, book.snapshot.day
    gates = []
    for symbol in sorted(book.slice_of):
        loss = blocking(rule, symbol, memory.recent_losses, day)
        if loss is not None:
            gates.append(
                Gate(
                    name="wash sale",
                    passed=False,
                    scope=symbol,
                    text=f"{symbol}: {why_no_buy(rule, symbol, memory.recent_losses, day)}",
                    next_possible=loss.first_safe_day,
                )
            )
    return tuple(gates)


def without_own_washes(book: Book, sells: Sequence[Part]) -> Book:
    """The book for the buys of a plan whose sales are these: what they lose on is not bought.

    No plan both realises a loss and buys the same, in whatever accounts.
    """
    rule = book.policy.lots
    if not rule.guards or not sells:
        return book
    quotes = book.snapshot.quotes
    sold = [
        (
            part.account,
            part.symbol,
            part.quantity,
            limit_of(Side.SELL, quotes[part.symbol], book.policy.limit_offset),
        )
        for part in sells
    ]
    lost = _groups_at_a_loss(rule, book.snapshot, sold)
    blocked = {
        symbol: f"wash sale: this plan sells {lost[group]} at a loss"
        for symbol in book.slice_of
        if (group := rule.household.group_of(symbol)) in lost
    }
    return replace(book, desks=with_guards(book.desks, blocked))


def left_for_washes(book: Book, buys: Iterable[str]) -> list[str]:
    """What a plan would have bought and may not, in words."""
    return [
        f"{symbol}: {why}"
        for symbol in buys
        for why in {desk.no_buys[symbol] for desk in book.desks if symbol in desk.no_buys}
    ]


def wash_denials(
    proposal: Proposal, snapshot: Snapshot, memory: Memory, rule: LotRule
) -> Iterator[LimitCheck]:
    """What denies every buy that would make a wash sale: of a recent loss, or of the plan's own."""
    if not rule.guards or not proposal.legs:
        return
    sold = [_as_sold(leg) for leg in proposal.sells]
    lost = _groups_at_a_loss(rule, snapshot, sold)
    for leg in proposal.buys:
        symbol = leg.intent.symbol
        why = why_no_buy(rule, symbol, memory.recent_losses, snapshot.day)
        if not why and (own := lost.get(rule.household.group_of(symbol))):
            why = f"wash sale: the same plan sells {own} at a loss"
        if why:
            yield LimitCheck(
                name="wash sale", outcome="deny", text=f"{symbol}: {why}", scope=symbol
            )


def _as_sold(leg: PlannedLeg) -> tuple[str, str, Decimal, Decimal]:
    intent = leg.intent
    return intent.account, intent.symbol, intent.quantity, intent.limit_price or leg.price


def _groups_at_a_loss(
    rule: LotRule, snapshot: Snapshot, sold: Iterable[tuple[str, str, Decimal, Decimal]]
) -> dict[str, str]:
    """Identity groups that sales (account, symbol, quantity, price) lose on, with the symbol sold.

    Several sales of one symbol in an account are taken as one, for they empty the same lots.
    """
    accounts: dict[str, AccountSnapshot] = {a.account.id: a for a in snapshot.accounts}
    summed: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for name, symbol, quantity, price in sold:
        before, worst = summed.get((name, symbol), (ZERO, price))
        summed[name, symbol] = (before + quantity, min(worst, price))
    lost: dict[str, str] = {}
    for (name, symbol), (quantity, price) in summed.items():
        account = accounts[name]
        if account.account.kind is not AccountKind.TAXABLE:
            continue
        if sells_at_a_loss(account.lots, symbol, quantity, price) > ZERO:
            lost.setdefault(rule.household.group_of(symbol), symbol)
    return lost
