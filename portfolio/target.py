"""The target: a tree of slices whose leaves provably sum to one, cash among them.

A slice has a weight of its parent and either children, a symbol, or is the cash slice. The weight of a
leaf in the whole is the product along its path, computed exactly: if the children of each parent sum
to exactly one, the leaves do.
"""

import decimal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from portfolio.instruments import AssetClass
from portfolio.money import ONE, ZERO, Weight
from portfolio.widths import CostWidth, VolatilityWidth

CASH = "cash"
"""The name of the cash slice that a buffer makes when the target names none."""


class TargetError(ValueError):
    """A tree of slices that cannot be a target; the message says which slice and why."""


class BandRule(StrEnum):
    """Which width counts when a band has one in points and one relative to the weight."""

    NARROWER = "narrower"
    WIDER = "wider"


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """How far a slice may drift before it fires, to either side; it fires AT the edge.

    `points` is a fraction of the portfolio (0.05 is five points), `relative` a fraction of the
    slice's own weight (0.25 lets 10 % drift by 2.5 points). With both, `rule` picks. The width is
    never under `floor`. Swedroe's 5/25 is points 0.05, relative 0.25, narrower. `by_volatility` and
    `by_cost` are further widths, chosen among by the same `rule`.
    """

    points: Weight | None = Weight(Decimal("0.05"))  # noqa: RUF009
    relative: Decimal | None = Decimal("0.25")
    rule: BandRule = BandRule.NARROWER
    floor: Weight = Weight(Decimal("0.01"))  # noqa: RUF009
    by_volatility: VolatilityWidth | None = None
    by_cost: CostWidth | None = None

    def half_width(self, weight: Weight) -> Weight:
        """The distance from the target weight to the band's edge.

        >>> Band().half_width(Weight(Decimal("0.10")))
        Decimal('0.0250')
        """
        widths: list[Decimal] = [] if self.points is None else [self.points]
        if self.relative is not None:
            widths.append(self.relative * weight)
        widths += [w.half_width(weight) for w in (self.by_volatility, self.by_cost) if w]
        if not widths:
            raise TargetError("a band needs points, a relative width, or another width")
        chosen = min(widths) if self.rule is BandRule.NARROWER else max(widths)
        return Weight(max(chosen, self.floor))


