"""The review of a period, read from the journal alone."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from daemon.journal.codec import read_limits, read_policy, read_snapshot
from daemon.review.by_hand import ByHand, by_hand, with_counted
from daemon.review.course import Course, course
from daemon.review.looks import Quiet, looks_in, quiet_of, what_next
from daemon.review.period import Period, month_of
from daemon.review.risk import Risk, risk_of
from daemon.review.runs import Rebalance, rebalances
from daemon.review.spread import Spread, spread_of
from daemon.targets.sources import target_words
from policies.performance import modified_dietz
from portfolio.decisions import Gate, SliceView
from portfolio.drift import from_float
from portfolio.events import SessionClosed
from portfolio.memory import CashFlow, FlowKind
from portfolio.money import ZERO, Money, total
from portfolio.ports import JournalReader
from portfolio.records import CycleRecord

EXTERNAL = (FlowKind.DEPOSIT, FlowKind.WITHDRAWAL)
"""What comes from outside or goes there: no part of the return."""
INCOME = (FlowKind.DIVIDEND, FlowKind.INTEREST, FlowKind.RETURN_OF_CAPITAL)


class NothingToReview(Exception):
    """The journal has no look, or is younger than that period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Money in the period. `start` is the value at the last close before it (or the first in it)."""

    start: Money
    end: Money
    paid_in: Money
    taken_out: Money
    income: Money
    fees: Money

    @property
    def gain(self) -> Money:
        """What the market did, income and fees included: end less start less external flows."""
        return Money(self.end - self.start - self.paid_in + self.taken_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """Fractions. `time_weighted` links closes and leaves flows out; `money_weighted` (Modified Dietz)
    counts when the money came. `volatility` is per year, `deepest_fall` 0 or below.
    """

    time_weighted: float
    money_weighted: float | None
    volatility: float
    deepest_fall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Everything that the page shows. Weights and drift are those of the period's last look.

    `value` and the returns are None before the first closed session. `turnover` is the smaller of
    buys and sells over the average value, in the period. `closes` are the last year's, for charts.
    """

    household: str
    mode: str
    period: Period
    at: datetime
    closes: tuple[SessionClosed, ...]
    balance: Balance | None
    returns: Returns | None
    returns_of_year: Returns | None
    returns_since_start: Returns | None
    started: date
    slices: tuple[SliceView, ...]
    cash: Money
    equity: Money | None
    spread: Spread
    risk: Risk
    done: tuple[Rebalance, ...]
    turnover: float
    quiet: Quiet
    next: tuple[Gate, ...]
    target_from: str
    """Where the target weights come from, in a sentence."""
    parents: Mapping[str, str | None]
    """What each slice stands under."""
    by_hand: tuple[ByHand, ...] = ()
    """What a person values: no part of the value and the returns."""

    @property
    def managed(self) -> Money | None:
        """What the slices' weights are fractions of: the value, and what is counted by hand."""
        return with_counted(self.equity, self.by_hand)

    @property
    def total_drift(self) -> Decimal:
        """The part of the portfolio that would have to change hands, from the leaves' views."""
        leaves = [v for v in self.slices if v.name in self.spread.leaves]
        return sum((abs(v.before - v.target) for v in leaves), ZERO) / 2

    def as_json(self) -> object:
        """For a program: every field by name, fractions and money as decimal text."""
        return exact(self)


def review(journal: JournalReader, period: Period | None = None) -> Review:
    """The review of a period; None means the month of the latest look. Raises `NothingToReview`."""
    if period is None:
        period = month_of(_last_look(journal, None).session)
    last = _last_look(journal, period)
    snapshot = read_snapshot(journal, last.snapshot)
    policy = read_policy(journal, last.policy)
    limits = read_limits(journal, last.limits)
    closes = _closes(journal, period.last)
    flows = _flows(journal, period.last)
    done = rebalances(journal, period)
    year = looks_until(journal, period)
    looks = [look for look in year if look.session in period]
    identity = journal.identity()
    spread = spread_of(journal, snapshot, policy, limits, year)
    return Review(
        household=identity.household,
        mode=identity.mode,
        period=period,
        at=last.at,
        closes=tuple(row for row in closes if row.session > period.last - timedelta(days=366)),
        balance=_balance(closes, flows, period),
        returns=_returns(closes, flows, period.first),
        returns_of_year=_returns(closes, flows, date(period.last.year, 1, 1)),
        returns_since_start=_returns(closes, flows, date.min),
        started=closes[0].session if closes else last.session,
        slices=last.decision.slices,
        cash=snapshot.cash,
        equity=snapshot.equity(),
        spread=spread,
        risk=risk_of(spread.exposures["class"], policy),
        done=done,
        turnover=_turnover(done, closes, period),
        quiet=quiet_of(looks),
        next=what_next(last),
        target_from=target_words(policy, last.session),
        by_hand=by_hand(snapshot, policy),
        parents={node.name: node.parent for node in policy.target.slices},
    )


