"""The doors of the house: what the core asks of the outside. Adapters live upstairs.

Reads raise `Unavailable` (try again later) or `CredentialsRefused` (a person must act). A submit never
raises: every answer the world can give is one of the values of `SubmitOutcome`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from portfolio.accounts import Position
from portfolio.canonical import Document
from portfolio.decisions import Run
from portfolio.events import Alarm, Event, FillBooked, JournalOpened
from portfolio.instruments import Instrument
from portfolio.lots import Lot
from portfolio.memory import CashFlow, Fence
from portfolio.money import Money, Quantity
from portfolio.orders import Fill, Leg, Order, OrderIntent
from portfolio.records import CycleRecord, PendingApproval, QueuedNotice, Recorded
from portfolio.snapshot import Quote, RefusedPrice, Session


class Unavailable(Exception):
    """A read did not succeed; the message says what was asked and what came back, without secrets."""


class JournalUnwritable(Exception):
    """A commit failed (disk full, locked, read-only); nothing of it was kept. Nothing may be sent."""


class CredentialsRefused(Exception):
    """The broker refuses the keys, or blocks the account; trading stops until a person acts."""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> datetime:
        """The current instant, aware, UTC."""
        ...


class Sessions(Protocol):
    """The exchange's calendar."""

    def current_or_previous(self, at: datetime) -> Session:
        """The session open at `at`, else the last one that opened before it."""
        ...

    def next_after(self, at: datetime) -> Session:
        """The first session that opens after `at`."""
        ...

    def between(self, first: date, last: date) -> Sequence[Session]:
        """Sessions with first <= day <= last, in order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a broker can do, so that nobody asks for what it cannot."""

    name: str
    fractional: bool
    notional: bool
    idempotent_submit: bool
    """A second submit of one client order id is refused as a duplicate, never a second order."""
    lot_relief: bool
    """A sale may name its lots."""
    simulated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAccount:
    """The account as its broker has it. `blocked` is the reason it may not trade, else empty.

    `cash` includes unsettled proceeds, `settled_cash` does not. `buying_power` is never sized on.
    `lends` is false for a cash account, where what unsettled money has bought must be paid before it
    is sold.
    """

    number: str
    cash: Money
    settled_cash: Money
    equity: Money
    blocked: str = ""
    lends: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerClock:
    """The broker's own time and whether its core session is open."""

    now: datetime
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The broker has the order."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The broker says no, and with certainty has no order from this send.

    `code` is the broker's, `halts` marks refusals (keys, blocked account) that stop all trading.
    """

    code: str
    message: str
    halts: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exists:
    """The broker already has an order with this id: look it up and compare."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Too many requests; nothing was taken. The same id may go again at `retry_at`."""

    retry_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """No byte of the request left this machine."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous:
    """Nobody knows whether the order exists. Never send again; look it up."""

    message: str


SubmitOutcome = Accepted | Refused | Exists | Deferred | NotSent | Ambiguous


class BrokerReader(Protocol):
    """One account at a broker, as far as it can be looked at. Has no way to change anything."""

    @property
    def account_id(self) -> str:
        """The account's id in our configuration."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What the broker can do."""
        ...

    def clock(self) -> BrokerClock:
        """The broker's time."""
        ...

    def sessions(self, first: date, last: date) -> Sequence[Session]:
        """The broker's calendar, first <= day <= last."""
        ...

    def account(self) -> BrokerAccount:
        """Cash, equity, and whether it may trade."""
        ...

    def positions(self) -> Sequence[Position]:
        """Every holding, sorted by symbol."""
        ...

    def open_orders(self) -> Sequence[Order]:
        """Every order that may still fill, whoever placed it."""
        ...

    def orders_since(self, since: datetime) -> Sequence[Order]:
        """Every order submitted at or after `since`, in any state, oldest first."""
        ...

    def find_order(self, client_order_id: str) -> Order | None:
        """The order with that id, in any state; None when the broker says there is none."""
        ...

    def fills_since(self, since: datetime) -> Sequence[Fill]:
        """Executions at or after `since`, oldest first, of any order."""
        ...

    def flows_since(self, since: date) -> Sequence[CashFlow]:
        """Activities that are not fills, booked on or after `since`, oldest first."""
        ...

    def instruments(self, symbols: Iterable[str]) -> Mapping[str, Instrument]:
        """What the broker knows of the symbols; an unknown one is absent."""
        ...


class Broker(BrokerReader, Protocol):
    """One account at a broker that takes orders."""

    def submit(self, client_order_id: str, intent: OrderIntent) -> SubmitOutcome:
        """Send one order, once, with a timeout and no hidden retry. Never raises."""
        ...

    def cancel(self, broker_order_id: str) -> str:
        """Ask to cancel; the outcome shows in the order. Returns "" or why it was refused.

        Raises `Unavailable` when nobody knows whether the request arrived; asking again is harmless.
        """
        ...


