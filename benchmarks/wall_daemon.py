"""The daemon as `trimtab run` starts it, but with the built-in market on the wall clock.

In service the alarms come from APScheduler and the wall clock; the built-in market brings a clock of
its own that only steps. Here that clock runs, from an hour after an open, so that an idle minute of an
open session can be measured without a broker.

    python -m benchmarks.wall_daemon CONFIG STATE
"""

import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

INTO_SESSION = timedelta(hours=2)
"""The market puts a new clock one hour before the open."""


class RunningClock:
    """Simulated time that passes at the pace of the wall."""

    def __init__(self, start: datetime) -> None:
        self._start = start + INTO_SESSION
        self._since = time.monotonic()

    def now(self) -> datetime:
        """The start plus what has passed."""
        return self._start + timedelta(seconds=time.monotonic() - self._since)

    def advance_to(self, at: datetime) -> None:
        """Jump forward, never back."""
        self._start += max(at - self.now(), timedelta(0))


def main() -> int:
    """Serve until SIGTERM."""
    from daemon.machine.process import serve
    from daemon.worlds import simulated as simulated_world

    setattr(simulated_world, "SteppedClock", RunningClock)  # noqa: B010  not an export, on purpose
    return serve(Path(sys.argv[1]), Path(sys.argv[2]))


if __name__ == "__main__":
    sys.exit(main())
