"""A check that breaks refuses: whichever raises, no order goes out, and a restart sends none."""

from importlib import import_module
from pathlib import Path
from typing import NoReturn

import pytest

from portfolio.orders import LegState
from tests.support.house import Rig
from tests.support.stories import approve, textbook

CHECKS = (
    *(
        f"daemon.cycle.{name}"
        for name in (
            *("settle", "check_clock", "observe", "check_open", "take_target", "check_cash"),
            *("note_splits", "reconcile", "check_worth", "rest_beside_others", "remember"),
            *("decide", "check_plan", "steps_in", "still_fits", "_record", "approve", "cut"),
            *("open_purse", "tell_jumps", "tell_missing_prices"),
        )
    ),
    *(
        f"policies.limits.{name}"
        for name in (
            *("denials", "wash_denials", "_order_sizes", "_plan_size", "_positions_sold"),
            *("_harvested", "_markets", "_pace", "_repeats", "_people", "concentration"),
            *("collar", "fresh_quote", "beyond_means", "beyond_allowance"),
        )
    ),
    *(f"policies.checks.{name}" for name in ("_duplicates", "_oversells", "_cash", "collar")),
    *(f"daemon.executor.{name}" for name in ("_why_not_send", "_why_stop", "why_wash")),
    *("daemon.executor.last_look", "daemon.executor.client_order_id"),
)


class BrokenCheckError(Exception):
    """What is raised in the place of an answer."""


def broken(*_: object, **__: object) -> NoReturn:
    raise BrokenCheckError


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """The textbook household on the day its plan waits for a yes."""
    return textbook(tmp_path)


def orders(rig: Rig) -> int:
    return len(rig.broker.orders_since(rig.market.first_session.opens_at))


@pytest.mark.parametrize("check", CHECKS)
def test_no_order_goes_out_past_a_check_that_breaks(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, check: str
) -> None:
    room, _, name = check.rpartition(".")
    with monkeypatch.context() as patch:
        patch.setattr(import_module(room), name, broken)
        with pytest.raises(BrokenCheckError):
            approve(rig)
    assert orders(rig) == 0
    rig.recover()
    assert orders(rig) == 0
    assert {leg.state for leg in rig.journal.legs()} <= {LegState.ABANDONED}


def test_with_every_check_whole_the_same_yes_sends_an_order(rig: Rig) -> None:
    approve(rig)
    assert orders(rig) == 1


def test_a_latch_that_cannot_be_read_stops_the_order(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(type(rig.latch), "reason", broken)
        with pytest.raises(BrokenCheckError):
            approve(rig)
    assert orders(rig) == 0
