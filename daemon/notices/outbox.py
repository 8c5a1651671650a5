"""Delivery of the journal's outbox beside the loop.

Only the main thread touches the journal. After every wake it calls `after_wake`: outcomes of earlier
tries are written down, and notices that are due are handed to the worker, each to at most one try at a
time. The worker only sends, so a dead mail server delays nothing but mail; when it has something to
report it asks for a wake.

What a notice still lacks is kept in its error text, "CHANNEL: why; CHANNEL: why": the next try, also
after a restart, goes to those channels only. A crash between sending and writing it down sends a
notice twice; nothing else does.
"""

import os
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from config.problems import ConfigurationError, Problem
from config.secrets import apprise_addresses, known_secrets, second_apprise_addresses
from config.settings import Channel as ChannelKind
from config.settings import NoticeSettings, Settings
from daemon.logs import get_logger
from daemon.notices.delivery import (
    AppriseChannel,
    Channel,
    ChannelRefused,
    ConsoleChannel,
    FileChannel,
    prepared,
)
from daemon.notices.second import NO_SECOND_WAY, SecondWay
from daemon.redaction import Redactor
from portfolio.ports import Clock
from portfolio.records import Notice, QueuedNotice

FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=15)
GIVE_UP_AFTER: Final = NoticeSettings().give_up_after
NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
AT_ONCE: Final = 20

Redact = Callable[[str], str]


class Postbox(Protocol):
    """The journal's outbox."""

    def due_notices(self, now: datetime, limit: int = 20) -> Sequence[QueuedNotice]:
        """Undelivered notices whose next try is due, oldest first."""
        ...

    def notice_delivered(self, number: int, at: datetime) -> None:
        """A notice went out."""
        ...

    def notice_failed(self, number: int, error: str, next_try_at: datetime) -> None:
        """A notice did not go out."""
        ...


class Outbox(Protocol):
    """What the service needs of delivery."""

    def start(self) -> None:
        """Begin."""
        ...

    def after_wake(self) -> None:
        """Write down what has gone out and hand on what is due. Call on the journal's thread.

        Raises `JournalUnwritable`.
        """
        ...

    def stop(self) -> None:
        """Give what is under way a few seconds, write it down, end. Call on the journal's thread."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    queued: QueuedNotice
    error: str


def try_once(queued: QueuedNotice, channels: Sequence[Channel], redact: Redact) -> str:
    """Send to every channel that has not had it; "" when none is left, else which and why."""
    notice = prepared(queued.notice, redact)
    errors = {channel.name: channel.send(notice) for channel in lacking(queued, channels)}
    return "; ".join(
        f"{name}: {redact(error).replace(';', ',')}" for name, error in errors.items() if error
    )


def lacking(queued: QueuedNotice, channels: Sequence[Channel]) -> Sequence[Channel]:
    """The channels that a notice has not gone out by; all, when none of those is there any more."""
    failed = {part.split(":", 1)[0].strip() for part in queued.last_error.split(";")}
    named = [channel for channel in channels if channel.name in failed]
    return named or channels


def next_try(
    queued: QueuedNotice,
    now: datetime,
    second: SecondWay = NO_SECOND_WAY,
    give_up_after: timedelta = GIVE_UP_AFTER,
) -> datetime:
    """When to try again after a failure: 30 s, doubled up to 15 minutes; after `give_up_after` never.

    A page is also tried when its time for the second way has come.
    """
    if now - queued.queued_at >= give_up_after:
        return NEVER
    at = now + min(FIRST_WAIT * (1 << min(queued.tries, 10)), LONGEST_WAIT)
    return second.not_later(queued, now, at)


def write_down(
    postbox: Postbox,
    queued: QueuedNotice,
    error: str,
    now: datetime,
    second: SecondWay = NO_SECOND_WAY,
    give_up_after: timedelta = GIVE_UP_AFTER,
) -> None:
    """Keep the outcome of a try."""
    if error:
        at = next_try(queued, now, second, give_up_after)
        postbox.notice_failed(queued.number, error, at)
    else:
        postbox.notice_delivered(queued.number, now)


def deliver_due_now(
    postbox: Postbox,
    channels: Sequence[Channel],
    clock: Clock,
    redact: Redact | None = None,
    give_up_after: timedelta = GIVE_UP_AFTER,
) -> int:
    """Deliver everything that is due, on this thread; the number of notices that were tried."""
    tried = 0
    while batch := postbox.due_notices(clock.now(), AT_ONCE):
        for queued in batch:
            error = try_once(queued, channels, redact or Redactor())
            write_down(postbox, queued, error, clock.now(), give_up_after=give_up_after)
            tried += 1
        if len(batch) < AT_ONCE:
            break
    return tried


class SteppedOutbox:
    """Delivers at once on the loop's own thread: in simulated time the order is part of the story."""

    def __init__(
        self,
        postbox: Postbox,
        channels: Sequence[Channel],
        clock: Clock,
        give_up_after: timedelta = GIVE_UP_AFTER,
    ) -> None:
        self._postbox, self._channels, self._clock = postbox, channels, clock
        self._give_up_after = give_up_after

    def start(self) -> None:
        """Nothing to start."""

    def after_wake(self) -> None:
        """Deliver what is due."""
        deliver_due_now(
            self._postbox, self._channels, self._clock, give_up_after=self._give_up_after
        )

    def stop(self) -> None:
        """Deliver what is left."""
        self.after_wake()


