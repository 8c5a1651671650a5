"""What a backtest is told beside the policy and the prices: openings, costs, flows, fills."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from policies.policy import Policy
from policies.triggers.ahead import Rows
from portfolio.accounts import Account
from portfolio.money import ZERO, Money, Price, Quantity


class Fill(StrEnum):
    """At which price a decision made at a session's close is carried out.

    NEXT_CLOSE decides at one close and fills at the next session's. SAME_CLOSE fills at the close
    that the decision saw, which nobody can do in full, and which most published figures assume.
    """

    NEXT_CLOSE = "next_close"
    SAME_CLOSE = "same_close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What an order costs. `spread` is ask minus bid as a fraction of the price; a buy pays the ask.

    `per_order` is money, `fraction` is of the money traded; both are charged with the fill.
    """

    spread: Decimal = ZERO
    per_order: Money = field(default=Money(ZERO))
    fraction: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Money that comes (positive) or goes (negative) at the beginning of a session.

    `day` no session: the next one. `account` "": the first account.
    """

    day: date
    amount: Money
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An account as it stands before the first session. `costs` are per unit, of what is held."""

    account: Account
    cash: Money = field(default=Money(ZERO))
    positions: Mapping[str, Quantity] = field(default_factory=dict)
    costs: Mapping[str, Price] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """From the first session on or after `day` another policy is in force: the same slices and
    symbols with other weights, as a glide path or an optimiser gives them. It may know only what
    was known before that session."""

    day: date
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Everything else. `looks` (T,) says which sessions get a look, None every one of them.

    `interest` lists the rate that cash earns, in percent a year, from each day on; it accrues daily
    over 365 and is paid in the first session of a month. Limits are not asked, every proposal is
    accepted, sales settle with the fill.
    """

    openings: tuple[Opening, ...]
    household: str = "backtest"
    fill: Fill = Fill.NEXT_CLOSE
    costs: Costs = field(default_factory=Costs)
    flows: tuple[Flow, ...] = ()
    interest: tuple[tuple[date, Decimal], ...] = ()
    looks: Rows | None = None
    changes: tuple[Change, ...] = ()
    tax_paid_on: tuple[int, int] = (4, 15)
    """Month and day on which a year's tax leaves in the next year, where rates are configured."""
