"""The accounts of a backtest: what is held, what it cost, and what fills and flows do to them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from backtest.setup import Costs, Opening
from portfolio.accounts import Account, Position
from portfolio.lots import Lot
from portfolio.money import (
    FRACTION_OF_SHARE,
    SHARE,
    ZERO,
    Money,
    Price,
    Quantity,
    round_down,
    value_of,
)
from portfolio.orders import Side
from portfolio.snapshot import AccountSnapshot


@dataclass(slots=True, kw_only=True)
class Holding:
    """Units of one symbol in one account and their average cost, None when it is not known."""

    units: Decimal
    unit_cost: Decimal | None


@dataclass(slots=True, kw_only=True)
class AccountBook:
    """One account. `accrued` is interest earned and not paid yet."""

    account: Account
    cash: Decimal
    holdings: dict[str, Holding] = field(default_factory=dict)
    accrued: Decimal = ZERO
    accrued_through: date | None = None

    def snapshot(self, lots: tuple[Lot, ...] | None = None) -> AccountSnapshot:
        """The account as a decision sees it: everything settled, nothing open. Without `lots` each
        position is one lot at its average cost."""
        positions = tuple(
            Position(
                symbol=symbol,
                quantity=Quantity(h.units),
                available=Quantity(h.units),
                average_cost=None if h.unit_cost is None else Price(h.unit_cost),
            )
            for symbol, h in sorted(self.holdings.items())
            if h.units
        )
        return AccountSnapshot(
            account=self.account,
            cash=Money(self.cash),
            settled_cash=Money(self.cash),
            positions=positions,
            lots=tuple(_lot(p) for p in positions) if lots is None else lots,
        )

    def earn(self, amount: Decimal) -> Decimal:
        """Add income to the cash, and give it back."""
        self.cash += amount
        return amount

    def units(self, symbol: str) -> Decimal:
        """Units held."""
        held = self.holdings.get(symbol)
        return ZERO if held is None else held.units


def _lot(position: Position) -> Lot:
    return Lot(
        lot_id=position.symbol,
        symbol=position.symbol,
        quantity=position.quantity,
        basis=None
        if position.average_cost is None
        else value_of(position.quantity, position.average_cost),
    )


def opened(opening: Opening) -> AccountBook:
    """The account before the first session."""
    return AccountBook(
        account=opening.account,
        cash=opening.cash,
        holdings={
            symbol: Holding(units=units, unit_cost=opening.costs.get(symbol))
            for symbol, units in opening.positions.items()
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What came of an order: units, the price each got or cost, the fee."""

    quantity: Quantity
    price: Price
    fee: Money


def quoted(price: Price, costs: Costs) -> tuple[Price, Price]:
    """Bid and ask around a price, off any tick: history is adjusted, and so has no ticks."""
    half = price * costs.spread / 2
    return Price(price - half), Price(price + half)


def fill(
    book: AccountBook, symbol: str, side: Side, quantity: Quantity, price: Price, costs: Costs
) -> Filled:
    """Carry out an order at the bid or the ask around `price`, cut to what is held or can be paid.

    A cut order loses whole shares if it was of whole shares, else billionths.
    """
    bid, ask = quoted(price, costs)
    if side is Side.SELL:
        quantity = Quantity(min(quantity, book.units(symbol)))
        return _book(book, symbol, -quantity, bid, costs)
    step = FRACTION_OF_SHARE if quantity % SHARE else SHARE
    each = ask * (1 + costs.fraction)
    if quantity * each + costs.per_order > book.cash:
        quantity = Quantity(round_down(max(ZERO, book.cash - costs.per_order) / each, step))
    return _book(book, symbol, quantity, ask, costs)


def _book(book: AccountBook, symbol: str, signed: Decimal, price: Price, costs: Costs) -> Filled:
    value = abs(signed) * price
    fee = costs.per_order + value * costs.fraction if signed else ZERO
    held = book.holdings.setdefault(symbol, Holding(units=ZERO, unit_cost=ZERO))
    if signed > ZERO and held.unit_cost is not None:
        spent = held.units * held.unit_cost + value + fee
        held.unit_cost = spent / (held.units + signed)
    held.units += signed
    book.cash -= signed * price + fee
    return Filled(quantity=Quantity(abs(signed)), price=price, fee=Money(fee))


def held_in_all(books: Mapping[str, AccountBook]) -> dict[str, Decimal]:
    """Units of every symbol over all accounts."""
    held: dict[str, Decimal] = {}
    for symbol, units in _every(books):
        held[symbol] = held.get(symbol, ZERO) + units
    return held


def _every(books: Mapping[str, AccountBook]) -> Iterator[tuple[str, Decimal]]:
    for book in books.values():
        for symbol, holding in book.holdings.items():
            yield symbol, holding.units
