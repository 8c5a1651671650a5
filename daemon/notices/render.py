"""From what was recorded to what people are told: pure, so that the journal can do it in its commit.

Percentages instead of amounts unless asked. Two classes only: an urgent notice needs a person now, all
else is news. A hold is no notice, and neither is what an alarm or the end of a run will tell anyway.
"""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, assert_never

from daemon.notices.words import (
    bulleted,
    changed_settings,
    changed_weights,
    head_line,
    plan_lines,
    sides,
    tax_line,
    without_amounts,
)
from daemon.screens.words import instant, money, quantity, short_hash
from portfolio.changes import TargetChanged
from portfolio.decisions import Proposal
from portfolio.events import (
    Alarm,
    AlarmAcknowledged,
    AlarmCleared,
    ApprovalEnded,
    ApprovalRequested,
    ConfigurationChanged,
    CycleDecided,
    CycleFailed,
    DaemonStarted,
    DaemonStopped,
    Fenced,
    FillBooked,
    FlowSeen,
    Halted,
    JournalOpened,
    JournalRestored,
    LegMoved,
    LegPlanned,
    OrderAdopted,
    PositionsAccepted,
    Resumed,
    ReviewWritten,
    RunEnded,
    RunOpened,
    SessionClosed,
    TrialChanged,
    TrialLooked,
    Unfenced,
)
from portfolio.lot_events import GiftMoved, LotsImported, TicketAnswered, WashAllowed
from portfolio.memory import Fence, FlowKind
from portfolio.records import Notice, Recorded
from portfolio.reserving import CashReserved, ReservationCancelled

OLD_NEWS: Final = timedelta(days=7)
"""A flow booked longer ago is history read at adoption, no news."""
_HALTED: Final = "halted"
"""The alarm that comes with every halt; the halt itself is told."""

_VOUCHED: Final = (ReviewWritten, RunEnded, DaemonStopped)
"""What is told with the head of the chain: a month, a rebalance, the time when nobody watches."""

Renderer = Callable[[Recorded], Sequence[Notice]]


def renderer(*, amounts: bool, dry_run: bool, household: str = "trimtab") -> Renderer:
    """`render` with a memory of the last plans, so that a request and a run can show their orders."""
    plans: deque[Proposal] = deque(maxlen=4)

    def known(proposal_hash: str) -> Proposal | None:
        return next((plan for plan in plans if plan.proposal_hash() == proposal_hash), None)

    def worded(recorded: Recorded) -> Sequence[Notice]:
        event = recorded.event
        if isinstance(event, CycleDecided) and isinstance(event.decision, Proposal):
            plans.appendleft(event.decision)
        plan = None
        if isinstance(event, ApprovalRequested):
            plan = known(event.proposal_hash)
        elif isinstance(event, RunOpened):
            plan = known(event.run.proposal_hash)
        return render(recorded, amounts=amounts, dry_run=dry_run, household=household, plan=plan)

    return worded


def render(
    recorded: Recorded,
    *,
    amounts: bool = False,
    dry_run: bool = False,
    household: str = "trimtab",
    plan: Proposal | None = None,
) -> Sequence[Notice]:
    """The notices of one event, none or one. `plan` is the proposal that it speaks of, when known."""
    said = _said(recorded, amounts=amounts, dry_run=dry_run, plan=plan)
    if said is None:
        return ()
    title, body = (said.title, said.body)
    if not amounts:
        title, body = without_amounts(title), without_amounts(body)
    if recorded.hash and isinstance(recorded.event, _VOUCHED):
        body = f"{body}\n{head_line(recorded.seq, recorded.hash)}"
    return (
        Notice(
            key=said.key or f"{recorded.event.kind}-{recorded.seq}",
            urgent=said.urgent,
            title=f"{household}: {title}",
            body=body,
        ),
    )


def _news(title: str, body: str, key: str = "") -> Notice:
    return Notice(key=key, urgent=False, title=title, body=body)


def _urgent(title: str, body: str) -> Notice:
    return Notice(key="", urgent=True, title=title, body=body)


