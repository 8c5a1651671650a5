"""The world an account lives in, and what falls due in it as time passes.

The functions here only read the books and yield entries; the exchange books each entry before it
asks for the next one, so that a later entry sees what an earlier one has changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from brokers.simulated.books import BookedOrder, Books
from brokers.simulated.entries import Entry, Filled, FlowBooked, InterestAccrued
from brokers.simulated.happenings import ended, event_entries, flow_id
from brokers.simulated.market import SimulatedMarket
from brokers.simulated.matching import (
    fee_so_far,
    fill_price,
    next_step,
    room_in_session,
    volume_steps,
)
from brokers.simulated.price_file import BillRates, read_bill_rates
from brokers.simulated.settings import SimulatedSettings, instrument_of
from brokers.simulated.world_events import AccountEvent, event_keys, happens_at
from portfolio.memory import FlowKind
from portfolio.money import CENT, ZERO, Money, Price, Quantity
from portfolio.orders import Side
from portfolio.snapshot import Session

_INTEREST_STEP = Decimal("1e-12")


@dataclass(frozen=True, slots=True, kw_only=True)
class DueEvent:
    """An event of the script with its instant and its name."""

    at: datetime
    key: str
    event: AccountEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The market, the rules of the account, and its script in order of time."""

    market: SimulatedMarket
    settings: SimulatedSettings
    bill_rates: BillRates | None
    script: tuple[DueEvent, ...]


def make_world(market: SimulatedMarket, settings: SimulatedSettings) -> World:
    """Put a world together. Raises `ValueError` for an event on a day that is no session, and
    `PriceFileError` for a file of bill rates that is none."""
    events = tuple(e for e in settings.events if isinstance(e, AccountEvent))
    script = [
        DueEvent(at=happens_at(event, market.session_of(event.session)), key=key, event=event)
        for key, event in zip(event_keys(events), events, strict=True)
    ]
    rates = settings.bill_rates
    return World(
        market=market,
        settings=settings,
        bill_rates=rates if isinstance(rates, BillRates | None) else read_bill_rates(rates),
        script=tuple(sorted(script, key=lambda due: due.at)),
    )


def next_moment(world: World, books: Books) -> datetime | None:
    """The first instant after the books' own at which something may happen; None when nothing will.

    It stays the same until the books have reached it or have booked something.
    """
    return min((m for m in _moments(world, books) if m > books.at), default=None)


def _moments(world: World, books: Books) -> Iterator[datetime]:
    following = world.market.next_or_none(books.at)
    if following is not None:
        yield following.opens_at
    for due in world.script:
        if due.at > books.at:
            yield due.at
            break
    for order in books.open_orders():
        session = world.market.session_of(order.taken.session)
        yield session.closes_at
        yield order.taken.fillable_from
        if order.cancel_due_at is not None:
            yield order.cancel_due_at
        every = world.settings.volume_every
        if every is not None and session.is_open(books.at):
            yield next_step(session, books.at, every)


def entries_due(world: World, books: Books) -> Iterator[Entry]:
    """Everything that happens at the books' own instant, in this order: interest; the script; cancels;
    expiry; fills, oldest order first."""
    session = _session_or_none(world, books.at)
    if session is not None and books.at == session.opens_at:
        yield from _interest(world, books, session)
    for due in world.script:
        if due.at == books.at and due.key not in books.passed_events:
            yield from event_entries(due.event, due.key, books, world.market, world.settings)
    for order in books.open_orders():
        number = order.taken.broker_order_id
        if order.cancel_due_at is not None and order.cancel_due_at <= books.at:
            yield ended(books, number, "canceled", "canceled on request")
        elif books.at >= world.market.session_of(order.taken.session).closes_at:
            yield ended(books, number, "expired", "the session has closed")
    yield from fills_due(world, books)


def fills_due(world: World, books: Books) -> Iterator[Entry]:
    """Fills of the open orders at the books' instant, as far as price and volume go."""
    session = _session_or_none(world, books.at)
    if books.fills_held or session is None or not session.is_open(books.at):
        return
    for order in books.open_orders():
        taken = order.taken
        sides = world.market.bid_ask(taken.symbol, books.at)
        if taken.session != session.day or books.at < taken.fillable_from or sides is None:
            continue
        price = fill_price(taken.side, taken.worst_price, *sides)
        quantity = min(order.open_quantity, _room(world, books, order, session))
        if price is not None and quantity > ZERO:
            yield fill(world, books, order, Quantity(quantity), price)


def fill(
    world: World, books: Books, order: BookedOrder, quantity: Quantity, price: Price
) -> Filled:
    """One execution of an order at the books' instant; the fee is what is still to be charged."""
    filled = order.filled_quantity + quantity
    value = order.filled_value + quantity * price
    fee = fee_so_far(world.settings.fees, filled, value) - order.fees
    settles_at = None
    if order.taken.side is Side.SELL and not world.settings.instant_settlement:
        following = world.market.next_or_none(books.at)
        settles_at = books.at + timedelta(days=1) if following is None else following.opens_at
    return Filled(
        at=books.at,
        execution_id=f"{books.number}-fill-{len(books.fills) + 1:06}",
        broker_order_id=order.taken.broker_order_id,
        quantity=quantity,
        price=price,
        fee=Money(fee),
        settles_at=settles_at,
    )


def _room(world: World, books: Books, order: BookedOrder, session: Session) -> Decimal:
    settings, taken = world.settings, order.taken
    room = room_in_session(
        world.market.average_daily_volume,
        settings.max_volume_share,
        volume_steps(session, books.at, settings.volume_every),
        instrument_of(settings, taken.symbol).quantity_step(fractional=settings.fractional),
    )
    if room is None:
        return order.open_quantity
    return room - books.traded_in(taken.symbol, session.day)


def _interest(world: World, books: Books, session: Session) -> Iterator[Entry]:
    """Cash times the bill rate of the session before, by calendar days over 365; paid in whole cents
    on the first session of a month, the rest is carried."""
    previous = world.market.previous_or_none(session)
    if world.bill_rates is None or previous is None:
        return
    days = (session.day - max(previous.day, books.opened_on)).days
    rate = world.bill_rates.on(previous.day)
    if days > 0 and rate is not None and books.cash > ZERO:
        amount = (books.cash * rate * days / 36500).quantize(_INTEREST_STEP)
        if amount > ZERO:
            yield InterestAccrued(at=books.at, amount=Money(amount))
    payable = books.accrued_interest.quantize(CENT, rounding=ROUND_DOWN)
    if session.day.month != previous.day.month and payable > ZERO:
        yield FlowBooked(
            at=books.at,
            flow_id=flow_id(books),
            flow=FlowKind.INTEREST,
            amount=Money(payable),
            day=session.day,
        )


def _session_or_none(world: World, at: datetime) -> Session | None:
    if at < world.market.first_session.opens_at:
        return None
    return world.market.current_or_previous(at)
