"""Withdrawals that a person has announced: what is still to be taken out, from the journal."""

from portfolio.events import FlowSeen
from portfolio.memory import FlowKind, Reservation
from portfolio.money import ZERO, Money
from portfolio.ports import JournalReader
from portfolio.reserving import CashReserved, ReservationCancelled


def reservations(journal: JournalReader) -> tuple[Reservation, ...]:
    """Those that are neither cancelled nor taken out, oldest first.

    A withdrawal counts against the oldest reservation of its account.
    """
    rows = journal.events("cash_reserved", "reservation_cancelled")
    open_: dict[int, Reservation] = {}
    for row in rows:
        if isinstance(row.event, CashReserved):
            said = row.event
            open_[row.seq] = Reservation(
                number=row.seq, account=said.account, amount=said.amount, by=said.by_day
            )
        elif isinstance(row.event, ReservationCancelled):
            open_.pop(row.event.number, None)
    if not open_:
        return ()
    left = {number: wish.amount for number, wish in open_.items()}
    for row in journal.events("flow_seen", after=min(open_)):
        if isinstance(row.event, FlowSeen) and row.event.flow.kind is FlowKind.WITHDRAWAL:
            gone = -row.event.flow.amount
            for number, wish in open_.items():
                if number < row.seq and wish.account == row.event.flow.account:
                    taken = min(left[number], max(gone, ZERO))
                    left[number], gone = Money(left[number] - taken), Money(gone - taken)
    return tuple(
        Reservation(number=number, account=wish.account, amount=left[number], by=wish.by)
        for number, wish in open_.items()
        if left[number] > ZERO
    )
