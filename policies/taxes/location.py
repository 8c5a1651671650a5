"""Asset location: which account a slice costs least tax in (AL-1 to AL-2).

The drag of an asset is the yearly tax on what it pays out and realises by itself, per dollar held in a
taxable account. Held in a tax-deferred or tax-free account it is nothing. What is dragged most goes
there first; that is the optimum, because a dollar of room saves the drag of whatever takes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from portfolio.accounts import AccountKind
from portfolio.money import ZERO, Money, Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """What an asset pays in a year, as fractions of its value.

    `ordinary` is interest and non-qualified dividends, `qualified` dividends, `realised` long-term
    gains that the fund or its turnover realises, `credit` the foreign tax credit.
    """

    ordinary: Decimal = ZERO
    qualified: Decimal = ZERO
    realised: Decimal = ZERO
    credit: Decimal = ZERO


def tax_drag(pays: Payout, *, on_ordinary: Decimal, on_qualified: Decimal) -> Decimal:
    """Yearly tax per dollar in a taxable account, a fraction; rates are fractions too.

    >>> tax_drag(Payout(ordinary=Decimal("0.045")), on_ordinary=Decimal("0.32"),
    ...          on_qualified=Decimal("0.15"))
    Decimal('0.01440')
    """
    gains = pays.qualified + pays.realised
    return pays.ordinary * on_ordinary + gains * on_qualified - pays.credit


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An account as a place to hold things: its kind and its value."""

    name: str
    kind: AccountKind
    value: Money


Placement = Mapping[tuple[str, str], Money]
"""Money by account name and asset; places with nothing are left out."""


def best_location(
    target: Mapping[str, Weight],
    places: tuple[Place, ...],
    drags: Mapping[str, Decimal],
    returns: Mapping[str, Decimal],
) -> Placement:
    """The placement of the household's target with the least drag.

    Assets go into tax-advantaged accounts in falling order of drag; among them those of higher
    expected return go into the tax-free one. The rest stays in taxable accounts.
    """
    whole = sum((place.value for place in places), ZERO)
    left = {asset: weight * whole for asset, weight in target.items()}
    sheltered: dict[str, Decimal] = {}
    room = sum((p.value for p in places if p.kind is not AccountKind.TAXABLE), ZERO)
    for asset in sorted(left, key=lambda a: (-drags[a], a)):
        taken = min(left[asset], room)
        sheltered[asset] = taken
        left[asset] -= taken
        room -= taken
    placed: dict[tuple[str, str], Money] = {}
    order = sorted(sheltered, key=lambda a: (-returns[a], a))
    _fill(placed, places, AccountKind.TAX_FREE, sheltered, order)
    _fill(placed, places, AccountKind.TAX_DEFERRED, sheltered, order)
    _fill(placed, places, AccountKind.TAXABLE, left, sorted(left))
    return placed


def _fill(
    placed: dict[tuple[str, str], Money],
    places: tuple[Place, ...],
    kind: AccountKind,
    left: dict[str, Decimal],
    order: list[str],
) -> None:
    for place in (p for p in places if p.kind is kind):
        room: Decimal = place.value
        for asset in order:
            part = min(left[asset], room)
            if part > ZERO:
                placed[place.name, asset] = Money(part)
                left[asset] -= part
                room -= part


def yearly_drag(
    placed: Placement, places: tuple[Place, ...], drags: Mapping[str, Decimal]
) -> Money:
    """What a placement costs in a year: the drag of what taxable accounts hold."""
    taxed = {place.name for place in places if place.kind is AccountKind.TAXABLE}
    return Money(
        sum(
            (amount * drags[asset] for (name, asset), amount in placed.items() if name in taxed),
            ZERO,
        )
    )


def pro_rata(target: Mapping[str, Weight], places: tuple[Place, ...]) -> Placement:
    """Every account held on the same target."""
    return {
        (place.name, asset): Money(weight * place.value)
        for place in places
        for asset, weight in target.items()
    }


def after_tax_value(value: Money, kind: AccountKind, on_withdrawal: Decimal) -> Money:
    """What a tax-deferred account is worth once withdrawals are taxed; others are worth themselves."""
    return Money(value * (1 - on_withdrawal)) if kind is AccountKind.TAX_DEFERRED else value
