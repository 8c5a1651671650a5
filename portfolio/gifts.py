"""A gift of shares to charity on its way: what was chosen, and what has become of it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portfolio.money import Money, Price, Quantity, total


class GiftState(StrEnum):
    """A person accepts a suggestion and transfers the shares at the broker; trimtab cannot."""

    ACCEPTED = "accepted"
    TRANSFERRED = "transferred"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class GiftShares:
    """Whole shares of one lot, at the fair value and the basis a unit of the suggestion's day."""

    account: str
    symbol: str
    lot_id: str
    shares: Quantity
    price: Price
    unit_cost: Price | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """An accepted gift. `gift_id` is a short name that is unique in its journal."""

    gift_id: str
    accepted_on: date
    shares: tuple[GiftShares, ...]

    @property
    def value(self) -> Money:
        """Fair value on the day of acceptance."""
        return total(Money(part.shares * part.price) for part in self.shares)

    def of(self, account: str) -> dict[str, Quantity]:
        """Shares by symbol that leave an account."""
        leaving: dict[str, Quantity] = {}
        for part in self.shares:
            if part.account == account:
                leaving[part.symbol] = Quantity(leaving.get(part.symbol, 0) + part.shares)
        return leaving
