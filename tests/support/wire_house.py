"""A house that trades over HTTP on the local Alpaca, over a line that a test can spoil."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from brokers.alpaca.broker import AlpacaBroker
from brokers.alpaca.connection import Connection
from brokers.alpaca.prices import AlpacaPrices
from brokers.alpaca.reader import AlpacaReader
from brokers.alpaca.settings import AlpacaSettings
from brokers.alpaca_server.fault_proxy import FaultProxy, proxying
from brokers.simulated.market import SimulatedMarket
from brokers.simulated.price_file import PriceTable
from brokers.simulated.settings import SimulatedSettings
from config.look import Look
from daemon.cycle import Watch
from daemon.house import House
from daemon.journal.opening import open_journal
from daemon.journal.store import JournalStore
from daemon.latch import FileLatch
from daemon.machine.clocks import SteppedClock
from daemon.recovery import recover
from daemon.requests.spool import Request, RequestKind
from daemon.service import Service
from daemon.waking.queue import WakeQueue
from daemon.worlds.stepped import SteppedAlarms
from policies.limit_rule import Limits
from policies.policy import Policy
from portfolio.accounts import Account, Autonomy
from portfolio.events import JournalOpened
from portfolio.money import Money, Price, Quantity, Weight
from portfolio.orders import Leg
from portfolio.target import Slice, build_target
from portfolio.wakes import Wake, WakeKind
from tests.support.alpaca_parts import keys, settings
from tests.support.local_alpaca import Local, local_alpaca
from tests.support.simulated import FLAT, week

ACCOUNT = "brokerage"
FOUR = week(**dict.fromkeys(("AAA", "BBB", "CCC", "DDD"), ["100.00"] * 6))
LOOSE = Limits(
    max_cycles_per_symbol_per_session=500,
    max_cycles_per_day=500,
    max_day_fraction=Decimal(100),
    max_orders_per_day=500,
)
"""Nobody is asked, so that only the protocol keeps orders apart."""


@dataclass(kw_only=True)
class WireHouse:
    """The house, its service, the exchange at the other end and the line between them."""

    local: Local
    proxy: FaultProxy
    url: str
    """The exchange behind the line."""
    folder: Path
    policy: Policy
    dry_run: bool
    line: Connection = field(init=False)
    journal: JournalStore = field(init=False)
    house: House = field(init=False)
    service: Service = field(init=False)
    wakes: WakeQueue = field(init=False)
    asked: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._begin()

    @property
    def watch(self) -> Watch:
        return self.service.watch

    def tick(self, **later: float) -> None:
        """Let time pass, then one tick and all that follows from it."""
        self.local.clock.at += timedelta(**later)
        self.wake(WakeKind.TICK)

    def wake(self, kind: WakeKind, detail: str = "") -> None:
        """One wake and all that follows from it."""
        self.wakes.put(Wake(kind=kind, detail=detail))
        for _ in range(100):
            wake = self.wakes.get(0)
            if wake is None:
                return
            self.service.handle(wake)
        raise AssertionError("the wakes never end")

    def ticks(self, minutes: int) -> None:
        """So many minutes, a tick each."""
        for _ in range(minutes):
            self.tick(minutes=1)

    def approve(self) -> None:
        """A person's yes to what waits, and what follows of it as far as it goes without time."""
        pending = self.journal.pending_approval()
        assert pending is not None
        self.say("approve", pending.proposal_hash)

    def say(self, kind: RequestKind, subject: str = "") -> None:
        """A person's wish."""
        now = self.local.clock.now()
        self.asked.append(Request(kind=kind, by="ann", reason="a test", subject=subject, at=now))
        self.wake(WakeKind.PERSON, "spool")

    def plan(self) -> None:
        """The look that asks, and the yes to it."""
        self.wake(WakeKind.PERSON)
        self.approve()

    def posts(self) -> int:
        """How many orders have reached the exchange's socket."""
        return sum(line.startswith("POST /v2/orders") for line in self.proxy.arrived)

    def verbs(self) -> set[str]:
        """Every method that has reached the exchange's socket."""
        return {line.split()[0] for line in self.proxy.arrived}

    def legs(self) -> list[Leg]:
        return list(self.journal.legs())

    def sends(self) -> int:
        """How often the journal says that an order was sent."""
        return sum(leg.sends for leg in self.legs())

    def orders(self) -> list[Any]:
        """Every order at the exchange, oldest first, asked beside the spoilt line."""
        return list(self.local.get("/v2/orders", status="all", limit="500", direction="asc"))

    def pages(self) -> list[str]:
        return [alarm.name for alarm in self.journal.open_alarms()]

    def agrees(self) -> None:
        """Journal and exchange tell the same of orders, executions and holdings; none is doubled."""
        rows, legs = self.orders(), {leg.client_order_id: leg for leg in self.legs()}
        ours = [row for row in rows if row["client_order_id"].startswith("tt1-")]
        ids = [row["client_order_id"] for row in ours]
        assert len(set(ids)) == len(ids), "an id twice"
        assert set(ids) <= {name for name, leg in legs.items() if leg.sends}, "an order unexplained"
        for row in ours:
            assert legs[row["client_order_id"]].filled_quantity == Decimal(row["filled_qty"]), row
        assert dict(self.journal.positions(ACCOUNT)) == self.local.held()

    def restart(self) -> None:
        """The process ends without a word, another begins."""
        self.close()
        self._begin()

    def close(self) -> None:
        self.journal.close()
        self.line.close()

    def _connected(self, base: str, chosen: AlpacaSettings) -> Connection:
        """A connection to which time is the hand clock's, also while it waits."""
        clock = self.local.clock

        def pause(seconds: float) -> None:
            clock.at += timedelta(seconds=seconds)

        def seconds() -> float:
            return clock.at.timestamp()

        return Connection(base, chosen, keys(), clock, pause, monotonic=seconds)

    def _begin(self) -> None:
        """What a start puts together, and its recovery."""
        clock, prices = self.local.clock, self.local.desk.market.table
        chosen = settings(self.url, requests_per_minute=100_000, read_timeout_seconds=2.0)
        self.line = self._connected(chosen.trading_base, chosen)
        reader = AlpacaReader(ACCOUNT, self.line)
        self.journal = open_journal(
            self.folder / "journal.sqlite",
            clock=clock,
            render=lambda _: (),
            identity=JournalOpened(
                mode="paper",
                household="test",
                account_numbers=("LOCAL",),
                epoch="test",
                code_version="0",
            ),
        )
        self.house = House(
            name="test",
            clock=clock,
            sessions=SimulatedMarket(SimulatedSettings(prices=prices, cash=Money(Decimal(1)))),
            accounts=(Account(id=ACCOUNT, broker="alpaca", autonomy=Autonomy.AUTO),),
            readers={ACCOUNT: reader},
            senders={} if self.dry_run else {ACCOUNT: AlpacaBroker(reader, self.line)},
            prices=AlpacaPrices(self._connected(chosen.data_base, chosen)),
            journal=self.journal,
            latch=FileLatch(self.folder, clock),
            policy=self.policy,
            limits=LOOSE,
        )
        self.wakes = WakeQueue()
        self.service = Service(
            house=self.house,
            watch=Watch(),
            wakes=self.wakes,
            alarms=SteppedAlarms(SteppedClock(clock.now())),
            look=Look,
            spool=lambda: list(self.asked),
            done_with=self.asked.remove,
            reload=lambda: None,
        )
        recover(self.house, self.watch)


