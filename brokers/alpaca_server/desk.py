"""The back office of a local Alpaca: one account, one lock, and the news of what happens in it.

Every call holds the lock, so that news leaves in the order in which things happened. Each change
happens at least a microsecond after the one before, also while the clock stands still.
"""

import copy
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from brokers.alpaca_server.faults import OrderAct, Switches
from brokers.alpaca_server.settings import ServerSettings
from brokers.alpaca_server.stories import Story, order_row
from brokers.alpaca_server.wire_text import id_of
from brokers.simulated.books import BookedOrder, Books
from brokers.simulated.entries import CancelAsked, Entry, Filled, OrderEnded, OrderTaken
from brokers.simulated.exchange import Exchange
from brokers.simulated.market import NEW_YORK, SimulatedMarket
from brokers.simulated.settings import SimulatedSettings
from brokers.simulated.store import IN_MEMORY, open_store
from brokers.simulated.world import make_world
from brokers.simulated.world_events import AccountEvent
from portfolio.money import (
    FRACTION_OF_SHARE,
    SHARE,
    ZERO,
    Quantity,
    exact_arithmetic,
    round_down,
)
from portfolio.orders import OrderIntent
from portfolio.ports import Accepted, Clock, Exists, Refused
from portfolio.snapshot import Session

T = TypeVar("T")
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Something happened to an order: Alpaca's word for it and the order as it was then.

    Of a fill: its quantity, price and execution, and the position after it.
    """

    event: str
    at: datetime
    order: dict[str, object]
    execution_id: str = ""
    quantity: Quantity | None = None
    price: Decimal | None = None
    position: Quantity | None = None


@dataclass(slots=True, kw_only=True)
class Configuration:
    """What the owner of the account has set. Not frozen: PATCH changes it."""

    fractional_trading: bool = True
    no_shorting: bool = True
    suspend_trade: bool = False
    ptp_no_exception_entry: bool = False
    disable_overnight_trading: bool = False
    max_margin_multiplier: str = "1"
    max_options_trading_level: int = 0
    trade_confirm_email: str = "all"


@dataclass(slots=True, kw_only=True)
class _Kept:
    """What the desk remembers beside the exchange's books."""

    stories: dict[str, Story] = field(default_factory=dict)
    by_id: dict[str, str] = field(default_factory=dict)
    awaited: dict[str, Story] = field(default_factory=dict)
    equities: dict[date, Decimal] = field(default_factory=dict)
    events: list[tuple[date, AccountEvent]] = field(default_factory=list)


