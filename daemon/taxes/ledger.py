"""The household's lots from the journal: every fill, split, import and confirmed ticket, replayed.

The journal keeps facts; what they mean for taxes depends on identity groups and accounts, which the
configuration says. So the ledger is derived, never stored, and brought forward as the journal grows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from config.tax_history import events_of
from daemon.taxes.activities import fact_of_flow, only_a_person_knows, shares_of
from policies.taxes.events import (
    Acquired,
    Exchanged,
    Moved,
    Renamed,
    Sold,
    Split,
    SpunOff,
    TaxEvent,
)
from policies.taxes.ledger import HouseholdLedger, TaxBook
from policies.taxes.wash import TaxHousehold
from portfolio.events import (
    FillBooked,
    FlowSeen,
    PositionsAccepted,
)
from portfolio.gifts import GiftState
from portfolio.lot_events import GiftMoved, LotsImported, TicketAnswered
from portfolio.lots import Lot
from portfolio.money import ZERO, Money, Quantity, exact_arithmetic
from portfolio.orders import Fill, Side
from portfolio.ports import JournalReader
from portfolio.records import Recorded

KINDS: Final = (
    "fill_booked",
    "flow_seen",
    "gift_moved",
    "lots_imported",
    "positions_accepted",
    "ticket_answered",
)
_EXCHANGE = ZoneInfo("America/New_York")
_NOTICED_WITHIN: Final = timedelta(days=30)
"""A new symbol was held for at most so long before the holdings under it were accepted."""


class JournalLedger:
    """The ledger of one journal, kept up to date at each question."""

    def __init__(self, journal: JournalReader) -> None:
        self._journal = journal
        self._seq = 0
        self._records: list[Recorded] = []
        self._facts: tuple[TaxEvent, ...] = ()
        self._applied: tuple[TaxEvent, ...] = ()
        self._household: TaxHousehold | None = None
        self._ledger: HouseholdLedger | None = None
        self._book: TaxBook | None = None

    def facts(self) -> tuple[TaxEvent, ...]:
        """Everything that happened to lots, by date; facts of a day in the order they were booked."""
        news = self._journal.events(*KINDS, after=self._seq)
        if news:
            self._seq = news[-1].seq
            self._records += news
            with exact_arithmetic():
                self._facts = tuple(sorted(_facts_of(self._records), key=lambda fact: fact.on))
        return self._facts

    def book(self, household: TaxHousehold) -> TaxBook:
        """Lots, realised slices and open losses of the household as of the journal's last row."""
        facts = self.facts()
        known = len(self._applied)
        grown = (
            self._ledger is not None
            and self._household == household
            and facts[:known] == self._applied
        )
        if not grown:
            self._ledger, self._book, known = HouseholdLedger(household), None, 0
            self._household = household
        if self._ledger is None:
            raise AssertionError("a ledger was just made")
        for fact in facts[known:]:
            self._ledger.apply(fact)
        if self._book is None or known < len(facts):
            self._book = self._ledger.book()
        self._applied = facts
        return self._book


def _facts_of(records: Sequence[Recorded]) -> list[TaxEvent]:
    """The journal's rows as facts of the ledger, imported histories first."""
    imports = [r.event for r in records if isinstance(r.event, LotsImported)]
    adopted = {
        r.event.account: exchange_day(r.at)
        for r in reversed(records)
        if isinstance(r.event, PositionsAccepted)
    }
    facts: list[TaxEvent] = []
    units: dict[tuple[str, str], Decimal] = {}
    late: list[TaxEvent] = []
    for imported in imports:
        if imported.form == "history":
            for fact in events_of(imported.source, imported.rows):
                if fact.on <= adopted.get(_account_of(fact), date.max):
                    _add(facts, units, fact)
                elif only_a_person_knows(fact):
                    late.append(fact)
    late.sort(key=lambda fact: fact.on, reverse=True)
    for recorded in records:
        # Before holdings are counted again, what a person told of them up to that day.
        while late and late[-1].on <= exchange_day(recorded.at):
            _add(facts, units, late.pop())
        if isinstance(recorded.event, PositionsAccepted):
            _rename(facts, units, recorded.event, exchange_day(recorded.at))
        for fact in _of_record(recorded, units):
            _add(facts, units, fact)
    for fact in reversed(late):
        _add(facts, units, fact)
    return facts


