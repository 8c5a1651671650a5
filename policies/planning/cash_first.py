"""Filling and draining: money goes where the gap is largest, until the gaps are level."""

from collections.abc import Mapping
from decimal import Decimal

from portfolio.money import ONE, ZERO, Money


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


def fill_relative(
    values: Mapping[str, Decimal], goals: Mapping[str, Decimal], amount: Decimal
) -> dict[str, Money]:
    """Spread an amount so that the lowest shares of the goals rise to a common one (CF-2).

    y_i = max(0, r goal_i - value_i) with r of at most 1: nothing is filled above its goal, and what has
    no goal gets nothing.

    >>> values = {"a": Decimal(5000), "b": Decimal(3000)}
    >>> filled = fill_relative(values, {"a": Decimal(6900), "b": Decimal(4600)}, Decimal(1500))
    >>> {symbol: round(part) for symbol, part in filled.items()}
    {'b': 800, 'a': 700}
    """
    shares = sorted((values[s] / goal, s) for s, goal in goals.items() if goal > ZERO)
    share, filled = ZERO, ZERO
    below: list[str] = []
    for number, (_, symbol) in enumerate(shares, start=1):
        below.append(symbol)
        filled += values[symbol]
        share = (amount + filled) / sum((goals[s] for s in below), ZERO)
        if number == len(shares) or share <= shares[number][0]:
            break
    share = min(share, ONE)
    parts = {s: Money(share * goals[s] - values[s]) for s in below if amount > ZERO}
    return {s: part for s, part in parts.items() if part > ZERO}


def drain_relative(
    values: Mapping[str, Decimal], goals: Mapping[str, Decimal], amount: Decimal
) -> dict[str, Money]:
    """Take an amount so that the highest shares of the goals fall to a common one; the mirror of
    `fill_relative`. What has no goal goes first.
    """
    taken = {s: Money(min(v, amount)) for s, v in values.items() if goals[s] <= ZERO < v}
    left = amount - sum(taken.values(), ZERO)
    shares = sorted(
        ((values[s] / goal, s) for s, goal in goals.items() if goal > ZERO), reverse=True
    )
    above: list[str] = []
    share = ZERO
    for number, (_, symbol) in enumerate(shares, start=1):
        above.append(symbol)
        together = sum((values[s] for s in above), ZERO) - left
        share = together / sum((goals[s] for s in above), ZERO)
        if number == len(shares) or share >= shares[number][0]:
            break
    parts = {s: Money(values[s] - share * goals[s]) for s in above if left > ZERO}
    return taken | {s: part for s, part in parts.items() if part > ZERO}


def no_sell_deposit(
    values: Mapping[str, Decimal], weights: Mapping[str, Decimal], managed: Decimal
) -> Money | None:
    """The smallest deposit that restores all targets without a sale: C* = max(v/w) - V (CF-3).

    `managed` is V with the cash that is there. None when something is held that has no weight: no
    deposit is enough. Zero or less: none is needed.
    """
    if any(values[s] > ZERO >= weights[s] for s in values):
        return None
    return Money(
        max((values[s] / w for s, w in weights.items() if w > ZERO), default=ZERO) - managed
    )


def no_buy_withdrawal(
    values: Mapping[str, Decimal], weights: Mapping[str, Decimal], managed: Decimal
) -> Money:
    """The smallest withdrawal that restores all targets without a purchase: W* = V - min(v/w)."""
    lowest = min((values[s] / w for s, w in weights.items() if w > ZERO), default=ZERO)
    return Money(managed - lowest)


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
