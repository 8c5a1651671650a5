"""Approvals: who says yes to a proposal, and whether the yes still fits.

An account on `auto` needs nobody while every limit passes; all else waits for a person. A person's yes
is bound to the hash of one proposal and allows exactly its orders, plus 1 %: the plan is made again
from fresh prices, and cut to what was allowed; when it has become another plan the old one is
withdrawn and the new one asks. A run that trades a symbol again and again asks too.
"""

from dataclasses import dataclass
from datetime import timedelta

from daemon.house import House
from policies.flows import answered_flows
from policies.planning.granted import Step, fits
from policies.triggers.ask import Aim, aim_of
from portfolio.accounts import Autonomy
from portfolio.decisions import (
    Decision,
    Hold,
    Proposal,
    Run,
    Verdict,
    accepted,
)
from portfolio.events import Alarm, ApprovalEnded, ApprovalRequested, RunOpened
from portfolio.memory import Memory
from portfolio.ports import JournalReader
from portfolio.records import PendingApproval


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A person's yes to the proposal that waits."""

    pending: PendingApproval
    by: str
    reason: str


def approve(
    house: House,
    cycle: int,
    decision: Decision,
    verdict: Verdict | None,
    memory: Memory,
    step: Step,
    consent: Consent | None,
) -> Run | None:
    """The run that may send now, opened or continued; None when nothing may be sent.

    Records what becomes of the proposal: waits, granted, replaced, withdrawn. `consent` has been
    found to fit (`still_fits`), and `verdict` was reached with it. `step` is the quantity step of a
    symbol's orders.
    """
    if isinstance(decision, Hold) or verdict is None:
        _withdraw_when_pointless(house, decision)
        return None
    if decision.run is not None:
        return _go_on(house, cycle, decision, verdict, memory, step, consent)
    if house.is_dry_run or not decision.legs:
        return None
    if consent is not None:
        return _grant(house, cycle, consent, memory)
    if verdict.outcome == "denied":
        _tell_denied(house, verdict)
        return None
    if verdict.outcome == "approved" and _all_automatic(house, decision):
        _end_pending(house, "replaced", "a newer plan is within the limits and goes ahead")
        return _open(house, cycle, decision, accepted_by="limits", actor="trimtab", memory=memory)
    _ask(house, cycle, decision, verdict, step)
    return None


def _go_on(
    house: House,
    cycle: int,
    decision: Proposal,
    verdict: Verdict,
    memory: Memory,
    step: Step,
    consent: Consent | None,
) -> Run | None:
    """A run goes on by itself until its limits refer it; then it waits for a person like any plan."""
    if verdict.outcome == "denied":
        return None
    if consent is not None:
        _end_granted(house, consent)
        return memory.run
    if verdict.outcome == "referred":
        _ask(house, cycle, decision, verdict, step)
        return None
    _end_pending(house, "replaced", f"run {decision.run} goes on within the limits")
    return memory.run


def reject(house: House, pending: PendingApproval, *, by: str, reason: str) -> None:
    """A person's no."""
    house.journal.append(
        ApprovalEnded(
            proposal_hash=pending.proposal_hash, outcome="rejected", by=by, reason=reason
        ),
        actor=by,
    )


def expire(house: House) -> bool:
    """End the waiting proposal when its time is over; True when it was."""
    pending = house.journal.pending_approval()
    if pending is None or house.clock.now() < pending.expires_at:
        return False
    return _end_pending(house, "expired", "nobody answered in time; the next look decides afresh")


def still_fits(
    decision: Decision, verdict: Verdict | None, pending: PendingApproval, step: Step
) -> bool:
    """Whether a person's yes to the waiting proposal covers this decision, made afresh.

    `verdict` is the limits' answer as if the plan had been granted. What is sent is cut to the yes.
    """
    return (
        isinstance(decision, Proposal)
        and verdict is not None
        and verdict.outcome != "denied"
        and fits(decision, pending.proposal, step)
    )


def withdraw(
    house: House, decision: Decision, verdict: Verdict | None, pending: PendingApproval
) -> None:
    """Take the waiting proposal back, and say what a fresh look found instead."""
    if isinstance(decision, Hold):
        why = decision.reason
    elif verdict is not None and verdict.outcome == "denied":
        why = "; ".join(verdict.reasons)
    else:
        why = f"prices have moved since: {_both_prices(pending.proposal, decision)}"
    house.journal.append(
        ApprovalEnded(
            proposal_hash=pending.proposal_hash, outcome="withdrawn", by="trimtab", reason=why
        )
    )


