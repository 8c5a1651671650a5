"""A mixed-integer program as it is written down, before a solver sees it."""

from dataclasses import dataclass, field

INFINITY = float("inf")


@dataclass(slots=True, kw_only=True)
class Model:
    """A program as it grows: columns with bounds and costs, rows with their entries."""

    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    binary: list[int] = field(default_factory=list)
    rows: list[tuple[float, float, list[int], list[float]]] = field(default_factory=list)

    def column(self, high: float = INFINITY, *, cost: float = 0.0, low: float = 0.0) -> int:
        """A new variable between `low` and `high`."""
        self.low.append(low)
        self.high.append(high)
        self.cost.append(cost)
        return len(self.cost) - 1

    def flag(self) -> int:
        """A new binary."""
        index = self.column(1.0)
        self.binary.append(index)
        return index

    def row(self, low: float, high: float, *entries: tuple[int, float]) -> None:
        """low <= sum of coefficient x variable <= high."""
        self.rows.append((low, high, [i for i, _ in entries], [c for _, c in entries]))
