"""No order in a session's first and last minutes; the edges belong to the quiet time as stated."""

from dataclasses import replace
from datetime import timedelta

import pytest

from policies.decide import decide
from portfolio.decisions import Hold, Proposal
from tests.support.households import SESSION, account, household, memory, quote, stocks_and_bonds

POLICY = stocks_and_bonds()


def decided_at(offset: timedelta, *, from_close: bool = False) -> Hold | Proposal:
    at = (SESSION.closes_at if from_close else SESSION.opens_at) + offset
    quotes = tuple(replace(quote(s, 100), as_of=at) for s in ("STK", "BND"))
    return decide(
        household(account(0, {"STK": 700, "BND": 300}), quotes=quotes, at=at), POLICY, memory()
    )


@pytest.mark.parametrize("seconds", [0, 299])
def test_the_first_five_minutes_of_a_session_hold(seconds: int) -> None:
    answer = decided_at(timedelta(seconds=seconds))
    assert isinstance(answer, Hold)
    assert "no order in the first 5 minutes of a session" in answer.reason
    assert not answer.settles_calendar


def test_trading_begins_when_the_fifth_minute_is_over() -> None:
    assert isinstance(decided_at(timedelta(minutes=5)), Proposal)


@pytest.mark.parametrize("seconds", [600, 1])
def test_the_last_ten_minutes_of_a_session_hold(seconds: int) -> None:
    answer = decided_at(timedelta(seconds=-seconds), from_close=True)
    assert isinstance(answer, Hold)
    assert "no order in the last 10 minutes of a session" in answer.reason


def test_trading_ends_where_the_last_ten_minutes_begin() -> None:
    assert isinstance(decided_at(timedelta(minutes=-11), from_close=True), Proposal)
