"""Orders that may still fill, as wash sales see them: an open buy is a buy, an open sale a sale.

They reach from one plan into the next (WS-6 iv, v): what is at a broker, and what a person was asked
to do in an account held elsewhere, counts until it is over.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from policies.taxes.guards import LotRule, sells_at_a_loss
from portfolio.accounts import AccountKind
from portfolio.memory import Memory
from portfolio.money import ZERO
from portfolio.orders import Side
from portfolio.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTrades:
    """Identity groups with an open order to buy, and with one to sell that may lose; each with the
    symbol and the account in words."""

    buying: Mapping[str, str] = field(default_factory=dict)
    losing: Mapping[str, str] = field(default_factory=dict)

    def why_no_buy(self, group: str) -> str:
        """Why a purchase of the group waits; empty when it need not."""
        open_sale = self.losing.get(group)
        return f"wash sale: an order to sell {open_sale} at a loss is open" if open_sale else ""

    def why_no_loss(self, group: str) -> str:
        """Why a sale at a loss of the group waits; empty when it need not."""
        open_buy = self.buying.get(group)
        return (
            f"wash sale: an order to buy {open_buy} is open and would wash it" if open_buy else ""
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    account: str
    symbol: str
    side: Side
    quantity: Decimal | None
    limit: Decimal | None
    words: str


def open_trades(rule: LotRule, snapshot: Snapshot, memory: Memory) -> OpenTrades:
    """What is open by the journal, by the brokers and by unanswered tickets; nothing without guards.

    A sale whose price or size nobody knows is taken for one that loses, where any lot could.
    """
    if not rule.guards:
        return OpenTrades()
    buying: dict[str, str] = {}
    losing: dict[str, str] = {}
    for order in _every_order(snapshot, memory):
        group = rule.household.group_of(order.symbol)
        if order.side is Side.BUY:
            buying.setdefault(group, order.words)
        elif _may_lose(order, snapshot):
            losing.setdefault(group, order.words)
    return OpenTrades(buying=buying, losing=losing)


def _every_order(snapshot: Snapshot, memory: Memory) -> Iterator[_Open]:
    ours = set()
    for leg in memory.live_legs:
        intent = leg.intent
        ours.add(leg.client_order_id)
        if leg.open_quantity > ZERO:
            yield _Open(
                account=intent.account,
                symbol=intent.symbol,
                side=intent.side,
                quantity=leg.open_quantity,
                limit=intent.limit_price,
                words=f"{intent.symbol} in {intent.account}",
            )
    for account in snapshot.accounts:
        for order in account.open_orders:
            if order.client_order_id not in ours:
                name = account.account.id
                known = order.quantity is not None
                yield _Open(
                    account=name,
                    symbol=order.symbol,
                    side=order.side,
                    quantity=(order.quantity or ZERO) - order.filled_quantity if known else None,
                    limit=order.limit_price,
                    words=f"{order.symbol} in {name}",
                )
    for ticket in memory.tickets:
        yield _Open(
            account=ticket.account,
            symbol=ticket.symbol,
            side=ticket.side,
            quantity=ticket.quantity,
            limit=ticket.limit_price,
            words=f"{ticket.symbol} in {ticket.account} (a ticket nobody has answered)",
        )


def _may_lose(order: _Open, snapshot: Snapshot) -> bool:
    account = next((a for a in snapshot.accounts if a.account.id == order.account), None)
    if account is None or account.account.kind is not AccountKind.TAXABLE:
        return False
    own = [lot for lot in account.lots if lot.symbol == order.symbol]
    quote = snapshot.quotes.get(order.symbol)
    price = order.limit if order.limit is not None else (None if quote is None else quote.bid)
    held = sum((lot.quantity for lot in own), ZERO)
    if price is None:
        return bool(own)
    quantity = held if order.quantity is None else order.quantity
    return sells_at_a_loss(own, order.symbol, quantity, price) > ZERO
