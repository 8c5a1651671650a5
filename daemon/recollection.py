"""What the conditions of a policy remember: the sessions around, what held on, the last rebalance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from daemon.house import House
from daemon.journal.codec import Undecodable, read_memory, read_policy
from daemon.requests.reservations import reservations
from policies.conditions import Rested, SignalChanged, TargetChanged, has_stop, leaves_of
from policies.policy import CashAction
from policies.triggers.algebra import firing_rule
from policies.triggers.ask import Aim, aim_of
from policies.triggers.asking import latched_after
from portfolio.decisions import Run
from portfolio.events import RunOpened
from portfolio.memory import FlowKind, Reservation
from portfolio.money import ZERO, Money, Weight, total
from portfolio.records import CycleRecord
from portfolio.snapshot import Session

LOOK_BACK = (1, 20)
"""How many looks back the last one that asked such a condition is searched for, the fewest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """See the fields of `Memory` of the same names; what no condition asks for is left empty."""

    previous_session: date | None
    coming_sessions: tuple[date, ...]
    latched: tuple[str, ...]
    target_done: Mapping[str, Weight]
    signals_done: Mapping[str, str]
    income: Money
    reserved: tuple[Reservation, ...]


def recollect(
    house: House, session: Session, opened: Sequence[RunOpened], ended_on: date | None
) -> Recollection:
    """From the journal and the calendar, as of a session; `ended_on` is when the rest began."""
    before = house.sessions.between(session.day - timedelta(days=14), session.day)[:-1]
    leaves = leaves_of(firing_rule(house.policy))
    holds_income = house.policy.deposits.income is not CashAction.INVEST
    changes = any(isinstance(leaf, TargetChanged | SignalChanged) for leaf in leaves)
    done = None
    if holds_income or changes:
        done = last_rebalance(house, [event.run for event in opened])
    since = (done or house.journal.cycle(1)) if changes else None
    weights, signals = ({}, {}) if since is None else _as_of(house, since)
    return Recollection(
        previous_session=before[-1].day if before else None,
        coming_sessions=_coming(house, session, ended_on),
        latched=_latched(house) if any(map(has_stop, leaves)) else (),
        target_done=weights,
        signals_done=signals,
        income=_income(house, done) if holds_income else Money(ZERO),
        reserved=reservations(house.journal),
    )


def _income(house: House, done: CycleRecord | None) -> Money:
    """Dividends and interest that were seen since the last rebalance, fees not taken off."""
    kinds = (FlowKind.DIVIDEND, FlowKind.INTEREST)
    return total(
        flow.amount
        for flow in house.journal.flows()
        if flow.kind in kinds
        and flow.seen_session is not None
        and (done is None or flow.seen_session > done.session)
    )


def last_rebalance(house: House, runs: Sequence[Run]) -> CycleRecord | None:
    """The look that opened the last run which was a rebalance, not only cash placed or raised."""
    for run in reversed(runs):
        record = house.journal.cycle(run.opened_cycle)
        if record is not None and aim_of(record.decision.gates) is Aim.REBALANCE:
            return record
    return None


def _as_of(house: House, done: CycleRecord) -> tuple[Mapping[str, Weight], Mapping[str, str]]:
    """Target weights and signals of a look; none where it was written down in an older form."""
    try:
        target = read_policy(house.journal, done.policy).target
        signals = read_memory(house.journal, done.memory).signals
    except (KeyError, Undecodable):
        return {}, {}
    return dict(target.weights), dict(signals)


def _coming(house: House, session: Session, ended_on: date | None) -> tuple[date, ...]:
    """The sessions until the longest rest of the policy is over; none when no rest runs."""
    if ended_on is None:
        return ()
    rests = [leaf for leaf in leaves_of(firing_rule(house.policy)) if isinstance(leaf, Rested)]
    sessions, days = max(r.sessions for r in rests), max(r.days for r in rests)
    # Seven calendar days hold three sessions at least, and a holiday week more than that.
    until = ended_on + timedelta(days=max(days, 7 * sessions // 3 + 7))
    if until <= session.day:
        return ()
    coming = house.sessions.between(session.day + timedelta(days=1), until)
    return tuple(s.day for s in coming[: max(sessions, days) + 1])


def _latched(house: House) -> tuple[str, ...]:
    for limit in LOOK_BACK:
        for record in house.journal.cycles(limit=limit):
            if any(gate.stop is not None for gate in record.decision.gates):
                return latched_after(record.decision.gates, ())
    return ()
