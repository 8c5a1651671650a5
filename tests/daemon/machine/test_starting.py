"""A start that cannot be finished is tried again, later and later, and never half done."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from daemon.latch import FileLatch
from daemon.machine import process
from daemon.machine.process import StopFlag
from daemon.protocol import BrokenInvariant
from daemon.waking.sessions import CalendarDisagreement
from portfolio.ports import Unavailable
from tests.support.simulated import HandClock


@dataclass
class Waits:
    """A queue that nobody wakes: it remembers how long each wait was to be."""

    seconds: list[float] = field(default_factory=list)

    def get(self, seconds: float) -> None:
        self.seconds.append(seconds)


def assembly(folder: Path, failures: list[Exception], done: list[str]) -> Any:
    """What `process` starts; its recovery fails so often."""
    clock = HandClock(datetime(2026, 3, 11, 14, 0, tzinfo=UTC))

    def recover() -> None:
        if failures:
            raise failures.pop(0)
        done.append("recovered")

    house = SimpleNamespace(
        latch=FileLatch(folder, clock),
        clock=clock,
        sessions=SimpleNamespace(current_or_previous=lambda _: done.append("calendar")),
    )
    return SimpleNamespace(recover=recover, house=house)


def test_a_silent_broker_is_asked_again_after_five_seconds_doubled_up_to_a_minute(
    tmp_path: Path,
) -> None:
    failures: list[Exception] = [Unavailable("no answer")] * 5 + [CalendarDisagreement("two")]
    done: list[str] = []
    waits: Any = Waits()
    assert process._recover(assembly(tmp_path, failures, done), waits, StopFlag())
    assert waits.seconds == [5, 10, 20, 40, 60, 60]
    assert done == ["recovered", "calendar"]


def test_a_start_that_finds_something_that_cannot_be_halts_and_is_tried_again(
    tmp_path: Path,
) -> None:
    done: list[str] = []
    waits: Any = Waits()
    made = assembly(tmp_path, [BrokenInvariant("the filled quantity fell")], done)
    assert process._recover(made, waits, StopFlag())
    assert "the filled quantity fell" in made.house.latch.reason()
    assert done == ["recovered", "calendar"]


def test_a_start_that_is_told_to_end_is_not_taken_for_a_finished_one(tmp_path: Path) -> None:
    stop = StopFlag()

    class Told(Waits):
        def get(self, seconds: float) -> None:
            super().get(seconds)
            stop.reason = "SIGTERM"

    done: list[str] = []
    waits: Any = Told()
    made = assembly(tmp_path, [Unavailable("no answer")] * 9, done)
    assert not process._recover(made, waits, stop)
    assert done == []


def test_what_nobody_foresaw_ends_the_start(tmp_path: Path) -> None:
    made = assembly(tmp_path, [RuntimeError("a fault of ours")], [])
    waits: Any = Waits()
    with pytest.raises(RuntimeError):
        process._recover(made, waits, StopFlag())
