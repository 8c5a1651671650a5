"""Memory for a decision, derived from the journal alone (and the fences of this moment)."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from daemon.house import House
from daemon.recollection import recollect
from daemon.settle import adopted_at
from daemon.taxes.memory import tax_past
from policies.targets.sources import signals_of
from policies.taxes.reporting import recent_losses
from portfolio.decisions import Hold
from portfolio.events import PositionsAccepted, RunEnded, RunOpened
from portfolio.memory import CashFlow, Fence, FlowKind, Memory, RecentLoss, Usage
from portfolio.money import ZERO, Money
from portfolio.orders import Leg, Side
from portfolio.ports import Sessions
from portfolio.snapshot import Session
from portfolio.wakes import Wake

CALENDAR_LOOK_BACK = (2, 20, 400)
"""How many looks back the last answered calendar date is searched for, the fewest first."""


def remember(
    house: House, wake: Wake, session: Session, *, more_fences: Sequence[Fence] = ()
) -> Memory:
    """What the decision of this wake may know of the past."""
    journal = house.journal
    now = house.clock.now()
    started_on = _started_on(house)
    opened = [
        r.event
        for r in journal.events("run_opened")
        if isinstance(r.event, RunOpened) and not r.event.run.is_harvest
    ]
    ended = [r.event for r in journal.events("run_ended") if isinstance(r.event, RunEnded)]
    run = journal.open_run()
    last_ended = _last_sale_ended(opened, ended)
    flows = _unanswered_flows(house, opened)
    done_through = _calendar_done_through(house, started_on, opened, ended)
    taxes = tax_past(house, session.day)
    past = recollect(house, session, opened, last_ended)
    return Memory(
        wake=wake,
        started_on=started_on,
        first_plan_done=tuple(sorted({a.account for r in opened for a in r.run.allowances})),
        run=run,
        run_legs=() if run is None else tuple(journal.legs(run=run.number)),
        live_legs=tuple(journal.legs(live=True)),
        last_run_ended_on=last_ended,
        sessions_since_run=_sessions_since(house.sessions, last_ended, session.day),
        calendar_done_through=done_through,
        backstop_done_on=done_through,
        flows=flows,
        sessions_since_flow=_sessions_since(
            house.sessions, flows[-1].seen_session if flows else None, session.day
        ),
        fences=(*journal.fences(now), *more_fences),
        halted=house.latch.reason() or "",
        recent_losses=losses_to_guard(house, session.day),
        signals=signals_of(house.policy.weighing),
        realised=taxes.realised,
        dividends=taxes.dividends,
        harvest_refused_on=taxes.harvest_refused_on,
        tickets=taxes.tickets,
        wash_exceptions=taxes.wash_exceptions,
        promised=taxes.promised,
        stood_in=taxes.stood_in,
        usage=_usage(journal.legs(since=session.opens_at - timedelta(hours=12))),
        previous_session=past.previous_session,
        coming_sessions=past.coming_sessions,
        latched=past.latched,
        target_done=past.target_done,
        signals_done=past.signals_done,
        income=past.income,
        reserved=past.reserved,
        vanished=_vanished(house),
    )


def _vanished(house: House) -> dict[str, Money]:
    """Symbols whose holding went away unexplained, as long as the fence around them stands."""
    stand = {(f.account, f.symbol) for f in house.journal.fences(house.clock.now()) if not f.until}
    if not stand:
        return {}
    worth: dict[tuple[str, str], Money] = {}
    for row in house.journal.events("positions_accepted"):
        if isinstance(row.event, PositionsAccepted):
            worth |= {(row.event.account, symbol): w for symbol, w in row.event.gone.items()}
    gone: dict[str, Money] = {}
    for (_, symbol), value in sorted((key, w) for key, w in worth.items() if key in stand):
        gone[symbol] = Money(gone.get(symbol, ZERO) + value)
    return gone


def losses_to_guard(house: House, day: date) -> tuple[RecentLoss, ...]:
    """Losses of the household that a purchase on the day would wash, as the journal has them now."""
    rule = house.policy.lots
    if not rule.guards or house.lots is None:
        return ()
    return recent_losses(house.lots.book(rule.household), day)


def _started_on(house: House) -> date:
    return house.sessions.current_or_previous(adopted_at(house)).day


def _sessions_since(sessions: Sessions, then: date | None, today: date) -> int | None:
    """Exchange sessions after `then` up to and including `today`; None when there is no `then`."""
    if then is None:
        return None
    if today <= then:
        return 0
    return len(sessions.between(then + timedelta(days=1), today))


def _last_sale_ended(opened: Sequence[RunOpened], ended: Sequence[RunEnded]) -> date | None:
    """When the last run that was allowed to sell ended: only such a run is followed by a rest.

    Investing a dividend every month would otherwise keep the bands at rest for ever.
    """
    sold = {r.run.number for r in opened if any(a.side is Side.SELL for a in r.run.allowances)}
    return next((end.session for end in reversed(ended) if end.run in sold), None)


def _calendar_done_through(
    house: House, started_on: date, opened: Sequence[RunOpened], ended: Sequence[RunEnded]
) -> date:
    """The last session whose calendar dates have their answer: the session in which a run that came
    to its end was decided, or that of a hold that says so."""
    done = started_on - timedelta(days=1)
    ends = {end.run for end in ended}
    last = next((r.run for r in reversed(opened) if r.run.number in ends), None)
    if last is not None and (record := house.journal.cycle(last.opened_cycle)) is not None:
        done = max(done, record.session)
    for limit in CALENDAR_LOOK_BACK:
        for record in house.journal.cycles(limit=limit):
            if record.session <= done:
                return done
            if isinstance(record.decision, Hold) and record.decision.settles_calendar:
                return record.session
    return done


def _unanswered_flows(house: House, opened: Sequence[RunOpened]) -> tuple[CashFlow, ...]:
    """Deposits and withdrawals since the journal began that no run has answered yet."""
    answered = {flow for run in opened for flow in run.flows}
    return tuple(
        flow
        for flow in house.journal.flows()
        if flow.kind in (FlowKind.DEPOSIT, FlowKind.WITHDRAWAL)
        and flow.seen_session is not None
        and flow.flow_id not in answered
    )


def _usage(legs: Sequence[Leg]) -> Usage:
    """What today's legs have used: filled at their price, open and lost ones at their limit."""
    sent = [leg for leg in legs if leg.sends > 0]
    by_symbol = Counter(symbol for _, symbol in {(leg.cycle, leg.intent.symbol) for leg in sent})
    traded = sum(
        (
            leg.filled_quantity * (leg.filled_average_price or ZERO)
            + leg.open_quantity * (leg.intent.limit_price or ZERO)
            for leg in sent
        ),
        Decimal(0),
    )
    return Usage(
        traded_today=Money(traded),
        orders_today=len(sent),
        cycles_today=len({leg.cycle for leg in sent}),
        cycles_by_symbol=dict(sorted(by_symbol.items())),
    )
