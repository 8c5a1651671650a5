"""Calendar dates, the backstop and the rest between runs."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from policies.dates import CalendarRule, Period
from policies.decide import decide
from policies.triggers.calendar import is_due, last_date, next_date
from portfolio.decisions import Decision, Gate, Hold, Proposal
from portfolio.memory import Memory
from tests.support.households import DAY, account, d, household, memory, quote, stocks_and_bonds

YEARLY = CalendarRule(period=Period.YEARLY, month=3, day=11)


@pytest.mark.parametrize(
    ("rule", "day", "last", "following"),
    [
        (CalendarRule(period=Period.WEEKLY, day=1), "2026-03-11", "2026-03-09", "2026-03-16"),
        (CalendarRule(period=Period.WEEKLY, day=3), "2026-03-11", "2026-03-11", "2026-03-18"),
        (CalendarRule(period=Period.WEEKLY, day=5), "2026-01-01", "2025-12-26", "2026-01-02"),
        (CalendarRule(period=Period.MONTHLY, day=31), "2026-02-27", "2026-01-31", "2026-02-28"),
        (CalendarRule(period=Period.MONTHLY, day=1), "2026-12-15", "2026-12-01", "2027-01-01"),
        (CalendarRule(period=Period.QUARTERLY), "2026-03-31", "2026-01-01", "2026-04-01"),
        (CalendarRule(period=Period.QUARTERLY, month=3), "2026-01-15", "2025-12-01", "2026-03-01"),
        (CalendarRule(period=Period.QUARTERLY, month=2), "2026-11-01", "2026-11-01", "2027-02-01"),
        (
            CalendarRule(period=Period.YEARLY, month=2, day=29),
            "2026-03-01",
            "2026-02-28",
            "2027-02-28",
        ),
        (
            CalendarRule(period=Period.YEARLY, month=2, day=29),
            "2028-02-28",
            "2027-02-28",
            "2028-02-29",
        ),
    ],
)
def test_the_dates_of_a_rule(rule: CalendarRule, day: str, last: str, following: str) -> None:
    today = date.fromisoformat(day)
    assert last_date(rule, today) == date.fromisoformat(last)
    assert next_date(rule, today) == date.fromisoformat(following)


def test_a_date_on_a_weekend_is_due_on_the_next_session_and_only_once() -> None:
    """1 August 2026 is a Saturday: Friday is before it, Monday has it, Tuesday is done."""
    rule = CalendarRule(period=Period.MONTHLY)
    friday, monday, tuesday = date(2026, 7, 31), date(2026, 8, 3), date(2026, 8, 4)
    assert not is_due(rule, date(2026, 7, 30), friday)
    assert is_due(rule, friday, monday)
    assert not is_due(rule, monday, tuesday)


def test_dates_missed_while_off_are_due_once_at_the_next_look() -> None:
    assert is_due(CalendarRule(period=Period.WEEKLY), date(2026, 1, 5), date(2026, 3, 11))


def look(stocks: int, past: Memory | None = None, **settings: Any) -> Decision:
    held = {"STK": stocks, "BND": 1000 - stocks}
    snapshot = household(account(0, held), quotes=(quote("STK", 100), quote("BND", 100)))
    return decide(snapshot, stocks_and_bonds(**settings), past or memory())


def gate(answer: Decision, name: str) -> Gate:
    (found,) = (g for g in answer.gates if g.name == name)
    return found


def test_a_due_date_rebalances_inside_the_bands() -> None:
    answer = look(620, calendar=(YEARLY,))
    assert isinstance(answer, Proposal)
    assert answer.sells[0].intent.quantity == 20
    assert answer.reason == "calendar (yearly) date 2026-03-11 is due, largest drift 2.0 points"


def test_a_due_date_with_small_drift_is_answered_with_a_hold() -> None:
    answer = look(605, calendar=(YEARLY,))
    assert isinstance(answer, Hold)
    assert answer.settles_calendar
    assert gate(answer, "calendar").text == (
        "calendar (yearly) date 2026-03-11 is due, but no slice is off by 1.0 points (largest 0.5)"
    )


def test_a_date_fires_at_exactly_its_smallest_drift() -> None:
    assert isinstance(look(610, calendar=(YEARLY,)), Proposal)


def test_an_answered_date_is_not_due_again_and_tells_the_next() -> None:
    answer = look(620, memory(calendar_done_through=DAY), calendar=(YEARLY,))
    assert isinstance(answer, Hold)
    assert gate(answer, "calendar").next_possible == date(2027, 3, 11)
    assert not gate(answer, "calendar").passed


def test_the_backstop_counts_from_the_start_until_it_has_fired() -> None:
    """Started in February 2025 and never fired: 1 January 2026 lies between, so it is due."""
    old = memory(started_on=date(2025, 2, 3))
    assert isinstance(look(620, old), Proposal)
    assert isinstance(look(620, memory(started_on=date(2026, 2, 3))), Hold)
    done = memory(started_on=date(2025, 2, 3), backstop_done_on=date(2026, 1, 2))
    answer = look(620, done)
    assert isinstance(answer, Hold)
    assert gate(answer, "backstop").next_possible == date(2027, 1, 1)


def test_a_policy_without_a_backstop_asks_none() -> None:
    assert not [g for g in look(600, backstop=None).gates if g.name == "backstop"]


@pytest.mark.parametrize(
    ("since", "stocks", "trades"),
    [(9, 660, False), (10, 660, True), (None, 660, True), (0, 700, True), (0, 699, False)],
)
def test_the_rest_holds_until_it_ends_or_a_slice_is_far_out(
    since: int | None, stocks: int, trades: bool
) -> None:
    """Stocks 60 ± 5 points: 66 % waits ten sessions, 70 % is twice the band and does not wait."""
    answer = look(stocks, memory(sessions_since_run=since))
    assert isinstance(answer, Proposal) is trades


def test_a_rest_says_how_long_and_leaves_the_dates_open() -> None:
    answer = look(660, memory(sessions_since_run=3), calendar=(YEARLY,))
    assert isinstance(answer, Hold)
    assert answer.reason == (
        "stk +6.0 points, fires at 5.0, but rest: 3 of 10 sessions since the last run"
    )
    rest = gate(answer, "rest")
    assert (rest.value, rest.level, rest.margin, rest.unit) == (d(3), d(10), d(7), "sessions")
    assert not answer.settles_calendar


def test_an_overridden_rest_names_the_slice() -> None:
    answer = look(720, memory(sessions_since_run=1))
    assert gate(answer, "rest").text == (
        "rest: 1 of 10 sessions since the last run, overridden by stk +12.0 points, "
        "bnd -12.0 points (2 times the band)"
    )


def test_sales_that_are_not_allowed_stop_a_rebalance_without_cash() -> None:
    answer = look(700, sells_allowed=False, min_improvement=Decimal(0))
    assert isinstance(answer, Hold)
    assert answer.reason.endswith("but sales are not allowed: only new cash is invested")


@pytest.mark.parametrize(
    ("rule", "day", "last", "following"),
    [
        (  # weeks count from the Monday 0001-01-01; that of 2026-03-09 is number 105,669, an odd one
            CalendarRule(period=Period.WEEKLY, every=2, day=1),
            date(2026, 3, 11),
            date(2026, 3, 2),
            date(2026, 3, 16),
        ),
        (
            CalendarRule(period=Period.MONTHLY, every=6, month=4, day=31),
            date(2026, 3, 11),
            date(2025, 10, 31),
            date(2026, 4, 30),
        ),
        (
            CalendarRule(period=Period.YEARLY, every=2, day=2),
            date(2027, 1, 2),
            date(2026, 1, 2),
            date(2028, 1, 2),
        ),
        (
            CalendarRule(period=Period.DAILY),
            date(2026, 3, 11),
            date(2026, 3, 11),
            date(2026, 3, 12),
        ),
    ],
)
def test_a_period_may_be_stretched(
    rule: CalendarRule, day: date, last: date, following: date
) -> None:
    assert last_date(rule, day) == last
    assert next_date(rule, day) == following
