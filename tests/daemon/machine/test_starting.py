"""A start that cannot be finished is tried again, later and later, and never half done."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from daemon.house import no_hook
from daemon.latch import FileLatch
from daemon.machine import process
from daemon.machine.process import StopFlag
from daemon.protocol import BrokenInvariant
from daemon.waking.sessions import CalendarDisagreement
from portfolio.orders import LegState
from portfolio.ports import Unavailable
from tests.support.house import Rig
from tests.support.simulated import HandClock
from tests.support.stories import approve, textbook


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


class Asked:
    """A broker that writes down what it is asked, and what its legs were at that moment."""

    def __init__(self, rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        self.live: dict[str, set[LegState]] = {}
        for name in ("clock", "orders_since", "find_order", "fills_since", "flows_since", "submit"):
            monkeypatch.setattr(rig.broker, name, self._noting(rig, name))

    def _noting(self, rig: Rig, name: str) -> Any:
        really = getattr(rig.broker, name)

        def asked(*arguments: Any) -> Any:
            if name not in self.names:
                self.names.append(name)
                self.live[name] = {leg.state for leg in rig.journal.legs(live=True)}
            return really(*arguments)

        return asked


def test_a_start_takes_its_steps_in_order_and_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clock; what was under way is in doubt; orders nobody wrote down; live legs; fills; flows."""
    rig = textbook(tmp_path)

    def dies(label: str) -> None:
        if label == "after submit":
            raise Killed

    rig.house.hook = dies
    with pytest.raises(Killed):
        approve(rig)
    (leg,) = rig.journal.legs()
    assert leg.state is LegState.SUBMITTING
    rig.house.hook = no_hook
    asked = Asked(rig, monkeypatch)
    rig.recover()
    assert asked.names == ["clock", "orders_since", "find_order", "fills_since", "flows_since"]
    assert asked.live["clock"] == {LegState.SUBMITTING}
    assert asked.live["orders_since"] == {LegState.AMBIGUOUS}
    assert asked.live["fills_since"] == set(), "it was found, and has filled"
    (leg,) = rig.journal.legs()
    assert (leg.state, leg.sends) == (LegState.FILLED, 1)


class Killed(BaseException):
    """The process is gone."""
