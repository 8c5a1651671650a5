"""Every named point of a rebalance: the process dies there, starts again, and nothing is doubled.

The crash is an exception through the whole cycle; what survives is what is on disk: the journal, the
broker's account file, the latch.
"""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from policies.policy import Policy
from portfolio.orders import LegState
from portfolio.wakes import WakeKind
from tests.support.house import Rig, build_rig, table
from tests.support.stories import DAYS, FALL, GROWTH, approve, sixty_forty


class Crash(BaseException):
    """The process is gone."""


class CrashAt:
    """Counts the hooks that are passed, and dies at the n-th."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.passed: list[str] = []

    def __call__(self, label: str) -> None:
        self.passed.append(label)
        if len(self.passed) == self.at:
            raise Crash(label)


def rebalance(tmp_path: Path, crash_at: int | None) -> tuple[Rig, CrashAt]:
    """The textbook rebalance with one crash, then as many looks as it takes."""
    prices = table(DAYS, STK=GROWTH, BND=FALL)

    def start() -> Rig:
        return build_rig(
            tmp_path,
            prices,
            Policy(target=sixty_forty()),
            positions={"STK": "600", "BND": "400"},
            costs={"STK": "100", "BND": "100"},
        )

    rig = start()
    rig.look(DAYS[8])
    hook = CrashAt(crash_at)
    rig.house.hook = hook
    try:
        approve(rig)
        while rig.journal.open_run() is not None:
            rig.look(kind=WakeKind.ORDER_UPDATE)
    except Crash:
        now = rig.clock.now()
        rig.journal.close()
        rig.broker.close()
        rig = start_again(tmp_path, start, now + timedelta(seconds=90))
    return rig, hook


def start_again(tmp_path: Path, start, at) -> Rig:  # type: ignore[no-untyped-def]
    rig: Rig = start()
    rig.clock.advance_to(at)
    rig.recover()
    for minutes in range(0, 60, 4):
        rig.clock.advance_to(at + timedelta(minutes=minutes))
        if rig.journal.pending_approval() is not None:
            approve(rig)
        rig.look(kind=WakeKind.ORDER_UPDATE)
    return rig


def crash_points() -> int:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return len(rebalance(Path(folder), None)[1].passed)


@pytest.mark.parametrize("point", range(1, crash_points() + 1))
def test_a_crash_doubles_nothing_and_the_plan_still_ends(tmp_path: Path, point: int) -> None:
    rig, hook = rebalance(tmp_path, point)
    assert len(hook.passed) == point, "the crash did happen"

    orders = rig.broker.orders_since(rig.market.first_session.opens_at)
    ids = Counter(order.client_order_id for order in orders)
    assert all(count == 1 for count in ids.values())
    legs = {leg.client_order_id: leg for leg in rig.journal.legs()}
    assert set(ids) <= set(legs), "every order at the broker was written down first"
    for order in orders:
        assert legs[order.client_order_id].filled_quantity == order.filled_quantity
    held = {p.symbol: p.quantity for p in rig.broker.positions()}
    assert held == dict(rig.journal.positions("main")), "holdings are base plus fills"
    assert rig.broker.account().cash >= 0

    lost = [leg for leg in legs.values() if leg.state is LegState.LOST]
    if not lost:
        assert rig.journal.open_run() is None
        stocks = held["STK"] * Decimal("187.5")
        assert abs(stocks / rig.broker.account().equity - Decimal("0.6")) < Decimal("0.002")
