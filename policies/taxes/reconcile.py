"""The lot ledger held against what a broker says: units, and the average cost of a unit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from portfolio.accounts import Position
from portfolio.lots import Lot
from portfolio.money import ZERO, exact_arithmetic

TOLERANCE = Decimal("0.005")
"""USD a unit: brokers round the average to the cent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One symbol of one account where ledger and broker do not agree, in words."""

    account: str
    symbol: str
    text: str


def lot_differences(
    account: str, lots: Iterable[Lot], positions: Iterable[Position]
) -> Iterator[Difference]:
    """Where an account's lots do not sum to the broker's units, or not to its average cost.

    A broker may average with or without the losses of wash sales it saw: either agreement will do.
    Lots of unknown basis are named; nothing is compared then.
    """
    by_symbol: dict[str, list[Lot]] = {}
    for lot in lots:
        by_symbol.setdefault(lot.symbol, []).append(lot)
    held = {position.symbol: position for position in positions}
    with exact_arithmetic():
        for symbol in sorted(set(by_symbol) | set(held)):
            text = _difference(by_symbol.get(symbol, []), held.get(symbol))
            if text:
                yield Difference(account=account, symbol=symbol, text=f"{symbol}: {text}")


def _difference(lots: list[Lot], position: Position | None) -> str:
    units = sum((lot.quantity for lot in lots), ZERO)
    there = ZERO if position is None else position.quantity
    if units != there:
        return f"the lots hold {units:f} units, the broker {there:f}"
    unknown = sum((lot.quantity for lot in lots if lot.basis is None), ZERO)
    if unknown > ZERO:
        return f"the basis of {unknown:f} of {units:f} units is not known"
    if position is None or position.average_cost is None or units == ZERO:
        return ""
    paid = sum((lot.cost_before_washes or ZERO for lot in lots), ZERO) / units
    adjusted = sum((lot.basis or ZERO for lot in lots), ZERO) / units
    if min(abs(x - position.average_cost) for x in (paid, adjusted)) <= TOLERANCE:
        return ""
    return f"the lots cost {paid:.4f} a unit, the broker's average is {position.average_cost:.4f}"
