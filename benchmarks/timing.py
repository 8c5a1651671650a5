"""Clocks for two kinds of work: computing, by processor time, and waiting for a disk, by the wall."""

import gc
import time
from collections.abc import Callable, Sequence

MILLISECONDS = 1e3


def cpu_milliseconds(call: Callable[[], object], *, runs: int, seconds: float) -> list[float]:
    """Processor time of one call in this thread, `runs` samples, each of as many calls as fit.

    Other processes on the machine do not count. The first, cold call is not part of a sample.
    """
    call()
    calls = max(1, round(seconds / max(_cpu_seconds(call, 1), 1e-9)))
    gc.collect()
    return [_cpu_seconds(call, calls) * MILLISECONDS for _ in range(runs)]


def _cpu_seconds(call: Callable[[], object], calls: int) -> float:
    before = time.thread_time()
    for _ in range(calls):
        call()
    return (time.thread_time() - before) / calls


def wall_seconds_in_turn(
    calls: Sequence[Callable[[], object]], *, runs: int
) -> tuple[list[float], ...]:
    """Wall time of each call, `runs` samples; they take turns, so that a busy spell hits them all."""
    samples: tuple[list[float], ...] = tuple([] for _ in calls)
    for _ in range(runs):
        for call, kept in zip(calls, samples, strict=True):
            before = time.perf_counter()
            call()
            kept.append(time.perf_counter() - before)
    return samples
