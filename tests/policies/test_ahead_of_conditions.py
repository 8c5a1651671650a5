"""Looking ahead by any tree of conditions skips no look that would have traded."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.engine import walk
from backtest.history import history_of
from policies.allocation import half_widths_of
from policies.conditions import (
    AllOf,
    AnyOf,
    Banded,
    Blackout,
    ByPerson,
    CashOff,
    Condition,
    Covariance,
    DateDue,
    Improvement,
    LargestDrift,
    LookDay,
    Per,
    PortfolioDrift,
    Rested,
    TrackingError,
    Unless,
)
from policies.dates import CalendarRule, Period
from policies.policy import Destination, Policy, Scope, Stop
from policies.triggers.calendar import last_dates
from policies.triggers.kernels import first_row, holds
from policies.triggers.moments import Moments, frame_of
from portfolio.drift import drift_in
from portfolio.money import Weight
from tests.support.backtests import random_prices, same_close, weekdays
from tests.support.ten_policies import BUFFERED, PLAIN, points

SYMBOLS = ("A", "B", "C")
MATRIX = Covariance(
    symbols=SYMBOLS,
    rows=(
        (Decimal("0.04"), Decimal("0.01"), Decimal(0)),
        (Decimal("0.01"), Decimal("0.02"), Decimal(0)),
        (Decimal(0), Decimal(0), Decimal("0.01")),
    ),
)


def weights(*parts: str) -> st.SearchStrategy[Weight]:
    return st.sampled_from([Weight(Decimal(part)) for part in parts])


DATES = st.builds(
    CalendarRule,
    period=st.sampled_from(Period),
    every=st.integers(1, 2),
    day=st.integers(1, 5),
    min_drift=weights("0", "0.01"),
)
DRIFTS = st.one_of(
    st.builds(
        Banded,
        per=st.sampled_from(Per),
        times=st.sampled_from([Decimal("0.5"), Decimal(1)]),
        stop=st.sampled_from([None, None, Decimal("0.3")]),
    ),
    st.builds(PortfolioDrift, level=weights("0.01", "0.03"), stop=st.none() | weights("0.004")),
    st.builds(LargestDrift, level=weights("0.01", "0.03"), stop=st.none() | weights("0.006")),
    st.builds(
        TrackingError,
        level=weights("0.002", "0.005"),
        covariance=st.just(MATRIX),
        stop=st.none() | weights("0.001"),
    ),
    st.builds(CashOff, side=st.sampled_from(["above", "below"]), part=weights("0.001")),
)
WHENS = st.one_of(
    st.builds(DateDue, rule=DATES),
    st.builds(LookDay, rule=DATES),
    st.builds(Rested, sessions=st.integers(0, 9), days=st.sampled_from([0, 12])),
    st.builds(Improvement, level=weights("0.2", "0.6")),
)
BARS = st.one_of(
    st.builds(
        Blackout,
        first=st.just(date(2019, 2, 4)),
        last=st.just(date(2019, 4, 30)),
        yearly=st.booleans(),
    ),
    st.builds(LargestDrift, level=weights("0.03", "0.06")),
    st.builds(ByPerson),
)


def joined(parts: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(AllOf, parts=several),
        st.builds(AnyOf, parts=several),
        st.builds(Unless, part=parts, bar=BARS),
    )


TREES: st.SearchStrategy[Condition] = st.recursive(st.one_of(DRIFTS, WHENS), joined, max_leaves=6)
POLICIES = st.builds(
    lambda fire, destination, rest, improvement: replace(
        PLAIN,
        target=BUFFERED,
        default_band=points("0.02"),
        fire=fire,
        destination=destination,
        rest_sessions=rest,
        min_improvement=improvement,
    ),
    TREES,
    st.builds(
        Destination,
        stop=st.sampled_from(Stop),
        inside=st.sampled_from([Decimal("0.125"), Decimal("0.5")]),
        scope=st.sampled_from([None, *Scope]),
    ),
    st.sampled_from([0, 5]),
    st.sampled_from([Decimal(0), Decimal("0.3")]),
)


@settings(max_examples=40, deadline=None)
@given(policy=POLICIES, seed=st.integers(0, 10**6))
def test_no_skipped_look_would_have_traded_whatever_the_conditions(
    policy: Policy, seed: int
) -> None:
    """Every row asked in full gives the same orders as the rows that could call."""
    history = history_of(weekdays(110), SYMBOLS, random_prices(110, 3, seed, volatility=0.02))
    skipping = walk(policy, history, same_close())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "backtest.engine.could_call",
            lambda outlook, first, values, *_: np.ones(len(values), dtype=np.bool_),
        )
        asking = walk(policy, history, same_close())
    assert skipping.orders == asking.orders
    assert skipping.plans == asking.plans


def block_of(policy: Policy, rows: int, seed: int) -> Moments:
    """Random weights on weekdays, as if nothing had been traded for six sessions."""
    frame = frame_of(policy, half_widths_of(policy))
    parts = np.random.default_rng(seed).dirichlet([50, 30, 20, 1], size=rows)
    days = np.array([day.toordinal() for day in weekdays(rows)], dtype=np.int64)
    before = np.concatenate([[days[0] - 1], days[:-1]])
    return Moments(
        frame=frame,
        weights=parts,
        drifts=drift_in(parts, frame.shape),
        managed=np.full(rows, 100_000.0),
        days=days,
        previous=before,
        answered=before,
        backstop=before,
        sessions_since=np.arange(rows) + 6,
        days_since=days - days[0] + 8,
        moved=np.zeros(len(frame.widths)),
    )


def row_of(block: Moments, row: int) -> Moments:
    one = slice(row, row + 1)
    return replace(
        block,
        weights=block.weights[one],
        drifts=block.drifts[one],
        managed=block.managed[one],
        days=block.days[one],
        previous=block.previous[one],
        answered=block.answered[one],
        backstop=block.backstop[one],
        sessions_since=block.sessions_since[one],
        days_since=block.days_since[one],
    )


@settings(max_examples=150, deadline=None)
@given(leaf=st.one_of(DRIFTS, WHENS, BARS), seed=st.integers(0, 10**6))
def test_one_moment_is_the_row_of_a_block(leaf: Condition, seed: int) -> None:
    block = block_of(replace(PLAIN, target=BUFFERED), 60, seed)
    whole = holds(leaf, block)  # type: ignore[arg-type]
    alone = [bool(holds(leaf, row_of(block, row))[0]) for row in range(60)]  # type: ignore[arg-type]
    assert whole.tolist() == alone
    first = alone.index(True) if any(alone) else -1
    assert first_row(whole) == first


def test_a_daily_rule_names_every_day() -> None:
    days = np.array([day.toordinal() for day in weekdays(400)], dtype=np.int64)
    rule = CalendarRule(period=Period.DAILY)
    assert (last_dates(rule, days) == days).all()


@pytest.mark.parametrize("start", ["in band", "out of band"])
def test_a_condition_that_holds_on_is_not_asked_every_session(start: str) -> None:
    """Half way back each month with hysteresis: most sessions are skipped, also while it holds."""
    look_day = LookDay(rule=CalendarRule(period=Period.MONTHLY))
    stop = Decimal("0.01") if start == "out of band" else Decimal("0.9")
    policy = replace(
        PLAIN,
        default_band=points("0.02"),
        fire=AllOf(parts=(look_day, Banded(stop=stop))),
        destination=Destination(stop=Stop.PART_WAY),
    )
    history = history_of(weekdays(250), SYMBOLS, random_prices(250, 3, seed=4, volatility=0.02))
    trace = walk(policy, history, same_close())
    assert len(trace.plans) >= 6
    assert trace.looks <= 100
