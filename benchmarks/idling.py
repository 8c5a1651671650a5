"""What the daemon takes while nothing happens: memory, and processor time per minute."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from benchmarks.alpaca_stand_in import stand_in
from benchmarks.commands import run_to_end
from benchmarks.effort import Effort, Progress
from benchmarks.figures import Figure, Goal, Peer, Row, Spread, spread
from benchmarks.running import (
    STANDING,
    Running,
    on_alpaca,
    on_the_built_in_broker,
    running,
    trimtab_run,
)

MIB = 2**20
BUILT_IN_MIB = Goal(level=80)
ALPACA_MIB = Goal(level=130)
CPU_MS_A_MINUTE = Goal(level=10)
SERVICE_TICK_SECONDS = 60

Start = Callable[[Effort], AbstractContextManager[Running]]

LIBRARIES = "import sqlmodel, numpy, apscheduler.schedulers.background"
_RESIDENT = "import psutil; print(psutil.Process().memory_info().rss)"


def measure_memory(effort: Effort, progress: Progress) -> list[Row]:
    """Resident memory after READY and the first look, with the built-in broker and with Alpaca."""
    runs = max(1, effort.runs // 2)
    floor = Peer(
        name="sqlmodel+numpy+apscheduler",
        measured=spread([resident_after(LIBRARIES) for _ in range(runs)]),
    )
    rows: list[Row] = []
    for name, goal, start in (
        ("built-in broker", BUILT_IN_MIB, _built_in),
        ("Alpaca", ALPACA_MIB, _at_alpaca),
    ):
        progress(f"memory of the idle daemon, {name}, {runs} starts")
        seen = [_memory_of(effort, start) for _ in range(runs)]
        own = spread([uss for _, uss in seen]).median
        rows.append(
            Figure(
                name=f"idle memory, {name}",
                unit="MiB",
                measured=spread([rss for rss, _ in seen]),
                goal=goal,
                peer=floor,
                notes=(f"resident after READY and one look; {own:.0f} MiB are its own (USS)",),
            )
        )
    return rows


def _memory_of(effort: Effort, start: Start) -> tuple[float, float]:
    """Resident memory and the part that is the process's own, MiB."""
    with start(effort) as daemon:
        memory = daemon.process.memory_full_info()
        return memory.rss / MIB, memory.uss / MIB


def measure_cpu(effort: Effort, progress: Progress) -> list[Row]:
    """Processor time of an idle minute at a 60 s tick, from faster ticks: it is the ticks that cost."""
    note = (
        f"{effort.idle_ticks} ticks of {effort.idle_tick_seconds} s, "
        f"counted as one tick every {SERVICE_TICK_SECONDS} s"
    )
    rows: list[Row] = []
    for name, start in (("built-in broker", _on_the_wall), ("Alpaca", _at_alpaca)):
        progress(f"idle processor time, {name}, {effort.idle_ticks} ticks")
        with start(effort) as idle:
            rows.append(
                Figure(
                    name=f"idle processor time, {name}",
                    unit="ms/min",
                    measured=milliseconds_a_tick(idle, effort.idle_ticks),
                    goal=CPU_MS_A_MINUTE if name == "built-in broker" else None,
                    notes=(note,),
                )
            )
    return rows


def milliseconds_a_tick(idle: Running, ticks: int) -> Spread:
    """Processor time from one tick to the next, of as many ticks as are asked for."""
    _wait_for_tick(idle)
    taken: list[float] = []
    before = idle.cpu_seconds()
    for _ in range(ticks):
        _wait_for_tick(idle)
        now = idle.cpu_seconds()
        taken.append((now - before) * 1e3)
        before = now
    return spread(taken)


def _wait_for_tick(idle: Running) -> None:
    """Until the journal has the next tick's row, and a little longer: the row is not quite its end."""
    before, until = idle.rows("tick"), time.monotonic() + 60
    while idle.rows("tick") == before:
        if time.monotonic() > until:
            raise RuntimeError("the daemon does not tick")
        time.sleep(0.05)
    time.sleep(0.2)


def resident_after(statement: str) -> float:
    """Resident memory of a Python that has run a statement, MiB."""
    return int(run_to_end([sys.executable, "-c", f"{statement}; {_RESIDENT}"])) / MIB


@contextmanager
def _place(effort: Effort) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="trimtab-bench-", dir=effort.disk) as folder:
        yield Path(folder)


@contextmanager
def _built_in(effort: Effort) -> Iterator[Running]:
    """The command as it is installed; simulated time stands still, so that nothing happens."""
    with _place(effort) as folder:
        configuration = on_the_built_in_broker(folder)
        state = folder / "state"
        state.mkdir()
        (state / "pace.json").write_text(STANDING)
        with running(trimtab_run(configuration, state), state) as daemon:
            yield daemon


@contextmanager
def _on_the_wall(effort: Effort) -> Iterator[Running]:
    with _place(effort) as folder:
        configuration = on_the_built_in_broker(folder, tick_seconds=effort.idle_tick_seconds)
        state = folder / "state"
        module = [sys.executable, "-m", "benchmarks.wall_daemon", str(configuration), str(state)]
        with running(module, state) as daemon:
            yield daemon


@contextmanager
def _at_alpaca(effort: Effort) -> Iterator[Running]:
    with _place(effort) as folder, stand_in() as url:
        configuration = on_alpaca(folder, url, tick_seconds=effort.idle_tick_seconds)
        state = folder / "state"
        with running(trimtab_run(configuration, state), state) as daemon:
            yield daemon
