"""Answers that stay true until an event of their kinds is appended.

The daemon is the journal's only writer, so between two of its own appends the tables cannot change. A
quiet session asks the same dozen questions at each wake; this spares the database all but the first.
A reader in another process keeps nothing, and a writer whose append failed forgets everything.
"""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar, cast

from portfolio.events import Event

Answer = TypeVar("Answer")

_MOST: Final = 128
"""Questions carry their arguments; a flood of different ones starts afresh."""

LEGS: Final = ("leg_planned", "leg_moved")
RUNS: Final = ("run_opened", "run_ended")
HOLDINGS: Final = ("positions_accepted", "fill_booked", "flow_seen")
APPROVALS: Final = ("approval_requested", "approval_ended")
ALARMS: Final = ("alarm", "alarm_cleared")


class Kept:
    """Answers by question, each with how often its kinds had been appended when it was asked."""

    def __init__(self) -> None:
        self._appended: dict[str, int] = {}
        self._answers: dict[object, tuple[tuple[int, ...], object]] = {}

    def answer(self, question: object, kinds: Iterable[str], ask: Callable[[], Answer]) -> Answer:
        """The kept answer if no event of `kinds` has come since, else what `ask` finds now."""
        counts = tuple(self._appended.get(kind, 0) for kind in kinds)
        found = self._answers.get(question)
        if found is not None and found[0] == counts:
            return cast("Answer", found[1])
        if len(self._answers) >= _MOST:
            self._answers.clear()
        fresh = ask()
        self._answers[question] = (counts, fresh)
        return fresh

    def appended(self, events: Iterable[Event]) -> None:
        """Events have been committed."""
        for event in events:
            self._appended[event.kind] = self._appended.get(event.kind, 0) + 1

    def forget(self) -> None:
        """Nobody knows what was committed."""
        self._answers.clear()
