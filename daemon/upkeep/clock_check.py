"""This machine's clock beside each broker's: sessions, ages of quotes and expiries rest on it."""

from datetime import timedelta
from typing import Final

from daemon.executor import halt
from daemon.house import House
from portfolio.events import Alarm, AlarmCleared

SKEW_ALARM: Final = timedelta(seconds=2)
SKEW_HALT: Final = timedelta(seconds=5)


def check_clock(house: House) -> None:
    """Compare this machine's clock with each broker's: two seconds alarm, five halt."""
    for account, reader in house.readers.items():
        asked = house.clock.now()
        theirs = reader.clock().now
        # An answer takes time; what lies between question and answer is no difference.
        skew = max(asked - theirs, theirs - house.clock.now(), timedelta(0))
        if skew > SKEW_HALT:
            reason = f"this machine's clock and the broker of {account} are {skew} apart"
            if house.latch.reason() is None:
                halt(house, by="trimtab", reason=reason)
        elif skew > SKEW_ALARM and not _clock_alarm_is_open(house, account):
            text = f"The clock is {skew} off the broker's of {account}; set it right."
            house.journal.append(Alarm(name="clock skew", level="page", text=text, scope=account))
        elif skew <= SKEW_ALARM and _clock_alarm_is_open(house, account):
            house.journal.append(AlarmCleared(name="clock skew", scope=account))


def _clock_alarm_is_open(house: House, account: str) -> bool:
    return any(a.name == "clock skew" and a.scope == account for a in house.journal.open_alarms())
