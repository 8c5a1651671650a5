"""One sentence for each recorded event: what `history`, the demo and a plain terminal print."""

from dataclasses import dataclass
from typing import Literal, assert_never

from daemon.notices.words import changed_weights
from daemon.screens.words import money, quantity, short_hash
from portfolio.changes import TargetChanged
from portfolio.decisions import Hold, PlannedLeg, Proposal
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
    Event,
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
from portfolio.money import ZERO
from portfolio.orders import LegState, Side
from portfolio.reserving import CashReserved, ReservationCancelled

Tone = Literal["plain", "decision", "trade", "good", "care", "alarm", "quiet"]
"""How a line is coloured; it never carries meaning that the words do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A sentence and its tone. `quiet` ones are left out of a short story."""

    text: str
    tone: Tone = "plain"


def order_words(leg: PlannedLeg, *, several: bool = False) -> str:
    """A planned order in words: "sell 12 BND, limit 79.60, about 955.20".

    With `several` accounts in the household the order's is named.
    """
    intent = leg.intent
    where = f" in {intent.account}" if several else ""
    limit = "at market" if intent.limit_price is None else f"limit {money(intent.limit_price)}"
    return (
        f"{intent.side} {quantity(intent.quantity)} {intent.symbol}{where}, {limit},"
        f" about {money(leg.value)}"
    )


def plan_words(proposal: Proposal) -> str:
    """A plan in one clause: how much goes which way."""
    sold = sum((leg.value for leg in proposal.sells), start=ZERO)
    bought = sum((leg.value for leg in proposal.buys), start=ZERO)
    parts = []
    if proposal.sells:
        names = ", ".join(dict.fromkeys(leg.intent.symbol for leg in proposal.sells))
        parts.append(f"sell {names} for {money(sold)}")
    if proposal.buys:
        names = ", ".join(dict.fromkeys(leg.intent.symbol for leg in proposal.buys))
        parts.append(f"buy {names} for {money(bought)}")
    return "; ".join(parts) or "no orders"


def account_of(event: Event) -> str:
    """The account that a sentence is about, where it does not say so itself; else empty."""
    if isinstance(event, FillBooked):
        return event.fill.account
    if isinstance(event, LegPlanned):
        return event.leg.intent.account
    return event.flow.account if isinstance(event, FlowSeen) else ""


def _restored(event: JournalRestored | OrderAdopted) -> Told:
    if isinstance(event, JournalRestored):
        return Told(text=f"journal restored from {event.backup}: {event.reason}", tone="alarm")
    what = f"{event.order.side} {event.order.symbol} ({event.order.client_order_id})"
    return Told(text=f"order taken over: {what}: {event.reason}", tone="care")


def _process(event: DaemonStarted | DaemonStopped) -> Told:
    if isinstance(event, DaemonStopped):
        return Told(text=f"daemon stopped: {event.reason}", tone="care")
    where = " on the simulated broker" if event.simulated else ""
    again = " again; it had been cut off" if event.after_crash else ""
    return Told(text=f"daemon {event.code_version} started{where}{again}", tone="good")


def _reserved(event: CashReserved | ReservationCancelled) -> Told:
    if isinstance(event, ReservationCancelled):
        return Told(text=f"{event.by} takes the money of row {event.number} out no longer")
    kept = f"{money(event.amount)} in {event.account} until {event.by_day}"
    return Told(text=f"{event.by} keeps {kept} for a withdrawal", tone="care")


def _answered(event: ApprovalEnded) -> Told:
    why = f": {event.reason}" if event.reason else ""
    tone: Tone = "good" if event.outcome == "granted" else "care"
    return Told(text=f"proposal {event.outcome} by {event.by}{why}", tone=tone)


def _run_ended(event: RunEnded) -> Told:
    tone: Tone = "good" if event.outcome == "complete" else "care"
    head = "" if event.reason.startswith("run ") else f"run {event.run} {event.outcome}: "
    return Told(text=head + event.reason, tone=tone)


