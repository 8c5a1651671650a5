"""What the judge keeps by itself: its own books, orders as it saw them, sends as they left."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

OURS = "tt1-"
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One broken promise, and where."""

    invariant: str
    text: str
    tick: int

    def __str__(self) -> str:
        return f"{self.invariant} at tick {self.tick}: {self.text}"


@dataclass(slots=True, kw_only=True)
class Ordered:
    """An order as the checker saw the exchange take it."""

    name: str
    symbol: str
    buys: bool
    quantity: Decimal
    limit: Decimal
    taken_at: datetime
    filled: Decimal = _ZERO
    value: Decimal = _ZERO
    over: bool = False

    @property
    def rest(self) -> Decimal:
        return _ZERO if self.over else self.quantity - self.filled

    @property
    def is_ours(self) -> bool:
        return self.name.startswith(OURS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A send as it left: what the portfolio was worth then, truly and as shown, and the price."""

    tick: int
    equity: Decimal
    shown: Decimal
    price: Decimal
    weight: Decimal


@dataclass(slots=True)
class OwnBooks:
    """Cash, holdings and orders, added up from the exchange's entries."""

    cash: Decimal
    held: dict[str, Decimal]
    orders: dict[str, Ordered] = field(default_factory=dict)
    fills: dict[str, tuple[str, Decimal]] = field(default_factory=dict)
    deposits: list[tuple[int, Decimal]] = field(default_factory=list)
    in_calm: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """Units of a symbol that our orders traded since the faults were over."""
    cheapest: dict[str, Decimal] = field(default_factory=dict)
    """The lowest price at which any unit of a symbol that is held may have been bought."""
    dearest: dict[str, Decimal] = field(default_factory=dict)
    """The highest price at which any unit of it was bought."""
    bought: set[str] = field(default_factory=set)
    sold: set[str] = field(default_factory=set)
    losses: dict[str, str] = field(default_factory=dict)
    """Symbol to the execution that sold units of it at a loss, whichever units those were."""
    lost: dict[str, Decimal] = field(default_factory=dict)
    """Units of `losses` that no purchase has replaced yet; the tax law lets each replace one."""

    def open_ours(self, symbol: str) -> list[Ordered]:
        return [o for o in self.orders.values() if o.is_ours and o.symbol == symbol and o.rest > 0]