class OrderStream(Protocol):
    """News that an order changed. Only a hint to look: losing all of it loses nothing but time."""

    def start(self, on_news: Callable[[str], None]) -> None:
        """Begin; `on_news` gets a short text and may be called from another thread."""
        ...

    def stop(self) -> None:
        """End within a few seconds."""
        ...


class Prices(Protocol):
    """Where quotes come from."""

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote | RefusedPrice]:
        """A quote or the reason why there is none, for every symbol asked.

        The adapter refuses what is no price at all (missing, zero, NaN, crossed); age, spread and
        jump are judged by `policies` on the quote that comes back.
        """
        ...


class JournalReader(Protocol):
    """What the journal can tell; the command line has this half."""

    def identity(self) -> JournalOpened:
        """What the journal is for."""
        ...

    def head(self) -> tuple[int, str]:
        """Sequence number and hash of the last row of the chain."""
        ...

    def events(
        self, *kinds: str, after: int = 0, limit: int | None = None, newest_first: bool = False
    ) -> Sequence[Recorded]:
        """Recorded events of the given kinds (all when none is given) with seq > after."""
        ...

    def cycle(self, number: int) -> CycleRecord | None:
        """One look."""
        ...

    def cycles(self, *, limit: int = 20, before: datetime | None = None) -> Sequence[CycleRecord]:
        """The latest looks at or before `before`, newest first."""
        ...

    def document(self, ref: str) -> str:
        """The canonical JSON stored under a reference; raises `KeyError`."""
        ...

    def legs(
        self, *, run: int | None = None, live: bool = False, since: datetime | None = None
    ) -> Sequence[Leg]:
        """Legs in order of planning; `live` only those not terminal, `since` by planning time."""
        ...

    def leg(self, client_order_id: str) -> Leg | None:
        """One leg."""
        ...

    def fills(
        self, *, client_order_id: str | None = None, since: datetime | None = None
    ) -> Sequence[FillBooked]:
        """Booked executions in order; `since` by the time of execution."""
        ...

    def flows(self, *, since: date | None = None) -> Sequence[CashFlow]:
        """Flows seen, oldest first; `since` by booking date."""
        ...

    def open_run(self) -> Run | None:
        """The run under way."""
        ...

    def pending_approval(self) -> PendingApproval | None:
        """The proposal that waits; at most one."""
        ...

    def positions(self, account: str) -> Mapping[str, Quantity]:
        """What the account should hold: accepted holdings plus every fill and split since."""
        ...

    def lots(self, account: str) -> Sequence[Lot]:
        """The lot ledger of an account, from accepted holdings and fills."""
        ...

    def fences(self, at: datetime) -> Sequence[Fence]:
        """Fences still up at an instant."""
        ...

    def open_alarms(self) -> Sequence[Alarm]:
        """Alarms raised and not cleared."""
        ...

    def last_tick(self) -> datetime | None:
        """When the daemon last looked at what is due."""
        ...


class Journal(JournalReader, Protocol):
    """The daemon's half: one writer. Nothing leaves a step until `append` has returned."""

    def append(
        self, *events: Event, documents: Sequence[Document] = (), actor: str = "trimtab"
    ) -> int:
        """Commit events, their tables, their documents and their notices in one transaction.

        Returns the last sequence number. Raises `JournalUnwritable` and then nothing was kept.
        """
        ...

    def next_cycle(self) -> int:
        """The number of the next look, from 1."""
        ...

    def next_run(self) -> int:
        """The number of the next run, from 1."""
        ...

    def tick(self, at: datetime) -> None:
        """Leave one row: the daemon was here."""
        ...

    def due_notices(self, now: datetime, limit: int = 20) -> Sequence[QueuedNotice]:
        """Undelivered notices whose next try is due, oldest first."""
        ...

    def remind(self, now: datetime, every: timedelta, seen: frozenset[tuple[str, str]]) -> int:
        """Queue the notices of open pages again that were told `every` ago or longer; how many.

        `seen` are the names and scopes that a person has acknowledged.
        """
        ...

    def notice_delivered(self, number: int, at: datetime) -> None:
        """A notice went out."""
        ...

    def notice_failed(self, number: int, error: str, next_try_at: datetime) -> None:
        """A notice did not go out."""
        ...


class KillLatch(Protocol):
    """The halt that lives outside the database and is read before every send."""

    def reason(self) -> str | None:
        """Why everything is halted; None when it is not. Unreadable counts as halted."""
        ...

    def set(self, by: str, reason: str) -> None:
        """Latch it; keeps the first reason when it is latched already."""
        ...

    def clear(self, by: str, reason: str) -> None:
        """A person clears it."""
        ...
