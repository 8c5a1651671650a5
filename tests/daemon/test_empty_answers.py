"""Each thing that is asked of a broker comes back empty, null, half or as an error: nothing is planned.

The portfolio is on its target. Believing any of it would show a drift, and lead to an order.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from brokers.alpaca.answers import Answered
from brokers.alpaca.client import NoValueError
from brokers.alpaca.connection import Connection
from portfolio.wakes import WakeKind
from tests.support.wire_house import WireHouse, wire_house


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WireHouse]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    holds, wants = {"VTI": "60", "BND": "80"}, {"VTI": "60", "BND": "40"}
    with wire_house(tmp_path, holds=holds, wants=wants) as found:
        found.wake(WakeKind.PERSON)
        assert found.journal.pending_approval() is None, "it is on its target"
        yield found


def null(body: Any) -> Any:
    return None


def empty(body: Any) -> Any:
    return type(body)()


def half(body: Any) -> Any:
    """The first half of a list, or of an object's fields."""
    if isinstance(body, list):
        return body[: len(body) // 2]
    return dict(list(body.items())[: len(body) // 2])


def null_within(body: Any) -> Any:
    """Every field of it is null."""
    if isinstance(body, list):
        return [null_within(item) for item in body]
    return dict.fromkeys(body) if isinstance(body, dict) else None


def zero_within(body: Any) -> Any:
    """Every number of it is zero."""
    if isinstance(body, list):
        return [zero_within(item) for item in body]
    if isinstance(body, dict):
        return {name: zero_within(value) for name, value in body.items()}
    try:
        json.loads(str(body).split("-")[0])
    except ValueError:
        return body
    return "0" if isinstance(body, str) and "T" not in body and "-" not in body else body


def refused(body: Any) -> Any:
    raise NoValueError(502, "the answer is not JSON")


@contextmanager
def answers_with(house: WireHouse, path: str, change: Any) -> Iterator[None]:
    """From now on what is read at a path is something else."""
    really = Connection.exchange

    def exchange(self: Connection, method: Any, asked: str, *more: Any, **named: Any) -> Any:
        answer = really(self, method, asked, *more, **named)
        if method != "GET" or asked != path or not isinstance(answer, Answered):
            return answer
        try:
            return Answered(body=change(answer.body))
        except NoValueError as problem:
            return self._failed(f"GET {asked}", problem)

    patch = pytest.MonkeyPatch()
    patch.setattr(Connection, "exchange", exchange)
    try:
        yield
    finally:
        patch.undo()


TWO_MINUTES = timedelta(minutes=2)
PATHS = (
    "/account",
    "/positions",
    "/orders",
    "/account/activities",
    "/clock",
    "/assets/VTI",
    "/stocks/snapshots",
    "/stocks/bars",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("change", [null, empty, half, null_within, zero_within, refused])
def test_an_answer_that_is_empty_null_or_half_plans_nothing(
    house: WireHouse, path: str, change: Any
) -> None:
    with answers_with(house, path, change):
        for _ in range(4):
            house.local.clock.at += TWO_MINUTES
            house.wake(WakeKind.PERSON)
    assert house.journal.pending_approval() is None
    assert house.legs() == []
    house.tick(minutes=1)
    house.wake(WakeKind.PERSON)
    assert house.journal.pending_approval() is None
    assert house.verbs() == {"GET"}
