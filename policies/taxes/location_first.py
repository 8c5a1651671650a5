"""Tax-advantaged accounts first, and what they are too small for (AL-3 to AL-5).

A household's drift is mended where no tax is due; only the rest goes to taxable accounts. No money
moves between accounts, so a small account can mend only so much. Location alone realises no gain in
a taxable account: it is followed in sheltered ones, and with new money.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from policies.taxes.location import Place
from portfolio.accounts import AccountKind
from portfolio.money import ZERO, Money, Weight


def in_trading_order(places: Sequence[Place]) -> tuple[str, ...]:
    """Accounts in the order in which a household's drift is mended: the sheltered ones first.

    Among the sheltered, and among the taxable ones, the larger comes first; ties go by name.
    """
    return tuple(
        place.name
        for place in sorted(places, key=lambda p: (p.kind is AccountKind.TAXABLE, -p.value, p.name))
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheltered:
    """One tax-advantaged account: money by asset, and cash that may be spent."""

    name: str
    held: Mapping[str, Money]
    cash: Money = Money(ZERO)  # noqa: RUF009  a NewType call, not a default factory


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """`trades` are money by (account, asset), purchases positive; `left` are the gaps that remain,
    by asset, positive where too much is held."""

    trades: Mapping[tuple[str, str], Money]
    left: Mapping[str, Money]


def mend_sheltered(gaps: Mapping[str, Money], accounts: Sequence[Sheltered]) -> Mended:
    """Mend a household's drift inside its tax-advantaged accounts, as far as they reach (AL-3).

    `gaps` are value less goal by asset, in money. Each account first spends its cash, then changes
    what the household has too much of into what it has too little of; the largest gap goes first.
    An account's purchases never cost more than its cash and its sales; a gap is never turned round.
    """
    left: dict[str, Decimal] = dict(gaps)
    trades: dict[tuple[str, str], Decimal] = {}
    for account in accounts:
        short = -sum((gap for gap in left.values() if gap < ZERO), ZERO)
        money = min(max(ZERO, account.cash), short)
        wanted = short - money
        for asset in sorted(left, key=lambda a: (-left[a], a)):
            sold = min(max(ZERO, left[asset]), account.held.get(asset, ZERO), wanted)
            if sold > ZERO:
                trades[account.name, asset] = -sold
                left[asset] -= sold
                money += sold
                wanted -= sold
        for asset in sorted(left, key=lambda a: (left[a], a)):
            bought = min(max(ZERO, -left[asset]), money)
            if bought > ZERO:
                trades[account.name, asset] = trades.get((account.name, asset), ZERO) + bought
                left[asset] += bought
                money -= bought
    return Mended(
        trades={place: Money(amount) for place, amount in trades.items()},
        left={asset: Money(gap) for asset, gap in left.items()},
    )


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


def closing_message(residuals: Sequence[Residual], tax_to_close: Money | None) -> str:
    """What a plan leaves open and what closing it would cost in tax; empty when nothing is left.

    `tax_to_close` is the further tax of going all the way in the taxable accounts, USD; None where
    it is not known, or where no sale could close it.
    """
    if not residuals:
        return ""
    said = ", ".join(
        f"{r.slice_name} {r.beyond * 100:+.1f} points ({abs(r.amount):,.0f} USD)" for r in residuals
    )
    text = f"the tax-advantaged accounts are too small to mend all: {said} beyond the destination"
    if tax_to_close is None:
        return text
    return (
        f"{text}; selling in taxable accounts to close it would cost {tax_to_close:,.0f} USD of tax"
    )
