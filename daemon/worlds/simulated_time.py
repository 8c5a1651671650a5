"""Simulated time: a clock that runs a session in a fraction of a second, and stands still for people.

Its speed is `pace.json` in the state directory, read again at every step:
`{"session_seconds": 0.03, "dwell_seconds": 2.0, "pause_on": "2008-03-03"}`.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from daemon.machine.clocks import SteppedClock
from daemon.waking.queue import WakeQueue
from daemon.worlds.stepped import SteppedAlarms
from portfolio.wakes import Wake

PACE_FILE = "pace.json"
STEPS_A_SESSION = 3
"""Open, look and close: each takes a third of a session's time."""
STAND_STILL_SECONDS = 0.05
"""How long a standing clock waits before it reads the pace again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How fast simulated time runs. `pause_on` is the session before whose open it stands still."""

    session_seconds: float = 1.0
    dwell_seconds: float = 0.0
    pause_on: date | None = None


def read_pace(state_dir: Path, otherwise: Pace) -> Pace:
    """The pace that is asked for; `otherwise` when there is no readable file."""
    try:
        wish = json.loads((state_dir / PACE_FILE).read_text(encoding="utf-8"))
        pause = wish.get("pause_on")
        return Pace(
            session_seconds=float(wish.get("session_seconds", otherwise.session_seconds)),
            dwell_seconds=float(wish.get("dwell_seconds", otherwise.dwell_seconds)),
            pause_on=None if pause is None else date.fromisoformat(pause),
        )
    except (OSError, ValueError, AttributeError, TypeError):
        return otherwise


@dataclass(slots=True, kw_only=True)
class Driver:
    """Where the service's next wake comes from when time is simulated. One thread only."""

    clock: SteppedClock
    alarms: SteppedAlarms
    state_dir: Path
    pace: Pace
    ends_after: date
    waits_for_person: Callable[[], bool]
    _dwell: bool = field(default=False)

    def next_wake(self, wakes: WakeQueue) -> Wake | None:
        """A wake that waits, else one made by letting time pass. None when nothing happened yet."""
        pace = read_pace(self.state_dir, self.pace)
        if self._dwell:
            # Before the next wave, too: who watches shall see the sales, then what they pay for.
            self._dwell = False
            time.sleep(pace.dwell_seconds)
        waiting = wakes.get(0)
        if waiting is not None:
            return waiting
        if self.is_over():
            return None
        seconds = pace.session_seconds / STEPS_A_SESSION
        next_at = self.alarms.next_at()
        paused = (
            pace.pause_on is not None and next_at is not None and next_at.date() >= pace.pause_on
        )
        if paused or self.waits_for_person():
            return wakes.get(STAND_STILL_SECONDS)
        wake = wakes.get(seconds) if seconds > 0 else None
        if wake is None:
            self.alarms.step(wakes.put)
            wake = wakes.get(0)
        return wake

    def is_over(self) -> bool:
        """Whether no session is left, of the prices or of what was asked for."""
        next_at = self.alarms.next_at()
        return next_at is None or next_at.date() > self.ends_after

    def dwell(self) -> None:
        """Something worth seeing happened: let the next step take longer."""
        self._dwell = True