def tell(event: Event) -> Told:  # noqa: C901, PLR0912  one flat table of events
    """What happened, in one sentence."""
    match event:
        case JournalOpened():
            follows = "" if event.previous_head is None else "; it follows an older journal"
            return Told(text=f"journal opened for {event.household}, {event.mode}{follows}")
        case JournalRestored() | OrderAdopted():
            return _restored(event)
        case AlarmAcknowledged():
            return Told(text=f"{event.by} has seen the alarm: {event.name} {event.scope}".strip())
        case DaemonStarted() | DaemonStopped():
            return _process(event)
        case ConfigurationChanged():
            return Told(text=f"configuration changed: {'; '.join(event.changes)}", tone="care")
        case CycleDecided():
            return _decided(event)
        case CycleFailed():
            return Told(text=f"could not look ({event.wake.kind}): {event.reason}", tone="alarm")
        case ApprovalRequested():
            why = f" ({'; '.join(event.reasons)})" if event.reasons else ""
            return Told(
                text=f"waits for approval {short_hash(event.proposal_hash)}{why}", tone="care"
            )
        case ApprovalEnded():
            return _answered(event)
        case RunOpened():
            return Told(text=f"run {event.run.number} opened, accepted by {event.accepted_by}")
        case RunEnded():
            return _run_ended(event)
        case LegPlanned():
            return Told(text=f"intent written: {_intent(event)}", tone="quiet")
        case LegMoved():
            return _moved(event)
        case FillBooked():
            return _filled(event)
        case FlowSeen():
            return _flow(event)
        case PositionsAccepted():
            held = ", ".join(f"{quantity(q)} {s}" for s, q in sorted(event.quantities.items()))
            anew = "".join(f"; {old} is {new} now" for old, new in sorted(event.renamed.items()))
            return Told(
                text=f"holdings of {event.account} taken as they are: {held or 'none'}{anew}"
            )
        case GiftMoved():
            return _gift(event)
        case LotsImported():
            return _imported(event)
        case TicketAnswered() | WashAllowed():
            return _word(event)
        case Fenced() | Unfenced():
            return _fence(event)
        case CashReserved() | ReservationCancelled():
            return _reserved(event)
        case Halted():
            by = "" if event.by == "halt file" else f" by {event.by}"  # the file says who
            return Told(text=f"HALTED{by}: {event.reason}", tone="alarm")
        case Resumed():
            return Told(text=f"resumed by {event.by}: {event.reason}", tone="good")
        case Alarm() | AlarmCleared():
            return _alarm(event)
        case TargetChanged():
            return Told(text=f"the target changed ({changed_weights(event)}): {event.reason}")
        case SessionClosed():
            return Told(text=f"session closed at {money(event.equity)}", tone="quiet")
        case TrialChanged() | TrialLooked():
            return _on_trial(event)
        case ReviewWritten():
            return Told(text=f"review of {event.title} written", tone="quiet")
        case _:
            assert_never(event)


def _fence(event: Fenced | Unfenced) -> Told:
    if isinstance(event, Unfenced):
        return Told(text=f"{event.symbol} may be traded again: {event.reason}", tone="good")
    fence = event.fence
    return Told(text=f"{fence.symbol} is left alone: {fence.reason}", tone="care")


def _on_trial(event: TrialChanged | TrialLooked) -> Told:
    if isinstance(event, TrialChanged):
        word = "off trial" if event.policy is None else "on trial"
        return Told(text=f"{event.name} is {word}: {event.reason}")
    orders = ", ".join(f"{o.side.value} {o.quantity:f} {o.symbol}" for o in event.orders)
    what = f"{orders} ({event.reason})" if orders else "nothing"
    return Told(text=f"{event.name} on trial would have traded: {what}", tone="quiet")


