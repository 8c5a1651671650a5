"""Both kinds of alarms: the same contract, the stepped clock, and what we rely on in APScheduler."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from daemon.machine.clocks import SteppedClock, WallClock
from daemon.schedule import ClockAlarms
from daemon.waking.alarms import Alarms
from daemon.waking.queue import WakeQueue
from daemon.worlds.stepped import SteppedAlarms
from portfolio.wakes import Wake, WakeKind

TICK = Wake(kind=WakeKind.TICK)
OPEN = Wake(kind=WakeKind.SESSION_OPEN)
CLOSE = Wake(kind=WakeKind.SESSION_CLOSE)
START = datetime(2026, 3, 6, 14, 0, tzinfo=UTC)
FAR = datetime(2099, 1, 1, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def clock_alarms() -> Iterator[ClockAlarms]:
    troubles: list[str] = []
    alarms = ClockAlarms(on_trouble=troubles.append)
    yield alarms
    alarms.stop()
    assert troubles == []


@pytest.fixture(params=["clock", "stepped"])
def alarms(request: pytest.FixtureRequest, clock_alarms: ClockAlarms) -> Alarms:
    return clock_alarms if request.param == "clock" else SteppedAlarms(SteppedClock(START))


def test_next_at_is_the_earliest_alarm(alarms: Alarms) -> None:
    assert alarms.next_at() is None
    alarms.once("close", FAR + timedelta(hours=1), CLOSE)
    alarms.once("open", FAR, OPEN)
    assert alarms.next_at() == FAR


def test_an_alarm_of_the_same_name_is_replaced(alarms: Alarms) -> None:
    alarms.once("open", FAR, OPEN)
    alarms.once("open", FAR + timedelta(hours=1), OPEN)
    assert alarms.next_at() == FAR + timedelta(hours=1)
    alarms.start(WakeQueue().put)
    alarms.once("open", FAR + timedelta(hours=2), OPEN)
    assert alarms.next_at() == FAR + timedelta(hours=2)


def test_a_cancelled_alarm_is_gone_and_cancelling_nothing_is_no_error(alarms: Alarms) -> None:
    alarms.once("open", FAR, OPEN)
    alarms.cancel("open")
    alarms.cancel("open")
    assert alarms.next_at() is None


def test_an_instant_of_another_zone_is_the_same_instant(alarms: Alarms) -> None:
    alarms.once("open", FAR.astimezone(NEW_YORK), OPEN)
    assert alarms.next_at() == FAR


def test_an_interval_of_nothing_is_refused(alarms: Alarms) -> None:
    with pytest.raises(ValueError, match="no interval"):
        alarms.every("tick", 0, TICK)


def test_an_alarm_in_the_past_rings_at_once(clock_alarms: ClockAlarms) -> None:
    wakes = WakeQueue()
    clock_alarms.once("open", START, OPEN)
    clock_alarms.start(wakes.put)
    assert wakes.get(timeout_seconds=30) == OPEN
    clock_alarms.once("close", START, CLOSE)
    assert wakes.get(timeout_seconds=30) == CLOSE


def test_an_interval_rings_again_and_again(clock_alarms: ClockAlarms) -> None:
    rung = threading.Semaphore(0)
    clock_alarms.every("tick", 0.01, TICK)
    clock_alarms.start(lambda _wake: rung.release())
    assert all(rung.acquire(timeout=30) for _ in range(3))


def test_nothing_rings_after_stop(clock_alarms: ClockAlarms) -> None:
    wakes = WakeQueue()
    clock_alarms.every("tick", 0.005, TICK)
    clock_alarms.start(wakes.put)
    assert wakes.get(timeout_seconds=30) == TICK
    clock_alarms.stop()
    wakes.drain()
    assert wakes.get(timeout_seconds=0.05) is None
    assert all("APScheduler" not in thread.name for thread in threading.enumerate())


def test_a_receiver_that_fails_is_reported_and_the_alarm_kept() -> None:
    told: list[str] = []
    twice = threading.Event()

    def on_trouble(text: str) -> None:
        told.append(text)
        if len(told) == 2:
            twice.set()

    def broken(_wake: Wake) -> None:
        raise RuntimeError("no room")

    alarms = ClockAlarms(on_trouble)
    alarms.every("tick", 0.01, TICK)
    alarms.start(broken)
    assert twice.wait(30)
    alarms.stop()
    assert told[0] == "alarm 'tick' failed: no room"


def test_the_wall_clock_speaks_utc() -> None:
    assert WallClock().now().tzinfo is UTC


def test_a_stepped_clock_never_goes_back() -> None:
    clock = SteppedClock(START)
    clock.advance_to(START - timedelta(hours=1))
    assert clock.now() == START
    clock.advance_to(START + timedelta(hours=1))
    assert clock.now() == START + timedelta(hours=1)


def test_a_stepped_clock_refuses_a_time_without_a_zone() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        SteppedClock(START.replace(tzinfo=None))


def test_steps_jump_from_alarm_to_alarm() -> None:
    clock, wakes = SteppedClock(START), WakeQueue()
    alarms = SteppedAlarms(clock)
    alarms.every("tick", 3600, TICK)
    alarms.once("open", START + timedelta(minutes=90), OPEN)
    seen = [(alarms.step(wakes.put), wakes.get(0)) for _ in range(3)]
    assert seen == [
        (START + timedelta(minutes=60), TICK),
        (START + timedelta(minutes=90), OPEN),
        (START + timedelta(minutes=120), TICK),
    ]
    assert clock.now() == START + timedelta(minutes=120)


def test_alarms_of_one_instant_ring_in_the_order_they_were_set() -> None:
    alarms, wakes = SteppedAlarms(SteppedClock(START)), WakeQueue()
    alarms.start(wakes.put)
    alarms.once("z", START, OPEN)
    alarms.once("a", START, CLOSE)
    assert (alarms.step(), alarms.step(), alarms.step()) == (START, START, None)
    assert wakes.drain() == (OPEN, CLOSE)


def test_an_interval_that_was_passed_several_times_rings_once() -> None:
    clock, wakes = SteppedClock(START), WakeQueue()
    alarms = SteppedAlarms(clock)
    alarms.every("tick", 60, TICK)
    clock.advance_to(START + timedelta(seconds=205))
    assert alarms.step(wakes.put) == START + timedelta(seconds=205)
    assert alarms.next_at() == START + timedelta(seconds=240)


def test_a_stopped_stepped_clock_rings_nowhere() -> None:
    alarms = SteppedAlarms(SteppedClock(START))
    alarms.start(WakeQueue().put)
    alarms.once("open", START, OPEN)
    alarms.stop()
    assert alarms.step() is None
    assert alarms.next_at() == START
