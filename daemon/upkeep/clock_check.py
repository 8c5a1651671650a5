"""This machine's clock beside each broker's: sessions, ages of quotes and expiries rest on it."""

from datetime import timedelta

from daemon.executor import halt
from daemon.house import House
from portfolio.events import Alarm, AlarmCleared
from portfolio.ports import Unavailable
from portfolio.snapshot import Snapshot

AT_THE_EDGES = timedelta(minutes=1)
"""So near to an open or a close, two clocks may say different things and both be right."""


def check_open(snapshot: Snapshot, closed: frozenset[str]) -> None:
    """See that no broker says `closed` in the middle of a session of the calendars.

    An exchange that was stopped for the day is in no calendar. Raises `Unavailable`.
    """
    session, at = snapshot.session, snapshot.as_of
    if closed and session.opens_at + AT_THE_EDGES <= at < session.closes_at - AT_THE_EDGES:
        raise Unavailable(
            f"the broker of {', '.join(sorted(closed))} says that the exchange is closed, the"
            f" calendar that it is open until {session.closes_at:%H:%M} UTC"
        )


def check_clock(house: House) -> frozenset[str]:
    """Compare this machine's clock with each broker's: beyond `house.halting` it pages or halts.

    Returns the accounts whose broker says that the exchange is closed.
    """
    closed: set[str] = set()
    most, told_from = house.halting.clock_skew, house.halting.clock_skew_alarm
    for account, reader in house.readers.items():
        asked = house.clock.now()
        said = reader.clock()
        theirs = said.now
        if not said.is_open:
            closed.add(account)
        # An answer takes time; what lies between question and answer is no difference.
        skew = max(asked - theirs, theirs - house.clock.now(), timedelta(0))
        if skew > most:
            reason = f"this machine's clock and the broker of {account} are {skew} apart"
            if house.latch.reason() is None:
                halt(house, by="trimtab", reason=reason)
        elif skew > told_from and not _clock_alarm_is_open(house, account):
            text = f"The clock is {skew} off the broker's of {account}; set it right."
            house.journal.append(Alarm(name="clock skew", level="page", text=text, scope=account))
        elif skew <= told_from and _clock_alarm_is_open(house, account):
            house.journal.append(AlarmCleared(name="clock skew", scope=account))
    return frozenset(closed)


def _clock_alarm_is_open(house: House, account: str) -> bool:
    return any(a.name == "clock skew" and a.scope == account for a in house.journal.open_alarms())
