"""What a backtest leaves behind: every order, every plan, and what was held in between."""

from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

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
class Held:
    """What is held: from the end of row `starts[i]` (E,) on `units[i]` (E, M) and `cash[i]` (E,).

    Columns are those of the history. The first row is 0, unless nothing was held before the first.
    """

    starts: NDArray[np.intp]
    units: Block
    cash: Block

    def by_row(self, rows: int) -> tuple[Block, Block]:
        """Units (T, M) and cash (T,) at the end of every row."""
        counts = np.diff(self.starts, append=rows)
        return np.repeat(self.units, counts, axis=0), np.repeat(self.cash, counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """The orders in sums; buys and sells are money, without the first investment."""

    orders: int
    rebalances: int
    cash_runs: int
    buys: float
    sells: float
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxOutcome:
    """What taxes came to, USD. `paid` has left; `owed` is the last years' tax that has not; `deducted`
    is what net losses saved on other income, which no account here received. `on_liquidation` is the
    tax, with what is owed, if all taxable holdings were sold at the last close."""

    paid: Money
    owed: Money
    deducted: Money
    on_liquidation: Money


@dataclass(slots=True, kw_only=True)
class Trace:
    """The engine's walk. `flows` are external amounts by row, `income` dividends and interest."""

    columns: tuple[str, ...]
    orders: list[Order] = field(default_factory=list)
    plans: list[Planned] = field(default_factory=list)
    flows: dict[int, float] = field(default_factory=dict)
    income: dict[int, float] = field(default_factory=dict)
    started_empty: bool = True
    """Whether nothing was held before the first order."""
    taxes: TaxOutcome | None = None
    """What taxes came to, where rates are configured."""
    looks: int = 0
    """How many looks were decided in full; the others were skipped as unable to trade."""
    _held: dict[int, tuple[Block, float]] = field(default_factory=dict)

    def hold(self, row: int, units: Block, cash: float) -> None:
        """Note what is held at the end of a row; the last word of a row counts."""
        self._held[row] = units, cash

    @property
    def held(self) -> Held:
        """What was held when; rows rise because the walk never goes back."""
        return Held(
            starts=np.array(list(self._held), dtype=np.intp),
            units=np.array([units for units, _ in self._held.values()]),
            cash=np.array([cash for _, cash in self._held.values()]),
        )

    @property
    def first_run(self) -> int | None:
        """The run that bought into a household that held nothing; None when it held something."""
        return self.orders[0].run if self.orders and self.started_empty else None

    def tally(self, prices: Block) -> Tally:
        """The orders in sums; `prices` (T, M) are those that nobody pays a spread on."""
        first = self.first_run
        later = [order for order in self.orders if order.run != first]
        aim_of = {plan.run: plan.aim for plan in self.plans}
        aims = [aim_of[run] for run in {order.run for order in later}]
        column = {symbol: n for n, symbol in enumerate(self.columns)}
        cost = sum(
            float(o.fee) + float(o.quantity) * abs(float(o.price) - prices[o.row, column[o.symbol]])
            for o in self.orders
        )
        return Tally(
            orders=len(self.orders),
            rebalances=aims.count("rebalance"),
            cash_runs=len(aims) - aims.count("rebalance"),
            buys=float(sum(o.value for o in later if o.side is Side.BUY)),
            sells=float(sum(o.value for o in later if o.side is Side.SELL)),
            cost=float(cost),
        )
