"""The settings that `decide` obeys: target, triggers, destination, planning. Defaults as documented.

`config` reads them from text and `daemon/wiring.py` hands them over. Fractions are fractions here
(0.05 is five points); the configuration speaks points and percent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from policies.cash_floor import NO_FLOOR, CashFloor
from policies.conditions import Condition
from policies.dates import CalendarRule, Period
from policies.targets.sources import Weighing
from policies.taxes.gifts import GiftRule
from policies.taxes.guards import LotRule
from policies.taxes.harvest_rule import HarvestRule
from policies.taxes.household import HouseholdTaxes
from policies.taxes.planning_rule import PlanningRule
from portfolio.composition import NOTHING_KNOWN, Composition
from portfolio.money import ZERO, Money, Weight
from portfolio.target import Band, Lock, Target
from portfolio.valuations import Counts


class Stop(StrEnum):
    """Where a rebalance stops."""

    TARGET = "target"
    PART_WAY = "part_way"
    BAND_EDGE = "band_edge"
    BY_COST = "by_cost"


class Scope(StrEnum):
    """Which slices a rebalance moves of its own accord: all, or only those whose bands fired."""

    ALL = "all"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostShape:
    """What trading costs and what drift costs, for a stop that weighs the two.

    `per_order` is money, `fraction` of the money traded. `risk_aversion` and the yearly `volatility`
    of a slice against the rest say what drift costs.
    """

    per_order: Money = Money(ZERO)  # noqa: RUF009
    fraction: Decimal = Decimal("0.0005")
    risk_aversion: Decimal = Decimal(4)
    volatility: Decimal = Decimal("0.16")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a rebalance stops; `part` is the fraction of the way from the actual weight to target.

    BAND_EDGE stops inside the edge of a slice by the part `inside` of its half-width (0.125: Vanguard's
    175 of 200 basis points). BY_COST stops where trading and drift together cost least by `costs`
    (BD-2). `scope` None: the breached slices for those two, all for the others. Slices that are not
    moved themselves move only as far as the money needs.
    """

    stop: Stop = Stop.TARGET
    part: Decimal = Decimal("0.5")
    inside: Decimal = Decimal("0.05")
    scope: Scope | None = None
    costs: CostShape = field(default_factory=CostShape)

    @property
    def moves_all(self) -> bool:
        """Whether slices inside their bands are moved too."""
        if self.scope is not None:
            return self.scope is Scope.ALL
        return self.stop in (Stop.TARGET, Stop.PART_WAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumTrade:
    """The smallest order worth placing: the larger of an amount and a fraction of the portfolio."""

    amount: Money = Money(Decimal(50))  # noqa: RUF009
    fraction: Weight = Weight(Decimal("0.0005"))  # noqa: RUF009


class CashAction(StrEnum):
    """What becomes of money that came by itself: it is invested, asks a person, or stays in cash until
    the next rebalance."""

    INVEST = "invest"
    ASK = "ask"
    HOLD = "hold"


class Fill(StrEnum):
    """How new cash is spread over the gaps: level in money (CF-1), or in share of the target (CF-2)."""

    LEAST_SQUARES = "least_squares"
    RELATIVE = "relative"


SETTLES_WITHIN_DAYS = 4
"""Calendar days from a sale to settled cash at most, T+1: from a Friday to a Tuesday, or from the
Thursday before Good Friday to the Monday."""


class Withdrawing(StrEnum):
    """What is done for money that is taken out: sales raise it, a person is asked, or it waits for the
    rest as any short cash does."""

    RAISE = "raise"
    ASK = "ask"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRule:
    """What new cash does: waits `wait_sessions` after it is seen; above `ask_above` a person is asked.

    `ask_above` is a fraction of the portfolio. `income` is for dividends and interest, which never
    wait. `fill` spreads all new cash.
    """

    wait_sessions: int = 1
    ask_above: Weight = Weight(Decimal("0.05"))  # noqa: RUF009
    action: CashAction = CashAction.INVEST
    income: CashAction = CashAction.INVEST
    fill: Fill = Fill.LEAST_SQUARES


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalRule:
    """What money that is taken out does; sales for an announced one begin `lead_days` before.

    Those are calendar days. A sale settles one session later, and over a weekend with a holiday that
    is `SETTLES_WITHIN_DAYS`: fewer would leave the money unsettled on its day.
    """

    action: Withdrawing = Withdrawing.RAISE
    lead_days: int = 7

    @property
    def begins_days_before(self) -> int:
        """The lead that counts, in calendar days."""
        return max(self.lead_days, SETTLES_WITHIN_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRule:
    """What makes a quote good enough to trade on."""

    max_age_seconds: int = 60
    max_spread: Decimal = Decimal("0.02")
    max_jump: Decimal = Decimal("0.25")
    """A price this far from the previous close holds the symbol until a person has looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything `decide` needs to know of the user's will.

    `bands` maps each slice to its band. `calendar` rules are the strategic dates; `backstop` fires
    once in its period if any slice is off by its `min_drift`. `fire` says when a rebalance is due
    instead of those; None: those do. `rest_sessions` after a run only a drift of `rest_override` times
    the band trades. A plan must remove `min_improvement` of the drift. Without `sells_allowed` only
    new cash is invested; without `buys_allowed` only cash that is short is raised. `limit_offset` is
    how far from the quote a limit order is set, as a fraction of price. `proposal_hours` is how long a
    proposal waits; `run_sessions` how long an accepted one may take. No order goes out in the first
    `quiet_open_minutes` and last `quiet_close_minutes` of a session.
    `locks` maps a symbol to what may not be done with it, beside the locks of the slices.
    Without `taxes` nothing is said or done about them; with them `tax_planning` plans a rebalance.
    `weighing` is what the target's weights follow from; None when they are the ones typed in.
    `counts` says what is counted to slices though it is not traded for them, `cash_floor` what is never
    invested, `composition` what holdings consist of, for reviews.
    """

    target: Target
    default_band: Band = field(default_factory=Band)
    calendar: tuple[CalendarRule, ...] = ()
    backstop: CalendarRule | None = field(
        default_factory=lambda: CalendarRule(period=Period.YEARLY)
    )
    fire: Condition | None = None
    destination: Destination = field(default_factory=Destination)
    rest_sessions: int = 10
    rest_override: Decimal = Decimal(2)
    min_improvement: Decimal = Decimal("0.2")
    minimum_trade: MinimumTrade = field(default_factory=MinimumTrade)
    fractional: bool = False
    sells_allowed: bool = True
    buys_allowed: bool = True
    deposits: DepositRule = field(default_factory=DepositRule)
    withdrawals: WithdrawalRule = field(default_factory=WithdrawalRule)
    prices: PriceRule = field(default_factory=PriceRule)
    limit_offset: Decimal = Decimal("0.005")
    proposal_hours: int = 24
    run_sessions: int = 2
    quiet_open_minutes: int = 5
    quiet_close_minutes: int = 10
    locks: Mapping[str, Lock] = field(default_factory=dict)
    weighing: Weighing | None = None
    taxes: HouseholdTaxes | None = None
    tax_planning: PlanningRule = field(default_factory=PlanningRule)
    harvest: HarvestRule = field(default_factory=HarvestRule)
    gifts: GiftRule = field(default_factory=GiftRule)
    lots: LotRule = field(default_factory=LotRule)
    counts: Counts = field(default_factory=dict)
    cash_floor: CashFloor = field(default_factory=lambda: NO_FLOOR)
    composition: Composition = field(default_factory=lambda: NOTHING_KNOWN)

    def band_of(self, name: str) -> Band:
        """A slice's own band, else the default one."""
        return self.target.slice_named(name).band or self.default_band
