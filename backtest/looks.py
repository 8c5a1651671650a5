"""What a look of the backtest sees and remembers: the snapshot and memory that `decide` is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal

from backtest.books import AccountBook, held_in_all, quoted
from backtest.happenings import Happenings
from backtest.history import History
from backtest.setup import Setup
from backtest.taxed import TaxLedger
from backtest.trace import Trace
from policies.decide import decide
from policies.policy import CashAction, Policy
from policies.targets.sources import signals_of
from policies.triggers.ahead import Outlook, Rows
from portfolio.decisions import Decision, PlannedLeg, Run
from portfolio.instruments import Instrument
from portfolio.memory import CashFlow, FlowKind, Memory
from portfolio.money import ZERO, Money, Weight
from portfolio.orders import Leg
from portfolio.snapshot import AccountSnapshot, Quote, Session, Snapshot
from portfolio.wakes import Wake, WakeKind

OPENS, CLOSES = time(14, 30), time(21, 0)
LOOKS = time(20, 0)
"""Of every session, UTC. The look stands for the close: gates keep orders out of the last minutes."""


@dataclass(slots=True, kw_only=True)
class Engine:
    """The walk under way: the books, the run, and what the next decision may remember."""

    policy: Policy
    in_force: Mapping[int, Policy]
    history: History
    setup: Setup
    outlook: Outlook
    happenings: Happenings
    columns: list[int]
    odd_rows: Rows
    """Rows in which some price of the target jumped too far to be traded on."""
    books: dict[str, AccountBook]
    trace: Trace
    done_through: date
    run: Run | None = None
    legs: list[Leg] = field(default_factory=list)
    wave: tuple[PlannedLeg, ...] = ()
    """Legs decided at one close that are filled at the next."""
    decided: int = 0
    flows: list[CashFlow] = field(default_factory=list)
    last_sale_ended: int | None = None
    latched: tuple[str, ...] = ()
    target_done: Mapping[str, Weight] = field(default_factory=dict)
    signals_done: Mapping[str, str] = field(default_factory=dict)
    income: Decimal = ZERO
    """Dividends and interest since the last rebalance."""
    runs: int = 0
    quotes: tuple[int, dict[str, Quote]] = (-1, {})
    tax: TaxLedger | None = None


def session_of(day: date) -> Session:
    """A session of the backtest; its hours are the same all year."""
    return Session(
        day=day,
        opens_at=datetime.combine(day, OPENS, UTC),
        closes_at=datetime.combine(day, CLOSES, UTC),
    )


def as_of(day: date) -> datetime:
    return datetime.combine(day, LOOKS, UTC)


def snapshot_at(engine: Engine, row: int) -> Snapshot:
    day = engine.history.sessions[row]
    quotes = _quotes(engine, row)
    return Snapshot(
        household=engine.setup.household,
        as_of=as_of(day),
        session=session_of(day),
        is_open=True,
        accounts=tuple(_account(engine, name, book) for name, book in engine.books.items()),
        quotes=quotes,
        instruments={s: Instrument(symbol=s) for s in quotes},
    )


def _account(engine: Engine, name: str, book: AccountBook) -> AccountSnapshot:
    return book.snapshot(None if engine.tax is None else engine.tax.book.lots_of(name))


def decided(engine: Engine, row: int) -> Decision:
    """The decision of a look, with the taxes of its year where rates are configured."""
    policy = engine.policy if engine.tax is None else engine.tax.policy(engine.policy)
    return decide(snapshot_at(engine, row), policy, memory_at(engine, row))


def _quotes(engine: Engine, row: int) -> dict[str, Quote]:
    if engine.quotes[0] == row:
        return engine.quotes[1]
    held = held_in_all(engine.books)
    wanted = {*engine.policy.target.symbols, *(s for s in held if held[s])}
    quotes = {s: _quote(engine, s, row) for s in sorted(wanted) if s in engine.history.symbols}
    engine.quotes = row, quotes
    return quotes


def _quote(engine: Engine, symbol: str, row: int) -> Quote:
    price = engine.history.price(symbol, row)
    bid, ask = quoted(price, engine.setup.costs)
    return Quote(
        symbol=symbol,
        bid=bid,
        ask=ask,
        last=price,
        as_of=as_of(engine.history.sessions[row]),
        previous_close=engine.history.price(symbol, row - 1) if row else None,
    )


def memory_at(engine: Engine, row: int) -> Memory:
    flows = tuple(f for f in engine.flows if f.kind in (FlowKind.DEPOSIT, FlowKind.WITHDRAWAL))
    ended = engine.last_sale_ended
    history = engine.history
    holds_income = engine.policy.deposits.income is not CashAction.INVEST
    return Memory(
        wake=Wake(kind=WakeKind.LOOK),
        started_on=history.sessions[0],
        run=engine.run,
        run_legs=tuple(engine.legs) if engine.run is not None else (),
        last_run_ended_on=None if ended is None else history.sessions[ended],
        sessions_since_run=None if ended is None else row - ended,
        calendar_done_through=engine.done_through,
        backstop_done_on=engine.done_through,
        flows=flows,
        previous_session=history.sessions[row - 1] if row else None,
        latched=engine.latched,
        target_done=engine.target_done,
        signals=signals_of(engine.policy.weighing),
        signals_done=engine.signals_done,
        income=Money(engine.income if holds_income else ZERO),
        recent_losses=() if engine.tax is None else engine.tax.losses(history.sessions[row]),
        realised=None if engine.tax is None else engine.tax.so_far(history.sessions[row]),
        sessions_since_flow=row - engine.happenings.row_of(flows[-1]) if flows else None,
    )