def weighted(weights: Mapping[str, str]) -> Policy:
    """A policy of symbols and their weights in percent, of the whole portfolio."""
    return Policy(
        target=build_target(
            [
                Slice(name=s.lower(), weight=Weight(Decimal(w) / 100), symbol=s)
                for s, w in weights.items()
            ]
        )
    )


@contextmanager
def wire_house(
    folder: Path,
    *,
    holds: Mapping[str, str],
    wants: Mapping[str, str],
    cash: str = "0",
    prices: PriceTable = FLAT,
    dry_run: bool = False,
) -> Iterator[WireHouse]:
    """A house that has started: what it holds in units, what it wants in percent."""
    with local_alpaca(
        prices,
        cash=Money(Decimal(cash)),
        positions={s: Quantity(Decimal(q)) for s, q in holds.items()},
        average_costs=dict.fromkeys(holds, Price(Decimal(50))),
        average_daily_volume=Quantity(Decimal(1_000_000)),
    ) as local:
        parts = urlsplit(local.url)
        assert parts.hostname
        assert parts.port
        with proxying(parts.hostname, parts.port) as (proxy, url):
            policy = weighted(wants)
            house = WireHouse(
                local=local, proxy=proxy, url=url, folder=folder, policy=policy, dry_run=dry_run
            )
            try:
                yield house
            finally:
                house.close()
