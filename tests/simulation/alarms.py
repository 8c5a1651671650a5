"""The alarms of a simulated world."""

from datetime import datetime

from daemon.waking.alarms import PutWake
from portfolio.wakes import Wake


class SimulatedAlarms:
    """`daemon.waking.alarms.Alarms` on the world's clock: it only tells what has become due."""

    def __init__(self) -> None:
        self._alarms: dict[str, tuple[datetime, Wake]] = {}

    def once(self, name: str, at: datetime, wake: Wake) -> None:
        self._alarms[name] = (at, wake)

    def every(self, name: str, seconds: float, wake: Wake) -> None:
        """The world brings the ticks."""

    def cancel(self, name: str) -> None:
        self._alarms.pop(name, None)

    def start(self, put: PutWake) -> None:
        """The world asks for what is due."""

    def stop(self) -> None:
        self._alarms.clear()

    def next_at(self) -> datetime | None:
        return min((at for at, _ in self._alarms.values()), default=None)

    def due(self, now: datetime) -> list[Wake]:
        """Take every alarm whose time has come, the earliest first."""
        names = sorted((at, name) for name, (at, _) in self._alarms.items() if at <= now)
        return [self._alarms.pop(name)[1] for _, name in names]
