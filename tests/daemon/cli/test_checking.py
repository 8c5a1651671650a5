"""`trimtab check` holds room and clock against the figures at which a run would page or halt."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from brokers.simulated.broker import SimulatedBroker
from portfolio.ports import BrokerClock
from tests.support.command_line import trimtab
from tests.support.processes import CONFIGURATION

MIB = 2**20
HALTS = """
[halts]
clock_skew_seconds = 1
clock_skew_alarm_seconds = 0.5
free_disk_mib = 300
free_disk_alarm_mib = 400
"""


@contextmanager
def free(mib: int) -> Iterator[None]:
    with patch.object(shutil, "disk_usage", lambda _: SimpleNamespace(free=mib * MIB)):
        yield


@contextmanager
def apart(seconds: float) -> Iterator[None]:
    clock = SimulatedBroker.clock

    def answer(self: Any) -> BrokerClock:
        said = clock(self)
        return BrokerClock(now=said.now + timedelta(seconds=seconds), is_open=said.is_open)

    with patch.object(SimulatedBroker, "clock", answer):
        yield


def check(folder: Path, more: str, name: str) -> tuple[str, str]:
    """The standing of one check, and what it says."""
    file = folder / "trimtab.toml"
    file.write_text(CONFIGURATION + more)
    said = trimtab("check", file, "--json", "--state", folder / "state")
    (found,) = [one for one in json.loads(said.out) if one["name"] == name]
    return found["standing"], found["text"]


@pytest.mark.parametrize(
    ("more", "mib", "standing"),
    [
        ("", 1024, "ok"),
        ("", 1023, "warn"),
        ("", 200, "warn"),
        ("", 199, "stops"),
        (HALTS, 400, "ok"),
        (HALTS, 399, "warn"),
        (HALTS, 299, "stops"),
    ],
)
def test_room_is_held_against_the_setting(
    tmp_path: Path, more: str, mib: int, standing: str
) -> None:
    with free(mib):
        found, text = check(tmp_path, more, "disk")
    assert found == standing
    assert f"{mib:,} MiB free" in text
    assert (f"halts below {300 if more else 200}." in text) is (standing == "stops")


@pytest.mark.parametrize(
    ("more", "seconds", "standing"),
    [
        ("", 2, "ok"),
        ("", 2.1, "warn"),
        ("", -5, "warn"),
        ("", 5.1, "stops"),
        (HALTS, 0.5, "ok"),
        (HALTS, -0.6, "warn"),
        (HALTS, 1.1, "stops"),
    ],
)
def test_the_clock_is_held_against_the_setting(
    tmp_path: Path, more: str, seconds: float, standing: str
) -> None:
    with apart(seconds):
        found, text = check(tmp_path, more, "clock")
    assert found == standing
    assert (f"halts beyond {1 if more else 5}." in text) is (standing == "stops")
