"""The latest looks, kept beside the database by the daemon that records them.

Every look asks for the last one, and searches back for the last that answered a calendar date. Rows
never change, so that after a new look only that one is read and put before those that are known.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from daemon.journal import queries
from daemon.journal.database import Database
from portfolio.events import CycleDecided, Event
from portfolio.records import CycleRecord

MOST: Final = 400
"""Looks that are kept at most; whoever wants more asks the database."""


class CycleBook:
    """The latest looks, newest first, as many as have been asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._newest: list[CycleRecord] = []
        self._has_all = False
        self._is_behind = False

    def latest(self, limit: int) -> Sequence[CycleRecord]:
        """The latest `limit` looks, newest first; fewer when there are no more."""
        with self._database.exclusive():
            if self._is_behind:
                after = self._newest[0].cycle if self._newest else 0
                self._newest[:0] = queries.cycles_after(self._database, after)
                self._is_behind = False
            if limit > len(self._newest) and not self._has_all:
                self._newest = [*queries.cycles(self._database, limit=limit, before=None)]
                self._has_all = len(self._newest) < limit
            found = self._newest[:limit]
            if len(self._newest) > MOST:
                del self._newest[MOST:]
                self._has_all = False
            return found

    def appended(self, events: Iterable[Event]) -> None:
        """Events have been committed: the looks among them are read when they are asked for."""
        if any(isinstance(event, CycleDecided) for event in events):
            self._is_behind = bool(self._newest) or self._has_all

    def forget(self) -> None:
        """Nobody knows what was committed."""
        self._newest = []
        self._has_all = self._is_behind = False
