"""Before each decision: take the target of the moment, and write down when it is another one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from daemon.house import House
from daemon.journal.codec import Undecodable, read_policy
from portfolio.changes import TargetChanged
from portfolio.events import Alarm, AlarmCleared
from portfolio.money import Weight
from portfolio.ports import JournalReader
from portfolio.snapshot import Snapshot

if TYPE_CHECKING:
    from daemon.cycle import Watch

ALARM = "target source"


def take_target(house: House, watch: "Watch", snapshot: Snapshot) -> None:
    """Put the weights of the moment into the house's policy, and what is new of them into the journal.

    A change is an event of its own, committed before the decision that it may lead to.
    """
    if house.targets is not None:
        from daemon.targets.sources import policy_now

        house.policy = policy_now(house.targets, snapshot, house.journal)
        _tell_trouble(house, house.targets.trouble, urgent=house.targets.is_urgent)
    if snapshot.by_hand or house.targets is not None:
        from daemon.targets.reminding import remind_of_old_words

        remind_of_old_words(house, snapshot)
    weights = house.policy.target.leaf_weights
    before = watch.weights if watch.weights is not None else _recorded_weights(house.journal)
    if before is not None and before != weights:
        house.journal.append(_change(house, snapshot, before, weights))
    watch.weights = weights


def _change(
    house: House, snapshot: Snapshot, before: Mapping[str, Weight], after: Mapping[str, Weight]
) -> TargetChanged:
    weighing = house.policy.weighing
    reason = "the weights as typed in"
    if weighing is not None:
        from policies.targets.weighing import reason_for

        reason = reason_for(weighing, weighing.day)
    return TargetChanged(
        session=snapshot.day, reason=reason, before=dict(before), after=dict(after)
    )


def _recorded_weights(journal: JournalReader) -> dict[str, Weight] | None:
    """The leaf weights that the last recorded look had; None before the first."""
    looks = journal.cycles(limit=1)
    if not looks:
        return None
    try:
        return read_policy(journal, looks[0].policy).target.leaf_weights
    except (KeyError, Undecodable):
        return None


def _tell_trouble(house: House, trouble: str, *, urgent: bool) -> None:
    """Raise the alarm of a source that gives no weights once, and clear it when it does again."""
    told = [alarm for alarm in house.journal.open_alarms() if alarm.name == ALARM]
    if trouble and all(alarm.text != _words(trouble) for alarm in told):
        level: Literal["page", "info"] = "page" if urgent else "info"
        house.journal.append(Alarm(name=ALARM, level=level, text=_words(trouble)))
    elif told and not trouble:
        house.journal.append(
            AlarmCleared(name=ALARM, text="The source of the target gives weights again.")
        )


def _words(trouble: str) -> str:
    return (
        f"The source of the target gave none that can be taken; the last stay in force: {trouble}"
    )