class Desk:
    """One account at a simulated exchange. `tell` hears of everything that happens to an order."""

    def __init__(
        self, settings: ServerSettings, simulated: SimulatedSettings, clock: Clock
    ) -> None:
        self.settings = settings
        self.market = SimulatedMarket(simulated)
        self.configuration = Configuration()
        self.tell: Callable[[Happened], None] = lambda _: None
        self.switches = Switches()
        self._clock = clock
        self._lock = threading.RLock()
        self._kept = _Kept()
        store = open_store(IN_MEMORY, read_only=False)
        number = settings.account_number
        self._exchange = Exchange(make_world(self.market, simulated), store, number)
        self._exchange.on_entries = self._hear
        self._latest = clock.now()
        self.position_lag = timedelta(0)
        self._mirror = copy.deepcopy(self._exchange.read(self._latest, lambda books: books))
        self._count_equity()

    # time

    def now(self) -> datetime:
        """The market's time; it never goes back."""
        with self._lock:
            self._latest = max(self._clock.now(), self._latest)
            return self._latest

    def _moment(self) -> datetime:
        """The instant of a change: after everything that was ever said."""
        self._latest = max(self._clock.now(), self._latest + _MICROSECOND)
        return self._latest

    def live(self) -> None:
        """Let what is due happen."""
        with self._at_work():
            self._exchange.read(self.now(), lambda _: None)
            self._count_equity()

    # looking

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        with self._lock, exact_arithmetic():
            yield

    def look(self, at_books: Callable[[Books, datetime], T]) -> T:
        """What is found in the books now; they must not be changed."""
        with self._at_work():
            now = self.now()
            result = self._exchange.read(now, lambda books: at_books(books, now))
            self._count_equity()
            return result

    def session(self, at: datetime) -> Session | None:
        """The open session; None when none is."""
        return self.market.current_or_previous(at) if self.market.is_open(at) else None

    def simulated(self) -> SimulatedSettings:
        """The rules of the exchange as they are now."""
        return self._exchange.world.settings

    def story(self, number: str) -> Story:
        """What is told of an order beside the books."""
        return self._kept.stories[number]

    def number_of(self, order_id: str) -> str | None:
        """The exchange's number of an order, from its UUID."""
        return self._kept.by_id.get(order_id.lower())

    def row(self, order: BookedOrder, at: datetime) -> dict[str, object]:
        """An order as Alpaca writes it."""
        return order_row(order, self.story(order.taken.broker_order_id), at)

    def equities(self) -> dict[date, Decimal]:
        """The account's last equity of each session so far."""
        with self._lock:
            return dict(self._kept.equities)

    def happenings(self) -> Sequence[tuple[date, AccountEvent]]:
        """Splits and dividends that came, with their day: scripted and not."""
        with self._lock:
            today = self.now().astimezone(NEW_YORK).date()
            script = (
                (due.at.astimezone(NEW_YORK).date(), due.event)
                for due in self._exchange.world.script
            )
            return [(day, e) for day, e in script if day <= today] + list(self._kept.events)

    # orders

    def submit(
        self, client_order_id: str, intent: OrderIntent, story: Story
    ) -> BookedOrder | Refused | Exists:
        """Take an order. The answer is the order as it arrived, before anything happened to it."""
        with self._at_work():
            act = self.switches.next_order()
            held = self._hold_fills(hold=True) if act else False
            self._kept.awaited[client_order_id] = story
            try:
                outcome = self._exchange.submit(client_order_id, intent, self._moment())
                if act and isinstance(outcome, Accepted):
                    self._spoil(outcome.order.broker_order_id, act)
            finally:
                self._kept.awaited.pop(client_order_id, None)
                if act:
                    self._hold_fills(hold=held)
            return self._arrived(outcome)

    def _hold_fills(self, *, hold: bool) -> bool:
        """Hold fills back or let them go; whether they were held back before."""
        before = self._mirror.fills_held
        self._exchange.switch(self._moment(), fills_held=hold)
        return before

    def _spoil(self, number: str, act: OrderAct) -> None:
        """What a fault makes of an order that has just arrived."""
        if act == "reject":
            self._exchange.reject(number, "rejected by the exchange", self._moment())
            return
        wanted = self._mirror.orders[number].taken.quantity
        half = round_down(wanted / 2, SHARE if wanted >= 2 * SHARE else FRACTION_OF_SHARE)
        if half and self.market.is_open(self.now()):
            with suppress(ValueError):  # its limit does not let it fill
                self._exchange.fill_now(number, Quantity(half), self._moment())
        self._exchange.cancel(number, self._moment())

    def replace(
        self, number: str, client_order_id: str, intent: OrderIntent, story: Story
    ) -> BookedOrder | Refused | Exists:
        """Put another order in the place of an open one. Raises `ValueError` when it is not open."""
        with self._at_work():
            old = self.story(number)
            self._kept.awaited[client_order_id] = story
            old.ended_as = "replaced"
            try:
                outcome = self._exchange.replace_order(
                    number, client_order_id, intent, self._moment()
                )
            except ValueError:
                old.ended_as = ""
                raise
            finally:
                self._kept.awaited.pop(client_order_id, None)
            taken = self._arrived(outcome)
            if isinstance(taken, BookedOrder):
                old.replaced_by = id_of("order", taken.taken.broker_order_id)
            else:
                old.ended_as = ""
            return taken

    def _arrived(self, outcome: Accepted | Refused | Exists) -> BookedOrder | Refused | Exists:
        if not isinstance(outcome, Accepted):
            return outcome
        return BookedOrder(taken=self._mirror.orders[outcome.order.broker_order_id].taken)

    def cancel(self, number: str) -> str:
        """Ask to cancel; "" or why not."""
        with self._at_work():
            return self._exchange.cancel(number, self._moment())

    # the world's side

    def change(self, how: Callable[[Exchange, datetime], T]) -> T:
        """Let the world change something at the exchange."""
        with self._at_work():
            return how(self._exchange, self._moment())

    def look_again(self) -> None:
        """Let resting orders meet a price that has changed by hand."""
        with self._at_work():
            held = self._hold_fills(hold=True)
            self._hold_fills(hold=held)

    def set_rules(self, **rules: object) -> None:
        """Change rules of the exchange, by the names of `SimulatedSettings`."""
        with self._at_work():
            world = self._exchange.world
            settings = replace(world.settings, **rules)  # type: ignore[arg-type]
            self._exchange.world = replace(world, settings=settings)

    def happen(self, event: AccountEvent) -> None:
        """Let a deposit, a dividend or a split come now."""
        with self._at_work():
            self._exchange.happen(event, self._moment())
            self._kept.events.append((self.now().astimezone(NEW_YORK).date(), event))

    # the inside

    def _hear(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._mirror.book(entry)
            for happened in self._told(entry):
                self.tell(happened)

    def _told(self, entry: Entry) -> Iterator[Happened]:
        match entry:
            case OrderTaken():
                yield from self._told_arrival(entry)
            case CancelAsked():
                self.story(entry.broker_order_id).updated_at = entry.at
                yield self._news("pending_cancel", entry.at, entry.broker_order_id)
            case OrderEnded():
                story = self.story(entry.broker_order_id)
                word = story.ended_as or entry.status
                story.updated_at = story.stamps[word] = entry.at
                yield self._news(word, entry.at, entry.broker_order_id)
            case Filled():
                yield self._told_fill(entry)
            case _:
                return

    def _told_arrival(self, taken: OrderTaken) -> Iterator[Happened]:
        number = taken.broker_order_id
        story = self._kept.awaited.pop(taken.client_order_id)
        story.open_at_arrival = self.market.is_open(taken.at)
        story.expires_at = self.market.session_of(taken.session).closes_at
        self._kept.stories[number] = story
        self._kept.by_id[id_of("order", number)] = number
        if story.open_at_arrival:
            yield self._news("pending_new", taken.at, number, status="pending_new")
            yield self._news("new", taken.at, number, status="new")
        else:
            yield self._news("accepted", taken.at, number)

    def _told_fill(self, filled: Filled) -> Happened:
        order = self._mirror.orders[filled.broker_order_id]
        story = self.story(filled.broker_order_id)
        story.updated_at = story.filled_at = filled.at
        news = self._news(
            "fill" if order.ended == "filled" else "partial_fill", filled.at, filled.broker_order_id
        )
        return replace(
            news,
            execution_id=id_of("execution", filled.execution_id),
            quantity=filled.quantity,
            price=filled.price,
            position=self._mirror.held(order.taken.symbol),
        )

    def _news(self, event: str, at: datetime, number: str, status: str = "") -> Happened:
        order = self._mirror.orders[number]
        return Happened(event=event, at=at, order=order_row(order, self.story(number), at, status))

    def _count_equity(self) -> None:
        """Remember today's equity, for the history and for what it was yesterday."""
        books, at = self._mirror, self._latest
        value = sum(
            (h.quantity * self.market.count_price(s, at) for s, h in books.holdings.items()), ZERO
        )
        self._kept.equities[at.astimezone(NEW_YORK).date()] = books.cash + value
