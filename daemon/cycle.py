"""The cycle, on one screen: observe, decide, approve, execute, settle.

Nothing leaves a step until the journal has it. The next cycle begins from a fresh snapshot.
"""

from dataclasses import dataclass, field

from daemon.approvals import Consent, approve, still_fits, withdraw
from daemon.executor import open_purse, place
from daemon.house import House
from daemon.memory import remember
from daemon.observe import holdings, observe
from daemon.others import Others, rest_beside_others
from daemon.reconcile import Differences, check_cash, check_worth, reconcile
from daemon.settle import Progress, settle
from daemon.targets.change import take_target
from daemon.upkeep.clock_check import check_clock, check_open
from daemon.upkeep.jumps import tell_jumps
from daemon.upkeep.no_price import Unpriced, tell_missing_prices
from daemon.upkeep.splits import note_splits
from policies.decide import decide
from policies.limits import check_plan
from policies.planning.granted import cut, steps_in
from portfolio.canonical import Document, document_of
from portfolio.decisions import Decision, Hold, Proposal, Run, Verdict, allowances_of
from portfolio.events import CycleDecided, RunEnded
from portfolio.memory import Memory
from portfolio.money import Weight
from portfolio.orders import Leg
from portfolio.snapshot import Snapshot
from portfolio.wakes import Wake


@dataclass(slots=True)
class Watch:
    """What this process has seen lately; losing it at a restart costs time, never an order."""

    progress: Progress = field(default_factory=Progress)
    differences: Differences = field(default_factory=Differences)
    others: Others = field(default_factory=Others)
    unpriced: dict[str, Unpriced] = field(default_factory=dict)
    weights: dict[str, Weight] | None = None
    standing: dict[int, tuple[object, Document]] = field(default_factory=dict)

    def document_of_standing(self, value: object) -> Document:
        """The document of something that stays the same object from look to look (policy, limits)."""
        known = self.standing.get(id(value))
        if known is None or known[0] is not value:
            if len(self.standing) > 8:
                self.standing.clear()
            known = self.standing[id(value)] = (value, document_of(value))
        return known[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a cycle came to; `run` is the run it opened or continued, `legs` what it sent."""

    cycle: int
    decision: Decision
    verdict: Verdict | None
    run: Run | None = None
    legs: tuple[Leg, ...] = ()


def run_cycle(house: House, watch: Watch, wake: Wake, consent: Consent | None = None) -> Outcome:
    """One household decision with its full inputs, and what follows from it.

    `consent` is a person's yes to the proposal that waits; it is judged on this cycle's prices.
    Raises `Unavailable`, `CredentialsRefused`, `JournalUnwritable` or `BrokenInvariant`; whatever was
    committed before stays true, and the next cycle starts from it.
    """
    settle(house, watch.progress)
    closed = check_clock(house)
    snapshot = observe(house)
    check_open(snapshot, closed)
    take_target(house, watch, snapshot)
    check_cash(house, snapshot, watch.differences)
    note_splits(house, snapshot, watch.differences)
    fences = reconcile(house, holdings(snapshot), watch.differences)
    check_worth(house, snapshot, fences, watch.differences.splits)
    rests = rest_beside_others(house, snapshot, watch.others)
    memory = remember(house, wake, snapshot.session, more_fences=(*fences, *rests))

    decision = decide(snapshot, house.policy, memory)
    verdict = _judge(house, snapshot, memory, decision, granted=False)
    step = steps_in(snapshot, house.policy)
    if consent is not None:
        granted = _judge(house, snapshot, memory, decision, granted=True)
        if still_fits(decision, granted, consent.pending, step):
            verdict = granted
        else:
            # The yes was to another plan: this one is judged like any that nobody has seen.
            withdraw(house, decision, granted, consent.pending)
            consent = None
    cycle = _record(house, watch, wake, snapshot, memory, decision, verdict)
    tell_jumps(house, snapshot)
    tell_missing_prices(house, snapshot, watch.unpriced, memory.fences)

    run = approve(house, cycle, decision, verdict, memory, step, consent)
    legs: tuple[Leg, ...] = ()
    if run is not None and isinstance(decision, Proposal):
        purse = open_purse(run, snapshot, memory)
        wave = decision.first_wave
        if consent is not None:
            wave = cut(wave, allowances_of(consent.pending.proposal), step)
        legs = place(house, run, cycle, wave, purse)
        if not house.stopping():
            settle(house, watch.progress)
    return Outcome(cycle=cycle, decision=decision, verdict=verdict, run=run, legs=legs)


def _judge(
    house: House, snapshot: Snapshot, memory: Memory, decision: Decision, *, granted: bool
) -> Verdict | None:
    if isinstance(decision, Hold):
        return None
    return check_plan(
        decision, snapshot, house.limits, memory, asked=granted, lots=house.policy.lots
    )


def _record(
    house: House,
    watch: Watch,
    wake: Wake,
    snapshot: Snapshot,
    memory: Memory,
    decision: Decision,
    verdict: Verdict | None,
) -> int:
    """Commit the look with its inputs, before anything follows from it; returns its number."""
    cycle = house.journal.next_cycle()
    seen, remembered = document_of(snapshot), document_of(memory)
    policy = watch.document_of_standing(house.policy)
    limits = watch.document_of_standing(house.limits)
    decided = CycleDecided(
        cycle=cycle,
        wake=wake,
        session=snapshot.day,
        snapshot=seen.ref,
        policy=policy.ref,
        memory=remembered.ref,
        limits=limits.ref,
        decision=decision,
        verdict=verdict,
    )
    house.hook("before cycle commit")
    house.journal.append(
        decided,
        *_run_ends(house, snapshot, memory, decision),
        documents=(seen, policy, remembered, limits),
    )
    house.hook("after cycle commit")
    return cycle


def _run_ends(
    house: House, snapshot: Snapshot, memory: Memory, decision: Decision
) -> tuple[RunEnded, ...]:
    if not isinstance(decision, Hold) or decision.run_complete is None or memory.run is None:
        return ()
    expired = house.clock.now() >= memory.run.expires_at
    return (
        RunEnded(
            run=decision.run_complete,
            session=snapshot.day,
            outcome="expired" if expired else "complete",
            reason=decision.reason,
        ),
    )
