"""What a look can end in: a proposal to trade or a hold, and the verdict on a proposal.

A hold is as much an answer as a proposal: both carry every gate that was asked, with its margin.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from portfolio.canonical import digest
from portfolio.money import ONE, ZERO, Money, Price, Quantity, Weight, total
from portfolio.orders import OrderIntent, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One question asked of a moment, and its answer.

    `scope` is a slice, a symbol or an account, empty for the whole household. `value` and `level` are
    in `unit` ("points", "sessions", "days", "USD", "percent", "seconds"); `margin` is how far the
    value is from where the answer flips, positive when it has not flipped yet. `passed` means that
    this gate lets a trade happen. `text` says it in words: "stocks +3.1 points, fires at 5.0".

    `stop` is where a gate that has fired stops holding; None where that is its level too.
    `next_possible` is the first day on which the answer may be another, where a date decides it.
    """

    name: str
    passed: bool
    text: str
    scope: str = ""
    value: Decimal | None = None
    level: Decimal | None = None
    margin: Decimal | None = None
    unit: str = ""
    next_possible: date | None = None
    stop: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceView:
    """A slice before and after a plan, as weights of the managed value; for people and replays.

    `half_width` is 0 for the cash slice, which has no band.
    """

    name: str
    target: Weight
    before: Weight
    after: Weight
    half_width: Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class LotSale:
    """What a sale takes of one lot, as an estimate at the counted price. `term` is "short", "long", or
    empty when the sale has none; `gain` is negative for a loss and None when the basis is not known."""

    lot_id: str
    quantity: Quantity
    acquired_on: date | None = None
    term: str = ""
    gain: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What one technique saves in tax against doing without it, in money."""

    technique: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxEstimate:
    """What a plan's sales come to in tax, in money; an estimate, no advice.

    `short_gain` and `long_gain` are realised by the plan, losses negative. `tax` is what they add to
    the year's tax, netted with the year so far; below zero they lower it. `naive_tax` is what selling
    in proportion, first in, first out, back to target would add; `savings` add up to the difference.
    `planner` says which one made the plan and `gap` how much a better plan could still save at most;
    both are empty when the plan was not made for tax.
    """

    year: int
    short_gain: Money
    long_gain: Money
    tax: Money
    naive_tax: Money | None = None
    savings: tuple[Saving, ...] = ()
    planner: str = ""
    gap: Money | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLeg:
    """One order of a plan, with what it is counted at and why it is there.

    `lots` are what a sale in a taxable account takes, in order, when the household has tax rates.
    """

    intent: OrderIntent
    price: Price
    reason: str
    lots: tuple[LotSale, ...] = ()

    @property
    def value(self) -> Money:
        """Quantity times the counted price, unsigned."""
        return Money(self.intent.quantity * self.price)


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestStep:
    """One loss that a plan takes for the tax, USD. Losses are unsigned, by term.

    `partner` stands in for what is sold; None leaves the money in cash. `saving` is what the loss
    saves at today's worth, `later_tax` what its lower basis costs, `cost` what trading costs.
    """

    account: str
    symbol: str
    quantity: Quantity
    lots: tuple[str, ...]
    partner: str | None
    partner_quantity: Quantity
    loss_short: Money
    loss_long: Money
    saving: Money
    later_tax: Money
    cost: Money

    @property
    def loss(self) -> Money:
        """Both terms together."""
        return Money(self.loss_short + self.loss_long)

    @property
    def benefit(self) -> Money:
        """What is left of the saving."""
        return Money(self.saving - self.later_tax - self.cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A plan of orders, sells first, with the reasons and the numbers it rests on.

    `run` is None for a new plan; the continuation of an accepted one names its run and needs no new
    approval. `managed_value` is the value of all slices with cash. `estimated_cost` covers spread and
    fees in money. `advice` are legs in accounts that trimtab only observes: told, never sent.
    `harvests` are the losses that a plan takes for the tax; such a plan does nothing else.
    `taxes` is there when the household has tax rates.
    """

    kind: Literal["proposal"] = "proposal"
    household: str
    as_of: datetime
    reason: str
    gates: tuple[Gate, ...]
    slices: tuple[SliceView, ...]
    legs: tuple[PlannedLeg, ...]
    advice: tuple[PlannedLeg, ...] = ()
    skipped: tuple[str, ...] = ()
    managed_value: Money
    estimated_cost: Money = field(default=Money(ZERO))
    run: int | None = None
    harvests: tuple[HarvestStep, ...] = ()
    taxes: TaxEstimate | None = None

    @property
    def sells(self) -> tuple[PlannedLeg, ...]:
        """The legs that sell."""
        return tuple(leg for leg in self.legs if leg.intent.side is Side.SELL)

    @property
    def buys(self) -> tuple[PlannedLeg, ...]:
        """The legs that buy."""
        return tuple(leg for leg in self.legs if leg.intent.side is Side.BUY)

    @property
    def first_wave(self) -> tuple[PlannedLeg, ...]:
        """What may be sent now: the sells if there are any, else the buys."""
        return self.sells or self.buys

    @property
    def one_way(self) -> Money:
        """The larger of what is bought and what is sold, in money."""
        return Money(max(total(b.value for b in self.buys), total(s.value for s in self.sells)))

    @property
    def turnover(self) -> Weight:
        """`one_way` as a fraction of the managed value."""
        return Weight(self.one_way / self.managed_value if self.managed_value else ZERO)

    def proposal_hash(self) -> str:
        """What an approval is bound to: SHA-256 over the orders, the reason and the numbers seen."""
        return digest(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Nothing to do, with every gate that was asked. `run_complete` names a run that just ended.

    `settles_calendar` says that every calendar and backstop date up to this session has its answer:
    none was due, or one was and the drift was too small. A hold for want of prices settles nothing.
    """

    kind: Literal["hold"] = "hold"
    household: str
    as_of: datetime
    reason: str
    gates: tuple[Gate, ...]
    slices: tuple[SliceView, ...] = ()
    run_complete: int | None = None
    settles_calendar: bool = False


Decision = Proposal | Hold


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitCheck:
    """One limit's answer with its numbers. `level` is the limit in `unit`, `value` what the plan has.

    `outcome`: "ok"; "refer" asks a person; "deny" cannot be approved; "warn" is only told.
    """

    name: str
    outcome: Literal["ok", "refer", "deny", "warn"]
    text: str
    scope: str = ""
    value: Decimal | None = None
    level: Decimal | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The limits' answer on a whole plan, every number in it.

    Approved, referred to a person, or denied: the worst of its checks.
    """

    checks: tuple[LimitCheck, ...]

    @property
    def outcome(self) -> Literal["approved", "referred", "denied"]:
        """The worst check decides."""
        outcomes = {check.outcome for check in self.checks}
        if "deny" in outcomes:
            return "denied"
        return "referred" if "refer" in outcomes else "approved"

    @property
    def reasons(self) -> tuple[str, ...]:
        """The texts of the checks that refer or deny."""
        return tuple(c.text for c in self.checks if c.outcome in ("refer", "deny"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a run may trade of one symbol in one account: one side, at most so many units in all."""

    account: str
    symbol: str
    side: Side
    quantity: Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """An accepted plan under way: its allowances, its budget for buys, and its latest end."""

    number: int
    proposal_hash: str
    opened_cycle: int
    allowances: tuple[Allowance, ...]
    buy_budget: Money
    expires_at: datetime
    is_harvest: bool = False
    """It takes losses for the tax: no drift was answered by it, and no rest follows it."""


HEADROOM = ONE + Decimal("0.01")
"""An approval of a plan allows exactly its orders, plus 1 %."""


def allowances_of(proposal: Proposal) -> tuple[Allowance, ...]:
    """What accepting a proposal allows: each order's quantity plus 1 %.

    The 1 % may be more than is held; a sale is cut to what can be sold when it is planned, and looked
    at again right before it is sent.
    """
    return tuple(
        Allowance(
            account=leg.intent.account,
            symbol=leg.intent.symbol,
            side=leg.intent.side,
            quantity=Quantity(leg.intent.quantity * HEADROOM),
        )
        for leg in proposal.legs
    )


def accepted(proposal: Proposal, *, number: int, opened_cycle: int, expires_at: datetime) -> Run:
    """The run that an accepted proposal opens: its allowances, and its buys plus 1 % as the budget."""
    return Run(
        number=number,
        proposal_hash=proposal.proposal_hash(),
        opened_cycle=opened_cycle,
        allowances=allowances_of(proposal),
        buy_budget=Money(total(leg.value for leg in proposal.buys) * HEADROOM),
        expires_at=expires_at,
        is_harvest=bool(proposal.harvests),
    )
