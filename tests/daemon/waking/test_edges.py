"""The price poll asks the tree of conditions that a look asks: what holds, what is new, what is due."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.look import Every, Look
from daemon.waking.edges import crossings, is_due
from policies.conditions import (
    AllOf,
    AnyOf,
    Banded,
    CashOff,
    Condition,
    LargestDrift,
    LookDay,
    PortfolioDrift,
    Rested,
    Unless,
)
from policies.dates import CalendarRule, Period
from policies.policy import Policy
from portfolio.money import Weight
from portfolio.snapshot import Snapshot
from portfolio.target import Band
from portfolio.wakes import WakeKind
from tests.support.house import build_rig, table
from tests.support.households import account, d, household, memory, quote, stocks_and_bonds
from tests.support.running import Running, run_service
from tests.support.stories import DAYS, FALL, GROWTH, sixty_forty

QUOTES = (quote("STK", 1), quote("BND", 1))
FIVE = Band(points=Weight(d("0.05")), relative=None)


def holding(stocks: int, *, cash: int = 0) -> Snapshot:
    """100,000 of which so much is in stocks, whose target is 60 %."""
    return household(account(cash, {"STK": stocks, "BND": 100_000 - stocks - cash}), quotes=QUOTES)


def rule(fire: Condition | None, **more: Any) -> Policy:
    return stocks_and_bonds(**({"fire": fire, "default_band": FIVE, "rest_sessions": 0} | more))


def weight(number: str) -> Weight:
    return Weight(Decimal(number))


@pytest.mark.parametrize(
    ("fire", "stocks", "reached"),
    [
        (Banded(), 64_900, set()),
        (Banded(), 65_000, {"stk", "bnd"}),
        (Banded(slices=("bnd",)), 65_000, {"bnd"}),
        (Banded(times=d(2)), 69_900, set()),
        (Banded(times=d(2)), 70_000, {"stk at 2 times its band", "bnd at 2 times its band"}),
        (PortfolioDrift(level=weight("0.03")), 63_000, {"portfolio drift"}),
        (LargestDrift(level=weight("0.03")), 62_900, set()),
        (CashOff(side="above", part=weight("0.02")), 60_000, set()),
    ],
)
def test_the_poll_names_what_prices_have_reached(
    fire: Condition, stocks: int, reached: set[str]
) -> None:
    policy = rule(AllOf(parts=(fire, Rested(override=None))))
    assert crossings(holding(stocks), policy) == reached


def test_what_ends_a_rest_is_an_edge_of_its_own() -> None:
    policy = rule(None, backstop=None, rest_override=d(2))
    assert crossings(holding(69_900), policy) == {"stk", "bnd"}
    assert crossings(holding(70_000), policy) > {"stk at 2 times its band"}


def test_a_condition_under_unless_counts_when_it_no_longer_holds() -> None:
    calm = Unless(part=Banded(), bar=LargestDrift(level=weight("0.1")))
    policy = rule(calm, rest_override=d(90))
    assert crossings(holding(71_000), policy) == {"stk", "bnd"}
    assert crossings(holding(69_000), policy) == {"stk", "bnd", "no largest drift"}


def test_it_is_due_only_when_the_whole_tree_holds() -> None:
    monthly = LookDay(rule=CalendarRule(period=Period.MONTHLY))
    both = AnyOf(
        parts=(AllOf(parts=(monthly, Banded())), PortfolioDrift(level=weight("0.08"))),
    )
    later = memory(previous_session=date(2026, 3, 10))
    first_of_month = memory(previous_session=date(2026, 2, 27))
    assert not is_due(holding(66_000), rule(both), later)
    assert is_due(holding(66_000), rule(both), first_of_month)
    assert is_due(holding(68_000), rule(both), later)


def test_a_rest_holds_the_poll_back_until_a_slice_is_far_out() -> None:
    policy = rule(None, rest_sessions=10, backstop=None)
    resting = memory(sessions_since_run=3, last_run_ended_on=date(2026, 3, 6))
    assert not is_due(holding(66_000), policy, resting)
    assert is_due(holding(70_000), policy, resting)


def falling_bonds(tmp_path: Path, policy: Policy) -> Running:
    """60/40 in STK and BND, whose prices part from the third session on."""
    return run_service(
        build_rig(
            tmp_path,
            table(DAYS, STK=GROWTH, BND=FALL),
            policy,
            positions={"STK": "600", "BND": "400"},
            costs={"STK": "100", "BND": "100"},
        )
    )


def polled(running: Running) -> list[str]:
    """The looks of three sessions after one look and polls at 20 minutes after each open."""
    running.rig.go_to(DAYS[0], timedelta(minutes=35))
    running.wake(WakeKind.TICK)
    for day in DAYS[2:5]:
        running.rig.go_to(day, timedelta(minutes=20))
        running.wake(WakeKind.TICK)
    return running.looks()


def test_a_band_alone_wakes_nobody_where_the_rule_asks_for_more(tmp_path: Path) -> None:
    far = AllOf(parts=(Banded(), LargestDrift(level=weight("0.9"))))
    assert polled(falling_bonds(tmp_path, Policy(target=sixty_forty(), fire=far))) == ["look"]


def test_a_drift_of_the_whole_portfolio_wakes_a_look(tmp_path: Path) -> None:
    drift = PortfolioDrift(level=weight("0.05"))
    running = falling_bonds(tmp_path, Policy(target=sixty_forty(), fire=drift))
    assert polled(running) == ["look", "price_edge"]


def test_prices_wake_nobody_in_a_session_without_a_look(tmp_path: Path) -> None:
    running = falling_bonds(tmp_path, Policy(target=sixty_forty()))
    running.service.look = lambda: Look(every=Every.YEAR)
    assert polled(running) == ["look"]
