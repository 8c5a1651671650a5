"""What a decision may know of the past: a value derived from the journal, recorded with its inputs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from portfolio.decisions import Run
from portfolio.gifts import GiftShares
from portfolio.money import ZERO, Money, Quantity, Weight
from portfolio.orders import Leg, OrderIntent
from portfolio.wakes import Wake


class FlowKind(StrEnum):
    """What moved cash or holdings without an order of ours."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    DIVIDEND = "dividend"
    INTEREST = "interest"
    FEE = "fee"
    SPLIT = "split"
    RETURN_OF_CAPITAL = "return_of_capital"
    EXERCISE = "exercise"
    CORPORATE_ACTION = "corporate_action"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class CashFlow:
    """One activity of the broker that is not a fill. `amount` is signed: a deposit is positive.

    `flow_id` is the broker's, unique for ever. `ratio` is new units per old for a split, `quantity`
    the shares that an exercise or an assignment brought, below zero those that it took.
    `day` is the broker's booking date, `seen_session` the session in which we first saw it.
    """

    flow_id: str
    account: str
    kind: FlowKind
    amount: Money
    day: date
    symbol: str | None = None
    ratio: Decimal | None = None
    seen_session: date | None = None
    quantity: Quantity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """A symbol of an account that is not traded until `until` (None: until a person clears it)."""

    account: str
    symbol: str
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentLoss:
    """A loss of the household that a purchase of the same would still disallow: section 1091.

    `loss` is unsigned; `quantity` are its units that nothing has replaced yet.
    """

    account: str
    symbol: str
    sold_on: date
    quantity: Quantity
    loss: Money

    @property
    def first_safe_day(self) -> date:
        """The thirty-first day after the sale; up to the day before a purchase washes the loss."""
        return self.sold_on + timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class WashException:
    """A person's word that trades of a symbol's identity group in an account may make a wash sale.

    It holds through the day `until`, in the exchange's zone.
    """

    account: str
    symbol: str
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """A harvest that sold `symbol` in an account on a day and bought `partner` in its place."""

    account: str
    symbol: str
    partner: str
    sold_on: date

    @property
    def first_day_back(self) -> date:
        """The first day on which the symbol may be bought again."""
        return self.sold_on + timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class RealisedYear:
    """Gains less losses of a tax year so far, after wash sales, USD; pending losses are in it."""

    year: int
    short: Money
    long: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the day and the hour have used of the limits, open, ambiguous and lost orders included."""

    traded_today: Money = field(default=Money(ZERO))
    """Both ways, at limit price where not filled."""
    orders_today: int = 0
    cycles_today: int = 0
    cycles_by_symbol: Mapping[str, int] = field(default_factory=dict)
    """Executed cycles that touched a symbol in this session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """Money that a person will take out, kept from being invested until it is gone.

    `amount` is what is still to be withdrawn, `by` the day on which it must be there; `account` is
    where it leaves from. `number` is the journal's sequence number of the wish.
    """

    number: int
    account: str
    amount: Money
    by: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The past, as far as a decision needs it.

    `sessions_since_run` counts exchange sessions since the last run that could sell ended
    (`last_run_ended_on`), None when none has; a run that only invests cash is followed by no rest.
    `calendar_done_through` is the last session for which a due calendar date has been answered; at
    first the session before the journal was opened. `backstop_done_on` likewise for the backstop.
    `flows` are deposits and withdrawals not yet followed by a run, oldest first.
    `live_legs` are those whose order may still be at the broker. `approved_flows` are the ids of
    deposits that a person has released although they are above the asking level. `halted` is the
    reason of a halt, empty when there is none: then a decision holds.

    `previous_session` is the session before the snapshot's. `coming_sessions` are those after it, as
    far as a rest still runs. `latched` names the conditions with a stop level that held at the last
    look. `target_done` are the weights of the slices and `signals_done` the readings of the tactical
    signals at the last rebalance, else at the first look; `signals` are the readings now.
    `vanished` are symbols whose whole holding is gone without an order, until a person has looked,
    with its last known worth; zero where nobody knows it.
    `income` is what dividends and interest brought since the last rebalance. `reserved` are the
    withdrawals that a person has announced.
    """

    wake: Wake
    started_on: date
    first_plan_done: tuple[str, ...] = ()
    run: Run | None = None
    run_legs: tuple[Leg, ...] = ()
    live_legs: tuple[Leg, ...] = ()
    last_run_ended_on: date | None = None
    sessions_since_run: int | None = None
    calendar_done_through: date
    backstop_done_on: date | None = None
    flows: tuple[CashFlow, ...] = ()
    sessions_since_flow: int | None = None
    approved_flows: tuple[str, ...] = ()
    fences: tuple[Fence, ...] = ()
    usage: Usage = field(default_factory=Usage)
    halted: str = ""
    previous_session: date | None = None
    coming_sessions: tuple[date, ...] = ()
    latched: tuple[str, ...] = ()
    target_done: Mapping[str, Weight] = field(default_factory=dict)
    signals: Mapping[str, str] = field(default_factory=dict)
    signals_done: Mapping[str, str] = field(default_factory=dict)
    income: Money = field(default=Money(ZERO))
    reserved: tuple[Reservation, ...] = ()
    recent_losses: tuple[RecentLoss, ...] = ()
    realised: RealisedYear | None = None
    dividends: tuple[CashFlow, ...] = ()
    """Dividends of the last 60 days, for households with tax rates."""
    harvest_refused_on: date | None = None
    vanished: Mapping[str, Money] = field(default_factory=dict)
    tickets: tuple[OrderIntent, ...] = ()
    """Orders that a person was asked to place in accounts held elsewhere, and has not answered."""
    wash_exceptions: tuple[WashException, ...] = ()
    stood_in: tuple[StandIn, ...] = ()
    """Harvests of the last two years that left a partner in the place of a fund, oldest first."""
    promised: tuple[GiftShares, ...] = ()
    """Shares of accepted gifts that have not left yet."""

    def fence_of(self, account: str, symbol: str) -> Fence | None:
        """The fence around a symbol in an account, if any."""
        for fence in self.fences:
            if fence.account == account and fence.symbol == symbol:
                return fence
        return None
