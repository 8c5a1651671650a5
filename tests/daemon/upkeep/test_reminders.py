"""A page is told again until a person has seen it, and by a second way when the first is dead."""

from datetime import timedelta
from pathlib import Path

from daemon.notices.outbox import deliver_due_now, next_try, try_once
from daemon.notices.render import renderer
from daemon.notices.second import SecondWay
from daemon.requests.acting import serve_request
from daemon.requests.spool import Request, take_requests
from daemon.upkeep.reminders import acknowledge, acknowledged, remind
from portfolio.events import Alarm, AlarmCleared, Fenced
from portfolio.memory import Fence
from portfolio.records import Notice, QueuedNotice
from tests.support.command_line import trimtab
from tests.support.house import Rig, build_rig, table
from tests.support.households import stocks_and_bonds
from tests.support.journals import NOW
from tests.support.stories import DAYS, FALL, GROWTH, say

QUARTER = timedelta(minutes=15)


class Kept:
    """A channel that remembers, or fails with `problem`."""

    def __init__(self, name: str = "kept", problem: str = "") -> None:
        self.name = name
        self.problem = problem
        self.sent: list[str] = []

    def send(self, notice: Notice) -> str:
        if not self.problem:
            self.sent.append(notice.title)
        return self.problem


def household(folder: Path) -> Rig:
    rig = build_rig(folder, table(DAYS, STK=GROWTH, BND=FALL), stocks_and_bonds(), cash="100000")
    writer = rig.journal._writer
    assert writer is not None
    writer._render = renderer(amounts=False, dry_run=False, household="core")
    return rig


def after(rig: Rig, time: timedelta, channel: Kept) -> list[str]:
    """Let time pass tick by tick; the titles that went out."""
    before = len(channel.sent)
    ends = rig.clock.now() + time
    while rig.clock.now() < ends:
        rig.clock.advance_to(min(rig.clock.now() + timedelta(minutes=1), ends))
        remind(rig.house, QUARTER, rig.clock.now())
        deliver_due_now(rig.journal, [channel], rig.clock)
    return channel.sent[before:]


def lost() -> Alarm:
    return Alarm(name="lost order", level="page", text="It cannot be found.", scope="tt1-a")


def test_a_page_is_told_every_quarter_of_an_hour_until_it_is_acknowledged(tmp_path: Path) -> None:
    rig, channel = household(tmp_path), Kept()
    rig.journal.append(lost())
    told = after(rig, timedelta(minutes=46), channel)
    assert told == [
        "core: lost order: It cannot be found.",
        "core: lost order: It cannot be found. (told again, 1)",
        "core: lost order: It cannot be found. (told again, 2)",
        "core: lost order: It cannot be found. (told again, 3)",
    ]
    assert acknowledge(rig.house, "lost order", by="ann") == 1
    assert acknowledge(rig.house, "lost order", by="ann") == 0
    assert after(rig, timedelta(hours=2), channel) == []
    assert rig.journal.open_alarms() == [lost()], "it is seen, not over"


def test_a_page_that_comes_again_is_told_again(tmp_path: Path) -> None:
    rig, channel = household(tmp_path), Kept()
    rig.journal.append(lost())
    acknowledge(rig.house, "", by="ann")
    rig.journal.append(AlarmCleared(name="lost order", scope="tt1-a"))
    rig.journal.append(lost())
    assert acknowledged(rig.journal) == frozenset()
    assert after(rig, timedelta(minutes=20), channel) == [
        "core: lost order: It cannot be found.",
        "core: over: lost order (tt1-a)",
        "core: lost order: It cannot be found.",
        "core: lost order: It cannot be found. (told again, 1)",
    ]


def test_what_is_over_is_not_told_again(tmp_path: Path) -> None:
    rig, channel = household(tmp_path), Kept()
    rig.journal.append(lost())
    rig.journal.append(AlarmCleared(name="lost order", scope="tt1-a"))
    told = after(rig, timedelta(hours=1), channel)
    assert [title for title in told if "told again" in title] == []


def test_news_is_told_once(tmp_path: Path) -> None:
    rig, channel = household(tmp_path), Kept()
    rig.journal.append(Alarm(name="external change", level="info", text="It changed."))
    assert len(after(rig, timedelta(hours=2), channel)) == 1


