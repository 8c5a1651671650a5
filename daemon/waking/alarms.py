"""How passing time becomes wakes: the port. In service APScheduler is behind it, else a stepped one."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from portfolio.wakes import Wake

PutWake = Callable[[Wake], None]


class Alarms(Protocol):
    """Alarm clocks by name. They only wake; what is due is read from the journal and the calendar.

    So an alarm that is late, doubled or lost does no harm, and nothing of them outlives a restart.
    """

    def once(self, name: str, at: datetime, wake: Wake) -> None:
        """Wake at an aware instant, at once if it has passed; replaces an alarm of that name."""
        ...

    def every(self, name: str, seconds: float, wake: Wake) -> None:
        """Wake every so many seconds from now on; replaces an alarm of that name."""
        ...

    def cancel(self, name: str) -> None:
        """Forget an alarm; one that is not there is no error."""
        ...

    def start(self, put: PutWake) -> None:
        """Begin; `put` must not block and may be called from another thread."""
        ...

    def stop(self) -> None:
        """End; no wake is put after it returns."""
        ...

    def next_at(self) -> datetime | None:
        """When the next alarm is due; None when none is set."""
        ...
