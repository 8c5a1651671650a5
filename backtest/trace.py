"""What a backtest leaves behind: every order, every plan, and what was held in between."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from portfolio.drift import Block
from portfolio.money import Money, Price, Quantity
from portfolio.orders import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order as it was filled, in the session of `row`; `decided` is the row that planned it.

    `price` is what each unit got or cost. `value` is quantity times price, unsigned.
    """

    row: int
    decided: int
    run: int
    account: str
    symbol: str
    side: Side
    quantity: Quantity
    price: Price
    fee: Money
    reason: str = ""

    @property
    def value(self) -> Decimal:
        """Quantity times price, unsigned."""
        return self.quantity * self.price


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan that was accepted: the row that decided it, its number, and why.

    `aim` is "rebalance", "invest" (new cash only buys) or "raise" (sales for cash that is owed).
    """

    row: int
    run: int
    aim: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What is held from the end of a row on: units (M,) by column, and the cash."""

    row: int
    units: Block
    cash: float


@dataclass(slots=True, kw_only=True)
class Trace:
    """The whole walk. `flows` are external amounts by row, `income` dividends and interest."""

    columns: tuple[str, ...]
    orders: list[Order] = field(default_factory=list)
    plans: list[Planned] = field(default_factory=list)
    holdings: list[Holdings] = field(default_factory=list)
    flows: dict[int, float] = field(default_factory=dict)
    income: dict[int, float] = field(default_factory=dict)
    started_empty: bool = True
    """Whether nothing was held before the first order."""
    looks: int = 0
    """How many looks were decided in full; the others were skipped as unable to trade."""

    def hold(self, row: int, units: Block, cash: float) -> None:
        """Note what is held at the end of a row; the last word of a row counts."""
        if self.holdings and self.holdings[-1].row == row:
            self.holdings.pop()
        self.holdings.append(Holdings(row=row, units=units, cash=cash))


def spread_out(holdings: Sequence[Holdings], rows: int) -> tuple[Block, Block]:
    """Units (T, M) and cash (T,) at the end of every row; the first holdings are those of row 0."""
    starts = np.array([h.row for h in holdings] + [rows])
    counts = np.diff(starts)
    units = np.repeat(np.array([h.units for h in holdings]), counts, axis=0)
    cash = np.repeat(np.array([h.cash for h in holdings]), counts)
    return units, cash
