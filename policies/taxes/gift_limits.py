"""How much of a year's gifts to charity may be deducted: limits of adjusted gross income, and floors.

Sources: IRC 170(b)(1) and 170(d)(1), IRS Publication 526; from 2026 the floor of 0.5 % and the cap on
the value of a deduction (Public Law 119-21). An estimate: no advice, and no filing.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from portfolio.money import ZERO, Money

FLOOR_SINCE = 2026
FLOOR_FRACTION = Decimal("0.005")
CASH_FRACTION = Decimal("0.60")
OTHER_FRACTION = Decimal("0.50")
TOP_RATE = Decimal("0.37")
TOP_RATE_COUNTS_AS = Decimal("0.35")
CARRY_YEARS = 5
FORM_8283_ABOVE = Money(Decimal(500))
RECEIPT_FROM = Money(Decimal(250))


class Charity(StrEnum):
    """Who receives: a public charity (a donor-advised fund too), or a private foundation."""

    PUBLIC = "public"
    PRIVATE_FOUNDATION = "private_foundation"


_PROPERTY_FRACTION = {
    Charity.PUBLIC: Decimal("0.30"),
    Charity.PRIVATE_FOUNDATION: Decimal("0.20"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduction:
    """What may be deducted this year, and what is carried into the next five.

    `floor_reduction` was taken off both, shares first; it joins the carry only where the percentage
    limit leaves one (IRC 170(d)(1)).
    """

    shares: Money
    cash: Money
    carry_shares: Money
    carry_cash: Money
    floor_reduction: Money

    @property
    def all(self) -> Money:
        """Shares and cash together."""
        return Money(self.shares + self.cash)


def deduction_in_year(
    *,
    year: int,
    income: Money,
    shares: Money,
    cash: Money = Money(ZERO),  # noqa: B008
    carried_shares: Money = Money(ZERO),  # noqa: B008
    itemises: bool = True,
    charity: Charity = Charity.PUBLIC,
) -> Deduction:
    """The deduction of one year's gifts of long-term shares (at fair value) and of cash.

    `income` is adjusted gross income. Shares count up to 30 % of it (20 % to a private foundation)
    and within what cash leaves of 50 %; cash up to 60 %. Who takes the standard deduction deducts
    no shares. Raises `ValueError` for a negative amount.
    """
    given = {"income": income, "shares": shares, "cash": cash, "carried shares": carried_shares}
    for what, amount in given.items():
        if amount < ZERO:
            raise ValueError(f"{what} of {amount} are below zero")
    if not itemises:
        return _nothing(carried_shares)
    cash_allowed = min(cash, CASH_FRACTION * income)
    room = max(ZERO, OTHER_FRACTION * income - cash_allowed)
    limit = min(_PROPERTY_FRACTION[charity] * income, room)
    offered = shares + carried_shares
    shares_allowed = min(offered, limit)
    floor = FLOOR_FRACTION * income if year >= FLOOR_SINCE else ZERO
    from_shares = min(floor, shares_allowed)
    from_cash = min(floor - from_shares, cash_allowed)
    carry_shares, carry_cash = offered - shares_allowed, cash - cash_allowed
    return Deduction(
        shares=Money(shares_allowed - from_shares),
        cash=Money(cash_allowed - from_cash),
        carry_shares=Money(carry_shares + (from_shares if carry_shares else ZERO)),
        carry_cash=Money(carry_cash + (from_cash if carry_cash else ZERO)),
        floor_reduction=Money(from_shares + from_cash),
    )


def rate_of_deduction(marginal_rate: Decimal, *, year: int, itemises: bool) -> Decimal:
    """What a dollar of deduction is worth: the marginal rate, from 2026 never above 35 %.

    >>> rate_of_deduction(Decimal("0.37"), year=2026, itemises=True)
    Decimal('0.35')
    """
    if not itemises:
        return ZERO
    if year >= FLOOR_SINCE and marginal_rate >= TOP_RATE:
        return TOP_RATE_COUNTS_AS
    return marginal_rate


def papers(value: Money) -> tuple[str, ...]:
    """What a gift of listed shares of this value needs on paper."""
    needs = []
    if value >= RECEIPT_FROM:
        needs.append("a written acknowledgement of the charity (from 250 USD)")
    if value > FORM_8283_ABOVE:
        needs.append("Form 8283, section A (above 500 USD); listed shares need no appraisal")
    return tuple(needs)


def _nothing(carried: Money) -> Deduction:
    none = Money(ZERO)
    return Deduction(
        shares=none, cash=none, carry_shares=carried, carry_cash=none, floor_reduction=none
    )
