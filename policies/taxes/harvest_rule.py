"""The settings of loss harvesting, and whether the household has said that all accounts are known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from portfolio.money import ZERO, Money

DECLARATION_DAYS = 365
"""How long the household's word that every account is listed is good for."""
REMIND_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerFund:
    """A fund that may stand in for another. `expense` is a yearly fraction, None when not known.

    `correlation` is with the fund it stands in for, over the past; None when not known.
    """

    symbol: str
    expense: Decimal | None = None
    correlation: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestRule:
    """When a loss is worth realising. Fractions unless they say otherwise.

    Nothing is traded before `declared_on`: the household has listed all its accounts, the spouse's
    too, because a purchase nobody sees washes the loss. `min_loss_fund` and `min_loss_single` are of
    the value; `benefit_over_cost` is how many times the cost a saving must be. `later_rate` taxes
    the gain that the lower basis makes, None takes the long-term rate; `step_up` is the chance that
    nobody ever pays it. `tracking` is what a partner that tracks worse is thought to cost, once.
    At most `max_per_day` harvests go out in a session. `hold_cash`
    allows to sell without a partner and to wait for day 31 in cash. `switch_back` changes a partner
    back after the 30 days where that is not taxed. `expenses` are yearly fractions by
    symbol, `partners` the funds that may stand in for a symbol, the first choice first.
    """

    declared_on: date | None = None
    min_loss_fund: Decimal = Decimal("0.025")
    min_loss_single: Decimal = Decimal("0.075")
    min_loss: Money = Money(Decimal(100))  # noqa: RUF009
    benefit_over_cost: Decimal = Decimal(10)
    later_rate: Decimal | None = None
    horizon_years: int = 10
    discount: Decimal = Decimal("0.06")
    step_up: Decimal = ZERO
    tracking: Decimal = ZERO
    max_per_day: int = 3
    hold_cash: bool = False
    switch_back: bool = True
    max_expense_gap: Decimal = Decimal("0.0015")
    min_correlation: Decimal = Decimal("0.95")
    expenses: Mapping[str, Decimal] = field(default_factory=dict)
    partners: Mapping[str, tuple[PartnerFund, ...]] = field(default_factory=dict)


def why_not_declared(rule: HarvestRule, day: date) -> str:
    """Why harvesting is off on a day, in words; empty while the declaration is good.

    It is good on the day it is made and for 365 days after it.
    """
    if rule.declared_on is None:
        return (
            "the household has not declared that all its accounts are listed"
            " ([harvest] declared_all_accounts = a date)"
        )
    if rule.declared_on > day:
        return f"the declaration begins on {rule.declared_on}"
    until = rule.declared_on + timedelta(days=DECLARATION_DAYS)
    if day > until:
        return f"the declaration of {rule.declared_on} ended on {until}; renew it with a new date"
    return ""


def days_left(rule: HarvestRule, day: date) -> int | None:
    """Days until the declaration ends; None without one, negative when it is over."""
    if rule.declared_on is None:
        return None
    return (rule.declared_on + timedelta(days=DECLARATION_DAYS) - day).days
