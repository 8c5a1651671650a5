"""What is looked after at every tick besides trading: pages told again, backups, room on the disk,
refusals in a row; and every `check_minutes` the broker's clock, orders that nobody wrote down, late
fills, and what a tax year has used of its budgets."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from config.settings import NoticeSettings
from daemon.cycle import Watch
from daemon.executor import halt
from daemon.house import House
from daemon.late_fills import look_for_late_fills
from daemon.logs import get_logger
from daemon.upkeep.backup import Backup, Outcome, RecordBroken, ScheduledBackups
from daemon.upkeep.clock_check import check_clock
from daemon.upkeep.reminders import remind
from daemon.upkeep.strangers import look_for_strangers
from daemon.upkeep.tax_alarms import look_at_taxes
from portfolio.events import Alarm, AlarmCleared, Halted
from portfolio.orders import LegState

_MIB: Final = 2**20


def free_bytes(folder: Path) -> int:
    """Room for the journal."""
    return shutil.disk_usage(folder).free


@dataclass(slots=True, kw_only=True)
class Chores:
    """Everything that the tick looks after. `free` tells the bytes that are left on the disk, `beat`
    is called at the end of a tick in which all went well.

    A backup that is being made does not hold up the loop; the rest costs less than a millisecond,
    and the questions of every `check_minutes` one request each.
    """

    house: House
    watch: Watch
    notices: NoticeSettings
    backups: ScheduledBackups
    free: Callable[[], int]
    beat: Callable[[], None] = lambda: None
    _asked: datetime | None = field(default=None)

    def after_tick(self) -> None:
        """Look after all of it. Raises `Unavailable` where a broker was asked and did not answer."""
        now = self.house.clock.now()
        remind(self.house, self.notices.repeat, now)
        self.backups.after_tick(self.house.journal)
        check_disk(self.house, self.free())
        check_refusals(self.house)
        check_holdings(self.house, self.watch, now)
        if self._asked is None:
            self._asked = now  # the start has asked already
        elif now - self._asked >= self.house.halting.check_every:
            self._asked = now
            check_clock(self.house)
            look_for_strangers(self.house, self.watch)
            look_for_late_fills(self.house)
            look_at_taxes(self.house)
        self.beat()


def check_disk(house: House, free: int) -> None:
    """Page, then halt, when the disk runs full: an intent that cannot be written must not be sent."""
    is_open = _is_open(house, "disk")
    rule = house.halting
    if free < rule.free_disk:
        _halt_once(house, f"only {free // _MIB} MiB are free where the journal lies")
    if free < rule.free_disk_alarm and not is_open:
        least = rule.free_disk // _MIB
        text = f"{free // _MIB} MiB are free where the journal lies; below {least} it halts."
        house.journal.append(Alarm(name="disk", level="page", text=text))
    elif free >= rule.free_disk_alarm and is_open:
        house.journal.append(AlarmCleared(name="disk"))


def check_refusals(house: House) -> None:
    """Halt when the broker has refused the last orders that were sent, one after another.

    A person who resumes has looked at them: only refusals after that count.
    """
    resumed = house.journal.events("resumed", "halted", limit=1, newest_first=True)
    since = resumed[0].at if resumed else None
    if resumed and isinstance(resumed[0].event, Halted):
        return
    day = house.clock.now() - timedelta(days=1)
    sent = [
        leg
        for leg in house.journal.legs(since=max(day, since) if since else day)
        if leg.sends and leg.state is not LegState.SUBMITTING
    ]
    most = house.halting.refused_orders
    last = sent[-most:]
    if len(last) == most and all(leg.state is LegState.REJECTED for leg in last):
        notes = "; ".join(f"{leg.intent.symbol}: {leg.note}" for leg in last)
        _halt_once(house, f"the broker refused {most} orders in a row ({notes})")


def check_holdings(house: House, watch: Watch, now: datetime) -> None:
    """Page when holdings have not agreed with our records for `alarm_after`, a quarter of an hour.

    A difference that stands still is accepted long before; one that lasts keeps changing, or stands
    in an account with orders of ours that nobody wrote down.
    """
    after = house.reconciling.alarm_after
    old = {
        account: symbol
        for (account, symbol), seen in watch.differences.seen.items()
        if now - seen.since >= after
    }
    for account, symbol in old.items():
        if not _is_open(house, "holdings differ", account):
            text = (
                f"{symbol} in {account} has not agreed with our records for "
                f"{after.total_seconds() / 60:.0f} minutes; it is not traded."
            )
            alarm = Alarm(name="holdings differ", level="page", text=text, scope=account)
            house.journal.append(alarm)
    for alarm in house.journal.open_alarms():
        if alarm.name == "holdings differ" and alarm.scope not in old:
            house.journal.append(AlarmCleared(name=alarm.name, scope=alarm.scope))


def note_backup(house: House, outcome: Outcome) -> None:
    """Log a backup; page for one that failed, until one succeeds; halt on a record that is broken."""
    log = get_logger()
    if isinstance(outcome, Backup):
        log.info("backup", file=outcome.file.name, audit_row=outcome.rows, audit_head=outcome.head)
        if _is_open(house, "backup"):
            house.journal.append(AlarmCleared(name="backup", text=f"{outcome.file.name} is made."))
        return
    problem = outcome
    if isinstance(outcome, RecordBroken):
        problem = f"the audit chain does not hold at {outcome.reason}"
        _halt_once(house, problem)
    log.warning("backup", problem=problem)
    if not _is_open(house, "backup"):
        house.journal.append(Alarm(name="backup", level="page", text=f"No backup: {problem}"))


def _is_open(house: House, name: str, scope: str = "") -> bool:
    return any(a.name == name and a.scope == scope for a in house.journal.open_alarms())


def _halt_once(house: House, reason: str) -> None:
    if house.latch.reason() is None:
        halt(house, by="trimtab", reason=reason)
