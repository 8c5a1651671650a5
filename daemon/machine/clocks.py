"""Two clocks: the one on the wall, and one that moves only when it is told to."""

from datetime import UTC, datetime


class WallClock:
    """The system's time."""

    def now(self) -> datetime:
        """The current instant, aware, UTC."""
        return datetime.now(UTC)


class SteppedClock:
    """A clock for the demo, simulations and tests: time stands still between two steps."""

    def __init__(self, start: datetime) -> None:
        self._now = _utc(start)

    def now(self) -> datetime:
        """The instant it was last advanced to."""
        return self._now

    def advance_to(self, at: datetime) -> None:
        """Move forward to an instant. An earlier one changes nothing: time never goes back."""
        self._now = max(self._now, _utc(at))


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone")
    return at.astimezone(UTC)
