"""Alarms over a stepped clock: each step jumps to the next alarm, however far away it is."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from daemon.machine.clocks import SteppedClock
from daemon.waking.alarms import PutWake
from portfolio.wakes import Wake


@dataclass(slots=True, kw_only=True)
class _Alarm:
    at: datetime
    order: int
    wake: Wake
    interval: timedelta | None


class SteppedAlarms:
    """Alarms that move the clock themselves, for the demo, simulations and tests. One thread only."""

    def __init__(self, clock: SteppedClock) -> None:
        self._clock = clock
        self._alarms: dict[str, _Alarm] = {}
        self._set = 0
        self._put: PutWake | None = None

    def once(self, name: str, at: datetime, wake: Wake) -> None:
        """Wake at an aware instant; replaces an alarm of that name."""
        self._add(name, at.astimezone(UTC), wake, None)

    def every(self, name: str, seconds: float, wake: Wake) -> None:
        """Wake every so many seconds from now on; replaces an alarm of that name."""
        if seconds <= 0:
            raise ValueError(f"an interval of {seconds} seconds is no interval")
        interval = timedelta(seconds=seconds)
        self._add(name, self._clock.now() + interval, wake, interval)

    def cancel(self, name: str) -> None:
        """Forget an alarm; one that is not there is no error."""
        self._alarms.pop(name, None)

    def start(self, put: PutWake) -> None:
        """Remember where wakes go; nothing fires until a step."""
        self._put = put

    def stop(self) -> None:
        """No step puts a wake any more."""
        self._put = None

    def next_at(self) -> datetime | None:
        """When the next alarm is due; None when none is set."""
        return min((alarm.at for alarm in self._alarms.values()), default=None)

    def step(self, put: PutWake | None = None) -> datetime | None:
        """Advance the clock to the next alarm and put its wake, there or where `start` said.

        Alarms of one instant fire in the order they were set, one a step; an interval that the clock
        has passed several times fires once. Returns the new time, None when no alarm is set.
        """
        receiver = put or self._put
        if receiver is None or not self._alarms:
            return None
        name, alarm = min(self._alarms.items(), key=lambda item: (item[1].at, item[1].order))
        self._clock.advance_to(alarm.at)
        now = self._clock.now()
        if alarm.interval is None:
            del self._alarms[name]
        else:
            missed = (now - alarm.at) // alarm.interval
            self._add(name, alarm.at + alarm.interval * (missed + 1), alarm.wake, alarm.interval)
        receiver(alarm.wake)
        return now

    def _add(self, name: str, at: datetime, wake: Wake, interval: timedelta | None) -> None:
        self._set += 1
        self._alarms[name] = _Alarm(at=at, order=self._set, wake=wake, interval=interval)