def _said(  # noqa: C901, PLR0912  one flat table of events
    recorded: Recorded, *, amounts: bool, dry_run: bool, plan: Proposal | None
) -> Notice | None:
    event = recorded.event
    match event:
        case CycleDecided():
            return _would(event, amounts=amounts, dry_run=dry_run)
        case ApprovalRequested():
            return _request(event, plan, amounts=amounts)
        case ApprovalEnded():
            return _approval_ended(event)
        case RunOpened():
            return _run_opened(event, plan, amounts=amounts)
        case RunEnded():
            return _run_ended(event)
        case FlowSeen():
            return _flow(event, recorded, amounts=amounts)
        case Fenced():
            return _fenced(event.fence)
        case Halted():
            return _urgent(
                f"HALTED: {event.reason}",
                f"Halted by {event.by}: {event.reason}\nNothing is sent until a person resumes:\n"
                'trimtab resume --reason "why it is safe"',
            )
        case Resumed():
            return _news(f"resumed by {event.by}", f"{event.reason}\nOrders may be sent again.")
        case Alarm():
            return _alarm(event)
        case AlarmCleared():
            return _over(event)
        case JournalRestored() | OrderAdopted():
            return _restored(event)
        case DaemonStarted():
            return _started(event)
        case DaemonStopped():
            return _news(
                f"stopped: {event.reason}", "Nothing is watched until it is started again."
            )
        case ConfigurationChanged():
            return _news(
                "the configuration changed", changed_settings(event.changes, amounts=amounts)
            )
        case ReviewWritten():
            return _letter(event)
        case TargetChanged():
            return _news(f"the target changed: {changed_weights(event)}", f"{event.reason}.")
        case (
            JournalOpened()
            | CycleFailed()
            | LegPlanned()
            | LegMoved()
            | FillBooked()
            | PositionsAccepted()
            | GiftMoved()
            | LotsImported()
            | TicketAnswered()
            | WashAllowed()
            | Unfenced()
            | CashReserved()
            | ReservationCancelled()
            | AlarmAcknowledged()
            | SessionClosed()
            | TrialChanged()
            | TrialLooked()
        ):
            return None
        case _:
            assert_never(event)


def _fenced(fence: Fence) -> Notice:
    until = "" if fence.until is None else f" until {instant(fence.until)}"
    return _news(
        f"{fence.symbol} is left alone",
        f"{fence.symbol} in {fence.account} is not traded{until}: {fence.reason}.",
    )


def _restored(event: JournalRestored | OrderAdopted) -> Notice:
    if isinstance(event, JournalRestored):
        return _urgent(
            "the journal was restored from a copy",
            f"{event.reason}\nThe copy is {event.backup}. At its next start it looks for orders "
            "that are younger than the copy, and halts if there are any.",
        )
    return _news(
        f"an order was taken over: {event.order.symbol}",
        f"{event.order.client_order_id} is younger than the journal's copy; what it did is "
        f"booked. {event.reason}",
    )


def _started(event: DaemonStarted) -> Notice | None:
    if not event.after_crash:
        return None
    return _urgent(
        "was cut off and has started again",
        "The process ended without a word. It has looked up every order at the broker and "
        f"goes on with the session of {event.session}. See `trimtab history`.",
    )


def _would(event: CycleDecided, *, amounts: bool, dry_run: bool) -> Notice | None:
    """What a dry run would do, and what a person should do in accounts that are only observed.

    Told once a session. What is proposed or sent for real is told by what follows from it.
    """
    plan = event.decision
    if not isinstance(plan, Proposal) or plan.run is not None:
        return None
    if dry_run and plan.legs:
        legs, verb = plan.legs + plan.advice, "would"
    elif plan.advice and not plan.legs:
        legs, verb = plan.advice, "suggests to"
    else:
        return None
    refused = event.verdict is not None and event.verdict.outcome == "denied"
    refusal = "\nThe limits refuse it:\n" + bulleted(event.verdict.reasons) if refused else ""  # type: ignore[union-attr]
    return _news(
        f"{verb} {sides(legs)}",
        f"{_sentence(plan.reason)}\n{plan_lines(plan, legs, amounts=amounts)}{refusal}\n"
        f"Nothing was sent. Why: trimtab explain {event.cycle}",
        key=f"{verb.split()[0]}-{event.session}",
    )


