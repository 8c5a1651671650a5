"""How long one whole cycle takes against the built-in broker: a hold, and a rebalance to its end.

The account's file and the journal lie on the disk that is measured, or in memory where the system has
a file system there; what is in between is the same real house.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import mode

from benchmarks.effort import Effort, Progress
from benchmarks.figures import Figure, Peer, Row, Skipped, spread
from benchmarks.timing import cpu_milliseconds
from brokers.simulated.broker import SimulatedBroker
from brokers.simulated.market import SimulatedMarket, SimulatedPrices
from brokers.simulated.price_file import price_table
from brokers.simulated.settings import SimulatedSettings
from daemon.cycle import Outcome, Watch, run_cycle
from daemon.house import House
from daemon.journal.opening import open_journal
from daemon.journal.store import JournalStore
from daemon.latch import FileLatch
from daemon.machine.clocks import SteppedClock
from daemon.memory import remember
from daemon.observe import observe
from daemon.recovery import recover
from daemon.requests.acting import serve_request
from daemon.requests.spool import Request
from policies.decide import decide
from policies.limit_rule import Limits
from policies.policy import Policy, PriceRule
from portfolio.accounts import Account, AccountKind, Autonomy
from portfolio.events import JournalOpened
from portfolio.money import Money, Quantity, Weight
from portfolio.target import Slice, build_target
from portfolio.wakes import Wake, WakeKind

MEMORY = Path("/dev/shm")  # noqa: S108  every file in it has a folder of its own
MOST_CYCLES_OF_A_RUN = 10
_LOOK = timedelta(minutes=30)
_SWING = (Decimal(100), Decimal(140))
_ALL = Decimal(10)


@dataclass(slots=True, kw_only=True)
class Rig:
    """A house over a market whose stocks jump every second session, beyond the band and back."""

    house: House
    watch: Watch
    clock: SteppedClock
    market: SimulatedMarket
    broker: SimulatedBroker
    journal: JournalStore

    def go_to(self, session: int) -> None:
        """Let time pass to half an hour after the open of the session with that number."""
        day = self.market.table.sessions[session]
        self.clock.advance_to(self.market.session_of(day).opens_at + _LOOK)
        self.broker.advance()

    def look(self, kind: WakeKind = WakeKind.LOOK) -> Outcome:
        """One whole cycle."""
        return run_cycle(self.house, self.watch, Wake(kind=kind))

    def finish(self) -> int:
        """Look again until the run is over; the number of cycles that took."""
        for cycles in range(MOST_CYCLES_OF_A_RUN):
            if self.journal.open_run() is None:
                return cycles
            self.look(WakeKind.ORDER_UPDATE)
        raise RuntimeError("the run does not end")

    def approve(self) -> None:
        """A person's yes to the first plan."""
        pending = self.journal.pending_approval()
        if pending is None:
            raise RuntimeError("no first plan waits for an approval")
        yes = Request(
            kind="approve", by="bench", subject=pending.proposal_hash, at=self.clock.now()
        )
        serve_request(self.house, self.watch, yes)

    def close(self) -> None:
        """Give the files back."""
        self.journal.close()
        self.broker.close()


def measure(effort: Effort, progress: Progress) -> list[Row]:
    """A hold and a rebalance of two slices, with the files on disk and in memory."""
    rows: list[Row] = []
    for where, folder in (("on disk", effort.disk), ("in memory", MEMORY)):
        if not folder.is_dir():
            rows.append(Skipped(name=f"cycle, {where}", reason=f"there is no {folder} here"))
            continue
        progress(f"whole cycles, {where}")
        with tempfile.TemporaryDirectory(prefix="trimtab-bench-", dir=folder) as place:
            rows += _figures(effort, where, Path(place))
    return rows


