"""Weeks in which nothing goes wrong, lived by the daemon that trades, tick by tick of simulated time.

`python -m benchmarks.quiet_weeks FOLDER --weeks 4` prints as JSON what people were told and what the
process took on the way. Prices move a third of a percent a day, dividends come, money is paid in once,
and what drifts is rebalanced. The daemon is put together as for `trimtab run`; besides, it ticks as in
service, and looks after its chores.
"""

import argparse
import gc
import itertools
import json
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import psutil

from config.read import read_settings
from daemon import logs
from daemon.assembly import Assembly, assemble
from daemon.machine import process
from daemon.redaction import Redactor
from daemon.requests.spool import Request, prepare_spool, write_request
from daemon.upkeep.chores import Chores
from daemon.waking.queue import WakeQueue
from portfolio.events import Alarm
from portfolio.money import use_exact_arithmetic_everywhere
from portfolio.wakes import Wake, WakeKind

FIRST_DAY = date(2026, 2, 23)
"""The first week ends a month, the third changes to summer time, the sixth has a holiday."""
_HOLIDAY = date(2026, 4, 3)
_DEPOSIT = date(2026, 3, 12)
_ROOM = 100 * 2**30
_SAMPLES = 25

CONFIGURATION = """\
mode = "paper"

[household]
name = "quiet"

[[accounts]]
id = "main"
broker = "simulated"
autonomy = "auto"
starting_cash_usd = 500
starting_positions = {{ STOCK = 600, BOND = 400 }}

[[slices]]
name = "stocks"
weight_percent = 60
symbol = "STOCK"
band_points = 1

[[slices]]
name = "bonds"
weight_percent = 40
symbol = "BOND"

[backup]
every_hours = 0

[notices]
channels = ["file"]
file = "notices.txt"

[schedule]
tick_seconds = {tick_seconds}

[simulation]
prices = "prices.csv"
session_seconds = 0.001
end = {end}
events = [{events}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What the process has after so many ticks; `resident` and `database` in bytes."""

    ticks: int
    resident: int
    objects: int
    files: int
    threads: int
    rows: int
    database: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """The weeks: `pages` by name of the alarm, `urgent` and `told` by kind of the notice's event."""

    weeks: int
    sessions: int
    ticks: int
    cpu_seconds: float
    pages: dict[str, int]
    urgent: dict[str, int]
    told: dict[str, int]
    orders: int
    samples: list[Sample]


def write_household(folder: Path, *, weeks: int, tick_seconds: int) -> Path:
    """Its configuration and prices, the same each time; one week more than it lives."""
    chance = random.Random(7)
    prices = {"STOCK": 100.0, "BOND": 100.0}
    lines = ["date,STOCK,BOND"]
    days = (FIRST_DAY + timedelta(days=n) for n in range(7 * (weeks + 1)))
    for day in (d for d in days if d.weekday() < 5 and d != _HOLIDAY):
        lines.append(f"{day},{prices['STOCK']:.2f},{prices['BOND']:.2f}")
        prices["STOCK"] *= 1 + chance.gauss(0.0006, 0.0035)
        prices["BOND"] *= 1 + chance.gauss(0.0001, 0.001)
    (folder / "prices.csv").write_text("\n".join(lines) + "\n")
    path = folder / "trimtab.toml"
    end = FIRST_DAY + timedelta(days=7 * weeks - 1)
    text = CONFIGURATION.format(tick_seconds=tick_seconds, end=end, events=_events(end))
    path.write_text(text)
    return path


def _events(end: date) -> str:
    """One deposit, and each month a dividend of the bonds; each quarter one of the stocks."""
    deposit = f'{{ kind = "deposit", on = {_DEPOSIT}, amount_usd = 900 }}'
    written = [deposit] if end >= _DEPOSIT else []
    months = (FIRST_DAY.replace(day=1) + timedelta(days=31 * n) for n in range(1, 60))
    for month, day in enumerate(m.replace(day=4) for m in months):
        for symbol, amount, is_due in (("BOND", 0.3, True), ("STOCK", 0.4, month % 3 == 1)):
            if is_due and day <= end:
                event = f'kind = "dividend", symbol = "{symbol}", on = {day}, amount_usd = {amount}'
                written.append(f"{{ {event} }}")
    return ", ".join(written)


