"""Tax lots: what was bought when, at what cost, and which of it a sale takes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from portfolio.accounts import Position
from portfolio.money import ZERO, Money, Price, Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A quantity of one symbol acquired at once.

    `unit_cost` is per unit with fees; None means the basis is not known, and then a taxable
    account does not sell the lot. `acquired_on` None means that the term is not known.
    """

    lot_id: str
    symbol: str
    quantity: Quantity
    acquired_on: date | None = None
    unit_cost: Price | None = None

    @property
    def basis_known(self) -> bool:
        """Whether the cost is known; the date may still not be."""
        return self.unit_cost is not None

    @property
    def basis(self) -> Money | None:
        """What the lot cost in all; None when unknown."""
        return None if self.unit_cost is None else Money(self.unit_cost * self.quantity)


def sold_first_in_first_out(
    lots: Sequence[Lot], symbol: str, quantity: Quantity
) -> tuple[tuple[Lot, ...], tuple[Lot, ...]]:
    """Take `quantity` of `symbol` from the oldest lots; lots of unknown date count as oldest.

    Returns the remaining lots in their order, and the lots or parts of lots that were sold.
    Raises `ValueError` when the ledger holds less than the quantity.
    """
    held = sum((lot.quantity for lot in lots if lot.symbol == symbol), ZERO)
    if held < quantity:
        raise ValueError(f"the ledger holds {held} {symbol}, {quantity} were sold")
    order = sorted(
        (i for i, lot in enumerate(lots) if lot.symbol == symbol),
        key=lambda i: (lots[i].acquired_on or date.min, i),
    )
    left: Decimal = quantity
    kept: dict[int, Lot | None] = {}
    closed: list[Lot] = []
    for i in order:
        if left <= ZERO:
            break
        lot = lots[i]
        part = min(lot.quantity, left)
        left -= part
        closed.append(replace(lot, quantity=Quantity(part)))
        rest = lot.quantity - part
        kept[i] = replace(lot, quantity=Quantity(rest)) if rest > ZERO else None
    remaining = (kept.get(i, lot) for i, lot in enumerate(lots))
    return tuple(lot for lot in remaining if lot is not None), tuple(closed)


def after_split(lots: Iterable[Lot], symbol: str, ratio: Decimal) -> tuple[Lot, ...]:
    """The ledger after a split of `ratio` new units for each old one; the basis stays."""
    return tuple(
        replace(
            lot,
            quantity=Quantity(lot.quantity * ratio),
            unit_cost=None if lot.unit_cost is None else Price(lot.unit_cost / ratio),
        )
        if lot.symbol == symbol
        else lot
        for lot in lots
    )


def matching_position(lots: Sequence[Lot], position: Position) -> tuple[Lot, ...]:
    """The lots of one position, made to sum to it.

    What the ledger lacks becomes a lot of its own; what it has too much is dropped first in, first
    out, because the broker is the authority on what is held. Lots of unknown basis take theirs from
    the broker's average cost, as far as it leaves them one above zero.
    """
    own = tuple(lot for lot in lots if lot.symbol == position.symbol)
    held = Quantity(sum((lot.quantity for lot in own), ZERO))
    if held > position.quantity:
        own, _ = sold_first_in_first_out(own, position.symbol, Quantity(held - position.quantity))
    elif held < position.quantity:
        unknown = Lot(
            lot_id=f"unknown-{position.symbol}",
            symbol=position.symbol,
            quantity=Quantity(position.quantity - held),
        )
        own = (*own, unknown)
    return _with_average_cost(own, position)


def _with_average_cost(lots: tuple[Lot, ...], position: Position) -> tuple[Lot, ...]:
    """Give lots without a basis what the average cost leaves after those that have one."""
    unknown = sum((lot.quantity for lot in lots if lot.unit_cost is None), ZERO)
    if position.average_cost is None or unknown <= ZERO:
        return lots
    known = sum((lot.basis for lot in lots if lot.basis is not None), ZERO)
    implied = (position.average_cost * position.quantity - known) / unknown
    if implied <= ZERO:
        return lots
    return tuple(
        replace(lot, unit_cost=Price(implied)) if lot.unit_cost is None else lot for lot in lots
    )
