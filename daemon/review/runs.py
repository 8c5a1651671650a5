"""What was done: every run with its reason, its orders, and what it cost beside its plan."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from daemon.review.period import Period
from portfolio.decisions import PlannedLeg, Proposal
from portfolio.events import RunEnded, RunOpened
from portfolio.money import ZERO, Money
from portfolio.orders import Leg, Side
from portfolio.ports import JournalReader
from portfolio.records import CycleRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebalance:
    """One run: why, what was bought and sold, in how many orders, and what that cost.

    `planned` is the value of its legs, `bought` and `sold` of what was filled; `filled` counts legs
    filled whole. `cost` is what fills paid beyond the prices that the plan counted at, plus fees;
    below zero when the market came our way.
    """

    run: int
    day: date
    reason: str
    accepted_by: str
    orders: int
    filled: int
    planned: Money
    bought: Money
    sold: Money
    cost: Money
    outcome: str

    @property
    def one_way(self) -> Money:
        """The larger of what was bought and what was sold."""
        return Money(max(self.bought, self.sold))

    @property
    def shortfall_bps(self) -> Decimal | None:
        """Implementation shortfall: cost in basis points of what was traded; None without fills."""
        traded = self.bought + self.sold
        return None if traded == ZERO else self.cost / traded * 10_000


def rebalances(journal: JournalReader, period: Period | None = None) -> tuple[Rebalance, ...]:
    """Every run whose plan was made in a session of the period, in order; None means all."""
    ends = {
        r.event.run: r.event for r in journal.events("run_ended") if isinstance(r.event, RunEnded)
    }
    look = _looks(journal)
    opened = [r.event for r in journal.events("run_opened") if isinstance(r.event, RunOpened)]
    return tuple(
        _rebalance(journal, event, look, ends.get(event.run.number))
        for event in opened
        if period is None or look(event.run.opened_cycle).session in period
    )


def _looks(journal: JournalReader) -> Callable[[int], CycleRecord]:
    """Cycles by number, each read once."""
    known: dict[int, CycleRecord] = {}

    def look(number: int) -> CycleRecord:
        if number not in known:
            found = journal.cycle(number)
            if found is None:
                raise LookupError(f"a run names cycle {number}, which the journal does not have")
            known[number] = found
        return known[number]

    return look


def _rebalance(
    journal: JournalReader,
    opened: RunOpened,
    look: Callable[[int], CycleRecord],
    end: RunEnded | None,
) -> Rebalance:
    run, first = opened.run, look(opened.run.opened_cycle)
    legs = tuple(journal.legs(run=run.number))
    plans = {leg.client_order_id: _planned(look(leg.cycle), leg) for leg in legs}
    return Rebalance(
        run=run.number,
        day=first.session,
        reason=first.decision.reason,
        accepted_by=opened.accepted_by,
        orders=len(legs),
        filled=sum(leg.filled_quantity == leg.intent.quantity for leg in legs),
        planned=Money(sum((p.value for p in plans.values() if p is not None), ZERO)),
        bought=filled_value(legs, Side.BUY),
        sold=filled_value(legs, Side.SELL),
        cost=Money(sum((_cost(journal, leg, plans[leg.client_order_id]) for leg in legs), ZERO)),
        outcome="open" if end is None else end.outcome,
    )


def filled_value(legs: Sequence[Leg], side: Side) -> Money:
    """What was filled on one side, at the prices it was filled at."""
    return Money(
        sum(
            (
                leg.filled_quantity * (leg.filled_average_price or ZERO)
                for leg in legs
                if leg.intent.side is side
            ),
            ZERO,
        )
    )


def _cost(journal: JournalReader, leg: Leg, planned: PlannedLeg | None) -> Decimal:
    """Fees, and what the fills of a leg were worse than the price the plan counted it at."""
    fees = sum((b.fill.fee for b in journal.fills(client_order_id=leg.client_order_id)), ZERO)
    if planned is None or leg.filled_average_price is None:
        return fees
    worse = leg.filled_average_price - planned.price
    return fees + leg.filled_quantity * (worse if leg.intent.side is Side.BUY else -worse)


def _planned(look: CycleRecord, leg: Leg) -> PlannedLeg | None:
    legs = look.decision.legs if isinstance(look.decision, Proposal) else ()
    return next((planned for planned in legs if planned.intent == leg.intent), None)
