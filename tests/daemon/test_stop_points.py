"""Every named point of a rebalance: a halt falls there, or the end of the process, and nothing more is
sent; what is open is asked to cancel within a tick. The names are those of the crash points."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

from brokers.simulated.settings import SimulatedSettings
from daemon.requests.acting import cancel_at_the_end
from policies.policy import Policy
from portfolio.money import Money, Price, Quantity, Weight
from portfolio.orders import LegState, OrderIntent
from portfolio.ports import JournalUnwritable, SubmitOutcome
from portfolio.target import Slice, build_target
from portfolio.wakes import Wake, WakeKind
from tests.support.house import Rig, build_rig, service_of, table
from tests.support.stories import DAYS, FALL, GROWTH, approve

WEIGHTS = {"ONE": "0.3", "TWO": "0.3", "BND": "0.4"}


def stage(tmp_path: Path) -> Rig:
    """Two stocks have grown beside bonds that fell; the market is thin, so that orders stay open."""
    prices = table(DAYS, ONE=GROWTH, TWO=GROWTH, BND=FALL)
    settings = SimulatedSettings(
        prices=prices,
        cash=Money(Decimal(0)),
        positions={s: Quantity(Decimal(1000) * Decimal(w)) for s, w in WEIGHTS.items()},
        average_costs={symbol: Price(Decimal(100)) for symbol in WEIGHTS},
        average_daily_volume=Quantity(Decimal(400)),
        instant_settlement=True,
    )
    slices = [Slice(name=s, weight=Weight(Decimal(w)), symbol=s) for s, w in WEIGHTS.items()]
    policy = Policy(target=build_target(slices))
    rig = build_rig(tmp_path, prices, policy, settings=settings)
    rig.look(DAYS[8])
    return rig


class AtHook:
    """Does something at the n-th hook, and counts the sends that begin after it."""

    def __init__(self, rig: Rig, point: str, do: Callable[[], None]) -> None:
        self.rig, self.do = rig, do
        self.at = int(point.partition(" ")[0])
        self.passed: list[str] = []
        self.sends_after = 0
        self._send = rig.broker.submit
        rig.house.hook = self
        rig.broker.submit = self.submit  # type: ignore[method-assign]

    def __call__(self, label: str) -> None:
        self.passed.append(label)
        if len(self.passed) == self.at:
            self.do()

    @property
    def fell(self) -> bool:
        """Whether it has come to pass."""
        return len(self.passed) >= self.at

    def submit(self, client_order_id: str, intent: OrderIntent) -> SubmitOutcome:
        self.sends_after += self.fell
        return self._send(client_order_id, intent)


def trade(rig: Rig) -> None:
    """The yes of a person, and the looks that follow from it while the orders work."""
    approve(rig)
    for _ in range(2):
        rig.look(kind=WakeKind.ORDER_UPDATE)


def tick(rig: Rig) -> None:
    """One tick of the service."""
    service_of(rig).handle(Wake(kind=WakeKind.TICK))


def points() -> list[str]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        rig = stage(Path(folder))
        hook = AtHook(rig, "1000 never", lambda: None)
        trade(rig)
        return [f"{number} {label}" for number, label in enumerate(hook.passed, start=1)]


POINTS = points()


def test_the_points_are_those_of_two_orders_that_stay_open() -> None:
    labels = [point.partition(" ")[2] for point in POINTS]
    assert labels.count("before submit") == 2
    assert {"before plan commit", "before fill commit", "after working commit"} <= set(labels)


@pytest.mark.parametrize("point", POINTS)
def test_a_halt_at_any_point_sends_nothing_more_and_asks_for_every_cancel_within_a_tick(
    tmp_path: Path, point: str
) -> None:
    rig = stage(tmp_path)
    hook = AtHook(rig, point, lambda: rig.latch.set("ann", "a drill"))
    trade(rig)
    assert hook.fell
    tick(rig)
    assert hook.sends_after == 0
    assert {leg.state for leg in rig.journal.legs(live=True)} <= {LegState.CANCEL_REQUESTED}
    assert [order for order in rig.broker.open_orders() if order.is_ours] == []
    planned = len(rig.journal.legs())
    rig.look(kind=WakeKind.PERSON)
    assert len(rig.journal.legs()) == planned, "and no look plans anything"


@pytest.mark.parametrize("point", POINTS)
def test_a_halt_at_any_point_holds_when_nothing_can_be_written_any_more(
    tmp_path: Path, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is locked or the disk is full: the latch needs neither."""
    rig = stage(tmp_path)

    def full(*_: object, **__: object) -> int:
        raise JournalUnwritable("database or disk is full")

    def halt() -> None:
        rig.latch.set("ann", "a drill")
        monkeypatch.setattr(type(rig.journal), "append", full)

    hook = AtHook(rig, point, halt)
    with suppress(JournalUnwritable):
        trade(rig)
    assert hook.fell
    assert hook.sends_after == 0


@pytest.mark.parametrize("point", POINTS)
def test_the_end_of_the_process_at_any_point_sends_nothing_more_and_leaves_each_send_its_outcome(
    tmp_path: Path, point: str
) -> None:
    rig = stage(tmp_path)
    ending = ""

    def end() -> None:
        nonlocal ending
        ending = "SIGTERM"

    hook = AtHook(rig, point, end)
    rig.house.stopping = lambda: ending
    trade(rig)
    assert hook.sends_after == 0
    unsure = {LegState.SUBMITTING, LegState.AMBIGUOUS, LegState.PLANNED}
    assert unsure.isdisjoint({leg.state for leg in rig.journal.legs()})
    still_open = [leg for leg in rig.journal.legs(live=True) if leg.state is LegState.WORKING]
    assert len(still_open) == len(rig.broker.open_orders()), "the others stay for the day"


def test_a_process_that_ends_may_ask_for_its_open_orders_to_be_cancelled(tmp_path: Path) -> None:
    rig = stage(tmp_path)
    trade(rig)
    assert rig.broker.open_orders()
    cancel_at_the_end(rig.house, rig.watch, "SIGTERM")
    assert not rig.broker.open_orders()
    states = {leg.state for leg in rig.journal.legs(live=True)}
    assert states == {LegState.CANCEL_REQUESTED}
    assert all("the daemon ends: SIGTERM" in leg.note for leg in rig.journal.legs(live=True))
