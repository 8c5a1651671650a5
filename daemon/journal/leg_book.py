"""The legs that a daemon asks for all day, kept beside the database by its only writer.

A look asks a dozen times which legs are live, which a run has, which were planned since yesterday. The
book reads the recent ones once, and after an append only those that were planned or moved in it. What
is older than it reaches is asked of the database.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, or_, select

from daemon.journal import queries
from daemon.journal.database import Database
from daemon.journal.prepared import Prepared
from daemon.journal.tables import LEG
from portfolio.events import Event, LegMoved, LegPlanned
from portfolio.orders import Leg
from portfolio.ports import Clock

REACHES_BACK: Final = timedelta(days=10)
"""How far a book reaches when it is read."""
GROWS_TO: Final = 500
"""Legs in a book, or twice as many as it had; beyond that it is read anew."""

_RECENT = Prepared(
    select(LEG)
    .where(
        or_(
            LEG.c.planned_at >= bindparam("since"),
            LEG.c.run >= bindparam("run"),
            *(LEG.c.state == state for state in queries.LIVE),
        )
    )
    .order_by(LEG.c.seq)
)


class LegBook:
    """Every live leg, the legs of the run under way and later ones, and what was planned lately."""

    def __init__(self, database: Database, clock: Clock) -> None:
        """`clock` tells what lately means."""
        self._database = database
        self._clock = clock
        self._legs: dict[str, Leg] | None = None
        self._live: list[Leg] | None = None
        self._changed: dict[str, None] = {}
        self._since = clock.now()
        self._from_run = 0
        self._most = GROWS_TO

    def legs(self, *, run: int | None, live: bool, since: datetime | None) -> Sequence[Leg] | None:
        """As `JournalReader.legs`; None when the question reaches further back than the book."""
        with self._database.exclusive():
            known = self._up_to_date()
            if live and run is None and since is None:
                if self._live is None:
                    self._live = [leg for leg in known.values() if not leg.state.is_terminal]
                return self._live
            recent = tuple(known.values())
        reaches = run is not None and run >= self._from_run
        if not (live or reaches or (since is not None and since >= self._since)):
            return None
        return [
            leg
            for leg in recent
            if (run is None or leg.run == run)
            and not (live and leg.state.is_terminal)
            and (since is None or leg.planned_at >= since)
        ]

    def leg(self, client_order_id: str) -> Leg | None:
        """One leg; None when it is not in the book."""
        with self._database.exclusive():
            return self._up_to_date().get(client_order_id)

    def appended(self, events: Iterable[Event]) -> None:
        """Events have been committed: legs that they plan or move are read again when asked for."""
        for event in events:
            match event:
                case LegPlanned():
                    self._changed[event.leg.client_order_id] = None
                case LegMoved():
                    self._changed[event.client_order_id] = None
                case _:
                    pass

    def forget(self) -> None:
        """Nobody knows what was committed."""
        self._legs = None

    def _up_to_date(self) -> dict[str, Leg]:
        if self._legs is None or len(self._legs) > self._most:
            self._legs = self._read()
            self._live = None
        elif self._changed:
            for client_order_id in self._changed:
                leg = queries.leg(self._database, client_order_id)
                if leg is not None:
                    self._legs[client_order_id] = leg
            self._live = None
        self._changed.clear()
        return self._legs

    def _read(self) -> dict[str, Leg]:
        self._since = self._clock.now() - REACHES_BACK
        run = queries.open_run(self._database)
        self._from_run = queries.next_run(self._database) if run is None else run.number
        recent = self._database.rows(_RECENT, {"since": self._since, "run": self._from_run})
        self._most = max(GROWS_TO, 2 * len(recent))
        return {row.client_order_id: queries.leg_of(row) for row in recent}
