"""What is counted though it cannot be traded for its slice: holdings valued by hand, and funds of
several classes that are in no slice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from portfolio.money import ZERO, Money, value_of

if TYPE_CHECKING:
    from portfolio.snapshot import Snapshot

Counts = Mapping[str, Mapping[str, Decimal]]
"""Symbol, or the name of a holding valued by hand, to the leaves it counts to, each with its share of
the value (a fraction). What the shares leave counts to no slice."""

NO_COUNTS: Counts = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """What a person says something is worth: a house, a pension. `as_of` is the day of that word.

    `value` None means that there is none, and `why` says why. A value older than `max_age_days` still
    counts, and is told as old.
    """

    name: str
    value: Money | None = None
    as_of: date | None = None
    max_age_days: int = 365
    why: str = ""

    def is_old(self, day: date) -> bool:
        """Whether it is there, and more than `max_age_days` old; that many days are not old yet."""
        return self.as_of is not None and (day - self.as_of).days > self.max_age_days


def counted_values(snapshot: "Snapshot", counts: Counts) -> tuple[dict[str, Money], list[str]]:
    """What is counted to each leaf beside what it holds itself, and why something cannot be counted.

    A symbol counts with what all accounts hold of it. A name in `counts` that is neither held nor
    valued adds nothing.
    """
    found: dict[str, Money] = {}
    unknown: list[str] = []
    if not counts:
        return found, unknown
    held = snapshot.quantities()
    by_hand = {valuation.name: valuation for valuation in snapshot.by_hand}
    for name, leaves in counts.items():
        if name in by_hand:
            value = by_hand[name].value
            why = by_hand[name].why
        elif held.get(name, ZERO) != ZERO:
            price = snapshot.count_price(name)
            value = None if price is None else value_of(held[name], price)
            why = "it has no price"
        else:
            continue
        if value is None:
            unknown.append(f"{name} cannot be counted: {why}")
            continue
        for leaf, share in leaves.items():
            found[leaf] = Money(found.get(leaf, ZERO) + value * share)
    return found, unknown
