"""Market time for a local Alpaca: the wall clock, or the sessions of a price file one after another."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from brokers.simulated.market import SimulatedMarket

BEFORE_OPEN = AFTER_CLOSE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class WallTime:
    """The real time."""

    def now(self) -> datetime:
        """The current instant, UTC."""
        return datetime.now(UTC)


class PacedTime:
    """Each session of a market in so many seconds, from half an hour before its open to half an hour
    after its close; the night between takes no time. It stands still after the last one."""

    def __init__(
        self,
        market: SimulatedMarket,
        seconds_a_session: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._market = market
        self._seconds = seconds_a_session
        self._monotonic = monotonic
        self._began = monotonic()

    def now(self) -> datetime:
        """The market's instant, UTC."""
        passed = (self._monotonic() - self._began) / self._seconds
        days = self._market.table.sessions
        index = min(int(passed), len(days) - 1)
        part = min(passed - index, 1.0)
        session = self._market.session_of(days[index])
        begins, ends = session.opens_at - BEFORE_OPEN, session.closes_at + AFTER_CLOSE
        return begins + (ends - begins) * part
