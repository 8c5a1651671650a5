"""What a person asked for through the spool: approvals, halts, looks. Only the daemon acts on them."""

from datetime import datetime

from daemon.approvals import Consent, refuse_late_answer, reject
from daemon.cycle import Outcome, Watch, run_cycle
from daemon.executor import halt
from daemon.house import House
from daemon.requests.exceptions import serve_exception
from daemon.requests.lots import serve_lots
from daemon.requests.raising import serve_raise
from daemon.requests.spool import Request
from daemon.settle import request_cancel
from daemon.taxes.gifting import serve_gift
from daemon.upkeep.reminders import acknowledge
from daemon.upkeep.strangers import adopt_strangers
from portfolio.events import AlarmCleared, Resumed, Unfenced
from portfolio.orders import LegState
from portfolio.wakes import BY_HAND, Wake, WakeKind


def stop_everything(house: House, watch: Watch, *, by: str, reason: str) -> None:
    """Halt: latch, record, and ask for every open order of ours to be cancelled."""
    if not is_recorded_halted(house):
        halt(house, by=by, reason=reason)
    _cancel_working(house, watch, note=f"halted: {reason}")


def cancel_at_the_end(house: House, watch: Watch, reason: str) -> None:
    """Ask for every open order of ours to be cancelled before the process ends, once each.

    What came of it is found at the next start. Nothing is waited for.
    """
    _cancel_working(house, watch, note=f"the daemon ends: {reason}")


def _cancel_working(house: House, watch: Watch, *, note: str) -> None:
    for leg in house.journal.legs(live=True):
        if leg.state is LegState.WORKING:
            request_cancel(house, leg, watch.progress, note=note)


def is_recorded_halted(house: House) -> bool:
    """Whether the journal's last word on halting is a halt."""
    last = house.journal.events("halted", "resumed", limit=1, newest_first=True)
    return bool(last) and last[0].event.kind == "halted"


def resume(house: House, *, by: str, reason: str) -> None:
    """A person clears the halt and says why."""
    house.latch.clear(by, reason)
    if house.latch.reason() is not None:
        return  # a halt came in at the same moment, and it wins
    house.journal.append(
        Resumed(by=by, reason=reason),
        AlarmCleared(name="halted", text=f"Resumed by {by}: {reason}"),
        actor=by,
    )


def serve_request(  # noqa: C901, PLR0912  one flat table of requests
    house: House, watch: Watch, request: Request
) -> Outcome | None:
    """Do what one request asks; the outcome of the look it led to, if any.

    A request that no longer fits (another proposal waits, none waits) changes nothing.
    """
    by, reason = request.by, request.reason
    match request.kind:
        case "halt":
            stop_everything(house, watch, by=by, reason=reason)
        case "resume":
            resume(house, by=by, reason=reason)
            return run_cycle(house, watch, Wake(kind=WakeKind.PERSON, detail="resume"))
        case "run_now":
            return run_cycle(house, watch, Wake(kind=WakeKind.PERSON, detail="run-now"))
        case "approve":
            return _approve(house, watch, request, house.clock.now())
        case "reject":
            pending = house.journal.pending_approval()
            if pending is not None and pending.proposal_hash.startswith(request.subject):
                reject(house, pending, by=by, reason=reason)
        case "clear_fence":
            account, _, symbol = request.subject.partition("/")
            house.journal.append(Unfenced(account=account, symbol=symbol, reason=reason), actor=by)
        case "acknowledge":
            acknowledge(house, request.subject, by=by)
        case "adopt_orders":
            adopt_strangers(house, watch, by=by, reason=reason)
        case "gift":
            serve_gift(house, request)
        case "import_lots" | "ticket":
            serve_lots(house, request)
        case "allow_wash":
            serve_exception(house, request)
        case "raise_cash" | "raise_cancel":
            return serve_raise(house, watch, request)
        case "reload":
            pass  # the service reads the configuration again
    return None


def _approve(house: House, watch: Watch, request: Request, now: datetime) -> Outcome | None:
    pending = house.journal.pending_approval()
    if pending is None or not pending.proposal_hash.startswith(request.subject):
        refuse_late_answer(house, request.subject, by=request.by)
        return None
    if now >= pending.expires_at:
        return None
    consent = Consent(pending=pending, by=request.by, reason=request.reason)
    detail = f"approve {pending.proposal_hash[:8]}"
    if _was_by_hand(house, pending.cycle):
        detail = f"{BY_HAND}, {detail}"  # else a rule that asks for a person would withdraw it
    return run_cycle(house, watch, Wake(kind=WakeKind.PERSON, detail=detail), consent)


def _was_by_hand(house: House, cycle: int) -> bool:
    """Whether a look was one that a person had asked for."""
    record = house.journal.cycle(cycle)
    if record is None or record.wake.kind is not WakeKind.PERSON:
        return False
    return record.wake.detail.startswith(BY_HAND)
