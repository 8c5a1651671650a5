"""The daemon around the house: service, alarms, spool, outbox, and what each wake needs."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from config.changes import changes, needs_restart
from config.problems import ConfigurationError
from config.read import read_settings
from config.secrets import heartbeat_address
from config.settings import Settings
from daemon import recovery
from daemon.cycle import Watch
from daemon.house import House
from daemon.journal.audit import Broken, verify
from daemon.journal.errors import JournalCorrupt
from daemon.journal.store import JournalStore
from daemon.logs import get_logger
from daemon.machine.clocks import SteppedClock
from daemon.notices.heartbeat import Heartbeat
from daemon.notices.outbox import Outbox, open_outbox
from daemon.requests.spool import done, take_requests
from daemon.service import Service
from daemon.targets.valuations import valuations_of
from daemon.upkeep.backup import FOLDER, ScheduledBackups
from daemon.upkeep.chores import Chores, free_bytes, note_backup
from daemon.waking.alarms import Alarms
from daemon.waking.queue import WakeQueue
from daemon.waking.watch import WatchedFolder
from daemon.wiring import (
    Outside,
    anchor_place,
    journal_place,
    open_daemon_journal,
    open_outside,
    put_together,
    targets_of,
)
from daemon.worlds.simulated_time import Driver, Pace
from daemon.worlds.stepped import SteppedAlarms
from portfolio.canonical import Document, document_of
from portfolio.events import Alarm, AlarmCleared, ConfigurationChanged
from portfolio.wakes import Wake, WakeKind

DEFAULT_SESSION = timedelta(seconds=1)
"""How long a simulated session takes when the configuration does not say."""

if TYPE_CHECKING:
    from daemon.trial.shadow import OnTrial


@dataclass(slots=True, kw_only=True)
class Assembly:
    """Everything `process` runs. `driver` is there when time is simulated."""

    settings: Settings
    outside: Outside
    house: House
    watch: Watch
    service: Service
    alarms: Alarms
    outbox: Outbox
    driver: Driver | None
    wakes: WakeQueue
    journal: JournalStore
    backups: ScheduledBackups
    heartbeat: Heartbeat | None
    state_dir: Path
    chores: Chores | None = None
    anchored: tuple[int, str] = (0, "")
    logged_on: date | None = None

    @property
    def mode(self) -> str:
        """The mode, for people."""
        return self.settings.mode.value

    @property
    def configuration_document(self) -> Document:
        """What the journal keeps of the configuration; no secret is in it."""
        return _document(self.settings)

    def recover(self) -> None:
        """Verify the record, then bring journal and brokers together.

        Raises `JournalCorrupt` for a record that is not as it was written, else `Unavailable`.
        """
        found = verify(self.journal)
        if isinstance(found, Broken):
            raise JournalCorrupt(
                f"the audit chain does not verify at row {found.seq}: {found.reason}"
            )
        self.outside.advance()
        recovery.recover(self.house, self.watch)

    def start(self) -> None:
        """Begin to hear of time and of orders."""
        self.alarms.start(self.wakes.put)
        if self.driver is None:
            tick = self.settings.schedule.tick.total_seconds()
            self.alarms.every("tick", tick, Wake(kind=WakeKind.TICK))
        for stream in self.outside.streams:
            stream.start(lambda _news: self.wakes.put(Wake(kind=WakeKind.ORDER_UPDATE)))
        self.outbox.start()
        if self.heartbeat is not None:
            self.heartbeat.start()
        if self.driver is None:
            self.journal.tell_pages_at_once(self.outbox.after_wake)

    def next_wake(self, wakes: WakeQueue) -> Wake | None:
        """The next wake; in simulated time, whatever letting time pass brings."""
        if self.driver is None:
            # Alarms sleep through a clock that was set back; two ticks without any wake is a tick.
            tick = self.settings.schedule.tick.total_seconds()
            return wakes.get(2 * tick) or Wake(kind=WakeKind.TICK)
        wake = self.driver.next_wake(wakes)
        if wake is not None:
            self.outside.advance()
        return wake

    def is_over(self) -> bool:
        """Whether simulated time has come to its end."""
        return self.driver is not None and self.driver.is_over()

    def after_wake(self) -> None:
        """What follows every wake: notices go out, and the chain's head is anchored when it moved."""
        self.outbox.after_wake()
        head = self.house.journal.head()
        if head != self.anchored:
            self.journal.anchor(self.house.clock.now())
            self.anchored = head
            self._log_head()

    def _log_head(self) -> None:
        """Once a day into the log, which is another witness of the chain's head than the database."""
        day = self.house.clock.now().date()
        if self.logged_on != day:
            self.logged_on = day
            row, row_hash = self.anchored
            get_logger().info("audit head", audit_row=row, audit_head=row_hash)

    def close(self) -> None:
        """Stop what runs beside the loop and give the files back."""
        self.alarms.stop()
        self.outbox.stop()
        self.backups.stop()
        if self.heartbeat is not None:
            self.heartbeat.stop()
        for stream in self.outside.streams:
            stream.stop()
        self.outside.close()
        self.journal.close()


