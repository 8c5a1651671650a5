"""Sessions a second of the simulated daemon, seeds a minute of the simulation, a second set-up."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from benchmarks.commands import cost_of
from benchmarks.effort import Effort, Progress
from benchmarks.figures import Figure, Goal, Peer, Row, Skipped, spread
from benchmarks.running import STANDING, Running, on_the_built_in_broker, running, trimtab_run
from brokers.simulated.broker import SimulatedBroker
from brokers.simulated.market import SimulatedMarket
from brokers.simulated.price_file import read_prices
from brokers.simulated.settings import SimulatedSettings
from daemon.machine.clocks import SteppedClock
from portfolio.money import Money

SETUP_SECONDS = Goal(level=3)
DEMO_SESSIONS_A_SECOND = Goal(level=20, at_least=True)
"""The demo has some 570 sessions for its 45 seconds, and wants half of those for its stories."""
SEEDS_A_MINUTE = Goal(level=1000, at_least=True)
_RATE = re.compile(r"([\d,]+) seeds a minute")
FULL_SPEED = '{"session_seconds": 0}'
ROOT = Path(__file__).parents[1]
_HALF_AN_HOUR = timedelta(minutes=30)
_MOST_SECONDS = 120.0


def measure_sessions(effort: Effort, progress: Progress) -> list[Row]:
    """A real daemon whose clock never waits: three wakes a session, a look in each."""
    progress(f"simulated daemon, {effort.sessions} sessions")
    with tempfile.TemporaryDirectory(prefix="trimtab-bench-", dir=effort.disk) as folder:
        place = Path(folder)
        configuration = on_the_built_in_broker(place)
        state = place / "state"
        state.mkdir()
        (state / "pace.json").write_text(STANDING)
        with running(trimtab_run(configuration, state), state) as daemon:
            (state / "pace.json").write_text(FULL_SPEED)
            part = max(1, effort.sessions // 4)
            rates = [_rate(daemon, part) for _ in range(4)]
        floor = [broker_alone(place / "prices.csv") for _ in range(max(1, effort.runs // 2))]
    return [
        Figure(
            name="sessions of the simulated daemon",
            unit="1/s",
            measured=spread(rates),
            goal=DEMO_SESSIONS_A_SECOND,
            peer=Peer(name="the broker's account alone", measured=spread(floor)),
            notes=("nothing to trade; the goal is what the demo needs",),
        )
    ]


def _rate(daemon: Running, sessions: int) -> float:
    """Sessions a second over so many of them; each leaves one look in the journal."""
    first, started = daemon.rows("cycle"), time.perf_counter()
    seen = first
    while seen < first + sessions:
        if not daemon.process.is_running() or time.perf_counter() - started > _MOST_SECONDS:
            raise RuntimeError("the simulated daemon does not go on")
        time.sleep(0.02)
        seen = daemon.rows("cycle")
    return (seen - first) / (time.perf_counter() - started)


def broker_alone(prices: Path) -> float:
    """Sessions a second of the simulated account by itself, in memory, three steps in each."""
    settings = SimulatedSettings(prices=read_prices(prices), cash=Money(Decimal(100_000)))
    market = SimulatedMarket(settings)
    clock = SteppedClock(market.first_session.opens_at)
    broker = SimulatedBroker("main", settings, market, clock)
    days = market.table.sessions
    started = time.perf_counter()
    for session in market.between(days[0], days[-1]):
        for at in (session.opens_at, session.opens_at + _HALF_AN_HOUR, session.closes_at):
            clock.advance_to(at)
            broker.advance()
    return len(days) / (time.perf_counter() - started)


def measure_seeds(effort: Effort, progress: Progress) -> list[Row]:
    """Seeds of the simulation a minute, on all cores: 80 ticks and five symbols in each."""
    many = max(2, effort.sessions // 3)
    progress(f"simulation, {many} seeds, {effort.runs} times")
    jobs = os.cpu_count() or 1
    words = [sys.executable, "-m", "tests.simulation.run", "--seeds", str(many)]
    rates = []
    for number in range(max(1, effort.runs // 2)):
        start = str(50_000 + number * many)
        told = subprocess.run(  # noqa: S603
            [*words, "--start", start, "--jobs", str(jobs)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        rates.append(float(_RATE.findall(told.stdout)[-1].replace(",", "")))
    return [
        Figure(
            name="seeds of the simulation",
            unit="1/min",
            measured=spread(rates),
            goal=SEEDS_A_MINUTE,
            notes=(f"{jobs} processes, their start included",),
        )
    ]


def measure_setup(effort: Effort, progress: Progress) -> list[Row]:
    """A second `make setup`, which finds everything in place, beside a make that does nothing."""
    if shutil.which("make") is None:
        return [Skipped(name="second make setup", reason="there is no make here")]
    progress("second make setup")
    make = ["make", "-C", str(ROOT)]
    cost_of([*make, "setup"])  # if it had something to do, it has done it now
    runs = range(max(1, effort.runs // 2))
    return [
        Figure(
            name="second make setup",
            unit="s",
            measured=spread([cost_of([*make, "setup"]).wall / 1e3 for _ in runs]),
            goal=SETUP_SECONDS,
            peer=Peer(
                name="make help",
                measured=spread([cost_of([*make, "help"]).wall / 1e3 for _ in runs]),
            ),
        )
    ]
