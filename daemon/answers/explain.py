"""Explaining a cycle from the journal alone, and reaching its decision again from its inputs.

Nothing here asks a broker, a clock or the configuration: what was recorded must be enough. A single
changed number anywhere in the inputs shows, either in the document's digest or in the answer.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from daemon.answers.retelling import compare, differences_between
from daemon.journal.codec import (
    Undecodable,
    read_limits,
    read_memory,
    read_policy,
    read_snapshot,
)
from policies.decide import decide
from policies.limit_rule import Limits
from policies.limits import check_plan
from policies.policy import Policy
from policies.targets.weighing import reason_for, weights_on
from portfolio.canonical import canonical
from portfolio.decisions import Decision, Proposal, Run, Verdict
from portfolio.events import ApprovalEnded, ApprovalRequested, FillBooked, RunEnded, RunOpened
from portfolio.memory import Memory
from portfolio.orders import Leg
from portfolio.ports import JournalReader
from portfolio.records import CycleRecord, Recorded
from portfolio.snapshot import Snapshot
from portfolio.target import TargetError


class NoSuchCycle(Exception):
    """The journal has no cycle of that number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a cycle decided from, read back."""

    snapshot: Snapshot
    policy: Policy
    memory: Memory
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A cycle with its inputs, what followed from it, and whether the inputs still give its answer.

    `differences` is empty when recomputing gives the very same decision and verdict; `retold` says
    where this program only tells them in other words or another order than the one that recorded
    them. `inputs` is None when they can no longer be read; `differences` then says why. `fills` goes
    by order id.
    """

    record: CycleRecord
    inputs: Inputs | None
    differences: tuple[str, ...]
    retold: tuple[str, ...]
    answers: tuple[Recorded, ...]
    run: Run | None
    legs: tuple[Leg, ...]
    fills: Mapping[str, tuple[FillBooked, ...]]

    @property
    def target(self) -> str:
        """Where the weights came from, empty when they were the ones typed in or are not known."""
        weighing = None if self.inputs is None else self.inputs.policy.weighing
        if weighing is None:
            return ""
        return f"{reason_for(weighing, weighing.day)}; in force since {weighing.day}"

    @property
    def holds_good(self) -> bool:
        """Whether the recorded inputs lead to the recorded answer."""
        return not self.differences


def explain(journal: JournalReader, number: int) -> Explanation:
    """Everything about one cycle. Raises `NoSuchCycle`."""
    record = journal.cycle(number)
    if record is None:
        latest = journal.cycles(limit=1)
        known = f"the latest is {latest[0].cycle}" if latest else "there is none yet"
        raise NoSuchCycle(f"There is no cycle {number} in this journal; {known}.")
    again = reread(journal, record)
    answers = _what_followed(journal, record)
    run = _run_of(journal, record, answers)
    legs = tuple(leg for leg in _legs_of(journal, run) if leg.cycle == number)
    return Explanation(
        record=record,
        inputs=again.inputs,
        differences=again.differences,
        retold=again.retold,
        answers=answers,
        run=run,
        legs=legs,
        fills={
            leg.client_order_id: tuple(journal.fills(client_order_id=leg.client_order_id))
            for leg in legs
        },
    )


def recompute(inputs: Inputs, recorded: Verdict | None) -> tuple[Decision, Verdict | None]:
    """Decide again. The limits may have been asked for a person's yes or not: the one that fits."""
    decision = decide(inputs.snapshot, inputs.policy, inputs.memory)
    if not isinstance(decision, Proposal):
        return decision, None
    verdicts = [
        check_plan(
            decision,
            inputs.snapshot,
            inputs.limits,
            inputs.memory,
            asked=asked,
            lots=inputs.policy.lots,
        )
        for asked in (False, True)
    ]
    return decision, min(verdicts, key=lambda verdict: _how_unlike(verdict, recorded))