def live(folder: Path, *, weeks: int, tick_seconds: int) -> Lived:
    """Live them in this process."""
    use_exact_arithmetic_everywhere()
    settings = read_settings(write_household(folder, weeks=weeks, tick_seconds=tick_seconds))
    logs.set_up(redactor=Redactor(()))
    state = folder / "state"
    state.mkdir()
    prepare_spool(state)
    wakes = WakeQueue()
    assembly = assemble(settings, state, wakes)
    samples: list[Sample] = []
    every = weeks * 7 * 86_400 // tick_seconds // _SAMPLES
    _as_in_service(assembly, tick_seconds, _sampler(assembly, samples, every))
    if assembly.driver is not None:
        assembly.driver.waits_for_person = _person(assembly)
    before = time.process_time()
    process._run(assembly, wakes, process.StopFlag())
    spent = time.process_time() - before
    lived = _lived(assembly, weeks, spent, samples)
    assembly.close()
    return lived


def _as_in_service(assembly: Assembly, tick_seconds: int, sample: Callable[[], None]) -> None:
    """What the assembly leaves out where time is simulated: the tick of every minute, and chores."""
    look_after = Chores(
        house=assembly.house,
        watch=assembly.watch,
        notices=assembly.settings.notices,
        backups=assembly.backups,
        free=lambda: _ROOM,
    ).after_tick

    def chores() -> None:
        look_after()
        sample()

    assembly.service.chores = chores
    assembly.alarms.every("tick", tick_seconds, Wake(kind=WakeKind.TICK))


def _person(assembly: Assembly) -> Callable[[], bool]:
    """A person who says yes to what is asked: the first plan of an account. Time never waits."""
    answered: set[str] = set()

    def answer() -> bool:
        pending = assembly.journal.pending_approval()
        if pending is not None and pending.proposal_hash not in answered:
            answered.add(pending.proposal_hash)
            yes = Request(
                kind="approve",
                by="ann",
                reason="it is as agreed",
                subject=pending.proposal_hash[:12],
                at=assembly.house.clock.now(),
            )
            write_request(assembly.state_dir, yes)
            assembly.wakes.put(Wake(kind=WakeKind.PERSON, detail="spool"))
        return False

    return answer


def _sampler(assembly: Assembly, samples: list[Sample], every: int) -> Callable[[], None]:
    me, ticks = psutil.Process(), itertools.count(1)
    file = assembly.state_dir / "journal.sqlite"

    def sample() -> None:
        number = next(ticks)
        if number % every:
            return
        gc.collect()
        samples.append(
            Sample(
                ticks=number,
                resident=me.memory_info().rss,
                objects=len(gc.get_objects()),
                files=me.num_fds(),
                threads=me.num_threads(),
                rows=assembly.journal.head()[0],
                database=file.stat().st_size,
            )
        )

    return sample


def _lived(assembly: Assembly, weeks: int, spent: float, samples: list[Sample]) -> Lived:
    journal = assembly.journal
    alarms = [r.event for r in journal.events("alarm") if isinstance(r.event, Alarm)]
    with closing(sqlite3.connect(assembly.state_dir / "journal.sqlite")) as rows:
        notices = rows.execute("SELECT urgent, key FROM notice").fetchall()
        (ticks,) = rows.execute("SELECT count(*) FROM tick").fetchone()
    return Lived(
        weeks=weeks,
        sessions=len(journal.events("session_closed")),
        ticks=ticks,
        cpu_seconds=round(spent, 1),
        pages=dict(Counter(alarm.name for alarm in alarms if alarm.level == "page")),
        urgent=dict(Counter(_kind(key) for urgent, key in notices if urgent)),
        told=dict(Counter(_kind(key) for urgent, key in notices if not urgent)),
        orders=len(journal.legs()),
        samples=samples,
    )


def _kind(key: str) -> str:
    return key.rstrip("0123456789-")


def main() -> int:
    """Live them and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quiet_weeks")
    parser.add_argument("folder", type=Path, help="an empty directory for the household")
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--tick-seconds", type=int, default=60)
    asked = parser.parse_args()
    lived = live(asked.folder, weeks=asked.weeks, tick_seconds=asked.tick_seconds)
    print(json.dumps(asdict(lived)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
