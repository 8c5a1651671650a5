"""What a scripted event does to the books: cash flows, dividends, splits."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Literal, assert_never

from brokers.simulated.admission import withdrawable
from brokers.simulated.books import Books
from brokers.simulated.entries import (
    Entry,
    EventPassed,
    FlowBooked,
    OrderEnded,
    Renamed,
    SplitBooked,
)
from brokers.simulated.market import NEW_YORK, SimulatedMarket
from brokers.simulated.settings import SimulatedSettings, instrument_of
from brokers.simulated.world_events import (
    AccountEvent,
    Deposit,
    Dividend,
    Rename,
    Split,
    Withdrawal,
)
from portfolio.memory import FlowKind
from portfolio.money import ZERO, Money, Quantity, round_down, to_cents


def flow_id(books: Books) -> str:
    """The id of the next flow of the account."""
    return f"{books.number}-flow-{len(books.flows) + 1:06}"


def day_at_exchange(books: Books) -> date:
    """The date in New York at the books' instant."""
    return books.at.astimezone(NEW_YORK).date()


def ended(
    books: Books,
    broker_order_id: str,
    status: Literal["canceled", "expired", "rejected"],
    reason: str,
) -> OrderEnded:
    """The end of an order at the books' instant."""
    return OrderEnded(at=books.at, broker_order_id=broker_order_id, status=status, reason=reason)


def flow(
    books: Books, kind: FlowKind, amount: Decimal, *, symbol: str | None = None, event: str = ""
) -> FlowBooked:
    """A flow at the books' instant, booked on the day at the exchange."""
    return FlowBooked(
        at=books.at,
        flow_id=flow_id(books),
        flow=kind,
        amount=Money(amount),
        day=day_at_exchange(books),
        symbol=symbol,
        event=event,
    )


def event_entries(
    event: AccountEvent,
    key: str,
    books: Books,
    market: SimulatedMarket,
    settings: SimulatedSettings,
) -> Iterator[Entry]:
    """The entries of one event at the books' instant; at least one, so that it is remembered."""
    match event:
        case Deposit():
            yield flow(books, FlowKind.DEPOSIT, event.amount, event=key)
        case Withdrawal():
            room = withdrawable(books, settings)
            if event.amount > room:
                note = f"a withdrawal of {event.amount} was refused, {to_cents(room)} may leave"
                yield EventPassed(at=books.at, event=key, note=note)
            else:
                yield flow(books, FlowKind.WITHDRAWAL, -event.amount, event=key)
        case Dividend():
            paid = to_cents(books.held(event.symbol) * event.per_share)
            if paid > ZERO:
                yield flow(books, FlowKind.DIVIDEND, paid, symbol=event.symbol, event=key)
            else:
                note = f"a dividend of {event.symbol} paid nothing on what was held"
                yield EventPassed(at=books.at, event=key, note=note)
        case Split():
            yield from split_entries(event, key, books, market, settings)
        case Rename():
            yield from _rename_entries(event, key, books)
        case _:
            assert_never(event)


def _rename_entries(event: Rename, key: str, books: Books) -> Iterator[Entry]:
    yield from _end_orders_in(event.symbol, books, f"{event.symbol} is now {event.to}")
    if books.held(event.symbol) == ZERO:
        yield EventPassed(at=books.at, event=key, note=f"no {event.symbol} was held at its rename")
        return
    yield Renamed(at=books.at, symbol=event.symbol, to=event.to, event=key)


def _end_orders_in(symbol: str, books: Books, reason: str) -> Iterator[Entry]:
    for order in books.open_orders():
        if order.taken.symbol == symbol:
            yield ended(books, order.taken.broker_order_id, "canceled", reason)


def split_entries(
    event: Split, key: str, books: Books, market: SimulatedMarket, settings: SimulatedSettings
) -> Iterator[Entry]:
    """End the resting orders of the symbol, split the holding, pay what is no whole step in cash.

    A step is a share, or nine decimals where the symbol is fractionable.
    """
    yield from _end_orders_in(event.symbol, books, f"{event.symbol} was split {event.ratio} for 1")
    held = books.held(event.symbol)
    if held == ZERO:
        yield EventPassed(at=books.at, event=key, note=f"no {event.symbol} was held at its split")
        return
    step = instrument_of(settings, event.symbol).quantity_step(fractional=settings.fractional)
    whole = round_down(held * event.ratio, step)
    yield SplitBooked(
        at=books.at,
        flow_id=flow_id(books),
        symbol=event.symbol,
        ratio=event.ratio,
        quantity=Quantity(whole),
        day=day_at_exchange(books),
        event=key,
    )
    rest = to_cents((held * event.ratio - whole) * market.count_price(event.symbol, books.at))
    if rest > ZERO:
        yield flow(books, FlowKind.OTHER, rest, symbol=event.symbol)
