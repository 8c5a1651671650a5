"""What makes a rebalance due: single conditions, and three ways to join them.

A condition is a question with a yes or a no at one moment. `all_of`, `any_of` and `unless` join them to
a tree, and the tree is what `Policy.fire` holds. Fractions are fractions here (0.05 is five points).
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from policies.dates import CalendarRule
from portfolio.money import Money, Weight


class Per(StrEnum):
    """Which slices a band condition asks: all, those at the top of the tree, or those with a symbol."""

    SLICE = "slice"
    CLASS = "class"
    INSTRUMENT = "instrument"


@dataclass(frozen=True, slots=True, kw_only=True)
class Banded:
    """A slice is off by `times` its band, the edge included.

    `slices` names those that are asked, none: all that `per` says. With `stop` it holds from the edge
    on until the slice is back within that part of the band (hysteresis).
    """

    kind: Literal["band"] = "band"
    per: Per = Per.SLICE
    slices: tuple[str, ...] = ()
    times: Decimal = Decimal(1)
    stop: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioDrift:
    """Half the sum of absolute drift of all leaves is `level` or more; with `stop` until under it."""

    kind: Literal["portfolio_drift"] = "portfolio_drift"
    level: Weight
    stop: Weight | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LargestDrift:
    """Some slice with a band is off by `level` or more; with `stop` until none is off by that."""

    kind: Literal["largest_drift"] = "largest_drift"
    level: Weight
    stop: Weight | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariance:
    """Yearly covariance of returns, `rows` and columns in the order of `symbols`."""

    symbols: tuple[str, ...]
    rows: tuple[tuple[Decimal, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingError:
    """sqrt(d' S d) of the drifts d is `level` a year or more. Cash and unlisted symbols do not vary."""

    kind: Literal["tracking_error"] = "tracking_error"
    level: Decimal
    covariance: Covariance
    stop: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOff:
    """Cash is above (or below) its slice by `part` of the portfolio and by `amount` or more."""

    kind: Literal["cash_off"] = "cash_off"
    side: Literal["above", "below"]
    part: Weight | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DateDue:
    """A date of the rule has come and no look has answered it yet, and a slice is off enough."""

    kind: Literal["date"] = "date"
    rule: CalendarRule
    name: Literal["calendar", "backstop"] = "calendar"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookDay:
    """This session is the one of a date of the rule (or the first after it); tomorrow it is over.

    The rule's `min_drift` is not asked.
    """

    kind: Literal["look_day"] = "look_day"
    rule: CalendarRule


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetChanged:
    """The target weight of some slice is `level` or more away from that of the last rebalance."""

    kind: Literal["target_changed"] = "target_changed"
    level: Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalChanged:
    """A tactical signal reads otherwise than at the last rebalance; `name` empty: any signal."""

    kind: Literal["signal_changed"] = "signal_changed"
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByPerson:
    """A person asked for a look by hand (`trimtab run-now`)."""

    kind: Literal["person"] = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blackout:
    """The session lies from `first` to `last`, both included; `yearly` in every year alike.

    A yearly one may run over New Year: 15 December to 2 January.
    """

    kind: Literal["blackout"] = "blackout"
    first: date
    last: date
    yearly: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rested:
    """So many sessions and calendar days have passed since the last run that could sell.

    A slice that is off by `override` times its band ends the rest at once; None: nothing does.
    """

    kind: Literal["rested"] = "rested"
    sessions: int = 0
    days: int = 0
    override: Decimal | None = Decimal(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Improvement:
    """The plan removes this part of the total drift or more. It is judged when the plan is made."""

    kind: Literal["improvement"] = "improvement"
    level: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf:
    """Every part holds; nothing at all holds."""

    kind: Literal["all_of"] = "all_of"
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """One part or more holds."""

    kind: Literal["any_of"] = "any_of"
    parts: "tuple[Condition, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unless:
    """`part` holds and `bar` does not."""

    kind: Literal["unless"] = "unless"
    part: "Condition"
    bar: "Condition"


Leaf = (
    Banded
    | PortfolioDrift
    | LargestDrift
    | TrackingError
    | CashOff
    | DateDue
    | LookDay
    | TargetChanged
    | SignalChanged
    | ByPerson
    | Blackout
    | Rested
    | Improvement
)
Condition = Leaf | AllOf | AnyOf | Unless


def leaves_of(condition: Condition) -> tuple[Leaf, ...]:
    """The single conditions of a tree, from left to right, each once."""
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return tuple(dict.fromkeys(leaf for part in parts for leaf in leaves_of(part)))
        case Unless(part=part, bar=bar):
            return tuple(dict.fromkeys((*leaves_of(part), *leaves_of(bar))))
        case leaf:
            return (leaf,)


def has_stop(leaf: Leaf) -> bool:
    """Whether a condition holds on from its level to a stop level (hysteresis)."""
    match leaf:
        case Banded(stop=stop) | PortfolioDrift(stop=stop) | LargestDrift(stop=stop):
            return stop is not None
        case TrackingError(stop=stop):
            return stop is not None
        case _:
            return False
