"""Holdings valued by hand, for reviews and `trimtab status`: worth, age, and where they count."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from daemon.screens.words import money, percent
from policies.policy import Policy
from portfolio.money import ONE, ZERO, Money
from portfolio.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """One of them on one day. `counts` are shares by slice, empty for one that is only shown; `days` is
    the age of the value, `is_old` whether that is too much; `why` says why there is no value."""

    name: str
    value: Money | None
    as_of: date | None
    days: int | None
    is_old: bool
    counts: Mapping[str, Decimal]
    why: str = ""

    @property
    def words(self) -> str:
        """In a sentence without its end."""
        if self.value is None or self.as_of is None:
            return f"{self.name} has no value: {self.why}"
        where = (
            ", ".join(
                name if share == ONE else f"{name} with {percent(share, 0)}"
                for name, share in self.counts.items()
            )
            or "no slice, only shown"
        )
        text = f"{self.name}: {money(self.value)} as of {self.as_of}, counts to {where}"
        return f"{text}; {self.days} days old, value it again" if self.is_old else text

    @property
    def counted(self) -> Money:
        """What of the value counts to slices."""
        return Money((self.value or ZERO) * sum(self.counts.values(), ZERO))


def by_hand(snapshot: Snapshot, policy: Policy) -> tuple[ByHand, ...]:
    """What a snapshot has of them."""
    day = snapshot.day
    return tuple(
        ByHand(
            name=one.name,
            value=one.value,
            as_of=one.as_of,
            days=None if one.as_of is None else (day - one.as_of).days,
            is_old=one.is_old(day),
            counts=policy.counts.get(one.name, {}),
            why=one.why,
        )
        for one in snapshot.by_hand
    )


def with_counted(equity: Money | None, found: tuple[ByHand, ...]) -> Money | None:
    """The value that the slices' weights are fractions of: equity and what is counted by hand."""
    if equity is None:
        return None
    return Money(equity + sum((one.counted for one in found), ZERO))
