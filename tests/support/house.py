"""A whole house on the built-in broker: real exchange, real journal, a stepped clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from brokers.simulated.broker import SimulatedBroker
from brokers.simulated.market import SimulatedMarket, SimulatedPrices
from brokers.simulated.price_file import PriceTable
from brokers.simulated.settings import SimulatedSettings
from brokers.simulated.world_events import WorldEvent
from config.look import Look
from daemon.cycle import Outcome, Watch, run_cycle
from daemon.house import House
from daemon.journal.opening import open_journal
from daemon.journal.store import JournalStore
from daemon.latch import FileLatch
from daemon.machine.clocks import SteppedClock
from daemon.recovery import recover
from daemon.service import Service
from daemon.waking.queue import WakeQueue
from daemon.worlds.stepped import SteppedAlarms
from policies.limit_rule import Limits
from policies.policy import Policy
from portfolio.accounts import Account, Autonomy
from portfolio.events import JournalOpened
from portfolio.money import Money, Price, Quantity
from portfolio.wakes import Wake, WakeKind

LOOK = timedelta(minutes=30)


def table(days: Sequence[date], **columns: Sequence[str]) -> PriceTable:
    """A price table from decimal texts, one column a symbol."""
    return PriceTable(
        source="a test",
        sessions=tuple(days),
        symbols=tuple(columns),
        rows=tuple(
            tuple(Price(Decimal(values[i])) for values in columns.values())
            for i in range(len(days))
        ),
    )


@dataclass(slots=True, kw_only=True)
class Rig:
    """A house with the handles a test turns."""

    house: House
    watch: Watch
    clock: SteppedClock
    market: SimulatedMarket
    broker: SimulatedBroker
    journal: JournalStore
    latch: FileLatch
    looks: int = field(default=0)

    def go_to(self, day: date, offset: timedelta = LOOK) -> datetime:
        """Let time pass to an instant after the open of a session."""
        self.clock.advance_to(self.market.session_of(day).opens_at + offset)
        self.broker.advance()
        return self.clock.now()

    def look(self, day: date | None = None, kind: WakeKind = WakeKind.LOOK) -> Outcome:
        """A full look, on a session's usual time when a day is given."""
        if day is not None:
            self.go_to(day)
        return run_cycle(self.house, self.watch, Wake(kind=kind))

    def recover(self) -> None:
        """Start over, as a new process would."""
        self.watch = Watch()
        recover(self.house, self.watch)


def build_rig(
    tmp_path: Path,
    prices: PriceTable,
    policy: Policy,
    *,
    limits: Limits | None = None,
    cash: str = "0",
    positions: Mapping[str, str] | None = None,
    costs: Mapping[str, str] | None = None,
    autonomy: Autonomy = Autonomy.PROPOSE,
    events: tuple[WorldEvent, ...] = (),
    dry_run: bool = False,
    settings: SimulatedSettings | None = None,
) -> Rig:
    """A house with one simulated account called "main", recovered and ready at the first open."""
    settings = settings or SimulatedSettings(
        prices=prices,
        cash=Money(Decimal(cash)),
        positions={s: Quantity(Decimal(q)) for s, q in (positions or {}).items()},
        average_costs={s: Price(Decimal(c)) for s, c in (costs or {}).items()},
        events=events,
        average_daily_volume=Quantity(Decimal(1_000_000)),
        instant_settlement=True,
    )
    market = SimulatedMarket(settings)
    clock = SteppedClock(market.first_session.opens_at)
    broker = SimulatedBroker("main", settings, market, clock, tmp_path / "paper-main.sqlite")
    journal = open_journal(
        tmp_path / "journal.sqlite",
        clock=clock,
        render=lambda _: (),
        identity=JournalOpened(
            mode="paper",
            household="test",
            account_numbers=("SIM-main",),
            epoch="test",
            code_version="0",
        ),
    )
    latch = FileLatch(tmp_path, clock)
    house = House(
        name="test",
        clock=clock,
        sessions=market,
        accounts=(Account(id="main", broker="simulated", autonomy=autonomy),),
        readers={"main": broker},
        senders={} if dry_run else {"main": broker},
        prices=SimulatedPrices(market, clock),
        journal=journal,
        latch=latch,
        policy=policy,
        limits=limits or Limits(),
    )
    rig = Rig(
        house=house,
        watch=Watch(),
        clock=clock,
        market=market,
        broker=broker,
        journal=journal,
        latch=latch,
    )
    rig.recover()
    return rig


def service_of(rig: Rig) -> Service:
    """The service of a house, without people and without alarms of its own."""
    return Service(
        house=rig.house,
        watch=rig.watch,
        wakes=WakeQueue(),
        alarms=SteppedAlarms(rig.clock),
        look=Look,
        spool=list,
        done_with=lambda _request: None,
        reload=lambda: None,
    )