class ThreadedOutbox:
    """Delivers on a thread of its own.

    `wake_up` is called from it when an outcome waits to be written down; `on_failure` is told on the
    main thread, in one sentence, of each try that failed.
    """

    def __init__(
        self,
        postbox: Postbox,
        channels: Sequence[Channel],
        clock: Clock,
        *,
        wake_up: Callable[[], None] = lambda: None,
        on_failure: Callable[[str], None] = lambda _text: None,
        redact: Redact | None = None,
        patience_seconds: float = 5.0,
        second: SecondWay = NO_SECOND_WAY,
        give_up_after: timedelta = GIVE_UP_AFTER,
    ) -> None:
        self._postbox, self._channels, self._clock = postbox, channels, clock
        self._wake_up, self._on_failure = wake_up, on_failure
        self._redact = redact or Redactor()
        self._patience = patience_seconds
        self._second = second
        self._give_up_after = give_up_after
        self._to_send: queue.SimpleQueue[QueuedNotice | None] = queue.SimpleQueue()
        self._tried: queue.SimpleQueue[_Tried] = queue.SimpleQueue()
        self._under_way: set[int] = set()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread. It dies with the process: a hanging server does not hold up an end."""
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)
        self._thread.start()

    def after_wake(self) -> None:
        """Write down outcomes and hand on what is due. Raises `JournalUnwritable`."""
        while (tried := self._next_tried(0)) is not None:
            self._note(tried)
        room = AT_ONCE - len(self._under_way)
        if self._thread is None or room <= 0:
            return
        # Those under way are still due in the journal's eyes, and they are the oldest.
        for queued in self._postbox.due_notices(self._clock.now(), AT_ONCE):
            if queued.number not in self._under_way:
                self._under_way.add(queued.number)
                self._to_send.put(queued)

    def stop(self) -> None:
        """Hand on the last ones, wait a few seconds for what is under way, write it down."""
        if self._thread is None:
            return
        self.after_wake()
        self._to_send.put(None)
        self._thread.join(self._patience)
        self._thread = None
        self.after_wake()

    def _note(self, tried: _Tried) -> None:
        self._under_way.discard(tried.queued.number)
        now = self._clock.now()
        write_down(self._postbox, tried.queued, tried.error, now, self._second, self._give_up_after)
        if tried.error:
            self._on_failure(f"{tried.queued.notice.title!r} did not go out: {tried.error}")

    def _next_tried(self, timeout_seconds: float) -> _Tried | None:
        try:
            return self._tried.get(timeout=timeout_seconds)
        except queue.Empty:
            return None

    def _work(self) -> None:
        while (queued := self._to_send.get()) is not None:
            try:
                error = try_once(queued, self._channels, self._redact)
                error = self._second.tell(queued, error, self._clock.now(), self._redact)
            except Exception as problem:  # noqa: BLE001  one notice must not end the delivery
                error = f"delivery: {type(problem).__name__}"
            self._tried.put(_Tried(queued=queued, error=error))
            self._wake_up()


def open_outbox(
    settings: Settings,
    state_dir: Path,
    postbox: Postbox,
    clock: Clock,
    *,
    stepped: bool,
    wake_up: Callable[[], None] = lambda: None,
) -> Outbox:
    """The outbox that the configuration asks for. Raises `ConfigurationError`."""
    channels = make_channels(settings, state_dir, clock)
    if stepped:
        return SteppedOutbox(postbox, channels, clock, settings.notices.give_up_after)

    def on_failure(text: str) -> None:
        get_logger().warning("notice not delivered", why=text)

    return ThreadedOutbox(
        postbox,
        channels,
        clock,
        wake_up=wake_up,
        on_failure=on_failure,
        redact=Redactor(known_secrets(settings, environment=os.environ)),
        second=second_way(settings, state_dir, clock),
        give_up_after=settings.notices.give_up_after,
    )


def second_way(settings: Settings, state_dir: Path, clock: Clock) -> SecondWay:
    """The second way for pages that the configuration names. Raises `ConfigurationError`."""
    notices = settings.notices
    made = _channels(notices.second_channels, settings, state_dir, clock, second=True)
    return SecondWay(channels=made, after=notices.second_after)


def make_channels(settings: Settings, state_dir: Path, clock: Clock) -> tuple[Channel, ...]:
    """The channels that the configuration names. Raises `ConfigurationError`."""
    return _channels(settings.notices.channels, settings, state_dir, clock, second=False)


def _channels(
    kinds: Sequence[ChannelKind], settings: Settings, state_dir: Path, clock: Clock, *, second: bool
) -> tuple[Channel, ...]:
    made: list[Channel] = []
    for kind in kinds:
        match kind:
            case ChannelKind.CONSOLE:
                made.append(ConsoleChannel())
            case ChannelKind.FILE:
                made.append(FileChannel(settings.notices.file or state_dir / "notices.log", clock))
            case ChannelKind.APPRISE:
                made += _apprise(settings, second=second)
    return tuple(made)


def _apprise(settings: Settings, *, second: bool) -> Sequence[Channel]:
    if second:
        file = settings.notices.second_apprise_file
        addresses = second_apprise_addresses(settings)
    else:
        file = settings.notices.apprise_file
        addresses = apprise_addresses(settings, environment=os.environ)
    try:
        return [AppriseChannel(n, a.reveal()) for n, a in enumerate(addresses, start=1)]
    except ChannelRefused as error:
        problem = Problem(
            file=file or settings.file,
            key="",
            line=None,
            found=str(error),
            instead="Take it out or name another",
        )
        raise ConfigurationError([problem]) from None


def try_channels(channels: Sequence[Channel], text: str) -> Mapping[str, str]:
    """Send a test notice by each channel: channel name to "" or why it failed."""
    notice = Notice(key="test", urgent=False, title="trimtab: a test", body=text)
    return {channel.name: channel.send(prepared(notice, Redactor())) for channel in channels}
