"""The wake queue: bounded, collapsing, and safe for threads and signal handlers."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from hypothesis import given
from hypothesis import strategies as st

from daemon.waking.queue import CAPACITY, WakeQueue
from portfolio.wakes import Wake, WakeKind

TICK = Wake(kind=WakeKind.TICK)
PERSON = Wake(kind=WakeKind.PERSON, detail="run-now")


def order_update(number: int) -> Wake:
    return Wake(kind=WakeKind.ORDER_UPDATE, detail=str(number))


def test_wakes_come_out_in_the_order_they_went_in() -> None:
    wakes = WakeQueue()
    wakes.put(TICK)
    wakes.put(PERSON)
    assert [wakes.get(0), wakes.get(0), wakes.get(0)] == [TICK, PERSON, None]


def test_equal_wakes_collapse_while_they_wait() -> None:
    wakes = WakeQueue()
    for _ in range(3):
        wakes.put(Wake(kind=WakeKind.TICK))
    assert wakes.drain() == (TICK,)


def test_the_same_kind_with_another_detail_is_another_wake() -> None:
    wakes = WakeQueue()
    wakes.put(order_update(1))
    wakes.put(order_update(2))
    assert len(wakes) == 2


def test_a_wake_that_was_taken_may_come_again() -> None:
    wakes = WakeQueue()
    wakes.put(TICK)
    assert wakes.get(0) == TICK
    wakes.put(TICK)
    assert wakes.get(0) == TICK


def test_a_full_queue_drops_and_counts_and_takes_again_after_a_get() -> None:
    wakes = WakeQueue()
    for number in range(CAPACITY + 3):
        wakes.put(order_update(number))
    assert (len(wakes), wakes.dropped) == (CAPACITY, 3)
    assert wakes.get(0) == order_update(0)
    wakes.put(TICK)
    assert wakes.drain()[-1] == TICK


def test_a_dropped_wake_is_not_taken_for_one_that_waits() -> None:
    wakes = WakeQueue(capacity=1)
    wakes.put(PERSON)
    wakes.put(TICK)
    assert wakes.get(0) == PERSON
    wakes.put(TICK)
    assert wakes.get(0) == TICK


def test_get_waits_for_a_wake_from_another_thread() -> None:
    wakes = WakeQueue()
    thread = threading.Thread(target=wakes.put, args=(PERSON,))
    thread.start()
    assert wakes.get(timeout_seconds=30) == PERSON
    thread.join()


@given(st.lists(st.sampled_from([*map(order_update, range(6)), None]), max_size=60))
def test_it_behaves_like_an_ordered_set_of_bounded_size(script: list[Wake | None]) -> None:
    wakes, model = WakeQueue(capacity=4), list[Wake]()
    for step in script:
        if step is None:
            assert wakes.get(0) == (model.pop(0) if model else None)
            continue
        wakes.put(step)
        if step not in model and len(model) < 4:
            model.append(step)
    assert list(wakes.drain()) == model


def test_eight_threads_neither_lose_nor_double_a_wake() -> None:
    wakes, barrier = WakeQueue(capacity=1000), threading.Barrier(8)

    def put_all() -> None:
        barrier.wait()
        for number in range(200):
            wakes.put(order_update(number))

    threads = [threading.Thread(target=put_all) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(wakes.drain(), key=lambda w: int(w.detail)) == [*map(order_update, range(200))]


@contextmanager
def alarm_signal(wakes: WakeQueue, every_seconds: float) -> Iterator[list[int]]:
    fired: list[int] = []

    def handler(_number: int, _frame: FrameType | None) -> None:
        fired.append(1)
        wakes.put(order_update(len(fired) % 7))

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, every_seconds, every_seconds)
    try:
        yield fired
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_signal_that_interrupts_a_waiting_get_ends_the_wait() -> None:
    wakes = WakeQueue()

    def handler(_number: int, _frame: FrameType | None) -> None:
        wakes.put(PERSON)

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        assert wakes.get(timeout_seconds=30) == PERSON
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_signal_in_the_middle_of_a_put_or_get_deadlocks_nothing() -> None:
    wakes = WakeQueue()
    with alarm_signal(wakes, 0.0002) as fired:
        deadline = time.monotonic() + 60
        while len(fired) < 500 and time.monotonic() < deadline:
            wakes.put(TICK)
            wakes.get(0)
    wakes.drain()
    assert len(fired) >= 500
    assert len(wakes) == 0
    wakes.put(TICK)
    assert wakes.drain() == (TICK,)
