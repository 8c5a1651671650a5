"""Delivery from a real journal: never in the way, never twice, and nothing is forgotten."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.problems import ConfigurationError
from config.settings import Settings
from daemon.journal.opening import open_journal
from daemon.journal.store import JournalStore
from daemon.machine.clocks import SteppedClock
from daemon.notices.delivery import AppriseChannel, Channel
from daemon.notices.outbox import (
    NEVER,
    ThreadedOutbox,
    deliver_due_now,
    make_channels,
    next_try,
    open_outbox,
    try_channels,
)
from daemon.notices.render import renderer
from portfolio.events import Halted, Resumed
from portfolio.ports import JournalUnwritable
from portfolio.records import Notice, QueuedNotice
from tests.support.configurations import SMALLEST, settings
from tests.support.journals import IDENTITY, NOW
from tests.support.webhook import listening


class Scripted:
    """A channel that keeps what it gets and fails while told to."""

    def __init__(self, name: str, error: str = "") -> None:
        self.name = name
        self.error = error
        self.sent: list[str] = []

    def send(self, notice: Notice) -> str:
        self.sent.append(notice.title)
        return self.error


class Desk:
    """A journal with a stepped clock, reopened as a restart would."""

    def __init__(self, path: Path) -> None:
        self.clock = SteppedClock(NOW)
        self._path = path
        self.journal = self._open()

    def _open(self) -> JournalStore:
        return open_journal(
            self._path,
            clock=self.clock,
            render=renderer(amounts=False, dry_run=False),
            identity=IDENTITY,
        )

    def restart(self) -> None:
        self.journal.close()
        self.journal = self._open()

    def halt(self, reason: str = "one") -> None:
        self.journal.append(Halted(by="ann", reason=reason))

    def later(self, **time: float) -> None:
        self.clock.advance_to(self.clock.now() + timedelta(**time))

    def deliver(self, *channels: Channel) -> int:
        return deliver_due_now(self.journal, channels, self.clock)

    def due(self) -> list[QueuedNotice]:
        return list(self.journal.due_notices(self.clock.now()))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "journal.sqlite")
    yield made
    made.journal.close()


def test_what_was_recorded_goes_out_once_oldest_first(desk: Desk) -> None:
    mail = Scripted("mail")
    desk.halt("one")
    desk.journal.append(Resumed(by="ann", reason="fine"))
    assert desk.deliver(mail) == 2
    assert desk.deliver(mail) == 0
    assert mail.sent == ["trimtab: HALTED: one", "trimtab: resumed by ann"]


def test_more_than_a_batch_goes_out_in_one_delivery(desk: Desk) -> None:
    mail = Scripted("mail")
    for number in range(45):
        desk.halt(str(number))
    assert desk.deliver(mail) == 45


def test_a_failed_notice_waits_longer_each_time_and_goes_out_in_the_end(desk: Desk) -> None:
    mail = Scripted("mail", "the server is down")
    desk.halt()
    waits = []
    for _ in range(7):
        desk.deliver(mail)
        assert desk.due() == []
        before = desk.clock.now()
        while not desk.due():
            desk.later(seconds=5)
        waits.append((desk.clock.now() - before).total_seconds())
    assert waits == [30, 60, 120, 240, 480, 900, 900]
    mail.error = ""
    desk.deliver(mail)
    desk.later(days=2)
    assert desk.due() == []


def test_after_a_day_it_is_given_up() -> None:
    queued = QueuedNotice(
        number=1,
        notice=Notice(key="k", urgent=False, title="t", body="b"),
        queued_at=NOW,
        tries=100,
        next_try_at=NOW,
        delivered_at=None,
        last_error="",
    )
    assert next_try(queued, NOW + timedelta(hours=23)) == NOW + timedelta(hours=23, minutes=15)
    assert next_try(queued, NOW + timedelta(hours=24)) == NEVER


@pytest.mark.parametrize("stepped", [True, False])
def test_how_long_delivery_is_tried_is_a_setting(desk: Desk, tmp_path: Path, stepped: bool) -> None:
    """A file that cannot be written, in a folder that is not there, is a channel that fails."""
    lines = '[notices]\nchannels = ["file"]\nfile = "gone/notices.txt"\ngive_up_hours = 2\n'
    found = settings(SMALLEST + lines)
    heard = threading.Semaphore(0)
    outbox = open_outbox(
        found, tmp_path, desk.journal, desk.clock, stepped=stepped, wake_up=heard.release
    )
    outbox.start()
    desk.halt()
    for hours, waits, longest in ((1.9, True, 0.3), (2, False, 24)):
        desk.clock.advance_to(NOW + timedelta(hours=hours))
        outbox.after_wake()
        if not stepped:
            assert heard.acquire(timeout=30)
            outbox.after_wake()
        desk.later(hours=longest)
        assert bool(desk.due()) is waits
    outbox.stop()


def test_only_the_channel_that_failed_is_tried_again_also_after_a_restart(desk: Desk) -> None:
    console, mail = Scripted("console"), Scripted("mail", "down; really")
    desk.halt()
    desk.deliver(console, mail)
    desk.restart()
    desk.later(minutes=1)
    assert desk.due()[0].last_error == "mail: down, really"
    mail.error = ""
    desk.deliver(console, mail)
    assert (len(console.sent), len(mail.sent)) == (1, 2)
    desk.later(days=1)
    assert desk.due() == []


def test_a_notice_for_a_channel_that_was_removed_goes_to_those_that_are_there(desk: Desk) -> None:
    desk.halt()
    desk.deliver(Scripted("mail", "down"))
    desk.later(minutes=1)
    console = Scripted("console")
    desk.deliver(console)
    assert len(console.sent) == 1


def threaded(desk: Desk, *channels: Channel) -> tuple[ThreadedOutbox, threading.Semaphore]:
    """An outbox at work, and what counts its wish to be heard."""
    wants = threading.Semaphore(0)
    outbox = ThreadedOutbox(desk.journal, channels, desk.clock, wake_up=wants.release)
    outbox.start()
    return outbox, wants


def test_the_worker_sends_and_the_loop_writes_it_down(desk: Desk) -> None:
    mail = Scripted("mail")
    outbox, wants = threaded(desk, mail)
    desk.halt()
    outbox.after_wake()
    assert wants.acquire(timeout=30)
    assert len(desk.due()) == 1, "the worker itself writes nothing"
    outbox.after_wake()
    assert desk.due() == []
    outbox.stop()
    assert mail.sent == ["trimtab: HALTED: one"]


class Heard(Scripted):
    """A channel that says when something has come, from whatever thread it comes."""

    def __init__(self) -> None:
        super().__init__("mail")
        self.came = threading.Event()

    def send(self, notice: Notice) -> str:
        said = super().send(notice)
        self.came.set()
        return said


def test_a_page_is_handed_over_within_five_seconds_of_its_commit_while_the_look_goes_on(
    desk: Desk,
) -> None:
    mail = Heard()
    outbox, _ = threaded(desk, mail)
    desk.journal.tell_pages_at_once(outbox.after_wake)
    desk.journal.append(Resumed(by="ann", reason="news waits for the end of the look"))
    assert mail.sent == []
    desk.halt()
    # The loop does nothing more here: it hangs in a request to its broker.
    assert mail.came.wait(5)
    outbox.stop()
    assert sorted(mail.sent) == ["trimtab: HALTED: one", "trimtab: resumed by ann"]


def test_a_page_whose_hand_over_fails_is_in_the_journal_all_the_same(desk: Desk) -> None:
    def fails() -> None:
        raise JournalUnwritable("database is locked")

    desk.journal.tell_pages_at_once(fails)
    desk.halt()
    assert [queued.notice.title for queued in desk.due()] == ["trimtab: HALTED: one"]


def test_a_server_that_hangs_neither_stops_the_loop_nor_gets_a_notice_twice(desk: Desk) -> None:
    with listening() as hook:
        hook.may_answer.clear()
        outbox, wants = threaded(desk, AppriseChannel(1, hook.address))
        desk.halt()
        for _ in range(50):
            outbox.after_wake()
        assert hook.arrived.wait(30)
        hook.may_answer.set()
        assert wants.acquire(timeout=30)
        outbox.after_wake()
        outbox.stop()
    assert [posted["title"] for posted in hook.posted] == ["trimtab: HALTED: one"]
    assert desk.due() == []


def test_a_dead_server_is_told_of_and_tried_again(desk: Desk) -> None:
    with listening() as hook:
        hook.status = 503
        told: list[str] = []
        wants = threading.Semaphore(0)
        outbox = ThreadedOutbox(
            desk.journal,
            [AppriseChannel(1, hook.address)],
            desk.clock,
            wake_up=wants.release,
            on_failure=told.append,
        )
        outbox.start()
        desk.halt()
        outbox.after_wake()
        assert wants.acquire(timeout=30)
        outbox.after_wake()
        assert desk.due() == []
        hook.status = 200
        desk.later(minutes=1)
        outbox.after_wake()
        assert wants.acquire(timeout=30)
        outbox.stop()
    desk.later(days=1)
    assert desk.due() == []
    assert len(hook.posted) == 2
    assert "apprise 1: the service refused it" in told[0]
    assert "Canary" not in told[0]


def test_the_last_notices_go_out_before_the_end(desk: Desk) -> None:
    mail = Scripted("mail")
    outbox, _ = threaded(desk, mail)
    desk.halt("one")
    desk.halt("two")
    outbox.stop()
    outbox.stop()
    assert mail.sent == ["trimtab: HALTED: one", "trimtab: HALTED: two"]
    assert desk.due() == []


def test_what_was_not_delivered_before_a_restart_goes_out_once_after_it(desk: Desk) -> None:
    desk.halt()
    desk.restart()
    mail = Scripted("mail")
    outbox, _ = threaded(desk, mail)
    outbox.stop()
    desk.restart()
    outbox, _ = threaded(desk, mail)
    outbox.stop()
    assert mail.sent == ["trimtab: HALTED: one"]


def test_a_channel_that_breaks_ends_neither_thread_nor_notice(desk: Desk) -> None:
    class Broken:
        name = "mail"

        def send(self, notice: Notice) -> str:
            raise RuntimeError("json://secret")

    outbox, wants = threaded(desk, Broken())
    desk.halt()
    outbox.after_wake()
    assert wants.acquire(timeout=30)
    outbox.after_wake()
    desk.later(minutes=1)
    assert desk.due()[0].last_error == "delivery: RuntimeError"
    outbox.stop()


def test_the_configured_outbox_delivers_to_its_file(desk: Desk, tmp_path: Path) -> None:
    text = '[notices]\nchannels = ["file"]\nfile = "FILE"\n'
    found = settings(f"{settings().text}\n{text}".replace("FILE", str(tmp_path / "told.log")))
    for stepped in (True, False):
        desk.halt(f"stepped is {stepped}")
        outbox = open_outbox(found, tmp_path, desk.journal, desk.clock, stepped=stepped)
        outbox.start()
        outbox.after_wake()
        outbox.stop()
    lines = (tmp_path / "told.log").read_text().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == [
        f"URGENT trimtab: HALTED: stepped is {stepped} | Halted by ann: stepped is {stepped}"
        " | Nothing is sent until a person resumes:"
        ' | trimtab resume --reason "why it is safe"'
        for stepped in (True, False)
    ]


def with_addresses(tmp_path: Path, *addresses: str) -> Settings:
    file = tmp_path / "addresses"
    file.write_text("\n".join(["# one a line", *addresses]))
    file.chmod(0o600)
    text = f'[notices]\nchannels = ["console", "apprise"]\napprise_file = "{file}"\n'
    return settings(f"{settings().text}\n{text}")


def test_each_address_is_a_channel_of_its_own(tmp_path: Path) -> None:
    found = with_addresses(tmp_path, "json://localhost:1/x", "ntfy://localhost/y")
    channels = make_channels(found, tmp_path, SteppedClock(NOW))
    assert [channel.name for channel in channels] == ["console", "apprise 1", "apprise 2"]


def test_an_address_that_is_not_allowed_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    found = with_addresses(tmp_path, "json://localhost:1/x", "dbus://Canary9Zw5Lr2T")
    with pytest.raises(ConfigurationError, match="notice address 2 is of no kind") as refusal:
        make_channels(found, tmp_path, SteppedClock(NOW))
    assert "Canary" not in str(refusal.value)


def test_a_test_notice_tells_of_each_channel() -> None:
    channels = [Scripted("console"), Scripted("mail", "down")]
    assert try_channels(channels, "hello") == {"console": "", "mail": "down"}
