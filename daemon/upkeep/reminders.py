"""A page is told again until a person has acknowledged it: `trimtab ack`."""

from datetime import datetime, timedelta

from daemon.house import House
from portfolio.events import Alarm, AlarmAcknowledged
from portfolio.ports import JournalReader


def acknowledge(house: House, name: str, *, by: str) -> int:
    """A person has seen the open alarms of a name, of every name when it is ""; how many were news.

    They stay open: what ends an alarm is the end of what it tells of.
    """
    seen = acknowledged(house.journal)
    fresh = [
        alarm
        for alarm in house.journal.open_alarms()
        if name in ("", alarm.name) and (alarm.name, alarm.scope) not in seen
    ]
    if fresh:
        house.journal.append(
            *(AlarmAcknowledged(name=alarm.name, scope=alarm.scope, by=by) for alarm in fresh),
            actor=by,
        )
    return len(fresh)


def acknowledged(journal: JournalReader) -> frozenset[tuple[str, str]]:
    """Name and scope of the alarms whose latest word is a person's."""
    last: dict[tuple[str, str], bool] = {}
    for row in journal.events("alarm", "alarm_acknowledged"):
        if isinstance(row.event, Alarm | AlarmAcknowledged):
            last[row.event.name, row.event.scope] = isinstance(row.event, AlarmAcknowledged)
    return frozenset(key for key, is_seen in last.items() if is_seen)


def remind(house: House, every: timedelta, now: datetime) -> int:
    """Tell again what is open, unacknowledged and was told `every` ago; zero `every` never does."""
    if not every or not any(alarm.level == "page" for alarm in house.journal.open_alarms()):
        return 0
    return house.journal.remind(now, every, acknowledged(house.journal))
