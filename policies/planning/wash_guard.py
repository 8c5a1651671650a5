"""Wash-sale guards on a plan: no buy that a loss blocks, no loss that purchases would take back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from policies.book import Book, with_guards
from policies.explain import money
from policies.planning.sizing import LeftOut, Part, limit_of
from policies.taxes.guards import (
    LotRule,
    blocking,
    buys_by_itself,
    is_excepted,
    sells_at_a_loss,
    why_no_buy,
)
from policies.taxes.open_orders import OpenTrades, open_trades
from policies.taxes.preview import HouseholdLots, SalePreview, preview_sale
from policies.taxes.terms import result_of_sale
from portfolio.accounts import AccountKind
from portfolio.decisions import Gate, LimitCheck, PlannedLeg, Proposal
from portfolio.lots import oldest_first
from portfolio.memory import Memory
from portfolio.money import ZERO, Quantity, round_down
from portfolio.orders import Side
from portfolio.snapshot import AccountSnapshot, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What an order would sell, at its limit."""

    account: str
    symbol: str
    quantity: Decimal
    price: Decimal


def wash_gates(book: Book) -> tuple[Gate, ...]:
    """One gate for each symbol of the target that may not be bought now, with the first safe day."""
    memory, rule, day = book.memory, book.policy.lots, book.snapshot.day
    gates = []
    for symbol in sorted(book.slice_of):
        why = next((d.no_buys[symbol] for d in book.desks if symbol in d.no_buys), "")
        if why:
            loss = blocking(rule, symbol, memory.recent_losses, day)
            gates.append(
                Gate(
                    name="wash sale",
                    passed=False,
                    scope=symbol,
                    text=f"{symbol}: {why}",
                    next_possible=None if loss is None else loss.first_safe_day,
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
    lost = _groups_at_a_loss(rule, book.snapshot, [_as_sale(book, part) for part in sells])
    blocked = {
        symbol: f"wash sale: this plan sells {lost[group]} at a loss"
        for symbol in book.slice_of
        if (group := rule.household.group_of(symbol)) in lost
    }
    return replace(book, desks=with_guards(book.desks, blocked))


def unwashed_sales(book: Book, sells: Sequence[Part]) -> tuple[list[Part], list[LeftOut]]:
    """Sales without those whose loss would mostly be washed, and what was left out.

    A sale is cut to the lots before its first loss, where purchases of the last 30 days would take
    back at least as much of its loss as counts, or where an order to buy the same is open.
    """
    rule = book.policy.lots
    if not rule.guards:
        return list(sells), []
    kept: list[Part] = []
    left: list[LeftOut] = []
    for part in sells:
        sale = _as_sale(book, part)
        why = _why_not_sold(rule, book.snapshot, book.memory, sale, book.pending)
        if not why:
            kept.append(part)
            continue
        units = round_down(_before_losses(book, sale), book.step(part.symbol))
        if units * book.prices[part.symbol] >= book.minimum:
            kept.append(replace(part, quantity=Quantity(min(units, part.quantity))))
        left.append(LeftOut(account=part.account, symbol=part.symbol, side=part.side, why=why))
    return kept, left


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
    """What denies every order that would make a wash sale, whoever planned it.

    A buy after a loss of the last 30 days, beside one of the plan's own or of an open order; a sale
    whose loss would mostly be washed by what was bought lately, or by an open buy.
    """
    if not rule.guards or not proposal.legs:
        return
    pending = open_trades(rule, snapshot, memory)
    sales = [_leg_as_sale(leg) for leg in proposal.sells]
    lost = _groups_at_a_loss(rule, snapshot, sales)
    for leg in proposal.buys:
        symbol, account = leg.intent.symbol, leg.intent.account
        group = rule.household.group_of(symbol)
        why = ""
        if not is_excepted(rule, memory.wash_exceptions, account, symbol, snapshot.day):
            why = why_no_buy(rule, symbol, memory.recent_losses, snapshot.day)
            why = why or pending.why_no_buy(group)
        if not why and (own := lost.get(group)):
            why = f"wash sale: the same plan sells {own} at a loss"
        if why:
            yield _denied(symbol, why)
    for sale in sales:
        if why := _why_not_sold(rule, snapshot, memory, sale, pending):
            yield _denied(sale.symbol, why)
    for symbol in dict.fromkeys(lost.values()):
        for told in buys_by_itself(rule, symbol):
            yield LimitCheck(name="wash sale", outcome="warn", text=told, scope=symbol)


def why_washed(rule: LotRule, symbol: str, preview: SalePreview, pending: OpenTrades) -> str:
    """Why a previewed sale is not made: its loss would mostly be washed; empty when it may be."""
    if preview.at_loss <= ZERO:
        return ""
    if why := pending.why_no_loss(rule.household.group_of(symbol)):
        return why
    if preview.pays:
        return ""
    lost = f", {money(preview.lost)} of it for good" if preview.lost > ZERO else ""
    return (
        f"wash sale: purchases of the last 30 days would take back {money(preview.washed_loss)}"
        f" of a loss of {money(preview.loss)}{lost}"
    )


def _why_not_sold(
    rule: LotRule, snapshot: Snapshot, memory: Memory, sale: Sale, pending: OpenTrades
) -> str:
    if is_excepted(rule, memory.wash_exceptions, sale.account, sale.symbol, snapshot.day):
        return ""
    preview = preview_sale(
        lots_of(snapshot),
        rule.household,
        snapshot.day,
        account=sale.account,
        symbol=sale.symbol,
        quantity=sale.quantity,
        price=sale.price,
    )
    return why_washed(rule, sale.symbol, preview, pending)


def lots_of(snapshot: Snapshot) -> HouseholdLots:
    """The lots of every account of a look."""
    return {account.account.id: account.lots for account in snapshot.accounts}


def _before_losses(book: Book, sale: Sale) -> Decimal:
    """Units of the oldest lots that are sold before the first one at a loss."""
    lots = lots_of(book.snapshot)[sale.account]
    units = ZERO
    for lot in oldest_first(lot for lot in lots if lot.symbol == sale.symbol):
        gain = result_of_sale(lot, sale.price * lot.quantity, book.snapshot.day).gain
        if gain is None or gain < ZERO:
            break
        units += lot.quantity
    return units


def _denied(symbol: str, why: str) -> LimitCheck:
    return LimitCheck(name="wash sale", outcome="deny", text=f"{symbol}: {why}", scope=symbol)


def _as_sale(book: Book, part: Part) -> Sale:
    quote = book.snapshot.quotes[part.symbol]
    return Sale(
        account=part.account,
        symbol=part.symbol,
        quantity=part.quantity,
        price=limit_of(Side.SELL, quote, book.policy.limit_offset),
    )


def _leg_as_sale(leg: PlannedLeg) -> Sale:
    intent = leg.intent
    return Sale(
        account=intent.account,
        symbol=intent.symbol,
        quantity=intent.quantity,
        price=intent.limit_price or leg.price,
    )


def _groups_at_a_loss(rule: LotRule, snapshot: Snapshot, sold: Iterable[Sale]) -> dict[str, str]:
    """Identity groups that sales lose on, with the symbol sold.

    Several sales of one symbol in an account are taken as one, for they empty the same lots.
    """
    accounts: dict[str, AccountSnapshot] = {a.account.id: a for a in snapshot.accounts}
    summed: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for sale in sold:
        key = (sale.account, sale.symbol)
        before, worst = summed.get(key, (ZERO, sale.price))
        summed[key] = (before + sale.quantity, min(worst, sale.price))
    lost: dict[str, str] = {}
    for (name, symbol), (quantity, price) in summed.items():
        account = accounts[name]
        if account.account.kind is not AccountKind.TAXABLE:
            continue
        if sells_at_a_loss(account.lots, symbol, quantity, price) > ZERO:
            lost.setdefault(rule.household.group_of(symbol), symbol)
    return lost
