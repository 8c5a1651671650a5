"""This machine's clock beside the broker's: two seconds are told once, five stop everything."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from brokers.simulated.broker import SimulatedBroker
from config.safeguards import Halting
from daemon.upkeep.clock_check import check_clock
from policies.policy import Policy
from portfolio.decisions import Hold
from portfolio.ports import BrokerClock, Unavailable
from tests.support.house import Rig, build_rig, table
from tests.support.stories import DAYS, FALL, GROWTH, sixty_forty


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=GROWTH, BND=FALL),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )
    rig.go_to(DAYS[8])
    return rig


@contextmanager
def apart(seconds: float, takes: float = 0) -> Iterator[None]:
    """The broker's clock is ahead by so much, and the answer is under way for so long."""
    clock = SimulatedBroker.clock

    def answer(self: Any) -> BrokerClock:
        said = clock(self)
        self._clock.advance_to(said.now + timedelta(seconds=takes))
        return BrokerClock(now=said.now + timedelta(seconds=seconds), is_open=said.is_open)

    with patch.object(SimulatedBroker, "clock", answer):
        yield


@pytest.mark.parametrize("seconds", [2.5, -2.5])
def test_two_seconds_are_told_once_until_they_are_gone(rig: Rig, seconds: float) -> None:
    with apart(seconds):
        check_clock(rig.house)
        check_clock(rig.house)
    assert len(rig.journal.events("alarm")) == 1
    assert [a.name for a in rig.journal.open_alarms()] == ["clock skew"]
    check_clock(rig.house)
    assert rig.journal.open_alarms() == []


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("seconds", "told", "halted"),
    [(1, False, False), (2, False, False), (3, True, False), (5, True, False), (10, False, True)],
)
def test_a_second_is_nothing_three_are_told_and_ten_stop_everything(
    rig: Rig, sign: int, seconds: float, told: bool, halted: bool
) -> None:
    with apart(sign * seconds):
        check_clock(rig.house)
    names = [alarm.name for alarm in rig.journal.open_alarms()]
    assert ("clock skew" in names) is told
    assert bool(rig.latch.reason()) is halted


def test_the_time_that_an_answer_takes_is_no_difference(rig: Rig) -> None:
    with apart(0, takes=9):
        check_clock(rig.house)
    assert rig.journal.open_alarms() == []
    assert rig.latch.reason() is None


def test_what_pages_and_what_halts_are_settings_and_their_levels_pass(rig: Rig) -> None:
    rig.house.halting = Halting(
        clock_skew_alarm=timedelta(seconds=0.5), clock_skew=timedelta(seconds=1)
    )
    with apart(0.5):
        check_clock(rig.house)
    assert rig.journal.open_alarms() == []
    with apart(1):
        check_clock(rig.house)
    assert [a.name for a in rig.journal.open_alarms()] == ["clock skew"]
    assert rig.latch.reason() is None
    with apart(1.1):
        check_clock(rig.house)
    assert "apart" in (rig.latch.reason() or "")


@pytest.mark.parametrize("seconds", [6, -3600])
def test_a_clock_that_was_set_wrongly_stops_the_look_before_it_plans(
    rig: Rig, seconds: float
) -> None:
    with apart(seconds):
        outcome = rig.look()
    assert isinstance(outcome.decision, Hold)
    assert "apart" in (rig.latch.reason() or "")


@pytest.mark.parametrize(
    ("minutes", "trades"),
    [(0.5, True), (1, False), (200, False), (388.9, False), (389, True)],
)
def test_a_broker_that_says_closed_in_the_middle_of_a_session_is_believed_before_the_calendar(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, minutes: float, trades: bool
) -> None:
    """The exchange was stopped for the day; near the open and the close both clocks may be right."""
    rig.go_to(DAYS[9], timedelta(minutes=minutes))
    now = rig.clock.now()
    monkeypatch.setattr(rig.broker, "clock", lambda: BrokerClock(now=now, is_open=False))
    if trades:
        rig.look()
        return
    with pytest.raises(Unavailable, match="of main says that the exchange is closed, the calendar"):
        rig.look()