class Lock(StrEnum):
    """What may not be done with a slice or a symbol. It is counted all the same."""

    NONE = "none"
    DO_NOT_SELL = "do_not_sell"
    DO_NOT_BUY = "do_not_buy"
    LEAVE_ALONE = "leave_alone"

    @property
    def bars_sales(self) -> bool:
        """Whether nothing of it is sold."""
        return self in (Lock.DO_NOT_SELL, Lock.LEAVE_ALONE)

    @property
    def bars_buys(self) -> bool:
        """Whether nothing of it is bought."""
        return self in (Lock.DO_NOT_BUY, Lock.LEAVE_ALONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One node: `weight` is its fraction of the parent (of the portfolio at the root).

    `band` None means the policy's default band. `is_cash` marks the cash slice. `substitutes` are
    symbols that stand for `symbol`: what is held of them counts to the slice, new money buys
    `symbol`, and sales take the substitutes first. `lock` holds for all that is under the slice.
    `least` and `most` bound the weights that a source may give it, as fractions of the portfolio
    (of what a cash buffer leaves, like all weights).
    `asset_class` holds for all under it that name none of their own.
    """

    name: str
    weight: Weight
    parent: str | None = None
    symbol: str | None = None
    is_cash: bool = False
    band: Band | None = None
    substitutes: tuple[str, ...] = ()
    lock: Lock = Lock.NONE
    least: Weight | None = None
    most: Weight | None = None
    asset_class: AssetClass | None = None

    @property
    def every_symbol(self) -> tuple[str, ...]:
        """The symbol that is bought, then its substitutes; empty for a group and for cash."""
        return () if self.symbol is None else (self.symbol, *self.substitutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A checked tree. Make it with `build_target`; then the leaves sum to exactly one.

    `weights` holds each slice's fraction of the whole portfolio, groups too. `leaves` are the names
    of the slices without children, in the order given, the cash slice last.
    """

    slices: tuple[Slice, ...]
    weights: Mapping[str, Weight]
    leaves: tuple[str, ...]
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Slice name to the leaves under it; a leaf is its own member."""

    def slice_named(self, name: str) -> Slice:
        """The slice of that name; raises `KeyError`."""
        for node in self.slices:
            if node.name == name:
                return node
        raise KeyError(name)

    @property
    def symbols(self) -> tuple[str, ...]:
        """What is bought for the leaves, one each, in leaf order, without the cash slice."""
        by_name = {node.name: node for node in self.slices}
        return tuple(s for n in self.leaves if (s := by_name[n].symbol) is not None)

    @property
    def every_symbol(self) -> tuple[str, ...]:
        """`symbols`, and behind them every substitute."""
        substitutes = (s for node in self.slices for s in node.substitutes)
        return (*self.symbols, *substitutes)

    @property
    def leaf_weights(self) -> dict[str, Weight]:
        """The weight of every leaf, in leaf order."""
        return {leaf: self.weights[leaf] for leaf in self.leaves}

    @property
    def cash_weight(self) -> Weight:
        """The target weight of cash; zero without a buffer or a named cash slice."""
        by_name = {node.name: node for node in self.slices}
        return Weight(sum((self.weights[n] for n in self.leaves if by_name[n].is_cash), ZERO))

    def leaf_of(self, symbol: str) -> str | None:
        """The leaf that holds a symbol, also as a substitute; None for a holding in no slice."""
        for node in self.slices:
            if symbol in node.every_symbol:
                return node.name
        return None


def build_target(slices: Iterable[Slice], *, cash_buffer: Weight = Weight(ZERO)) -> Target:  # noqa: B008
    """Check a tree and weigh it.

    There is always a cash slice. When none is named, one of `cash_buffer` is added at the root and
    every other root slice is scaled by one minus it: 60/40 with a buffer of 0.005 is 59.7/39.8/0.5.
    Raises `TargetError` for an empty tree, a doubled name or symbol, a parent that is not there, a
    loop, a slice with both children and a symbol or with neither, substitutes without a symbol, a
    negative weight, or children that do not sum to exactly one.
    """
    with decimal.localcontext(prec=200) as context:
        context.traps[decimal.Inexact] = True
        try:
            return _built(list(slices), cash_buffer)
        except decimal.Inexact:
            raise TargetError("a weight has more digits than can be multiplied exactly") from None


def _built(nodes: list[Slice], cash_buffer: Weight) -> Target:
    if nodes and not any(node.is_cash for node in nodes):
        nodes = _with_buffer(nodes, cash_buffer)
    by_name = _checked_names(nodes)
    children: dict[str | None, list[Slice]] = {}
    for node in nodes:
        children.setdefault(node.parent, []).append(node)
    _check_sums(children)
    _check_shapes(nodes, children)
    weights = {node.name: _weight_of(node, by_name) for node in nodes}
    leaves = [n for n in nodes if n.name not in children]
    leaves.sort(key=lambda n: n.is_cash)
    names = tuple(n.name for n in leaves)
    return Target(
        slices=tuple(nodes),
        weights=weights,
        leaves=names,
        members=_members(names, by_name),
    )


def _with_buffer(nodes: list[Slice], buffer: Weight) -> list[Slice]:
    if buffer >= ONE:
        raise TargetError(f"the cash buffer is {buffer * 100} %, it must be under 100 %")
    if any(node.name == CASH for node in nodes):
        raise TargetError(f"slice {CASH!r} needs cash = true, or another name")
    rest = ONE - buffer
    scaled = [
        replace(
            n,
            weight=Weight(n.weight * rest) if n.parent is None else n.weight,
            least=None if n.least is None else Weight(n.least * rest),
            most=None if n.most is None else Weight(n.most * rest),
        )
        for n in nodes
    ]
    return [*scaled, Slice(name=CASH, weight=buffer, is_cash=True)]


def _checked_names(nodes: list[Slice]) -> dict[str, Slice]:
    if not nodes:
        raise TargetError("a target needs at least one slice")
    by_name: dict[str, Slice] = {}
    symbols: dict[str, str] = {}
    for node in nodes:
        if node.name in by_name:
            raise TargetError(f"two slices are called {node.name!r}")
        by_name[node.name] = node
        if node.weight < ZERO:
            raise TargetError(f"slice {node.name!r} has a negative weight")
        if node.substitutes and node.symbol is None:
            raise TargetError(f"slice {node.name!r} has substitutes, but no symbol they stand for")
        for symbol in node.every_symbol:
            if symbols.get(symbol) == node.name:
                raise TargetError(f"{symbol} is in slice {node.name!r} twice")
            if symbol in symbols:
                raise TargetError(
                    f"{symbol} is in two slices, {symbols[symbol]!r} and {node.name!r}"
                )
            symbols[symbol] = node.name
    if sum(node.is_cash for node in nodes) > 1:
        raise TargetError("a target has at most one cash slice")
    return by_name


def _check_sums(children: Mapping[str | None, list[Slice]]) -> None:
    for parent, nodes in children.items():
        sum_of_weights = sum((node.weight for node in nodes), ZERO)
        if sum_of_weights != ONE:
            where = "the top slices" if parent is None else f"the slices under {parent!r}"
            raise TargetError(f"{where} sum to {sum_of_weights * 100} %, they must sum to 100 %")


def _check_shapes(nodes: list[Slice], children: Mapping[str | None, list[Slice]]) -> None:
    for node in nodes:
        has_children = node.name in children
        roles = [has_children, node.symbol is not None, node.is_cash]
        if sum(roles) != 1:
            raise TargetError(
                f"slice {node.name!r} must have one of: a symbol, slices under it, or cash = true"
            )


def _weight_of(node: Slice, by_name: Mapping[str, Slice]) -> Weight:
    weight, at, seen = ONE, node, {node.name}
    while True:
        weight *= at.weight
        if at.parent is None:
            return Weight(weight)
        if at.parent not in by_name:
            raise TargetError(f"slice {at.name!r} names a parent {at.parent!r} that is not there")
        at = by_name[at.parent]
        if at.name in seen:
            raise TargetError(f"slice {at.name!r} is its own ancestor")
        seen.add(at.name)


def _members(leaves: tuple[str, ...], by_name: Mapping[str, Slice]) -> dict[str, tuple[str, ...]]:
    under: dict[str, list[str]] = {name: [] for name in by_name}
    for leaf in leaves:
        at: str | None = leaf
        while at is not None:
            under[at].append(leaf)
            at = by_name[at].parent
    return {name: tuple(members) for name, members in under.items()}
