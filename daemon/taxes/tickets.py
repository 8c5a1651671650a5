"""Tickets: orders in accounts that trimtab cannot trade, for a person to do there and to confirm."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from portfolio.accounts import Account
from portfolio.decisions import PlannedLeg, Proposal
from portfolio.lot_events import TicketAnswered
from portfolio.money import ZERO, Quantity
from portfolio.ports import JournalReader

LOOK_BACK: Final = 50
"""A ticket is of the latest plan that has any, at most so many looks ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One order for a person; `name` is its look and its place in it."""

    name: str
    at: datetime
    leg: PlannedLeg


def open_tickets(journal: JournalReader, accounts: tuple[Account, ...]) -> tuple[Ticket, ...]:
    """The unanswered tickets of the latest plan that has any."""
    elsewhere = {a.id for a in accounts if not a.can_trade}
    answered = {
        r.event.ticket
        for r in journal.events("ticket_answered")
        if isinstance(r.event, TicketAnswered)
    }
    for look in journal.cycles(limit=LOOK_BACK):
        if not isinstance(look.decision, Proposal):
            continue
        legs = [leg for leg in look.decision.advice if leg.intent.account in elsewhere]
        if legs:
            tickets = (
                Ticket(name=f"{look.cycle}-{n}", at=look.at, leg=leg)
                for n, leg in enumerate(legs, start=1)
            )
            return tuple(t for t in tickets if t.name not in answered)
    return ()


def lots_named(leg: PlannedLeg, quantity: Decimal) -> dict[str, Quantity]:
    """The lots that a ticket's sale takes, cut to what was sold; empty where they do not suffice."""
    left, named = quantity, {}
    for sale in leg.lots:
        part = min(left, sale.quantity)
        if part > ZERO:
            named[sale.lot_id] = Quantity(part)
            left -= part
    return named if left == ZERO else {}
