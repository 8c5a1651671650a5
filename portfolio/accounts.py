"""Accounts of a household and what stands in them."""

from dataclasses import dataclass
from enum import StrEnum

from portfolio.money import Price, Quantity


class AccountKind(StrEnum):
    """How an account is taxed."""

    TAXABLE = "taxable"
    TAX_DEFERRED = "tax_deferred"
    TAX_FREE = "tax_free"


class Autonomy(StrEnum):
    """What trimtab may do in an account: tell, ask first, or act within the limits."""

    OBSERVE = "observe"
    PROPOSE = "propose"
    AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account as the configuration names it; `broker` is the adapter's name, `owner` a person's.

    With `tickets` an account held elsewhere is planned, and a person does its orders."""

    id: str
    broker: str
    kind: AccountKind = AccountKind.TAXABLE
    autonomy: Autonomy = Autonomy.PROPOSE
    owner: str = "self"
    tickets: bool = False

    @property
    def can_trade(self) -> bool:
        """Whether an order can be sent at all: an account held elsewhere is only counted."""
        return self.broker != "held_elsewhere"

    @property
    def is_planned(self) -> bool:
        """Whether orders are made for it at all: to be sent, or as tickets for a person."""
        return self.can_trade or self.tickets


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A holding as its broker reports it.

    `available` is the quantity not held by open sell orders; a sale is sized from it.
    `average_cost` is per unit, None when the broker does not know it.
    """

    symbol: str
    quantity: Quantity
    available: Quantity
    average_cost: Price | None = None
