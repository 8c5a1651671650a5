"""What a reverse split leaves of a share is paid in cash: nobody must explain where it went."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from brokers.simulated.settings import SimulatedSettings
from brokers.simulated.world_events import Split
from daemon.reconcile import Differences, reconcile
from policies.policy import Policy
from portfolio.events import FlowSeen
from portfolio.memory import CashFlow, FlowKind
from portfolio.money import Money, Price, Quantity
from portfolio.wakes import WakeKind
from tests.support.house import Rig, build_rig, table
from tests.support.stories import DAYS, approve, finish, sixty_forty


def small_holding(folder: Path, units: str, *events: Split) -> Rig:
    """So many STK at 100 beside 1,200 BND at 100."""
    prices = table(DAYS, STK=["100"] * 12, BND=["100"] * 12)
    settings = SimulatedSettings(
        prices=prices,
        cash=Money(Decimal(0)),
        positions={"STK": Quantity(Decimal(units)), "BND": Quantity(Decimal(1200))},
        average_costs={"STK": Price(Decimal(100)), "BND": Price(Decimal(100))},
        events=events,
        average_daily_volume=Quantity(Decimal(1_000_000)),
        instant_settlement=True,
        fractional=False,
    )
    policy = Policy(target=sixty_forty(), fractional=False)
    return build_rig(folder, prices, policy, settings=settings)


def split_seen(rig: Rig, day: date, ratio: str = "0.1") -> None:
    flow = CashFlow(
        flow_id=f"split-{day}",
        account="main",
        kind=FlowKind.SPLIT,
        amount=Money(Decimal(0)),
        day=day,
        symbol="STK",
        ratio=Decimal(ratio),
    )
    rig.journal.append(FlowSeen(flow=flow))


def nothing_is_held_any_more(rig: Rig) -> None:
    """Four looks at an account without STK, a minute apart and more."""
    watch, held = Differences(), {"main": {"BND": Quantity(Decimal(1200))}}
    for _ in range(4):
        rig.clock.advance_to(rig.clock.now() + timedelta(seconds=61))
        reconcile(rig.house, held, watch)
    assert rig.journal.positions("main") == {"BND": 1200}


def test_a_fraction_that_a_split_left_is_paid_out_and_its_slice_is_bought_again(
    tmp_path: Path,
) -> None:
    """8 STK are 0.8 after 1 for 10, and the broker pays for them: 60 % is to be bought anew."""
    split = Split(session=DAYS[5], symbol="STK", ratio=Decimal("0.1"), restates_prices=False)
    rig = small_holding(tmp_path, "8", split)
    rig.recover()
    rig.go_to(DAYS[5])
    for _ in range(4):
        rig.clock.advance_to(rig.clock.now() + timedelta(seconds=61))
        rig.look(kind=WakeKind.LOOK)
    assert list(rig.journal.fences(rig.clock.now())) == []
    (alarm,) = rig.journal.open_alarms()
    assert (alarm.name, alarm.level) == ("external change", "info")
    assert "STK was split, and the fraction of a share that was left is taken" in alarm.text
    approve(rig)
    finish(rig)
    assert rig.journal.positions("main")["STK"] > 600


@pytest.mark.parametrize(
    ("days_before", "is_fenced"),
    [(0, False), (30, False), (31, True)],
)
def test_it_is_paid_out_within_thirty_days_of_the_split(
    tmp_path: Path, days_before: int, is_fenced: bool
) -> None:
    rig = small_holding(tmp_path, "8")
    split_seen(rig, DAYS[0] - timedelta(days=days_before))
    nothing_is_held_any_more(rig)
    assert bool(rig.journal.fences(rig.clock.now())) is is_fenced


def test_a_whole_share_that_vanishes_after_a_split_is_a_persons_to_explain(tmp_path: Path) -> None:
    rig = small_holding(tmp_path, "10")
    split_seen(rig, DAYS[0])
    nothing_is_held_any_more(rig)
    (fence,) = rig.journal.fences(rig.clock.now())
    assert fence.reason == "its 1 units vanished: renamed, merged or moved away"
    (alarm,) = rig.journal.open_alarms()
    assert alarm.level == "page"


def test_a_fraction_that_vanishes_without_a_split_is_a_persons_to_explain(tmp_path: Path) -> None:
    rig = small_holding(tmp_path, "0.8")
    nothing_is_held_any_more(rig)
    assert [f.symbol for f in rig.journal.fences(rig.clock.now())] == ["STK"]
