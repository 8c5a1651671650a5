"""The process around the service: one lease, signals, systemd, and the loop until told to stop."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from config.read import read_settings
from config.secrets import known_secrets
from daemon import logs
from daemon.assembly import Assembly, assemble
from daemon.errors import AlreadyRunningError
from daemon.latch import FileLatch
from daemon.logs import get_logger
from daemon.machine import lease, sd_notify
from daemon.protocol import BrokenInvariant
from daemon.redaction import Redactor
from daemon.requests.acting import cancel_at_the_end
from daemon.requests.spool import prepare_spool
from daemon.waking.queue import WakeQueue
from daemon.waking.sessions import CalendarDisagreement
from daemon.wiring import code_version, state_directory
from portfolio.events import DaemonStarted, DaemonStopped
from portfolio.money import use_exact_arithmetic_everywhere
from portfolio.ports import JournalUnwritable, Unavailable
from portfolio.wakes import Wake, WakeKind

RECOVERY_PAUSE_SECONDS = 5.0
"""How long a start waits before it asks a silent broker again; doubled up to a minute."""


@dataclass(slots=True)
class StopFlag:
    """Set by SIGTERM or SIGINT; the loop ends after the wake it is answering."""

    reason: str = ""

    def is_set(self) -> bool:
        """Whether to end. A call, because a signal sets it between any two lines."""
        return bool(self.reason)


def serve(settings_path: Path, state_dir: Path | None = None) -> int:
    """Run the daemon until SIGTERM; returns the exit code. This is what `trimtab run` does.

    Raises the errors of a bad start (`ConfigurationError`, `AlreadyRunningError`, ...), which the
    command line turns into a sentence and a documented code.
    """
    use_exact_arithmetic_everywhere()
    settings = read_settings(settings_path)
    logs.set_up(redactor=Redactor(known_secrets(settings, environment=os.environ)))
    directory = state_directory(settings, state_dir)
    wakes, stop = WakeQueue(), StopFlag()
    _install_signals(wakes, stop)
    taken = lease.acquire(directory)
    if isinstance(taken, lease.AlreadyRunning):
        raise AlreadyRunningError(directory, taken.pid)
    with taken:
        FileLatch(directory).prepare()
        prepare_spool(directory)
        assembly = assemble(settings, directory, wakes)
        assembly.house.stopping = lambda: stop.reason
        try:
            return _run(assembly, wakes, stop)
        finally:
            assembly.close()


def _install_signals(wakes: WakeQueue, stop: StopFlag) -> None:
    def on_stop(number: int, _frame: FrameType | None) -> None:
        stop.reason = signal.Signals(number).name
        wakes.put(Wake(kind=WakeKind.PERSON, detail="stop"))

    def wake_up(wake: Wake) -> Callable[[int, FrameType | None], None]:
        return lambda _number, _frame: wakes.put(wake)

    signal.signal(signal.SIGTERM, on_stop)
    signal.signal(signal.SIGINT, on_stop)
    signal.signal(signal.SIGHUP, wake_up(Wake(kind=WakeKind.CONFIGURATION)))
    signal.signal(signal.SIGUSR1, wake_up(Wake(kind=WakeKind.PERSON, detail="spool")))


def _run(assembly: Assembly, wakes: WakeQueue, stop: StopFlag) -> int:
    log = get_logger()
    house, service = assembly.house, assembly.service
    if not _recover(assembly, wakes, stop):
        return 0
    session = house.sessions.current_or_previous(house.clock.now())
    last = house.journal.events("daemon_started", "daemon_stopped", limit=1, newest_first=True)
    house.journal.append(
        DaemonStarted(
            code_version=code_version(),
            configuration=assembly.configuration_document.ref,
            session=session.day,
            simulated=assembly.outside.simulated,
            after_crash=bool(last) and last[0].event.kind == "daemon_started",
        ),
        documents=(assembly.configuration_document,),
    )
    assembly.start()
    service.set_session_alarms()
    sd_notify.ready(f"watching {house.name}, {assembly.mode}")
    log.info("ready", household=house.name, mode=assembly.mode, session=str(session.day))
    wakes.put(Wake(kind=WakeKind.START))
    if house.journal.open_run() is not None:
        wakes.put(Wake(kind=WakeKind.ORDER_UPDATE, detail="a run was under way"))
    reason = _loop(assembly, wakes, stop)
    sd_notify.stopping(reason)
    if house.cancels_on_stop:
        cancel_at_the_end(house, assembly.watch, reason)
    seq, head = house.journal.append(DaemonStopped(reason=reason)), house.journal.head()[1]
    assembly.after_wake()
    log.info("stopped", reason=reason, audit_row=seq, audit_head=head)
    return 0


def _loop(assembly: Assembly, wakes: WakeQueue, stop: StopFlag) -> str:
    """Answer wakes until told to stop, or until simulated time ends; returns why."""
    while not stop.is_set():
        wake = assembly.next_wake(wakes)
        if stop.is_set():
            break
        if wake is None:
            if assembly.is_over():
                return "the prices have ended"
            continue
        try:
            assembly.service.handle(wake)
            assembly.after_wake()
        except JournalUnwritable as problem:
            # Without a journal nothing may be sent; the latch needs neither it nor free space.
            assembly.house.latch.set("trimtab", f"the journal cannot be written: {problem}")
            raise
        sd_notify.watchdog()
    return stop.reason


def _recover(assembly: Assembly, wakes: WakeQueue, stop: StopFlag) -> bool:
    """Recover until it succeeds; False when told to stop before it did."""
    log, pause, house = get_logger(), RECOVERY_PAUSE_SECONDS, assembly.house
    while not stop.is_set():
        try:
            assembly.recover()
            assembly.house.sessions.current_or_previous(assembly.house.clock.now())
            return True
        except (Unavailable, CalendarDisagreement) as problem:
            log.warning("not ready", reason=str(problem), next_try_seconds=pause)
            sd_notify.notify(f"STATUS=not ready: {problem}", "EXTEND_TIMEOUT_USEC=120000000")
        except BrokenInvariant as problem:
            # A step that failed is repeated, never skipped; until it holds nothing can be sent.
            log.warning("not ready", reason=str(problem), next_try_seconds=pause)
            if house.latch.reason() is None:
                house.latch.set("trimtab", f"an invariant does not hold: {problem}")
            sd_notify.notify(f"STATUS=not ready: {problem}", "EXTEND_TIMEOUT_USEC=120000000")
        wakes.get(pause)
        pause = min(pause * 2, 60.0)
    return False
