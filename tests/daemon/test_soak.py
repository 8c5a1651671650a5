"""A daemon that runs for days does not grow: objects, files and what is kept of answers stay level."""

import gc
from datetime import timedelta
from pathlib import Path

from daemon.upkeep.clearing import clear_what_is_over
from policies.policy import Policy
from portfolio.wakes import WakeKind
from tests.support.house import build_rig, table
from tests.support.running import Running, run_service
from tests.support.stories import DAYS, sixty_forty

EVERY_MINUTE = range(31, 390)
"""From the look of a session to its close."""


def objects() -> int:
    gc.collect()
    return len(gc.get_objects())


def files(folder: Path) -> list[str]:
    """Open files below a folder. Other tests of this process leave some that are closed meanwhile."""
    targets = (str(entry.resolve()) for entry in Path("/proc/self/fd").iterdir())
    return sorted(target for target in targets if target.startswith(str(folder)))


def live(running: Running, day: int) -> None:
    """A session from its look to its close, a tick each minute, prices moving a little."""
    rig = running.rig
    rig.go_to(DAYS[day], timedelta(minutes=30))
    running.wake(WakeKind.LOOK)
    for minute in EVERY_MINUTE:
        rig.go_to(DAYS[day], timedelta(minutes=minute))
        running.wake(WakeKind.TICK)
        if minute % 60 == 0:
            running.wake(WakeKind.ORDER_UPDATE)
    rig.go_to(DAYS[day], timedelta(minutes=391))
    running.wake(WakeKind.SESSION_CLOSE)
    clear_what_is_over(rig.house)


def test_three_days_of_ticks_leave_nothing_behind(tmp_path: Path) -> None:
    prices = [str(100 + n % 3) for n in range(12)]
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=prices, BND=["100"] * 12),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )
    running = run_service(rig)
    for day in (1, 2, 3):
        live(running, day)
    ticks, before, open_before = 3 * len(EVERY_MINUTE), objects(), files(tmp_path)
    for day in (4, 5, 6):
        live(running, day)
    grown = objects() - before
    assert grown < ticks / 4, f"{grown} objects more after {ticks} ticks"
    assert files(tmp_path) == open_before != []
    assert len(rig.journal._kept._answers) <= 128
