"""Whatever the stream of order news says, or does not, the end is the same: polling is the truth."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from brokers.alpaca.stream import CONNECTED, AlpacaStream
from portfolio.orders import LegState
from portfolio.wakes import Wake, WakeKind
from tests.support.alpaca_parts import keys, settings
from tests.support.wire_house import WireHouse, wire_house


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WireHouse]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    holds, wants = {"VTI": "75", "BND": "50"}, {"VTI": "60", "BND": "40"}
    with wire_house(tmp_path, holds=holds, wants=wants) as found:
        yield found


class Listening:
    """The daemon's own stream on the local Alpaca; its news wakes the house, as in the daemon."""

    def __init__(self, house: WireHouse) -> None:
        self.news: list[str] = []
        self.connected = threading.Semaphore(0)
        self._house = house
        self._stream = AlpacaStream(
            settings(house.local.url),
            keys(),
            on_trouble=lambda _: None,
            first_wait_seconds=0.02,
            longest_wait_seconds=0.1,
        )

    def __enter__(self) -> Self:
        self._stream.start(self._heard)
        assert self.connected.acquire(timeout=60)
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.stop()

    def _heard(self, news: str) -> None:
        self.news.append(news)
        if news == CONNECTED:
            self.connected.release()
        self._house.wakes.put(Wake(kind=WakeKind.ORDER_UPDATE))


@pytest.mark.parametrize(
    "acts",
    [
        ["missing"] * 20,
        ["duplicate"] * 20,
        ["out_of_order"] * 20,
        ["data_null"] * 20,
        ["disconnect", "missing", "duplicate", "disconnect", "data_null", "out_of_order"],
    ],
    ids=lambda acts: acts[0],
)
def test_events_that_are_lost_doubled_or_cut_off_change_nothing(
    house: WireHouse, acts: list[str]
) -> None:
    house.local.break_(stream=acts)
    with Listening(house):
        house.plan()
        house.ticks(2)
    assert [leg.state for leg in house.legs()] == [LegState.FILLED] * 2
    assert house.posts() == house.sends() == 2
    assert house.local.held() == {"VTI": 60, "BND": 79}
    house.agrees()


def test_a_stream_that_is_cut_is_taken_up_again_and_nothing_in_between_is_missed(
    house: WireHouse,
) -> None:
    house.local.break_(fills_held=True)
    with Listening(house) as line:
        house.local.break_(stream=["disconnect"])
        house.plan()
        house.local.break_(fills_held=False)
        assert line.connected.acquire(timeout=60), "it connects again"
        ends = time.monotonic() + 60
        while not house.wakes.get(0.05):
            assert time.monotonic() < ends, "and says that there is reason to look"
        house.wake(WakeKind.ORDER_UPDATE)
    house.ticks(1)
    assert [leg.state for leg in house.legs()] == [LegState.FILLED] * 2
    house.agrees()
