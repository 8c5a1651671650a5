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
FENCES: Final = ("fenced", "unfenced")
ALARMS: Final = ("alarm", "alarm_cleared")


class Kept:
    """Answers by question, and by kind the questions that an event of it may answer otherwise."""

    def __init__(self) -> None:
        self._answers: dict[object, tuple[object]] = {}
        self._asked_of: dict[str, set[object]] = {}
        self._changes = 0

    def answer(self, question: object, kinds: Iterable[str], ask: Callable[[], Answer]) -> Answer:
        """The kept answer if no event of `kinds` has come since, else what `ask` finds now."""
        known = self._answers.get(question)
        if known is not None:
            return cast("Answer", known[0])
        if len(self._answers) >= _MOST:
            self.forget()
        changes = self._changes
        fresh = ask()
        self._answers[question] = (fresh,)
        for kind in kinds:
            self._asked_of.setdefault(kind, set()).add(question)
        if self._changes != changes:
            # Another thread has committed while this one asked: nobody knows which came first.
            self._answers.pop(question, None)
        return fresh

    def appended(self, events: Iterable[Event]) -> None:
        """Events have been committed."""
        self._changes += 1
        for event in events:
            for question in tuple(self._asked_of.pop(event.kind, ())):
                self._answers.pop(question, None)

    def forget(self) -> None:
        """Nobody knows what was committed."""
        self._changes += 1
        self._answers.clear()
        self._asked_of.clear()
