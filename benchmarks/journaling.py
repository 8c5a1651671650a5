"""How many commits a second the journal takes, beside a bare insert of the same bytes.

Both write to one disk with one durability: SQLite, write-ahead log, `synchronous=FULL`, a transaction
for each event. They take turns, so that a busy spell of the disk hits both. The bare insert hashes,
checks and projects nothing, and its text is made beforehand: it is the floor.
"""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

from benchmarks.effort import Effort, Progress
from benchmarks.figures import Figure, Goal, Peer, Row, spread
from benchmarks.timing import wall_seconds_in_turn
from daemon.journal.opening import open_journal
from daemon.machine.clocks import SteppedClock
from portfolio.canonical import canonical
from portfolio.events import Event, FillBooked, JournalOpened, LegMoved, LegPlanned
from portfolio.money import Money, Price, Quantity
from portfolio.orders import Fill, Leg, LegState, OrderIntent, Side, client_order_id

EVENTS_A_LEG = 4
_AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
_ZERO = Quantity(Decimal(0))
_BARE = (
    "CREATE TABLE audit (seq INTEGER PRIMARY KEY, chain TEXT, at TEXT, actor TEXT, kind TEXT,"
    " body TEXT, prev TEXT, hash TEXT)"
)


def measure(effort: Effort, progress: Progress) -> list[Row]:
    """Commits per second of the events of an order's life: planned, sent, working, filled."""
    with tempfile.TemporaryDirectory(prefix="trimtab-bench-", dir=effort.disk) as folder:
        place = Path(folder)
        journal = open_journal(
            place / "journal.sqlite",
            clock=SteppedClock(_AT),
            render=lambda _: (),
            identity=JournalOpened(
                mode="paper",
                household="bench",
                account_numbers=("SIM-main",),
                epoch="k7qa",
                code_version="0",
            ),
        )
        with closing(journal), closing(bare_table(place / "bare.sqlite")) as bare:
            batch = max(1, effort.commits // EVENTS_A_LEG)
            events = (event for leg in legs_for_ever() for event in life_of(leg))
            rows = bare_rows(effort.runs * batch * EVENTS_A_LEG)

            def ours() -> None:
                for event in islice(events, batch * EVENTS_A_LEG):
                    journal.append(event)

            def theirs() -> None:
                for row in islice(rows, batch * EVENTS_A_LEG):
                    insert_bare(bare, row)

            progress(f"journal, {effort.runs} runs of {batch * EVENTS_A_LEG} commits")
            ours_seconds, bare_seconds = wall_seconds_in_turn((ours, theirs), runs=effort.runs)
    commits = batch * EVENTS_A_LEG
    bare_rate = spread([commits / seconds for seconds in bare_seconds])
    disk = (
        f"one event a commit, synchronous=FULL; this disk takes a bare one in "
        f"{1e3 / bare_rate.median:.2f} ms, and the faster it is the lower the ratio"
    )
    return [
        Figure(
            name="journal commits",
            unit="1/s",
            measured=spread([commits / seconds for seconds in ours_seconds]),
            goal=Goal(level=0.5, at_least=True, of_ratio=True),
            peer=Peer(name="bare sqlite3 insert", measured=bare_rate),
            notes=(disk,),
        )
    ]


def legs_for_ever() -> Iterator[Leg]:
    """One planned leg after the other, each with its own id: a buy, the sale of it, a buy, ..."""
    number = 0
    while True:
        number += 1
        intent = OrderIntent(
            account="main",
            symbol="VTI",
            side=Side.BUY if number % 2 else Side.SELL,
            quantity=Quantity(Decimal(10)),
            limit_price=Price(Decimal("250.25")),
        )
        yield Leg(
            client_order_id=client_order_id("k7qa", number, 0, intent),
            run=1,
            cycle=number,
            index=0,
            intent=intent,
            reason="stocks 54.2 %, target 59.7 %: buy towards target",
            state=LegState.PLANNED,
            planned_at=_AT,
        )


def life_of(leg: Leg) -> tuple[Event, ...]:
    """What the journal hears of an order that fills at once; each is a commit of its own."""
    sent = LegMoved(
        client_order_id=leg.client_order_id,
        before=LegState.PLANNED,
        after=LegState.SUBMITTING,
        sends=1,
        sent_at=_AT,
        broker_order_id=None,
        filled_quantity=_ZERO,
        filled_average_price=None,
    )
    working = replace(
        sent,
        before=LegState.SUBMITTING,
        after=LegState.WORKING,
        broker_order_id=f"b-{leg.cycle}",
        note="accepted",
    )
    fill = Fill(
        execution_id=f"x-{leg.cycle}",
        account="main",
        broker_order_id=f"b-{leg.cycle}",
        symbol="VTI",
        side=leg.intent.side,
        quantity=leg.intent.quantity,
        price=Price(Decimal("250.10")),
        fee=Money(Decimal(0)),
        at=_AT + timedelta(seconds=1),
    )
    return (
        LegPlanned(leg=leg),
        sent,
        working,
        FillBooked(fill=fill, client_order_id=leg.client_order_id),
    )


def bare_table(path: Path) -> sqlite3.Connection:
    """A database with one plain table of the audit's columns."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(_BARE)
    return connection


def bare_rows(count: int) -> Iterator[tuple[object, ...]]:
    """Rows as long as the journal's: every column of its audit table."""
    filler = "0" * 64
    events = (event for leg in legs_for_ever() for event in life_of(leg))
    made = [
        (seq, "bench", _AT.isoformat(), "trimtab", event.kind, canonical(event), filler, filler)
        for seq, event in enumerate(islice(events, count), start=1)
    ]
    return iter(made)


def insert_bare(connection: sqlite3.Connection, row: tuple[object, ...]) -> None:
    """One durable commit of one row."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    connection.execute("COMMIT")
