"""An honest paper account over a simulated market: it takes orders, fills them, settles, expires.

Everything is a function of the market, the settings and the calls with their instants; there is no
clock and no chance in it. Each call first lives through what fell due since the last one, and its
entries are on disk before it answers.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time
from typing import TypeVar

from brokers.simulated.admission import FORBIDDEN, refusal, withdrawable, worst_price
from brokers.simulated.books import BEFORE_TIME, Books
from brokers.simulated.entries import (
    CancelAsked,
    Entry,
    Opened,
    OrderTaken,
    StartingPosition,
    TradingSwitched,
)
from brokers.simulated.happenings import ended, event_entries, flow
from brokers.simulated.market import NEW_YORK
from brokers.simulated.matching import fill_price
from brokers.simulated.price_file import require_symbols
from brokers.simulated.store import AccountFileError, Store, WrittenElsewhere
from brokers.simulated.world import World, entries_due, fill, fills_due, next_moment
from brokers.simulated.world_events import AccountEvent
from portfolio.memory import FlowKind
from portfolio.money import ZERO, Money, Quantity, exact_arithmetic, to_cents
from portfolio.orders import Order, OrderIntent
from portfolio.ports import Accepted, Exists, Refused
from portfolio.snapshot import Session

T = TypeVar("T")
_TRIES_AGAINST_ANOTHER_WRITER = 5


class _NotReplaced(Exception):
    """Undoes the end of an order whose successor was refused."""

    def __init__(self, outcome: Refused | Exists) -> None:
        super().__init__(outcome.message)
        self.outcome = outcome


class Exchange:
    """One account. Methods take the instant they happen at; an earlier one than the last counts as
    the last. They raise `AccountFileError` when nothing can be kept, and then nothing has happened
    as far as anyone knows.

    `on_entries` is told what was committed, outside any lock, on the caller's thread.
    """

    def __init__(self, world: World, store: Store, number: str) -> None:
        self.world = world
        self.on_entries: Callable[[Sequence[Entry]], None] = lambda _: None
        self._store = store
        self._number = number
        self._lock = threading.RLock()
        self._books = Books()
        self._next: tuple[Books, int, datetime | None] = (self._books, -1, None)
        self._fresh: list[Entry] = []
        self._must_reload = True
        self._kept_at = BEFORE_TIME
        self._reload()
        if not self._books.booked:
            self._run(BEFORE_TIME, self._open)
        require_symbols(world.market.table, self._books.holdings)

    def close(self) -> None:
        """Give the file back."""
        self._store.close()

    # time and looking

    def advance_to(self, now: datetime) -> None:
        """Live through everything due up to `now`, and keep on disk that it has been lived."""
        self._run(now, lambda: None, keep_time=True)

    def read(self, now: datetime, look: Callable[[Books], T]) -> T:
        """What `look` finds in the books as of `now`; it must not change them."""
        with self._lock, exact_arithmetic():
            if not self._must_reload and not self._store.changed():
                moment = self._next_moment() if self._books.booked else now
                if moment is None or moment > now:  # nothing has fallen due
                    self._books.at = max(self._books.at, now)
                    return look(self._books)
        return self._run(now, lambda: look(self._books))

    # orders

    def submit(
        self, client_order_id: str, intent: OrderIntent, now: datetime
    ) -> Accepted | Refused | Exists:
        """Take an order or say why not. It is answered as it was taken, before it fills."""
        return self._run(now, lambda: self._submit(client_order_id, intent))

    def cancel(self, broker_order_id: str, now: datetime) -> str:
        """Ask to cancel; "" or why it cannot be."""
        return self._run(now, lambda: self._cancel(broker_order_id))

    def replace_order(
        self, broker_order_id: str, client_order_id: str, intent: OrderIntent, now: datetime
    ) -> Accepted | Refused | Exists:
        """End an open order and take another in its place; when that is refused, nothing happened.

        Raises `ValueError` when the old one is not open.
        """

        def work() -> Accepted:
            if broker_order_id not in self._books.open_ids:
                raise ValueError(f"{broker_order_id} is not open")
            self._book(ended(self._books, broker_order_id, "canceled", "replaced"))
            outcome = self._submit(client_order_id, intent)
            if not isinstance(outcome, Accepted):
                raise _NotReplaced(outcome)
            return outcome

        try:
            return self._run(now, work)
        except _NotReplaced as refused:
            return refused.outcome

    def fill_now(self, broker_order_id: str, quantity: Quantity, now: datetime) -> None:
        """Fill a part of an open order at the quote, whatever is held back; for tests and demos.

        Raises `ValueError` when the order, its limit, the session or the quantity do not allow it.
        """
        self._run(now, lambda: self._fill_now(broker_order_id, quantity))

    def reject(self, broker_order_id: str, reason: str, now: datetime) -> None:
        """The exchange turns down an order that the broker has taken."""

        def work() -> None:
            if broker_order_id not in self._books.open_ids:
                raise ValueError(f"{broker_order_id} is not open")
            self._book(ended(self._books, broker_order_id, "rejected", reason))

        self._run(now, work)

    def switch(
        self, now: datetime, *, blocked: str | None = None, fills_held: bool | None = None
    ) -> None:
        """Block the account for a reason ("" frees it), hold fills back or let them go."""

        def work() -> None:
            books = self._books
            switched = TradingSwitched(
                at=books.at,
                blocked=books.blocked if blocked is None else blocked,
                fills_held=books.fills_held if fills_held is None else fills_held,
            )
            if (switched.blocked, switched.fills_held) != (books.blocked, books.fills_held):
                self._book(switched)
                self._book_all(fills_due(self.world, books))

        self._run(now, work)

    # the world

    def happen(self, event: AccountEvent, now: datetime) -> None:
        """Let an event come now that no script foresaw."""

        def work() -> None:
            key = f"unscripted-{self._books.booked + 1}"
            self._book_all(
                event_entries(event, key, self._books, self.world.market, self.world.settings)
            )

        self._run(now, work)

    def deposit(self, amount: Money, now: datetime) -> None:
        """`amount` > 0 arrives, settled at once."""
        if amount <= ZERO:
            raise ValueError(f"a deposit is above zero, got {amount}")
        self._run(now, lambda: self._book(flow(self._books, FlowKind.DEPOSIT, amount)))

    def withdraw(self, amount: Money, now: datetime) -> None:
        """`amount` > 0 leaves. Raises `ValueError` for more than the settled, free cash."""

        def work() -> None:
            room = withdrawable(self._books, self.world.settings)
            if not ZERO < amount <= room:
                raise ValueError(f"{amount} may not leave, {to_cents(room)} is settled and free")
            self._book(flow(self._books, FlowKind.WITHDRAWAL, -amount))

        self._run(now, work)

    # the inside

    def _open(self) -> None:
        settings, market = self.world.settings, self.world.market
        require_symbols(market.table, settings.positions)
        index = market.table.position_at_or_after(settings.start or market.first_session.day)
        if index is None:
            last = market.last_session.day
            raise ValueError(f"the account starts on {settings.start}, the prices end on {last}")
        day = market.table.sessions[index]
        self._book(
            Opened(
                at=datetime.combine(day, time(), NEW_YORK).astimezone(BEFORE_TIME.tzinfo),
                number=self._number,
                day=day,
                cash=settings.cash,
                positions=tuple(
                    StartingPosition(
                        symbol=symbol,
                        quantity=quantity,
                        average_cost=settings.average_costs.get(symbol),
                    )
                    for symbol, quantity in settings.positions.items()
                ),
            )
        )

    def _submit(self, client_order_id: str, intent: OrderIntent) -> Accepted | Refused | Exists:
        books, world = self._books, self.world
        if client_order_id in books.client_ids:
            return Exists(message=f"client_order_id must be unique ({client_order_id})")
        no = refusal(client_order_id, intent, books, world.market, world.settings)
        session = self._trading_session()
        if no is not None:
            return no
        if session is None:
            return Refused(code=FORBIDDEN, message="the prices have ended, no session is left")
        taken = OrderTaken(
            at=books.at,
            broker_order_id=f"{books.number}-{len(books.orders) + 1:06}",
            client_order_id=client_order_id,
            symbol=intent.symbol,
            side=intent.side,
            quantity=intent.quantity,
            limit_price=intent.limit_price,
            worst_price=worst_price(intent, world.market, world.settings, books.at),
            session=session.day,
            fillable_from=max(books.at + world.settings.fill_takes, session.opens_at),
        )
        self._book(taken)
        order: Order = books.orders[taken.broker_order_id].shown(books.at)
        self._book_all(fills_due(world, books))
        return Accepted(order=order)

    def _trading_session(self) -> Session | None:
        """The session an order given now may trade in: the open one, else the next."""
        market, at = self.world.market, self._books.at
        return market.current_or_previous(at) if market.is_open(at) else market.next_or_none(at)

    def _cancel(self, broker_order_id: str) -> str:
        books = self._books
        order = books.orders.get(broker_order_id)
        if order is None:
            return f"order not found: {broker_order_id}"
        if order.ended:
            return f'order is already in "{order.ended}" state'
        if order.cancel_due_at is None:
            due_at = books.at + self.world.settings.cancel_takes
            asked = CancelAsked(at=books.at, broker_order_id=broker_order_id, due_at=due_at)
            self._book(asked)
            if due_at == books.at:
                self._book(ended(books, broker_order_id, "canceled", "canceled on request"))
        return ""

    def _fill_now(self, broker_order_id: str, quantity: Quantity) -> None:
        books, market = self._books, self.world.market
        order = books.orders[broker_order_id]
        sides = market.bid_ask(order.taken.symbol, books.at)
        price = sides and fill_price(order.taken.side, order.taken.worst_price, *sides)
        if not price or not market.is_open(books.at):
            raise ValueError(f"{broker_order_id} cannot fill at {books.at}")
        if not ZERO < quantity <= order.open_quantity:
            raise ValueError(f"{order.open_quantity} is open, asked to fill {quantity}")
        self._book(fill(self.world, books, order, quantity, price))

    def _run(self, now: datetime, work: Callable[[], T], *, keep_time: bool = False) -> T:
        with self._lock, exact_arithmetic():
            for _ in range(_TRIES_AGAINST_ANOTHER_WRITER):
                try:
                    if self._must_reload or self._store.changed():
                        self._reload()
                    self._live_to(now)
                    result = work()
                    fresh = self._commit(keep_time=keep_time)
                    break
                except WrittenElsewhere:
                    self._must_reload = True
                except BaseException:
                    # What is only in memory never was: the file is read again before the next call.
                    self._must_reload = True
                    raise
            else:
                raise AccountFileError("another process keeps writing to the simulated account")
        if fresh:
            self.on_entries(fresh)
        return result

    def _live_to(self, now: datetime) -> None:
        books = self._books
        while books.booked and (moment := self._next_moment()) is not None and moment <= now:
            books.at = moment
            self._book_all(entries_due(self.world, books))
        books.at = max(books.at, now)

    def _next_moment(self) -> datetime | None:
        """`next_moment`, worked out again only when the books have reached it or have changed."""
        books, (of, booked, moment) = self._books, self._next
        if of is not books or booked != books.booked or (moment is not None and moment <= books.at):
            moment = next_moment(self.world, books)
            self._next = (books, books.booked, moment)
        return moment

    def _book_all(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            self._book(entry)

    def _book(self, entry: Entry) -> None:
        self._books.book(entry)
        self._fresh.append(entry)

    def _commit(self, *, keep_time: bool) -> tuple[Entry, ...]:
        books, fresh = self._books, tuple(self._fresh)
        if fresh or (keep_time and books.at > self._kept_at):
            self._store.append(books.booked - len(fresh), fresh, books.at)
            self._kept_at = books.at
            self._fresh.clear()
        return fresh

    def _reload(self) -> None:
        books = Books()
        with exact_arithmetic():  # or an average cost would come back with other last digits
            for entry in self._store.entries():
                books.book(entry)
        books.at = self._kept_at = max(books.at, self._store.lived_to() or BEFORE_TIME)
        self._books = books
        self._fresh.clear()
        self._must_reload = False
