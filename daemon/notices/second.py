"""The second way of a page: other channels, when the first ones have not taken it for some minutes.

Whether it was told there is kept in the notice's error text, "second NAME: told", so that a restart
does not tell it there twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.notices.delivery import Channel, prepared
from portfolio.records import QueuedNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondWay:
    """Channels for urgent notices only, `after` they were queued in vain for so long."""

    channels: Sequence[Channel] = ()
    after: timedelta = timedelta(minutes=10)

    def tell(
        self, queued: QueuedNotice, error: str, now: datetime, redact: Callable[[str], str]
    ) -> str:
        """The error of a try, with what the second way said of it; "" stays ""."""
        if not error or not queued.notice.urgent:
            return error
        parts = [error]
        for channel in self.channels:
            mark = f"second {channel.name}"
            if f"{mark}: told" in queued.last_error:
                parts.append(f"{mark}: told")
            elif now - queued.queued_at >= self.after:
                problem = channel.send(prepared(queued.notice, redact))
                parts.append(f"{mark}: {redact(problem).replace(';', ',') or 'told'}")
        return "; ".join(parts)

    def not_later(self, queued: QueuedNotice, now: datetime, at: datetime) -> datetime:
        """When to try again: at `at`, or already when the second way's time comes."""
        due = queued.queued_at + self.after
        if not self.channels or not queued.notice.urgent or now >= due:
            return at
        return min(at, due)


NO_SECOND_WAY = SecondWay()