def _how_unlike(verdict: Verdict, recorded: Verdict | None) -> tuple[bool, bool]:
    """Smaller is more alike: the same to the letter, else the same outcome."""
    outcome = None if recorded is None else recorded.outcome
    return canonical(verdict) != canonical(recorded), verdict.outcome != outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """A cycle's inputs as recorded, None when they cannot be read; and where deciding from them again
    gives something else, or says the same in other words."""

    inputs: Inputs | None
    differences: tuple[str, ...]
    retold: tuple[str, ...] = ()


def reread(journal: JournalReader, record: CycleRecord) -> Reread:
    """Read a cycle's inputs back and decide from them again."""
    altered = tuple(_altered(journal, record))
    try:
        inputs = Inputs(
            snapshot=read_snapshot(journal, record.snapshot),
            policy=read_policy(journal, record.policy),
            memory=read_memory(journal, record.memory),
            limits=read_limits(journal, record.limits),
        )
    except (KeyError, Undecodable) as error:
        text = f"the recorded inputs cannot be read: {error}"
        return Reread(inputs=None, differences=(*altered, text))
    found = compare((record.decision, record.verdict), recompute(inputs, record.verdict))
    return Reread(
        inputs=inputs,
        differences=(*altered, *found.differences, *_target_differs(inputs.policy)),
        retold=found.retold,
    )


def _target_differs(policy: Policy) -> Iterator[str]:
    """Where the recorded source of the weights gives other weights than the recorded ones."""
    weighing = policy.weighing
    if weighing is None:
        return
    try:
        again = weights_on(weighing.day, weighing)
    except TargetError as error:
        yield f"target: its recorded source gives no weights any more: {error}"
        return
    for text in differences_between(policy.target.leaf_weights, again):
        yield f"target {text}"


def _altered(journal: JournalReader, record: CycleRecord) -> Iterator[str]:
    """Documents whose text is not the one that was recorded under that digest."""
    for name in ("snapshot", "policy", "memory", "limits"):
        ref = getattr(record, name)
        try:
            text = journal.document(ref)
        except KeyError:
            continue
        if hashlib.sha256(text.encode()).hexdigest() != ref:
            yield f"the recorded {name} has been changed since: its text no longer has its digest"


def _what_followed(journal: JournalReader, record: CycleRecord) -> tuple[Recorded, ...]:
    """Approvals asked and answered, runs opened and ended because of this cycle."""
    followed: list[Recorded] = []
    decision = record.decision
    run = decision.run if isinstance(decision, Proposal) else decision.run_complete
    own_hash = decision.proposal_hash() if isinstance(decision, Proposal) else None
    kinds = ("approval_requested", "approval_ended", "run_opened", "run_ended")
    for recorded in journal.events(*kinds, after=record.seq):
        match recorded.event:
            case ApprovalRequested(cycle=cycle) if cycle == record.cycle:
                followed.append(recorded)
            case ApprovalEnded(proposal_hash=ended) if ended == own_hash:
                followed.append(recorded)
            case RunOpened(run=opened) if record.cycle == opened.opened_cycle or (
                own_hash is not None and opened.proposal_hash == own_hash
            ):
                followed.append(recorded)
                run = opened.number
            case RunEnded(run=ended_run) if ended_run == run:
                followed.append(recorded)
            case _:
                pass
    return tuple(followed)


def _run_of(
    journal: JournalReader, record: CycleRecord, answers: tuple[Recorded, ...]
) -> Run | None:
    for recorded in answers:
        if isinstance(recorded.event, RunOpened):
            return recorded.event.run
    decision = record.decision
    number = decision.run if isinstance(decision, Proposal) else decision.run_complete
    for recorded in journal.events("run_opened"):
        if isinstance(recorded.event, RunOpened) and recorded.event.run.number == number:
            return recorded.event.run
    return None


def _legs_of(journal: JournalReader, run: Run | None) -> tuple[Leg, ...]:
    return () if run is None else tuple(journal.legs(run=run.number))
