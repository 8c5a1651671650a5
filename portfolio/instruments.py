"""What can be held: an instrument, its asset class, and how finely it can be traded."""

from dataclasses import dataclass
from enum import StrEnum

from portfolio.money import FRACTION_OF_SHARE, SHARE, Quantity


class AssetClass(StrEnum):
    """The class an instrument counts towards in reviews and concentration warnings."""

    EQUITY = "equity"
    BOND = "bond"
    CASH = "cash"
    REAL_ESTATE = "real_estate"
    COMMODITY = "commodity"
    CRYPTO = "crypto"
    OTHER = "other"

    @property
    def risk_level(self) -> int:
        """From 0 (cash) to 5 (crypto), by how much a bad year may take; a policy of this project."""
        return _RISK_LEVELS[self]

    @property
    def is_growth(self) -> bool:
        """Whether it counts to the growth share of a glide path or a risk profile: level 3 and up."""
        return self.risk_level >= 3


_RISK_LEVELS = {
    AssetClass.CASH: 0,
    AssetClass.BOND: 1,
    AssetClass.REAL_ESTATE: 3,
    AssetClass.OTHER: 3,
    AssetClass.EQUITY: 4,
    AssetClass.COMMODITY: 4,
    AssetClass.CRYPTO: 5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One tradable thing as its broker describes it.

    `identity_group` names instruments that a tax authority may call substantially identical.
    """

    symbol: str
    name: str = ""
    asset_class: AssetClass = AssetClass.OTHER
    tradable: bool = True
    fractionable: bool = True
    is_fund: bool = False
    identity_group: str | None = None

    def quantity_step(self, *, fractional: bool) -> Quantity:
        """The smallest quantity of an order: nine places when wanted and possible, else one share."""
        return Quantity(FRACTION_OF_SHARE if fractional and self.fractionable else SHARE)
