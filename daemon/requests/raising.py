"""`trimtab raise`: money that a person will take out, kept and raised in time. Only the daemon acts."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from daemon.cycle import Outcome, Watch, run_cycle
from daemon.house import House
from daemon.journal.codec import read_memory, read_policy, read_snapshot
from daemon.requests.reservations import reservations
from daemon.requests.spool import Request
from policies.decide import decide
from portfolio.decisions import Decision
from portfolio.memory import Reservation
from portfolio.money import ZERO, Money
from portfolio.ports import JournalReader
from portfolio.reserving import CashReserved, ReservationCancelled
from portfolio.wakes import Wake, WakeKind


def subject_of(account: str, amount: Money, by: date) -> str:
    """How a wish travels through the spool."""
    return f"{account}/{amount}/{by}"


def serve_raise(house: House, watch: Watch, request: Request) -> Outcome | None:
    """Reserve the money and look, or end what was reserved and look.

    A wish for an account that is not there changes nothing, and one that was served before a crash is
    not served twice.
    """
    if request.kind == "raise_cancel":
        return _cancel(house, watch, request)
    account, _, rest = request.subject.partition("/")
    amount, _, day = rest.partition("/")
    try:
        wanted, by_day = Decimal(amount), date.fromisoformat(day)
    except (InvalidOperation, ValueError):
        return None
    known = {a.id for a in house.accounts if a.can_trade}
    if account not in known or not wanted.is_finite() or wanted <= ZERO:
        return None
    wish = CashReserved(
        account=account,
        amount=Money(wanted),
        by_day=by_day,
        by=request.by,
        asked_at=request.at,
    )
    if not any(row.event == wish for row in house.journal.events("cash_reserved")):
        house.journal.append(wish, actor=request.by)
    return run_cycle(house, watch, Wake(kind=WakeKind.PERSON, detail="raise"))


def _cancel(house: House, watch: Watch, request: Request) -> Outcome | None:
    """End every open reservation, or the one that is named, and look."""
    numbers = [wish.number for wish in reservations(house.journal)]
    if request.subject:
        numbers = [n for n in numbers if str(n) == request.subject]
    for number in numbers:
        house.journal.append(ReservationCancelled(number=number, by=request.by), actor=request.by)
    if not numbers:
        return None
    return run_cycle(house, watch, Wake(kind=WakeKind.PERSON, detail="raise cancelled"))


def begins_on(journal: JournalReader, wish: Reservation) -> date | None:
    """The day from which sales for a wish are made, by the policy of the last look; None before any."""
    looks = journal.cycles(limit=1)
    if not looks:
        return None
    rule = read_policy(journal, looks[0].policy).withdrawals
    return wish.by - timedelta(days=rule.begins_days_before)


def as_at_last_look(journal: JournalReader, wish: Reservation) -> Decision | None:
    """What the last look would have decided with this wish, were it due; None before any look."""
    looks = journal.cycles(limit=1)
    if not looks:
        return None
    seen = looks[0]
    snapshot = read_snapshot(journal, seen.snapshot)
    policy, memory = read_policy(journal, seen.policy), read_memory(journal, seen.memory)
    due = replace(wish, by=snapshot.day)
    session = snapshot.session
    middle = session.opens_at + (session.closes_at - session.opens_at) / 2
    any_age = replace(policy.prices, max_age_seconds=10**7)
    return decide(
        replace(snapshot, is_open=True, as_of=middle),
        replace(policy, prices=any_age),
        replace(memory, reserved=(*memory.reserved, due), run=None, run_legs=(), halted=""),
    )