def _figures(effort: Effort, where: str, place: Path) -> list[Row]:
    times = max(1, effort.sessions // 6)
    with closing(build(place, sessions=2 * times + 4)) as rig:
        rig.go_to(0)
        rig.look()
        rig.approve()
        rig.finish()
        alone = spread(cpu_milliseconds(_decision(rig), runs=effort.runs, seconds=effort.seconds))
        holds = [_milliseconds(rig.look) for _ in range(times)]
        rebalances: list[float] = []
        taken: list[int] = []
        for session in range(1, times + 1):
            rig.go_to(session)
            before = rig.journal.next_cycle()
            rebalances.append(_milliseconds(lambda: (rig.look(), rig.finish())))
            taken.append(rig.journal.next_cycle() - before)
    floor = Peer(name="decide alone", measured=alone)
    return [
        Figure(
            name=f"cycle, hold, {where}",
            unit="ms",
            measured=spread(holds),
            peer=floor,
            notes=("settle, observe, decide, record; wall time",) if where == "on disk" else (),
        ),
        Figure(
            name=f"cycles of a rebalance, {where}",
            unit="ms",
            measured=spread(rebalances),
            peer=floor,
            notes=(
                f"{mode(taken)} cycles: sell, buy what is then affordable, find it done; wall time",
            )
            if where == "on disk"
            else (),
        ),
    ]


def _decision(rig: Rig) -> Callable[[], object]:
    snapshot = observe(rig.house)
    memory = remember(rig.house, Wake(kind=WakeKind.LOOK), snapshot.session)
    return lambda: decide(snapshot, rig.house.policy, memory)


def _milliseconds(call: Callable[[], object]) -> float:
    before = time.perf_counter()
    call()
    return (time.perf_counter() - before) * 1e3


def build(place: Path, *, sessions: int) -> Rig:
    """A house on automatic, with limits that let everything pass and no rest between rebalances."""
    days = [date(2020, 1, 1) + timedelta(days=n) for n in range(sessions)]
    prices = price_table(
        days,
        {"STOCK": [_SWING[n % 2] for n in range(sessions)], "BOND": [_SWING[0]] * sessions},
    )
    settings = SimulatedSettings(
        prices=prices,
        cash=Money(Decimal(100_000)),
        average_daily_volume=Quantity(Decimal(10_000_000)),
        instant_settlement=True,
    )
    market = SimulatedMarket(settings)
    clock = SteppedClock(market.first_session.opens_at)
    broker = SimulatedBroker("main", settings, market, clock, place / "paper-main.sqlite")
    journal = open_journal(
        place / "journal.sqlite",
        clock=clock,
        render=lambda _: (),
        identity=JournalOpened(
            mode="paper",
            household="bench",
            account_numbers=("SIM-main",),
            epoch="k7qa",
            code_version="0",
        ),
    )
    target = build_target(
        [
            Slice(name="stocks", weight=Weight(Decimal("0.6")), symbol="STOCK"),
            Slice(name="bonds", weight=Weight(Decimal("0.4")), symbol="BOND"),
        ],
        cash_buffer=Weight(Decimal("0.005")),
    )
    house = House(
        name="bench",
        clock=clock,
        sessions=market,
        accounts=(
            Account(
                id="main",
                broker="simulated",
                kind=AccountKind.TAX_DEFERRED,
                autonomy=Autonomy.AUTO,
            ),
        ),
        readers={"main": broker},
        senders={"main": broker},
        prices=SimulatedPrices(market, clock),
        journal=journal,
        latch=FileLatch(place, clock),
        policy=Policy(
            target=target,
            rest_sessions=0,
            backstop=None,
            prices=PriceRule(max_jump=_ALL),
        ),
        limits=Limits(
            max_order_fraction=_ALL,
            max_plan_fraction=_ALL,
            max_position_sold_fraction=_ALL,
            max_day_fraction=_ALL,
            max_price_from_close=_ALL,
        ),
    )
    watch = Watch()
    recover(house, watch)
    return Rig(house=house, watch=watch, clock=clock, market=market, broker=broker, journal=journal)
