"""`trimtab lots allow`: a person lets one account make wash sales of one group, for a few days.

A deliberate wash pays only where the trade is worth more than the wash costs (WS-6 vii), so the worth
is asked for and held against an estimate of that cost. Only the daemon acts.
"""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from daemon.house import House
from daemon.journal.codec import read_snapshot
from daemon.requests.spool import Request
from daemon.taxes.ledger import JournalLedger, exchange_day
from policies.policy import Policy
from policies.taxes.harvest import HarvestYear, marginal_rates
from policies.taxes.netting import CapitalResult
from policies.taxes.reporting import recent_losses
from portfolio.events import Alarm
from portfolio.lot_events import WashAllowed
from portfolio.lots import Lot
from portfolio.money import ONE, ZERO, Money, finite
from portfolio.ports import JournalReader

MOST_DAYS: Final = 31
_UNKNOWN_RATE: Final = Decimal("0.408")
"""Without tax rates the highest federal one is taken: 37 % and the 3.8 % net investment income tax."""


def subject_of(account: str, symbol: str, until: date, worth: Money) -> str:
    """How a wish travels through the spool."""
    wish = {"account": account, "symbol": symbol, "until": str(until), "worth": str(worth)}
    return json.dumps(wish)


def wash_cost(
    policy: Policy, journal: JournalReader, account: str, symbol: str, day: date
) -> Money:
    """The tax that washing the group's losses in an account costs at most, USD: an estimate.

    The losses are those of the last 30 days that nothing has replaced, and those that the account's
    lots stand at by the last price known. Bought in an untaxed account a loss is gone for good and
    costs all that it saves; in a taxable one it comes back with the later sale, and costs the time.
    """
    rule = policy.lots
    book = JournalLedger(journal).book(rule.household)
    group = rule.household.group_of(symbol)
    taken = sum(
        (
            loss.loss
            for loss in recent_losses(book, day)
            if rule.household.group_of(loss.symbol) == group
        ),
        ZERO,
    )
    prices = _last_prices(journal)
    at_loss = sum(
        (
            _loss_of(lot, prices.get(lot.symbol))
            for lot in book.lots_of(account)
            if rule.household.group_of(lot.symbol) == group
        ),
        ZERO,
    )
    rate = _UNKNOWN_RATE
    if policy.taxes is not None:
        typed: CapitalResult = policy.taxes.typed_in(day.year)
        year = HarvestYear(day=day, rates=policy.taxes.rates, result=typed, rule=policy.harvest)
        rate = max(marginal_rates(year))
    cost = (taken + at_loss) * rate
    if rule.household.is_taxable(account):
        later = (ONE + policy.harvest.discount) ** -policy.harvest.horizon_years
        cost *= ONE - later
    return Money(cost.quantize(Decimal("0.01")))


def _loss_of(lot: Lot, price: Decimal | None) -> Decimal:
    if price is None or lot.basis is None:
        return ZERO
    return max(ZERO, lot.basis - price * lot.quantity)


def _last_prices(journal: JournalReader) -> dict[str, Decimal]:
    looks = journal.cycles(limit=1)
    if not looks:
        return {}
    return {s: q.price for s, q in read_snapshot(journal, looks[0].snapshot).quotes.items()}


def serve_exception(house: House, request: Request) -> None:
    """Record the exception; what is not worth its cost, or is no wish at all, is told and changes
    nothing. One that was served before a crash is not served twice."""
    try:
        found = json.loads(request.subject)
        account, symbol = str(found["account"]), str(found["symbol"])
        until, worth = date.fromisoformat(found["until"]), Money(finite(str(found["worth"])))
    except (ValueError, KeyError, TypeError):
        return
    day = exchange_day(house.clock.now())
    if account not in {a.id for a in house.accounts}:
        return
    if not day <= until <= day + timedelta(days=MOST_DAYS):
        return
    cost = wash_cost(house.policy, house.journal, account, symbol, day)
    if worth <= cost:
        text = (
            f"Wash sales of {symbol} in {account} stay barred: they would cost about {cost:,.2f} USD"
            f" of tax, and the trade is worth {worth:,.2f} to you."
        )
        house.journal.append(Alarm(name="wash sale", level="info", text=text), actor=request.by)
        return
    word = WashAllowed(
        account=account,
        symbol=symbol,
        until=until,
        worth=worth,
        cost=cost,
        by=request.by,
        reason=request.reason,
    )
    known = [row.event for row in house.journal.events("wash_allowed")]
    if word not in known[-1:]:
        house.journal.append(word, actor=request.by)
