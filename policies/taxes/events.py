"""What changes a lot ledger: the facts of a household's history, each on its trade date."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portfolio.lots import Lot
from portfolio.money import Money, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquired:
    """A lot comes into its account on a day: bought, reinvested, given, inherited or transferred in.

    The lot says when it was acquired, which for a gift or a transfer is earlier.
    """

    on: date
    lot: Lot


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """A sale of one order. `proceeds` are net of fees. `lots` are the specific lots with their
    quantities, in order; empty takes the first in. Cash in lieu of a fraction is such a sale."""

    on: date
    sale: str
    account: str
    symbol: str
    quantity: Quantity
    proceeds: Money
    lots: tuple[tuple[str, Quantity], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """`ratio` new units for each old one, in one account; basis and dates stay."""

    on: date
    account: str
    symbol: str
    ratio: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedCapital:
    """Money paid back out of the basis, spread over the units held; what exceeds a basis is a gain."""

    on: date
    name: str
    account: str
    symbol: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class SpunOff:
    """Each lot gives `ratio` units of `into` for one of its own, with `basis_fraction` of its basis.

    The fraction is what the company states by relative market value: it is typed in, never guessed.
    """

    on: date
    account: str
    symbol: str
    into: str
    ratio: Decimal
    basis_fraction: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Lots go to another account of the household, or with `to` empty leave it: no sale.

    A gift, a donation or a transfer out is such a move. `lots` as in a sale.
    """

    on: date
    account: str
    symbol: str
    quantity: Quantity
    to: str = ""
    lots: tuple[tuple[str, Quantity], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """Every unit becomes `ratio` units of `into`, with basis and dates: a merger.

    Money paid beside the shares is not in it: what of it is a gain differs from case to case.
    """

    on: date
    account: str
    symbol: str
    into: str
    ratio: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """What an account holds of `symbol` is listed as `into` from now on: the same security, no sale.

    Lots keep basis, dates and wash sales; losses sold under the old symbol stay open under the new
    one. `ratio` new units for each old one, where a split came with it.
    """

    on: date
    account: str
    symbol: str
    into: str
    ratio: Decimal = Decimal(1)


TaxEvent = Acquired | Sold | Split | ReturnedCapital | SpunOff | Exchanged | Renamed | Moved
