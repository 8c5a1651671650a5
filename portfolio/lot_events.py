"""What changes lots beside trades of ours: a file of them, trades done elsewhere, gifts, exceptions."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from portfolio.gifts import Gift, GiftState
from portfolio.money import Money, Price, Quantity
from portfolio.orders import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class LotsImported:
    """Lots or trades from a person's file, as rows of names and values.

    "positions" are lots held: they replace what was known of the same symbol and account. A "history"
    are trades up to the account's adoption.
    """

    kind: Literal["lots_imported"] = "lots_imported"
    source: str
    form: Literal["positions", "history"]
    rows: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketAnswered:
    """What a person did, or did not do, in an account that trimtab cannot trade.

    `ticket` names the proposed order, empty for a trade that nobody proposed. `done` False declines.
    `lots` are those named to the broker at a sale, with their units; empty, the first in went first.
    """

    kind: Literal["ticket_answered"] = "ticket_answered"
    ticket: str
    account: str
    symbol: str
    side: Side
    quantity: Quantity
    price: Price
    day: date
    done: bool
    lots: dict[str, Quantity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WashAllowed:
    """A person let trades of a symbol's identity group in one account make a wash sale, for a while.

    It is good through the day `until`. `worth` is what the trade is worth to them and `cost` the tax
    that the wash costs at most by our estimate, both in USD: the former is the larger.
    """

    kind: Literal["wash_allowed"] = "wash_allowed"
    account: str
    symbol: str
    until: date
    worth: Money
    cost: Money
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftMoved:
    """A gift of shares was accepted, has left its account, or was taken back.

    When it has left, exactly its lots leave the ledger: no sale, no gain.
    """

    kind: Literal["gift_moved"] = "gift_moved"
    gift: Gift
    state: GiftState
    by: str
    reason: str
