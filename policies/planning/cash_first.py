"""Water-filling: money goes where the gap is largest, until the gaps are level."""

from collections.abc import Mapping
from decimal import Decimal

from portfolio.money import ZERO, Money


def water_fill(gaps: Mapping[str, Decimal], amount: Decimal) -> dict[str, Money]:
    """Spread an amount over gaps: y_i = max(0, gap_i - mu), with mu >= 0 such that they sum to it.

    This is the split that leaves the smallest sum of squared gaps without any trade the other way.
    All gaps are filled when the amount is enough for them. Gaps of zero or less get nothing and are
    left out; ties are treated alike, so the order of the mapping does not matter.

    >>> water_fill({"a": Decimal(220), "b": Decimal(120), "c": Decimal(20)}, Decimal(100))
    {'a': Decimal('100')}
    """
    open_gaps = sorted(
        ((symbol, gap) for symbol, gap in gaps.items() if gap > ZERO),
        key=lambda pair: (-pair[1], pair[0]),
    )
    if amount <= ZERO or not open_gaps:
        return {}
    level = _level([gap for _, gap in open_gaps], amount)
    return {symbol: Money(gap - level) for symbol, gap in open_gaps if gap > level}


def _level(gaps: list[Decimal], amount: Decimal) -> Decimal:
    """The common remaining gap mu, for gaps in falling order."""
    so_far = ZERO
    level = ZERO
    for count, gap in enumerate(gaps, start=1):
        so_far += gap
        level = (so_far - amount) / count
        following = gaps[count] if count < len(gaps) else ZERO
        if level >= following:
            break
    return max(level, ZERO)


def fill_worthwhile(
    gaps: Mapping[str, Decimal], amount: Decimal, minimum: Decimal
) -> dict[str, Money]:
    """`water_fill` without crumbs: gaps whose part is under `minimum` leave theirs to the others.

    When every part would be a crumb, the largest gap takes what it can, if that is worth it.
    """
    parts = water_fill(gaps, amount)
    kept = {symbol: gaps[symbol] for symbol, part in parts.items() if part >= minimum}
    if not kept and parts:
        first = next(iter(parts))
        kept = {first: gaps[first]}
    parts = water_fill(kept, amount)
    return {symbol: part for symbol, part in parts.items() if part >= minimum}