def assemble(settings: Settings, state_dir: Path, wakes: WakeQueue) -> Assembly:
    """Put the daemon together; it neither looks nor sends before `recover`."""

    def trouble(text: str) -> None:
        get_logger().warning("order stream", trouble=text or "over")

    def refused(text: str) -> None:
        get_logger().warning("spool", trouble=text)

    outside = open_outside(settings, state_dir, sending=True, on_trouble=trouble)
    journal = open_daemon_journal(settings, state_dir, outside)
    house = put_together(settings, state_dir, outside, journal)
    alarms, driver = _time(settings, outside, house, state_dir)
    folder = WatchedFolder(settings.schedule.watched_folder)
    assembly = Assembly(
        settings=settings,
        outside=outside,
        house=house,
        watch=Watch(),
        alarms=alarms,
        outbox=open_outbox(
            settings,
            state_dir,
            house.journal,
            house.clock,
            stepped=driver is not None,
            wake_up=lambda: wakes.put(Wake(kind=WakeKind.PERSON, detail="spool")),
        ),
        driver=driver,
        wakes=wakes,
        journal=journal,
        state_dir=state_dir,
        service=Service(
            house=house,
            watch=Watch(),
            wakes=wakes,
            alarms=alarms,
            look=lambda: assembly.settings.schedule.look,
            spool=lambda: take_requests(state_dir, on_refused=refused),
            done_with=done,
            reload=lambda: reload(assembly),
            price_poll=lambda: assembly.settings.schedule.price_poll,
            look_again=folder.news,
            writes_letters=lambda: assembly.settings.notices.monthly_review,
            on_trial=lambda: _on_trial(state_dir),
            on_notable=driver.dwell if driver is not None else lambda: None,
        ),
        backups=_backups(settings, state_dir, house),
        heartbeat=_heartbeat(settings),
    )
    assembly.watch = assembly.service.watch
    if driver is None:
        # Simulated time has no disk that fills up and nobody to tell again.
        assembly.chores = Chores(
            house=house,
            watch=assembly.watch,
            notices=settings.notices,
            backups=assembly.backups,
            free=lambda: free_bytes(state_dir),
            beat=lambda: None if assembly.heartbeat is None else assembly.heartbeat.beat(),
        )
        assembly.service.chores = assembly.chores.after_tick
    return assembly


def _backups(settings: Settings, state_dir: Path, house: House) -> ScheduledBackups:
    return ScheduledBackups(
        settings.backup,
        journal_place(state_dir),
        settings.backup.folder or state_dir / FOLDER,
        house.clock,
        anchored_in=anchor_place(state_dir),
        on_done=lambda outcome: note_backup(house, outcome),
    )


def _heartbeat(settings: Settings) -> Heartbeat | None:
    address = heartbeat_address(settings, environment=os.environ)
    return None if address is None else Heartbeat(address, settings.notices.heartbeat)


def _on_trial(state_dir: Path) -> "OnTrial | None":
    """The policy on trial. Its room, a whole backtest, is loaded only when there is one."""
    if not (state_dir / "trial.toml").exists():
        return None
    from daemon.trial.shadow import on_trial

    return on_trial(state_dir)


def reload(assembly: Assembly) -> None:
    """Read the configuration again; a wrong one changes nothing and raises an alarm."""
    journal = assembly.house.journal
    try:
        settings = read_settings(assembly.settings.file)
    except ConfigurationError as problem:
        text = f"The configuration on disk is wrong; the old one stays in force. {problem}"
        journal.append(Alarm(name="configuration", level="page", text=text))
        return
    if fixed := needs_restart(assembly.settings, settings):
        text = (
            "The old configuration stays in force until a restart: it takes one to change "
            f"{', '.join(fixed)}."
        )
        journal.append(Alarm(name="configuration", level="page", text=text))
        return
    if any(alarm.name == "configuration" for alarm in journal.open_alarms()):
        journal.append(AlarmCleared(name="configuration", text="The configuration reads again."))
    said = changes(assembly.settings, settings)
    if not said:
        return
    document = _document(settings)
    journal.append(
        ConfigurationChanged(configuration=document.ref, changes=said), documents=(document,)
    )
    assembly.settings = replace(settings)
    assembly.house.policy, assembly.house.limits = settings.policy, settings.limits
    assembly.house.reconciling = settings.reconciling
    assembly.house.halting, assembly.house.order_life = settings.halting, settings.order_life
    assembly.house.cancels_on_stop = settings.schedule.cancel_orders_on_stop
    assembly.house.accounts = settings.accounts
    if assembly.chores is not None:
        assembly.chores.notices = settings.notices
    assembly.house.targets = targets_of(settings, assembly.state_dir)
    assembly.house.by_hand = valuations_of(settings.holdings)


def _document(settings: Settings) -> Document:
    return document_of({"digest": settings.digest, "text": settings.text_without_secrets})


def _time(
    settings: Settings, outside: Outside, house: House, state_dir: Path
) -> tuple[Alarms, Driver | None]:
    """The alarm clock: APScheduler on the wall clock, or a stepped one in simulated time."""
    simulation, clock = settings.simulation, outside.clock
    if simulation is None or not isinstance(clock, SteppedClock):
        from daemon.schedule import ClockAlarms

        log: Callable[[str], None] = lambda text: get_logger().warning("alarms", trouble=text)  # noqa: E731
        return ClockAlarms(log), None
    alarms = SteppedAlarms(clock)
    length = simulation.session_length or DEFAULT_SESSION
    return alarms, Driver(
        clock=clock,
        alarms=alarms,
        state_dir=state_dir,
        pace=Pace(session_seconds=length.total_seconds()),
        ends_after=simulation.end or date.max,
        waits_for_person=lambda: house.journal.pending_approval() is not None,
    )