def test_a_halt_of_the_daemons_own_is_told_again_a_persons_is_not(tmp_path: Path) -> None:
    rig, channel = household(tmp_path), Kept()
    say(rig, "halt", reason="I want to look")
    assert len(after(rig, timedelta(hours=1), channel)) == 1
    say(rig, "resume", reason="looked")
    from daemon.executor import halt

    halt(rig.house, by="trimtab", reason="an invariant does not hold")
    told = after(rig, timedelta(minutes=31), channel)
    assert [title for title in told if "invariant" in title and "again" in title] == [
        "core: HALTED: an invariant does not hold (told again, 1)",
        "core: HALTED: an invariant does not hold (told again, 2)",
    ]


def test_pages_do_not_pile_up_behind_a_dead_channel(tmp_path: Path) -> None:
    rig, dead = household(tmp_path), Kept(problem="HTTP 500")
    rig.journal.append(lost())
    after(rig, timedelta(hours=6), dead)
    dead.problem = ""
    assert after(rig, timedelta(minutes=15), dead) == ["core: lost order: It cannot be found."]


def test_the_word_of_a_person_reaches_the_daemon(tmp_path: Path) -> None:
    rig = household(tmp_path)
    assert trimtab("ack", "--state", tmp_path).code == 1
    rig.journal.append(lost())
    assert trimtab("ack", "stuck order", "--state", tmp_path).code == 1
    said = trimtab("ack", "lost order", "--state", tmp_path)
    assert said.code == 0, said.err
    (request,) = take_requests(tmp_path)
    assert isinstance(request, Request)
    serve_request(rig.house, rig.watch, request)
    assert acknowledged(rig.journal) == frozenset({("lost order", "tt1-a")})


def test_a_fence_without_an_end_falls_by_the_word_of_a_person(tmp_path: Path) -> None:
    rig = household(tmp_path)
    words = ("unfence", "main/STK", "--reason", "moved away", "--state", tmp_path)
    said = trimtab(*words)
    assert (said.code, "there is none at all" in said.err) == (1, True)
    rig.journal.append(Fenced(fence=Fence(account="main", symbol="STK", reason="it vanished")))
    said = trimtab("unfence", "main/BND", "--reason", "a slip", "--state", tmp_path)
    assert (said.code, "there is one around main/STK" in said.err) == (1, True)
    said = trimtab(*words)
    assert said.code == 0, said.err
    (request,) = take_requests(tmp_path)
    assert isinstance(request, Request)
    serve_request(rig.house, rig.watch, request)
    assert rig.journal.fences(rig.clock.now()) == []


def queued(*, urgent: bool = True, error: str = "") -> QueuedNotice:
    return QueuedNotice(
        number=1,
        notice=Notice(key="k", urgent=urgent, title="HALTED", body="x"),
        queued_at=NOW,
        tries=3,
        next_try_at=NOW,
        delivered_at=None,
        last_error=error,
    )


def plain(text: str) -> str:
    return text


def test_a_page_that_lies_undelivered_for_ten_minutes_takes_the_second_way_once() -> None:
    dead, other = Kept("first", "HTTP 500"), Kept("other")
    way = SecondWay(channels=[other], after=timedelta(minutes=10))
    error = way.tell(queued(), try_once(queued(), [dead], plain), NOW + timedelta(minutes=9), plain)
    assert (error, other.sent) == ("first: HTTP 500", [])
    assert next_try(queued(), NOW + timedelta(minutes=9), way) == NOW + timedelta(minutes=10)
    error = way.tell(queued(), error, NOW + timedelta(minutes=10), plain)
    assert other.sent == ["HALTED"]
    later = queued(error=error)
    again = way.tell(later, try_once(later, [dead], plain), NOW + timedelta(minutes=20), plain)
    assert other.sent == ["HALTED"], "also after a restart: it is in the error's text"
    assert again == error


def test_news_and_what_went_out_do_not_take_the_second_way() -> None:
    other = Kept("other")
    way = SecondWay(channels=[other])
    late = NOW + timedelta(hours=1)
    assert way.tell(queued(urgent=False), "first: HTTP 500", late, plain) == "first: HTTP 500"
    assert way.tell(queued(), "", late, plain) == ""
    assert other.sent == []