def _request(event: ApprovalRequested, plan: Proposal | None, *, amounts: bool) -> Notice:
    short = short_hash(event.proposal_hash)
    what = "a plan" if plan is None else sides(plan.legs)
    lines = [] if plan is None else [_sentence(plan.reason)]
    if plan is not None:
        lines.append(plan_lines(plan, plan.legs, amounts=amounts))
        if told := tax_line(plan, amounts=amounts):
            lines.append(told)
        if plan.advice:
            lines.append("By your own hand, in accounts that are only observed:")
            lines.append(plan_lines(plan, plan.advice, amounts=amounts))
    lines.append("A person is asked because:")
    lines.append(bulleted(event.reasons))
    lines.append(f"Yes: trimtab approve {short}\nNo: trimtab reject {short}")
    lines.append(f"Why: trimtab explain {event.cycle}")
    lines.append(f"The question ends at {instant(event.expires_at)}.")
    return _news(f"waits for your yes: {what}", "\n".join(lines))


def _approval_ended(event: ApprovalEnded) -> Notice | None:
    match event.outcome:
        case "granted" | "replaced":
            return None  # the run, or the newer request, is told
        case "rejected":
            return _news(f"plan rejected by {event.by}", event.reason or "No reason was given.")
        case "expired":
            return _news("a plan waited too long", _sentence(event.reason))
        case "withdrawn":
            return _news("a plan was taken back", _sentence(event.reason))
        case _:
            assert_never(event.outcome)


def _run_opened(event: RunOpened, plan: Proposal | None, *, amounts: bool) -> Notice:
    run = event.run
    who = "within the limits" if event.accepted_by == "limits" else f"as {event.accepted_by} said"
    lines = [f"Run {run.number} begins, {who}."]
    if plan is not None:
        lines += [_sentence(plan.reason), plan_lines(plan, plan.legs, amounts=amounts)]
    lines.append(f"Sells go first, then the buys. It ends by {instant(run.expires_at)}.")
    return _news(f"trades: {sides(run.allowances)}", "\n".join(lines))


def _run_ended(event: RunEnded) -> Notice:
    titles = {
        "complete": "the plan is done",
        "expired": "ran out of time before the plan was done",
        "halted": "the plan was stopped by a halt",
        "withdrawn": "the plan was given up",
    }
    return _news(
        titles[event.outcome],
        f"{_sentence(event.reason)}\nThe rest period starts with the session of {event.session}.\n"
        "Orders and fills: trimtab history",
    )


def _flow(event: FlowSeen, recorded: Recorded, *, amounts: bool) -> Notice | None:
    flow = event.flow
    if recorded.at.date() - flow.day > OLD_NEWS:
        return None
    key = f"flow-{flow.account}-{flow.flow_id}"
    if flow.kind is FlowKind.SPLIT and flow.ratio is not None:
        return _news(
            f"{flow.symbol} was split", f"{quantity(flow.ratio)} new for each old one.", key
        )
    if flow.kind is FlowKind.CORPORATE_ACTION:
        return _news(
            f"{flow.symbol or 'a holding'} was spun off, merged or renamed",
            "Under a new symbol alone its lots go on by themselves. What lots cost after the others"
            " must be typed in: a row of type spin_off or merger, taken with trimtab lots import."
            " Until then its basis is not known, and it is not sold.",
            key,
        )
    if flow.kind not in (FlowKind.DEPOSIT, FlowKind.WITHDRAWAL):
        return None
    much = f" of {money(abs(flow.amount))} USD" if amounts else ""
    then = (
        "It is invested by the plan's rules."
        if flow.kind is FlowKind.DEPOSIT
        else "Cash is raised if its slice is short."
    )
    return _news(f"{flow.kind} seen", f"A {flow.kind}{much} in {flow.account}. {then}", key)


def _alarm(event: Alarm) -> Notice | None:
    if event.name == _HALTED:
        return None
    body = f"{event.text}\nWhat to do: docs/runbook.md, “{event.name}”."
    if event.level == "page":
        return _urgent(f"{event.name}: {_brief(event.text)}", body)
    return _news(f"{event.name}: {_brief(event.text)}", body)


def _over(event: AlarmCleared) -> Notice | None:
    if event.name == _HALTED:
        return None
    where = f" ({event.scope})" if event.scope else ""
    return _news(f"over: {event.name}{where}", event.text or "What it told of is over.")


def _letter(event: ReviewWritten) -> Notice:
    more = f"All of it: trimtab review {event.period}"
    return _news(
        f"review of {event.title}", "\n".join((*event.lines, more)), f"review-{event.period}"
    )


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."


def _brief(text: str, most: int = 90) -> str:
    return text if len(text) <= most else text[: most - 2].rstrip() + " …"