def exact(value: object) -> object:
    """A value of ours with its floats as decimals, which is what leaves the house."""
    if isinstance(value, float):
        return from_float(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: exact(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {name: exact(part) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(exact(part) for part in value)
    return value


def looks_until(journal: JournalReader, period: Period) -> list[CycleRecord]:
    """The looks of the year that ends with the period; the period's own are among them."""
    year = Period(
        name=period.name,
        first=min(period.first, max(period.last - timedelta(days=366), date(2, 1, 1))),
        last=period.last,
    )
    return looks_in(journal, year)


def _last_look(journal: JournalReader, period: Period | None) -> CycleRecord:
    if period is None:
        found = list(journal.cycles(limit=1))
    else:
        end = datetime.combine(period.last + timedelta(days=1), time.max, UTC)
        found = [c for c in journal.cycles(limit=20, before=end) if c.session in period]
    if not found:
        when = "yet" if period is None else f"in {period.title}"
        raise NothingToReview(f"There was no look {when}, so there is nothing to review.")
    return found[0]


def _closes(journal: JournalReader, last: date) -> list[SessionClosed]:
    rows = [r.event for r in journal.events("session_closed") if isinstance(r.event, SessionClosed)]
    return [row for row in rows if row.session <= last]


def _flows(journal: JournalReader, last: date) -> list[CashFlow]:
    return [flow for flow in journal.flows() if _day(flow) <= last]


def _day(flow: CashFlow) -> date:
    """When the closes know of it: the session in which it was seen, else its booking date."""
    return flow.seen_session or flow.day


def _opening(closes: Sequence[SessionClosed], first: date) -> int | None:
    """The close that a period starts from: the last before it, else the first in it."""
    if not closes:
        return None
    before = [place for place, row in enumerate(closes) if row.session < first]
    return before[-1] if before else 0


def _balance(
    closes: Sequence[SessionClosed], flows: Sequence[CashFlow], period: Period
) -> Balance | None:
    place = _opening(closes, period.first)
    if place is None or closes[-1].session < period.first:
        return None
    opening = closes[place]
    within = [flow for flow in flows if opening.session < _day(flow) <= period.last]

    def amount(*kinds: FlowKind) -> Money:
        return total(flow.amount for flow in within if flow.kind in kinds)

    return Balance(
        start=opening.equity,
        end=closes[-1].equity,
        paid_in=amount(FlowKind.DEPOSIT),
        taken_out=Money(-amount(FlowKind.WITHDRAWAL)),
        income=amount(*INCOME),
        fees=Money(-amount(FlowKind.FEE)),
    )


def _returns(
    closes: Sequence[SessionClosed], flows: Sequence[CashFlow], first: date
) -> Returns | None:
    place = _opening(closes, first)
    if place is None or closes[-1].session < first or place == len(closes) - 1:
        return None
    rows = closes[place:]
    paid: dict[date, Money] = {}
    for flow in flows:
        if flow.kind in EXTERNAL and rows[0].session < _day(flow) <= rows[-1].session:
            paid[_day(flow)] = Money(paid.get(_day(flow), ZERO) + flow.amount)
    done = course([(row.session, row.equity) for row in rows], paid)
    return Returns(
        time_weighted=done.growth,
        money_weighted=_money_weighted(rows, paid, done),
        volatility=done.volatility,
        deepest_fall=done.deepest_fall,
    )


def _money_weighted(
    rows: Sequence[SessionClosed], paid: dict[date, Money], done: Course
) -> float | None:
    start, end = float(rows[0].equity), float(rows[-1].equity)
    days = (rows[-1].session - rows[0].session).days
    flows = [(day, float(amount)) for day, amount in paid.items()]
    if not flows:
        return done.growth
    at_work = start + sum(amount * (rows[-1].session - day).days / days for day, amount in flows)
    if at_work <= 0:
        return None
    return modified_dietz(rows[0].session, rows[-1].session, start, end, flows)


def _turnover(done: Sequence[Rebalance], closes: Sequence[SessionClosed], period: Period) -> float:
    within = [float(row.equity) for row in closes if row.session in period]
    if not within:
        return 0.0
    bought, sold = total(one.bought for one in done), total(one.sold for one in done)
    return float(min(bought, sold)) / (sum(within) / len(within))
