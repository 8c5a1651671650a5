"""What a household is to say anew: old answers to the risk profile, old values by hand. Told once each,
as news, until it is said."""

from collections.abc import Iterator

from config.target_settings import SourceKind
from daemon.house import House
from daemon.targets.feed import NoWeights
from daemon.targets.profiles import ASK_AGAIN_DAYS, is_old, read_answers
from portfolio.events import Alarm, AlarmCleared
from portfolio.snapshot import Snapshot

PROFILE, VALUATION = "risk profile", "valuation"
_ASK = "They stay in force; answer again with: trimtab profile"
_VALUE = "It still counts; value it again in [[holdings]] or its file."


def remind_of_old_words(house: House, snapshot: Snapshot) -> None:
    """Raise an alarm for each thing that is old, and clear those of what was said anew."""
    old = dict(_old(house, snapshot))
    told = {
        (alarm.name, alarm.scope)
        for alarm in house.journal.open_alarms()
        if alarm.name in (PROFILE, VALUATION)
    }
    fresh = [
        Alarm(name=name, scope=scope, level="info", text=text)
        for (name, scope), text in old.items()
        if (name, scope) not in told
    ]
    over = [AlarmCleared(name=name, scope=scope) for name, scope in sorted(told - old.keys())]
    if fresh or over:
        house.journal.append(*fresh, *over)


def _old(house: House, snapshot: Snapshot) -> Iterator[tuple[tuple[str, str], str]]:
    targets, day = house.targets, snapshot.day
    if targets is not None and targets.settings.kind is SourceKind.RISK_PROFILE:
        try:
            answered = read_answers(targets.state_dir)
        except NoWeights:
            answered = ()  # that is told as the target's trouble
        if is_old(answered, day):
            when = f"of {answered[-1].on}, more than {ASK_AGAIN_DAYS} days ago"
            yield (PROFILE, ""), f"The answers to the risk profile are {when}. {_ASK}"
    for one in snapshot.by_hand:
        if one.is_old(day) and one.as_of is not None:
            when = f"of {one.as_of}, {(day - one.as_of).days} days ago"
            yield (VALUATION, one.name), f"The value of {one.name} is {when}. {_VALUE}"