def answered_too_late(journal: JournalReader, subject: str) -> tuple[str, str] | None:
    """The full hash of an earlier proposal that a yes was meant for, and why it comes too late.

    None when no proposal ever had a hash that begins so. Names both prices when another plan waits.
    """
    rows = journal.events("approval_requested", newest_first=True)
    asked = [r.event for r in rows if isinstance(r.event, ApprovalRequested)]
    old = next((event for event in asked if event.proposal_hash.startswith(subject)), None)
    if old is None or not subject:
        return None
    record, pending = journal.cycle(old.cycle), journal.pending_approval()
    why = "it waits no longer"
    if record is not None and pending is not None and isinstance(record.decision, Proposal):
        moved = _both_prices(record.decision, pending.proposal)
        why = f"the plan that waits now is another: {moved}"
    return old.proposal_hash, why


def refuse_late_answer(house: House, subject: str, *, by: str) -> None:
    """Tell that a yes came to a plan that waits no longer; nothing follows from it."""
    found = answered_too_late(house.journal, subject)
    if found is None:
        return
    proposal_hash, why = found
    house.journal.append(
        ApprovalEnded(
            proposal_hash=proposal_hash,
            outcome="withdrawn",
            by="trimtab",
            reason=f"the yes of {by} came too late: {why}",
        )
    )


def _both_prices(old: Proposal, new: Proposal) -> str:
    then = {leg.intent.symbol: leg.price for leg in old.legs}
    return ", ".join(
        f"{leg.intent.symbol} was {then[leg.intent.symbol]:.2f}, is {leg.price:.2f}"
        if leg.intent.symbol in then
        else f"{leg.intent.symbol} is new in the plan"
        for leg in new.legs
    )


def _withdraw_when_pointless(house: House, decision: Decision) -> None:
    """A look that finds nothing to do any more takes the waiting proposal back."""
    if not isinstance(decision, Hold):
        return
    if decision.settles_calendar or decision.run_complete is not None:
        _end_pending(house, "withdrawn", f"no longer needed: {decision.reason}")


def _end_pending(house: House, outcome: str, reason: str) -> bool:
    pending = house.journal.pending_approval()
    if pending is None:
        return False
    house.journal.append(
        ApprovalEnded(
            proposal_hash=pending.proposal_hash,
            outcome=outcome,  # type: ignore[arg-type]
            by="trimtab",
            reason=reason,
        )
    )
    return True


def _all_automatic(house: House, proposal: Proposal) -> bool:
    autonomy = {account.id: account.autonomy for account in house.accounts}
    return all(autonomy[leg.intent.account] is Autonomy.AUTO for leg in proposal.legs)


def _ask(house: House, cycle: int, proposal: Proposal, verdict: Verdict, step: Step) -> None:
    """Make the proposal the one that waits, unless the one that waits already covers it."""
    pending = house.journal.pending_approval()
    if pending is not None and fits(proposal, pending.proposal, step):
        return
    _end_pending(house, "replaced", f"cycle {cycle} has a newer plan")
    reasons = verdict.reasons or ("the account's autonomy is propose",)
    house.journal.append(
        ApprovalRequested(
            cycle=cycle,
            proposal_hash=proposal.proposal_hash(),
            expires_at=proposal.as_of + timedelta(hours=house.policy.proposal_hours),
            reasons=reasons,
        )
    )


def _end_granted(house: House, consent: Consent) -> None:
    house.journal.append(
        ApprovalEnded(
            proposal_hash=consent.pending.proposal_hash,
            outcome="granted",
            by=consent.by,
            reason=consent.reason,
        ),
        actor=consent.by,
    )


def _grant(house: House, cycle: int, consent: Consent, memory: Memory) -> Run:
    _end_granted(house, consent)
    return _open(
        house,
        cycle,
        consent.pending.proposal,
        accepted_by=consent.by,
        actor=consent.by,
        memory=memory,
    )


def _open(
    house: House, cycle: int, proposal: Proposal, *, accepted_by: str, actor: str, memory: Memory
) -> Run:
    now = house.clock.now()
    ends = house.sessions.current_or_previous(now)
    for _ in range(house.policy.run_sessions - 1):
        ends = house.sessions.next_after(ends.closes_at)
    run = accepted(
        proposal,
        number=house.journal.next_run(),
        opened_cycle=cycle,
        expires_at=max(ends.closes_at, now),
    )
    rebalances = aim_of(proposal.gates) is Aim.REBALANCE
    # A harvest puts no cash to work: it answers neither a deposit nor a withdrawal.
    flows = () if run.is_harvest else answered_flows(memory, house.policy, rebalances=rebalances)
    house.journal.append(RunOpened(run=run, accepted_by=accepted_by, flows=flows), actor=actor)
    return run


def _tell_denied(house: House, verdict: Verdict) -> None:
    text = "A plan was refused by the limits: " + "; ".join(verdict.reasons)
    known = {(a.name, a.text) for a in house.journal.open_alarms()}
    if ("plan denied", text) not in known:
        house.journal.append(Alarm(name="plan denied", level="info", text=text))