def _decided(event: CycleDecided) -> Told:
    decision = event.decision
    if isinstance(decision, Hold):
        return Told(text=f"#{event.cycle} hold: {decision.reason}", tone="quiet")
    words = "" if decision.run is not None else "proposes: "
    return Told(
        text=f"#{event.cycle} {words}{decision.reason}; {plan_words(decision)}", tone="decision"
    )


def _alarm(event: Alarm | AlarmCleared) -> Told:
    """An alarm and its end; those of a halt are quiet, because the halt has its own line."""
    is_halt = event.name == "halted"
    if isinstance(event, AlarmCleared):
        return Told(text=f"over: {event.text or event.name}", tone="quiet" if is_halt else "good")
    tone: Tone = "alarm" if event.level == "page" else "care"
    return Told(text=event.text or f"alarm: {event.name}", tone="quiet" if is_halt else tone)


def _intent(event: LegPlanned) -> str:
    intent = event.leg.intent
    return f"{intent.side} {quantity(intent.quantity)} {intent.symbol}"


def _gift(event: GiftMoved) -> Told:
    why = f": {event.reason}" if event.reason else ""
    given = ", ".join(f"{quantity(p.shares)} {p.symbol}" for p in event.gift.shares)
    return Told(text=f"gift {event.gift.gift_id} of {given} {event.state} by {event.by}{why}")


def _imported(event: LotsImported) -> Told:
    what = "lots" if event.form == "positions" else "trades"
    return Told(text=f"{len(event.rows)} {what} imported from {event.source}")


def _word(event: TicketAnswered | WashAllowed) -> Told:
    return _allowed(event) if isinstance(event, WashAllowed) else _ticket(event)


def _ticket(event: TicketAnswered) -> Told:
    done = {Side.BUY: "bought", Side.SELL: "sold"}[event.side]
    what = f"{quantity(event.quantity)} {event.symbol}"
    if event.done:
        return Told(text=f"{event.account}: a person {done} {what} at {event.price}")
    return Told(text=f"{event.account}: a person declined to have {what} {done}", tone="care")


def _allowed(event: WashAllowed) -> Told:
    what = f"wash sales of {event.symbol} in {event.account} through {event.until}"
    worth = f"worth {money(event.worth)} against {money(event.cost)} of tax"
    return Told(text=f"{event.by} allows {what} ({worth}): {event.reason}", tone="care")


def _moved(event: LegMoved) -> Told:
    bad = {LegState.REJECTED, LegState.AMBIGUOUS, LegState.LOST, LegState.STUCK}
    was_unknown = event.before in (LegState.AMBIGUOUS, LegState.LOST)
    was_found = was_unknown and event.after in (LegState.WORKING, LegState.FILLED)
    tone: Tone = "alarm" if event.after in bad else "good" if was_found else "quiet"
    note = f" ({event.note})" if event.note else ""
    return Told(text=f"order {event.client_order_id} is {event.after}{note}", tone=tone)


def _filled(event: FillBooked) -> Told:
    fill = event.fill
    verb = "sold" if fill.side is Side.SELL else "bought"
    own = "" if event.client_order_id is not None else " (not an order of ours)"
    fee = f", fee {money(fill.fee)}" if fill.fee else ""
    return Told(
        text=f"{verb} {quantity(fill.quantity)} {fill.symbol} at {money(fill.price)} ="
        f" {money(fill.quantity * fill.price)}{fee}{own}",
        tone="trade",
    )


def _flow(event: FlowSeen) -> Told:
    flow = event.flow
    if flow.ratio is not None:
        return Told(text=f"{flow.kind} of {flow.symbol}: {quantity(flow.ratio)} for 1", tone="care")
    of = f" of {flow.symbol}" if flow.symbol else ""
    tone: Tone = "care" if flow.kind in ("deposit", "withdrawal") else "quiet"
    return Told(text=f"{flow.kind}{of} {money(flow.amount)}", tone=tone)
