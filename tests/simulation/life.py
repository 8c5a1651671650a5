"""One seed from birth to judgement: production's process loop, started again after each death."""

import gc
import os
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from brokers.simulated import admission
from config.look import Look
from config.settings import NoticeSettings
from daemon import recovery
from daemon.assembly import Assembly
from daemon.cycle import Watch
from daemon.house import House
from daemon.journal import codec, queries, replay
from daemon.machine import lease, process
from daemon.protocol import BrokenInvariant
from daemon.service import Service
from daemon.taxes.ledger import JournalLedger
from daemon.upkeep.chores import Chores
from daemon.waking.queue import WakeQueue
from portfolio.canonical import document_of
from portfolio.money import Money, exact_arithmetic
from portfolio.ports import CredentialsRefused, JournalUnwritable
from portfolio.wakes import Wake
from tests.simulation.alarms import SimulatedAlarms
from tests.simulation.broker import FaultyBroker
from tests.simulation.chance import Menu, draw_every
from tests.simulation.endings import judge_end, judge_restart
from tests.simulation.own_books import Violation
from tests.simulation.plan import Crash, Plan, Tally
from tests.simulation.storage import SimulatedJournal
from tests.simulation.world import World

MOST_WAKES_A_TICK = 150
MOST_STARTS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a seed went. `trace` is the hash of everything that happened in it."""

    seed: int
    violations: tuple[Violation, ...]
    trace: str
    tally: Tally


class Silent:
    """A log that nobody reads."""

    def __getattr__(self, _name: str) -> Callable[..., None]:
        return lambda *_args, **_values: None


class WorldWakes(WakeQueue):
    """The queue of a process for which waiting is simulated too."""

    def __init__(self, world: World, stop: process.StopFlag) -> None:
        super().__init__()
        self._world = world
        self._stop = stop

    def get(self, timeout_seconds: float | None = None) -> Wake | None:
        wake = super().get(0)
        if wake is None and timeout_seconds:
            self._world.down_for(int(timeout_seconds))
            self._world.catch_up(self._stop)
        return wake


class NoBackups:
    """Backups have tests of their own, with threads and files."""

    def after_tick(self, journal: Any) -> None:
        """None is due."""


class Body:
    """What `process` runs, put together on a world; the shape of `daemon.assembly.Assembly`."""

    def __init__(self, world: World, stop: process.StopFlag) -> None:
        self._world = world
        self._stop = stop
        self._alarms = SimulatedAlarms()
        self._wakes_now = 0
        self.wakes = WorldWakes(world, stop)
        self.outside = SimpleNamespace(simulated=True)
        self.mode = "paper"
        self.configuration_document = document_of({"seed": str(world.seed)})
        clock = world.daemon_clock
        store = world.disk.open(clock, world.render)
        broker = FaultyBroker(world.broker, world.network, world)
        journal = SimulatedJournal(store, world.hook, world.disk_says)
        self.house = House(
            name="sim",
            clock=clock,
            sessions=world.market,
            accounts=world.accounts,
            readers={"main": broker},
            senders={"main": broker},
            prices=world.prices,
            journal=journal,
            lots=JournalLedger(journal) if world.traits.guards else None,
            latch=world.latch,
            policy=world.reload(),
            limits=world.limits,
            hook=world.hook,
            stopping=lambda: stop.reason,
            cancels_on_stop=world.traits.cancels_on_stop,
        )
        self.watch = Watch()
        self.service = Service(
            house=self.house,
            watch=self.watch,
            wakes=self.wakes,
            alarms=self._alarms,
            look=Look,
            spool=world.people.requests,
            done_with=world.people.done,
            reload=self._reload,
            chores=Chores(
                house=self.house,
                watch=self.watch,
                notices=NoticeSettings(),
                backups=cast(Any, NoBackups()),
                free=lambda: world.free_bytes,
            ).after_tick,
        )

    def _reload(self) -> None:
        self.house.policy = self._world.reload()

    def recover(self) -> None:
        recovery.recover(self.house, self.watch)

    def start(self) -> None:
        """Wakes come from the world."""

    def next_wake(self, wakes: WakeQueue) -> Wake | None:
        wake = wakes.get(0)
        self._wakes_now += 1
        if self._wakes_now > MOST_WAKES_A_TICK:
            self._world.checks.violated("I7 livelock", f"more than {MOST_WAKES_A_TICK} wakes")
            wake = None
            wakes.drain()
        if wake is not None:
            self._world.trace(f"wake {wake.kind} {wake.detail}")
            return wake
        self._wakes_now = 0
        brought = self._world.step(self._alarms)
        if brought is None:
            self._stop.reason = "the horizon is reached"
            return None
        for one in brought:
            wakes.put(one)
        return wakes.get(0)

    def is_over(self) -> bool:
        return False

    def after_wake(self) -> None:
        """Notices stay in the outbox."""


def live(world: World) -> None:
    """Run the daemon through the world, starting it again whenever it has died."""
    for _ in range(MOST_STARTS):
        stop = process.StopFlag()
        try:
            _one_process(world, stop)
        except Crash as crash:
            world.tally.crashes += 1
            world.trace(f"crash {crash}")
            _end(world, "crash")
        except JournalUnwritable as problem:
            world.trace(f"died: {problem}")
            _end(world, "disk")
        except CredentialsRefused as problem:
            world.trace(f"died: {problem}")
            _end(world, "credentials")
        except BrokenInvariant as problem:
            world.checks.violated("an assertion of the daemon", str(problem))
            _end(world, "assertion")
        except Exception as error:  # noqa: BLE001  any other end is what this looks for
            world.checks.violated("no crash of its own", f"{type(error).__name__}: {error}")
            _end(world, "error")
        else:
            if world.is_over:
                return
            _end(world, "signal")
        world.down_for(world.deaths.whole(1, 200))
        world.catch_up(stop)
        if world.is_over:
            return
    world.checks.violated("I7 livelock", f"started {MOST_STARTS} times")


def _end(world: World, how: str) -> None:
    world.is_alive = False
    world.next_crash = None
    world.tally.ends[how] = world.tally.ends.get(how, 0) + 1


def _one_process(world: World, stop: process.StopFlag) -> None:
    taken = lease.acquire(world.directory)
    if isinstance(taken, lease.AlreadyRunning):
        raise TypeError("the lease of a dead process is still held")
    with taken:
        world.latch.prepare()
        body = Body(world, stop)
        world.tally.lives.append([])
        world.cuts.born(stop)
        world.is_alive = True
        try:
            process._run(cast(Assembly, body), body.wakes, stop)
        finally:
            world.is_alive = False


def restart_for_nothing(world: World) -> None:
    """Start and stop at the end, and let the judge count the rows.

    The first start may end an alarm that only a start looks at; the others find nothing to do.
    """
    world.plan = None
    for number in range(3):
        before = world.checks.rows("SELECT max(seq) FROM audit")[0][0]
        stop = process.StopFlag()
        _one_process(world, stop)
        if number:
            judge_restart(world, before)


PLACE = "TRIMTAB_SIMULATION_IN"
"""Names the folder for the state directories of this process and of those that it starts."""


@contextmanager
def state_directories() -> Iterator[None]:
    """A folder for them, in memory where there is such a place, and gone afterwards."""
    memory = Path("/dev/shm")  # noqa: S108
    place = str(memory) if memory.is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="trimtab-sim-", dir=place) as folder,
        patch.dict(os.environ, {PLACE: folder}),
    ):
        yield


def _directory() -> Path:
    """The state directory of this process."""
    directory = Path(os.environ[PLACE]) / str(os.getpid())
    directory.mkdir(exist_ok=True)
    return directory


_decoded = lru_cache(maxsize=8192)(codec.decode_event)
"""Rows never change, so that the events in them need not be read twice."""


def _credit(*_: object) -> Money:
    return Money(10**9)  # type: ignore[arg-type]


@contextmanager
def _simulated_process(world: World) -> Iterator[None]:
    """Silence the log, and let the broker lend as a margin account does where the seed says so."""
    with ExitStack() as stack:
        stack.enter_context(exact_arithmetic())
        stack.enter_context(patch.object(process, "get_logger", Silent))
        stack.enter_context(patch.object(process, "code_version", lambda: "0"))
        stack.enter_context(patch.object(queries, "decode_event", _decoded))
        stack.enter_context(patch.object(replay, "decode_event", _decoded))
        stack.enter_context(patch.object(lease, "_PAUSE_SECONDS", 0))
        if world.has_credit:
            stack.enter_context(patch.object(admission, "buying_power", _credit))
        yield


@cache
def _without_rereading_what_stays() -> None:
    """Modules and tables live as long as the process: the collector need not visit them again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def run_seed(
    seed: int, *, menu: Menu | None = None, plan: Plan | None = None, every: Collection[str] = ()
) -> Result:
    """Live a seed to its end and judge it. Call it inside `state_directories`.

    `every` names faults and traits that it has besides what it draws.
    """
    traits = None
    if every:
        menu, traits = draw_every(seed, every)
    _without_rereading_what_stays()
    directory = _directory()
    for name in ("halt", "halt.ready"):
        (directory / name).unlink(missing_ok=True)
    world = World(seed, directory, menu=menu, plan=plan, traits=traits)
    with _simulated_process(world):
        live(world)
        judge_end(world)
        if not world.checks.violations and world.is_quiet():
            restart_for_nothing(world)
    return result_of(world)


def result_of(world: World) -> Result:
    head: Any = world.checks.rows("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1")
    world.trace(f"head {head[0][0]}")
    return Result(
        seed=world.seed,
        violations=tuple(world.checks.violations),
        trace=world.trace_hash(),
        tally=world.tally,
    )
