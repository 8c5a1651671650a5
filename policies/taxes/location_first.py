"""What a plan leaves open, and what closing it would cost in tax (AL-5).

A household's drift is mended where no tax is due; only the rest goes to taxable accounts. No money
moves between accounts, and budgets bound what is sold, so that some drift may have to stay.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portfolio.money import ZERO, Money, Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """A slice that a plan leaves outside its destination, by `beyond` of the portfolio: positive
    where too much is held. `amount` is the same in money."""

    slice_name: str
    beyond: Weight
    amount: Money


def residual_drift(
    after: Mapping[str, Weight],
    target: Mapping[str, Weight],
    reach: Mapping[str, Weight],
    whole: Money,
) -> tuple[Residual, ...]:
    """The slices that stay outside their destination after a plan, the largest first (AL-5).

    `reach` is by slice how far from its target the destination extends, a fraction of the portfolio,
    as are `after` and `target`. `whole` is the portfolio's value in money. On the edge is inside.
    """
    found = []
    for name, weight in after.items():
        off = weight - target[name]
        beyond = abs(off) - reach[name]
        if beyond > _NOISE:
            signed = beyond if off > ZERO else -beyond
            found.append(
                Residual(slice_name=name, beyond=Weight(signed), amount=Money(signed * whole))
            )
    return tuple(sorted(found, key=lambda r: (-abs(r.beyond), r.slice_name)))


_NOISE = Decimal("1E-9")


def closing_message(
    residuals: Sequence[Residual], tax_to_close: Money | None, *, sheltered: bool = True
) -> str:
    """What a plan leaves open and what closing it would cost in tax; empty when nothing is left.

    `tax_to_close` is the further tax of going all the way in the taxable accounts, USD; None where
    no sale could close it. `sheltered` says that there are tax-advantaged accounts.
    """
    if not residuals:
        return ""
    said = ", ".join(
        f"{r.slice_name} {r.beyond * 100:+.1f} points ({abs(r.amount):,.0f} USD)" for r in residuals
    )
    whose = (
        "the tax-advantaged accounts are too small" if sheltered else "the budgets are too small"
    )
    text = f"{whose} to mend all: {said} beyond the destination"
    if tax_to_close is None:
        return text
    return (
        f"{text}; selling in taxable accounts to close it would cost {tax_to_close:,.0f} USD of tax"
    )
