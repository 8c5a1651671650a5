"""What an account may sell of a holding, and why not more; and what it does not trade at all now."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from portfolio.accounts import AccountKind, Position
from portfolio.gifts import GiftShares
from portfolio.lots import oldest_first
from portfolio.memory import Memory
from portfolio.money import ZERO, Quantity
from portfolio.snapshot import AccountSnapshot, Snapshot


def known_quantities(account: AccountSnapshot) -> dict[str, Decimal] | None:
    """Units of known basis by symbol in a taxable account; None where the basis does not matter."""
    if account.account.kind is not AccountKind.TAXABLE:
        return None
    known: dict[str, Decimal] = {}
    for lot in account.lots:
        if lot.basis_known:
            known[lot.symbol] = known.get(lot.symbol, ZERO) + lot.quantity
    return known


def sellable_of(
    account: AccountSnapshot,
    position: Position,
    known: Mapping[str, Decimal] | None,
    memory: Memory,
    day: date,
) -> tuple[Quantity, str]:
    """Units that may be sold on a session's day, and why that is less than is held; else empty.

    A taxable account sells no unit of unknown basis, and none that reaches a lot promised as a gift:
    lots go first in, first out, so that only what is older than the gift may go. A cash account sells
    nothing in the session that bought it: the money for it may be that of a sale which settles only
    the session after, and to sell first is a good-faith violation (Regulation T, 12 CFR 220.8(c); T+1).
    """
    free = max(ZERO, min(position.available, position.quantity))
    why = ""
    unpaid = ZERO if account.lends else _bought_on(account, position.symbol, day)
    if unpaid and (paid := max(ZERO, position.quantity - unpaid)) < free:
        free = paid
        why = (
            f"{position.symbol}: {unpaid:f} of {position.quantity:f} units were bought today, and a"
            " cash account does not sell them before they are paid for"
        )
    if known is not None and (with_basis := known.get(position.symbol, ZERO) - unpaid) < free:
        why = (
            f"{position.symbol}: the basis of {free - with_basis} of {position.quantity} units "
            "is not known, a taxable account does not sell them"
        )
        free = max(ZERO, with_basis)
    promised = [
        part
        for part in memory.promised
        if (part.account, part.symbol) == (account.account.id, position.symbol)
    ]
    if promised and (older := _before_gift(account, position, promised)) < free:
        return Quantity(older), (
            f"{position.symbol}: {sum((part.shares for part in promised), ZERO):f} units are kept for"
            " a gift that you accepted, and lots go first in, first out"
        )
    return Quantity(free), why


def _bought_on(account: AccountSnapshot, symbol: str, day: date) -> Decimal:
    """Units of a symbol that were bought on a day."""
    return sum(
        (lot.quantity for lot in account.lots if (lot.symbol, lot.acquired_on) == (symbol, day)),
        ZERO,
    )


def _before_gift(
    account: AccountSnapshot, position: Position, promised: list[GiftShares]
) -> Decimal:
    """Units of the lots that leave before the first promised one does."""
    names = {part.lot_id for part in promised}
    units = ZERO
    for lot in oldest_first(lot for lot in account.lots if lot.symbol == position.symbol):
        if lot.lot_id in names or any(lot.lot_id.startswith(f"{name}.") for name in names):
            return units
        units += lot.quantity
    return max(ZERO, position.quantity - sum((part.shares for part in promised), ZERO))


def barred_symbols(account: AccountSnapshot, snapshot: Snapshot, memory: Memory) -> dict[str, str]:
    """Why symbols of an account are not traded now; the first reason found stands."""
    name = account.account.id
    barred: dict[str, str] = {}
    for leg in memory.live_legs:
        if leg.intent.account == name:
            text = f"order {leg.client_order_id} is {leg.state.value}"
            barred.setdefault(leg.intent.symbol, text)
    for order in account.open_orders:
        whose = "an order of ours" if order.is_ours else "an order of yours"
        text = f"{whose} is open ({order.side.value}, {order.raw_status})"
        barred.setdefault(order.symbol, text)
    for fence in memory.fences:
        if fence.account == name and (fence.until is None or fence.until > snapshot.as_of):
            barred.setdefault(fence.symbol, f"fenced: {fence.reason}")
    for symbol, instrument in snapshot.instruments.items():
        if not instrument.tradable:
            barred.setdefault(symbol, "its broker does not trade it now")
    for symbol, refused in snapshot.refused.items():
        barred.setdefault(symbol, refused.detail)
    return barred
