"""Slices whose holding went away unexplained: renamed, merged or moved, until a person has said which.

The household is not worth less because something is listed under another name. Sized by what is left,
every other slice would look too large and be sold for a purchase that cannot be made.
"""

from collections.abc import Mapping

from portfolio.money import ONE, ZERO, Money, total
from portfolio.target import Target


def presumed_values(
    values: Mapping[str, Money], target: Target, vanished: Mapping[str, Money], cash: Money
) -> dict[str, Money]:
    """What the slices of vanished symbols count as, by symbol: their last known worth.

    `values` are those of all slices and `cash` what belongs to them. Where no worth is known it is
    the target's share of the whole, so that the others' goals are their targets among themselves.
    Empty when nothing vanished, or nothing else is left to go by.
    """
    if not vanished:
        return {}
    gone = {
        symbol: target.weights[node.name]
        for node in target.slices
        if (symbol := node.symbol) and symbol in vanished and values[symbol] == ZERO
    }
    known = {symbol: vanished[symbol] for symbol in gone if vanished[symbol] > ZERO}
    unknown = {symbol: weight for symbol, weight in gone.items() if symbol not in known}
    share = sum(unknown.values(), ZERO)
    rest = total(values.values()) + total(known.values()) + cash
    if share >= ONE or rest <= ZERO:
        return known
    return known | {s: Money(weight * rest / (ONE - share)) for s, weight in unknown.items()}
