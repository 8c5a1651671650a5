"""The simulated broker behind the port: one paper account that survives restarts.

It stands in for a real one in the demo, the tests and the simulation, and is harsher than a real
paper account: no credit, T+1 cash, stated volume, refusals in Alpaca's words.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TypeVar

from brokers.simulated.books import BEFORE_TIME, Books
from brokers.simulated.entries import Entry, Filled, FlowBooked, OrderEnded, SplitBooked
from brokers.simulated.exchange import Exchange
from brokers.simulated.faults import Faults
from brokers.simulated.market import SimulatedMarket
from brokers.simulated.settings import SimulatedSettings, instrument_of
from brokers.simulated.store import IN_MEMORY, AccountFileError, open_store
from brokers.simulated.world import make_world
from brokers.simulated.world_events import LostAnswer
from portfolio.accounts import Position
from portfolio.instruments import Instrument
from portfolio.memory import CashFlow, FlowKind
from portfolio.money import ZERO, Money, Quantity
from portfolio.orders import Fill, Order, OrderIntent, OrderStatus
from portfolio.ports import (
    Accepted,
    Ambiguous,
    BrokerAccount,
    BrokerClock,
    Capabilities,
    Clock,
    Refused,
    SubmitOutcome,
    Unavailable,
)
from portfolio.snapshot import Session

T = TypeVar("T")


@contextmanager
def _unavailable_when_not_kept() -> Iterator[None]:
    try:
        yield
    except AccountFileError as error:
        raise Unavailable(str(error)) from None


class SimulatedBroker:
    """Fulfils `ports.Broker` and `ports.OrderStream`. Every call first brings the account up to the
    clock. `faults` makes it fail; `exchange` is the world's side: deposits, blocks, held fills. `wait`
    takes seconds by the wall clock, which only a lost answer of the script needs.

    Raises `AccountFileError`, `PriceFileError` or `ValueError` when it cannot be opened.
    """

    def __init__(
        self,
        account_id: str,
        settings: SimulatedSettings,
        market: SimulatedMarket,
        clock: Clock,
        path: Path | str = IN_MEMORY,
        *,
        read_only: bool = False,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        store = open_store(path, read_only=read_only)
        self.exchange = Exchange(make_world(market, settings), store, f"SIM-{account_id}")
        self.exchange.on_entries = self._tell
        self.faults = Faults()
        self._account_id = account_id
        self._settings = settings
        self._market = market
        self._clock = clock
        self._listener: Callable[[str], None] | None = None
        self._wait = wait
        self._lost = tuple(e for e in settings.events if isinstance(e, LostAnswer))

    def close(self) -> None:
        """Give the file back."""
        self.exchange.close()

    def advance(self) -> None:
        """Live through everything due up to the clock; news of it goes to the listener.

        Raises `Unavailable` when that cannot be kept on disk.
        """
        with _unavailable_when_not_kept():
            self.exchange.advance_to(self._clock.now())

    # ports.OrderStream

    def start(self, on_news: Callable[[str], None]) -> None:
        """Tell `on_news` of every fill and every end of an order, after it is on disk."""
        self._listener = on_news

    def stop(self) -> None:
        """Tell no more."""
        self._listener = None

    # ports.BrokerReader

    @property
    def account_id(self) -> str:
        """The account's id in our configuration."""
        return self._account_id

    @property
    def capabilities(self) -> Capabilities:
        """What this broker can do."""
        return Capabilities(
            name="simulated",
            fractional=self._settings.fractional,
            notional=False,
            idempotent_submit=True,
            lot_relief=False,
            simulated=True,
        )

    def clock(self) -> BrokerClock:
        """The injected clock, and whether a session is open."""
        now = self._clock.now()
        return BrokerClock(now=now, is_open=self._market.is_open(now))

    def sessions(self, first: date, last: date) -> Sequence[Session]:
        """Sessions of the price table, first <= day <= last."""
        return self._market.between(first, last)

    def account(self) -> BrokerAccount:
        """Cash, settled cash, and equity at the session's prices."""

        def look(books: Books) -> BrokerAccount:
            value = sum(
                (
                    holding.quantity * self._market.count_price(symbol, books.at)
                    for symbol, holding in books.holdings.items()
                ),
                ZERO,
            )
            return BrokerAccount(
                number=books.number,
                cash=Money(books.cash),
                settled_cash=books.settled_cash(),
                equity=Money(books.cash + value),
                blocked=books.blocked,
            )

        return self._read("the account", look)

    def positions(self) -> Sequence[Position]:
        """Every holding, sorted by symbol."""

        def look(books: Books) -> Sequence[Position]:
            return tuple(
                Position(
                    symbol=symbol,
                    quantity=holding.quantity,
                    available=Quantity(holding.quantity - books.held_for_orders(symbol)),
                    average_cost=holding.average_cost,
                )
                for symbol, holding in sorted(books.holdings.items())
            )

        return self._read("positions", look)

    def open_orders(self) -> Sequence[Order]:
        """Every order that may still fill, oldest first."""
        return self._read(
            "open orders",
            lambda books: tuple(self._shown(o.shown(books.at)) for o in books.open_orders()),
        )

    def orders_since(self, since: datetime) -> Sequence[Order]:
        """Every order submitted at or after `since`, in any state, oldest first."""

        def look(books: Books) -> Sequence[Order]:
            orders = (o for o in books.orders.values() if o.taken.at >= since)
            return tuple(self._shown(o.shown(books.at)) for o in orders)

        return self._read("orders", look)

    def find_order(self, client_order_id: str) -> Order | None:
        """The order with that id, in any state; None when there is none."""

        def look(books: Books) -> Order | None:
            number = books.client_ids.get(client_order_id)
            return None if number is None else self._shown(books.orders[number].shown(books.at))

        return self._read(f"order {client_order_id}", look)

    def fills_since(self, since: datetime) -> Sequence[Fill]:
        """Executions at or after `since`, oldest first."""

        def look(books: Books) -> Sequence[Fill]:
            return tuple(self._fill(books, f) for f in books.fills if f.at >= since)

        return self._read("fills", look)

    def flows_since(self, since: date) -> Sequence[CashFlow]:
        """Deposits, withdrawals, dividends, interest and splits booked on or after `since`."""

        def look(books: Books) -> Sequence[CashFlow]:
            return tuple(self._flow(f) for f in books.flows if f.day >= since)

        return self._read("flows", look)

    def instruments(self, symbols: Iterable[str]) -> Mapping[str, Instrument]:
        """What the broker says of the symbols that have a column of prices."""
        now = self._clock.now()
        return {s: instrument_of(self._settings, s) for s in symbols if self._market.lists(s, now)}

    # ports.Broker

    def submit(self, client_order_id: str, intent: OrderIntent) -> SubmitOutcome:
        """Send one order; never raises. A failing disk makes the outcome ambiguous."""
        if intent.account != self._account_id:
            message = f"the order is for account {intent.account}, this is {self._account_id}"
            return Refused(code="wrong_account", message=message)
        if self.faults.answers:
            return self.faults.answers.pop(0)
        lost = self.faults.lost_answers.pop(0) if self.faults.lost_answers else None
        if lost is False:
            return Ambiguous(message="the simulated connection was lost")
        try:
            silence = self._silence()
            outcome = self.exchange.submit(client_order_id, intent, self._clock.now())
        except AccountFileError as error:
            return Ambiguous(message=str(error))
        if lost:
            return Ambiguous(message="the simulated connection was lost")
        if silence is not None and isinstance(outcome, Accepted):
            self._wait(silence.wait_seconds)
            return Ambiguous(message=f"no answer within {silence.wait_seconds:.0f} seconds")
        return outcome

    def cancel(self, broker_order_id: str) -> str:
        """Ask to cancel; "" or why it was refused."""
        with _unavailable_when_not_kept():
            return self.exchange.cancel(broker_order_id, self._clock.now())

    # the inside

    def _silence(self) -> LostAnswer | None:
        """The lost answer that the next order meets: its session has opened, no order since."""
        if not self._lost:
            return None
        last = self.exchange.read(
            self._clock.now(),
            lambda books: max((o.taken.at for o in books.orders.values()), default=BEFORE_TIME),
        )
        opens = ((e, self._market.session_of(e.session).opens_at) for e in self._lost)
        return next((e for e, at in opens if last < at <= self._clock.now()), None)

    def _read(self, what: str, look: Callable[[Books], T]) -> T:
        if self.faults.failing_reads > 0:
            self.faults.failing_reads -= 1
            raise Unavailable(f"asked the simulated broker for {what}, it does not answer")
        try:
            return self.exchange.read(self._clock.now(), look)
        except AccountFileError as error:
            raise Unavailable(str(error)) from None

    def _shown(self, order: Order) -> Order:
        word = self.faults.status_words.get(order.broker_order_id)
        if word is None:
            return order
        return replace(order, status=OrderStatus.UNKNOWN, raw_status=word)

    def _fill(self, books: Books, filled: Filled) -> Fill:
        taken = books.orders[filled.broker_order_id].taken
        return Fill(
            execution_id=filled.execution_id,
            account=self._account_id,
            broker_order_id=filled.broker_order_id,
            symbol=taken.symbol,
            side=taken.side,
            quantity=filled.quantity,
            price=filled.price,
            fee=filled.fee,
            at=filled.at,
        )

    def _flow(self, booked: FlowBooked | SplitBooked) -> CashFlow:
        return CashFlow(
            flow_id=booked.flow_id,
            account=self._account_id,
            kind=FlowKind.SPLIT if isinstance(booked, SplitBooked) else booked.flow,
            amount=Money(ZERO) if isinstance(booked, SplitBooked) else booked.amount,
            day=booked.day,
            symbol=booked.symbol,
            ratio=booked.ratio if isinstance(booked, SplitBooked) else None,
        )

    def _tell(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            listener = self._listener
            if listener is None:
                return
            if isinstance(entry, Filled):
                listener(f"filled {entry.quantity} of {entry.broker_order_id} at {entry.price}")
            elif isinstance(entry, OrderEnded):
                listener(f"{entry.broker_order_id} {entry.status}: {entry.reason}")