def _rename(
    facts: list[TaxEvent],
    units: dict[tuple[str, str], Decimal],
    event: PositionsAccepted,
    day: date,
) -> None:
    """Holdings that are listed anew, from before the first trade under their new symbol on.

    Whoever held that symbol longer ago held something else of the same name.
    """
    for old, new in event.renamed.items():
        at = len(facts)
        for number in range(len(facts) - 1, -1, -1):
            place, on = _place_of(facts[number]), facts[number].on
            if place == (event.account, old) or on < day - _NOTICED_WITHIN:
                break
            if place == (event.account, new):
                at, day = number, on
        facts.insert(at, Renamed(on=day, account=event.account, symbol=old, into=new))
        units.clear()
        for fact in facts:
            _count(units, fact)


def _add(facts: list[TaxEvent], units: dict[tuple[str, str], Decimal], fact: TaxEvent) -> None:
    """One more fact; fills of one sale become one, for only the whole order says what is left."""
    _count(units, fact)
    if isinstance(fact, Sold):
        for i in range(len(facts) - 1, -1, -1):
            earlier = facts[i]
            if isinstance(earlier, Sold) and _same_sale(earlier, fact):
                facts[i] = Sold(
                    on=fact.on,
                    sale=fact.sale,
                    account=fact.account,
                    symbol=fact.symbol,
                    quantity=Quantity(earlier.quantity + fact.quantity),
                    proceeds=Money(earlier.proceeds + fact.proceeds),
                )
                return
            if earlier.on < fact.on:
                break
    facts.append(fact)


def _same_sale(one: Sold, other: Sold) -> bool:
    return (one.account, one.sale, one.on, one.symbol, one.lots) == (
        other.account,
        other.sale,
        other.on,
        other.symbol,
        (),
    )


def _count(units: dict[tuple[str, str], Decimal], fact: TaxEvent) -> None:
    match fact:
        case Acquired():
            key, change = (fact.lot.account, fact.lot.symbol), Decimal(fact.lot.quantity)
        case Sold() | Moved():
            key, change = (fact.account, fact.symbol), -Decimal(fact.quantity)
            if isinstance(fact, Moved) and fact.to:
                to = (fact.to, fact.symbol)
                units[to] = units.get(to, ZERO) + fact.quantity
        case Split():
            key = (fact.account, fact.symbol)
            change = units.get(key, ZERO) * (fact.ratio - 1)
        case SpunOff() | Exchanged() | Renamed():
            key = (fact.account, fact.into)
            old = (fact.account, fact.symbol)
            change = units.get(old, ZERO) * fact.ratio
            if not isinstance(fact, SpunOff):
                units[old] = ZERO
        case _:
            return
    units[key] = max(ZERO, units.get(key, ZERO) + change)


def _of_record(recorded: Recorded, units: Mapping[tuple[str, str], Decimal]) -> Iterable[TaxEvent]:
    day = exchange_day(recorded.at)
    match recorded.event:
        case FillBooked(fill=fill):
            yield of_fill(fill)
        case FlowSeen(flow=flow):
            yield from fact_of_flow(flow)
        case PositionsAccepted():
            yield from _accepted(recorded.event, recorded.seq, day, units)
        case LotsImported(form="positions"):
            yield from _positions(recorded.event, recorded.seq, day, units)
        case GiftMoved(state=GiftState.TRANSFERRED, gift=gift):
            for part in gift.shares:
                yield Moved(
                    on=day,
                    account=part.account,
                    symbol=part.symbol,
                    quantity=part.shares,
                    lots=((part.lot_id, part.shares),),
                )
        case TicketAnswered(done=True):
            yield from _ticket(recorded.event, recorded.seq)
        case _:
            return


