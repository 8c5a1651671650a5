"""What a decision may know of the tax year: realised so far, recent dividends, harvests refused."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from daemon.house import House
from daemon.taxes.ledger import exchange_day
from daemon.taxes.open_gifts import open_gifts
from daemon.taxes.tickets import open_tickets
from policies.taxes.reporting import realised_in
from policies.taxes.wash import WINDOW_DAYS
from portfolio.decisions import Proposal
from portfolio.events import ApprovalEnded, ApprovalRequested, RunOpened
from portfolio.gifts import GiftShares
from portfolio.lot_events import WashAllowed
from portfolio.memory import CashFlow, FlowKind, RealisedYear, StandIn, WashException
from portfolio.money import ZERO
from portfolio.orders import OrderIntent
from portfolio.ports import JournalReader

STAND_IN_DAYS = 731
"""A partner that was kept for two years is the household's own by now."""
DIVIDEND_DAYS = 60
"""Half of the window in which a dividend needs its holding period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxPast:
    """The part of a memory that taxes need; empty for a household without tax rates."""

    realised: RealisedYear | None = None
    dividends: tuple[CashFlow, ...] = ()
    harvest_refused_on: date | None = None
    tickets: tuple[OrderIntent, ...] = ()
    wash_exceptions: tuple[WashException, ...] = ()
    promised: tuple[GiftShares, ...] = ()
    stood_in: tuple[StandIn, ...] = ()


def tax_past(house: House, day: date) -> TaxPast:
    """Derive it from the journal, as of a session."""
    guards = house.policy.lots.guards
    past = TaxPast(
        tickets=_tickets(house, day) if guards else (),
        wash_exceptions=wash_exceptions(house.journal, day) if guards else (),
        promised=tuple(part for gift in open_gifts(house.journal) for part in gift.shares),
    )
    if house.policy.taxes is None:
        return past
    return replace(
        past,
        realised=_realised(house, day),
        dividends=tuple(
            flow
            for flow in house.journal.flows(since=day - timedelta(days=DIVIDEND_DAYS))
            if flow.kind is FlowKind.DIVIDEND and flow.symbol is not None and flow.amount > ZERO
        ),
        harvest_refused_on=_refused_on(house),
        stood_in=_stood_in(house, day),
    )


def _tickets(house: House, day: date) -> tuple[OrderIntent, ...]:
    """Open tickets of the last 30 days: what was asked before that is not done any more."""
    if all(account.can_trade for account in house.accounts):
        return ()
    since = day - timedelta(days=WINDOW_DAYS)
    return tuple(
        ticket.leg.intent
        for ticket in open_tickets(house.journal, house.accounts)
        if exchange_day(ticket.at) >= since
    )


def _stood_in(house: House, day: date) -> tuple[StandIn, ...]:
    """From the plans of accepted harvests, as far back as `STAND_IN_DAYS`."""
    if house.policy.harvest.declared_on is None:
        return ()
    since = day - timedelta(days=STAND_IN_DAYS)
    found: list[StandIn] = []
    for opened in house.journal.events("run_opened"):
        event = opened.event
        if not isinstance(event, RunOpened) or not event.run.is_harvest:
            continue
        if exchange_day(opened.at) < since:
            continue
        look = house.journal.cycle(event.run.opened_cycle)
        if look is not None and isinstance(look.decision, Proposal):
            found += [
                StandIn(
                    account=step.account,
                    symbol=step.symbol,
                    partner=step.partner,
                    sold_on=look.session,
                )
                for step in look.decision.harvests
                if step.partner is not None
            ]
    return tuple(found)


def wash_exceptions(journal: JournalReader, day: date) -> tuple[WashException, ...]:
    """What a person excepted from the wash-sale guards, as far as it still holds on a day."""
    return tuple(
        WashException(account=event.account, symbol=event.symbol, until=event.until)
        for recorded in journal.events("wash_allowed")
        if isinstance(event := recorded.event, WashAllowed) and day <= event.until
    )


def _realised(house: House, day: date) -> RealisedYear | None:
    if house.lots is None:
        return None
    return realised_in(house.lots.book(house.policy.lots.household), day)


def _refused_on(house: House) -> date | None:
    """The day on which a person last turned down, or let expire, a proposal to harvest."""
    if house.policy.harvest.declared_on is None:
        return None
    journal = house.journal
    for ended in journal.events("approval_ended", newest_first=True, limit=20):
        event = ended.event
        if not isinstance(event, ApprovalEnded) or event.outcome not in ("rejected", "expired"):
            continue
        for asked in journal.events("approval_requested", newest_first=True, limit=40):
            request = asked.event
            if (
                isinstance(request, ApprovalRequested)
                and request.proposal_hash == event.proposal_hash
            ):
                look = journal.cycle(request.cycle)
                if (
                    look is not None
                    and isinstance(look.decision, Proposal)
                    and look.decision.harvests
                ):
                    return house.sessions.current_or_previous(ended.at).day
                break
    return None