def of_fill(fill: Fill) -> TaxEvent:
    """A purchase is a lot of its order; a sale's proceeds are net of its fee."""
    day = exchange_day(fill.at)
    if fill.side is Side.SELL:
        return Sold(
            on=day,
            sale=fill.broker_order_id,
            account=fill.account,
            symbol=fill.symbol,
            quantity=shares_of(fill.symbol, fill.quantity),
            proceeds=Money(fill.price * shares_of(fill.symbol, fill.quantity) - fill.fee),
        )
    lot = Lot(
        lot_id=fill.execution_id,
        symbol=fill.symbol,
        quantity=shares_of(fill.symbol, fill.quantity),
        acquired_on=day,
        basis=Money(fill.price * shares_of(fill.symbol, fill.quantity) + fill.fee),
        account=fill.account,
        buy_order=fill.broker_order_id,
    )
    return Acquired(on=day, lot=lot)


def _accepted(
    event: PositionsAccepted, seq: int, day: date, units: Mapping[tuple[str, str], Decimal]
) -> Iterator[TaxEvent]:
    """What is held beyond what is known has no date, and the broker's average cost at best; what is
    known beyond what is held has left."""
    known = {symbol for account, symbol in units if account == event.account}
    for symbol in sorted(known | set(event.quantities)):
        has = units.get((event.account, symbol), ZERO)
        more = shares_of(symbol, max(event.quantities.get(symbol, ZERO), ZERO)) - has
        if more > ZERO:
            average = event.average_costs.get(symbol)
            lot = Lot(
                lot_id=f"unknown-{symbol}-{seq}",
                symbol=symbol,
                quantity=Quantity(more),
                basis=None if average is None else Money(average * more),
                account=event.account,
            )
            yield Acquired(on=day, lot=lot)
        elif more < ZERO:
            yield Moved(on=day, account=event.account, symbol=symbol, quantity=Quantity(-more))


def _positions(
    event: LotsImported, seq: int, day: date, units: Mapping[tuple[str, str], Decimal]
) -> Iterator[TaxEvent]:
    """Lots as a broker lists them replace what the ledger had of the same symbol and account."""
    lots = [fact.lot for fact in events_of(event.source, event.rows) if isinstance(fact, Acquired)]
    for key in dict.fromkeys((lot.account, lot.symbol) for lot in lots):
        if units.get(key, ZERO) > ZERO:
            yield Moved(on=day, account=key[0], symbol=key[1], quantity=Quantity(units[key]))
    for number, lot in enumerate(lots, start=1):
        name = lot.lot_id if lot.lot_id != f"B{number}" else f"import-{seq}-{number}"
        yield Acquired(on=day, lot=replace(lot, lot_id=name))


def _ticket(event: TicketAnswered, seq: int) -> Iterator[TaxEvent]:
    name = f"ticket-{seq}"
    value = Money(event.quantity * event.price)
    if event.side is Side.SELL:
        yield Sold(
            on=event.day,
            sale=name,
            account=event.account,
            symbol=event.symbol,
            quantity=event.quantity,
            proceeds=value,
            lots=tuple(event.lots.items()),
        )
    else:
        lot = Lot(
            lot_id=name,
            symbol=event.symbol,
            quantity=event.quantity,
            acquired_on=event.day,
            basis=value,
            account=event.account,
        )
        yield Acquired(on=event.day, lot=lot)


def _account_of(fact: TaxEvent) -> str:
    return fact.lot.account if isinstance(fact, Acquired) else fact.account


def _place_of(fact: TaxEvent) -> tuple[str, str]:
    of = fact.lot if isinstance(fact, Acquired) else fact
    return of.account, of.symbol


def exchange_day(at: datetime) -> date:
    """The trade date: an evening in New York is tomorrow in UTC (HP-4)."""
    return at.astimezone(_EXCHANGE).date()
