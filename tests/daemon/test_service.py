"""Each event that wakes the daemon leads to a look; one that is lost costs at most one tick."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from brokers.simulated.world_events import Deposit
from config.safeguards import Halting
from daemon.latch import FileLatch
from daemon.requests.spool import Request
from daemon.service import Service
from daemon.trial.shadow import OnTrial
from daemon.upkeep.clearing import clear_what_is_over
from policies.policy import Policy
from portfolio.accounts import Autonomy
from portfolio.events import Alarm
from portfolio.money import Money
from portfolio.ports import CredentialsRefused, Unavailable
from portfolio.wakes import WakeKind
from tests.support.house import build_rig, table
from tests.support.running import Running, run_service
from tests.support.stories import DAYS, FALL, GROWTH, approve, sixty_forty


@pytest.fixture
def quiet(tmp_path: Path) -> Running:
    """A portfolio on its target, at prices that stand still until the eighth session."""
    return run_service(
        build_rig(
            tmp_path,
            table(DAYS, STK=["100"] * 12, BND=["100"] * 12),
            Policy(target=sixty_forty()),
            positions={"STK": "600", "BND": "400"},
            costs={"STK": "100", "BND": "100"},
            events=(Deposit(session=DAYS[3], amount=Money(Decimal(2000)), minutes_after_open=60),),
        )
    )


@pytest.fixture
def growing(tmp_path: Path) -> Running:
    return run_service(
        build_rig(
            tmp_path,
            table(DAYS, STK=GROWTH, BND=FALL),
            Policy(target=sixty_forty()),
            positions={"STK": "600", "BND": "400"},
            costs={"STK": "100", "BND": "100"},
        )
    )


def test_a_session_opens_is_looked_at_once_and_closes_with_its_row(quiet: Running) -> None:
    for _ in range(6):
        quiet.step()
    assert quiet.looks() == ["look", "look"]
    closes = quiet.rig.journal.events("session_closed")
    assert [r.event.session for r in closes] == [DAYS[0], DAYS[1]]  # type: ignore[union-attr]


def test_a_tick_leaves_a_row_and_no_cycle_when_nothing_is_due(quiet: Running) -> None:
    before = quiet.rig.journal.head()
    quiet.wake(WakeKind.TICK)
    assert quiet.looks() == []
    assert quiet.rig.journal.head() == before
    assert quiet.rig.journal.last_tick() == quiet.rig.clock.now()


def test_a_look_whose_alarm_was_lost_is_taken_at_the_next_tick(quiet: Running) -> None:
    quiet.rig.go_to(DAYS[1], timedelta(minutes=40))
    quiet.wake(WakeKind.TICK)
    assert quiet.looks() == ["look"]
    quiet.wake(WakeKind.TICK)
    assert quiet.looks() == ["look"], "and only once"


def test_a_price_past_a_bands_edge_wakes_a_cycle_once(growing: Running) -> None:
    growing.rig.go_to(DAYS[0], timedelta(minutes=35))
    growing.wake(WakeKind.TICK)
    assert growing.looks() == ["look"]
    growing.rig.go_to(DAYS[4], timedelta(minutes=20))
    growing.wake(WakeKind.TICK)
    growing.wake(WakeKind.TICK)
    assert growing.looks() == ["look", "price_edge"]


def test_cash_that_arrives_wakes_a_cycle(quiet: Running) -> None:
    quiet.rig.go_to(DAYS[3], timedelta(minutes=31))
    quiet.wake(WakeKind.TICK)
    quiet.rig.go_to(DAYS[3], timedelta(minutes=61))
    quiet.wake(WakeKind.TICK)
    assert quiet.looks() == ["look", "cash_changed"]


def test_a_fill_of_the_sales_wakes_the_cycle_that_buys(growing: Running) -> None:
    growing.rig.go_to(DAYS[8])
    growing.wake(WakeKind.LOOK)
    approve(growing.rig)
    growing.wake(WakeKind.ORDER_UPDATE)
    assert growing.rig.journal.open_run() is None
    assert {leg.intent.side.value for leg in growing.rig.journal.legs()} == {"sell", "buy"}


@pytest.mark.parametrize(
    ("kind", "detail"), [(WakeKind.PERSON, "run-now"), (WakeKind.FILE, "feed.csv")]
)
def test_people_and_files_wake_a_cycle(quiet: Running, kind: WakeKind, detail: str) -> None:
    quiet.wake(kind, detail)
    assert quiet.looks() == [kind.value]


def test_a_changed_configuration_is_read_and_looked_at(quiet: Running) -> None:
    quiet.wake(WakeKind.CONFIGURATION)
    assert quiet.reloads == [None]
    assert quiet.looks() == ["configuration"]


def test_a_request_in_the_spool_is_served_before_anything_else(quiet: Running) -> None:
    now = quiet.rig.clock.now()
    quiet.asked.append(Request(kind="halt", by="ann", reason="stop", subject="", at=now))
    quiet.wake(WakeKind.PERSON, "spool")
    assert quiet.rig.latch.reason() is not None
    assert quiet.asked == []


def test_a_halt_that_was_latched_beside_the_daemon_is_recorded_at_the_next_wake(
    growing: Running, tmp_path: Path
) -> None:
    FileLatch(tmp_path, growing.rig.clock).set("bob", "by hand")
    growing.wake(WakeKind.TICK)
    (halted,) = growing.rig.journal.events("halted")
    assert "by hand" in halted.event.reason  # type: ignore[union-attr]
    growing.wake(WakeKind.TICK)
    assert len(growing.rig.journal.events("halted")) == 1


def failing(error: Exception) -> Callable[[], object]:
    def ask() -> object:
        raise error

    return ask


def test_a_broker_that_does_not_answer_is_told_of_once_paged_and_cleared(quiet: Running) -> None:
    rig = quiet.rig
    rig.go_to(DAYS[1])
    rig.broker.faults.failing_reads = 1
    quiet.wake(WakeKind.LOOK)
    assert len(rig.journal.events("cycle_failed")) == 1
    rig.go_to(DAYS[1], timedelta(minutes=50))
    rig.broker.faults.failing_reads = 1
    quiet.wake(WakeKind.TICK)
    assert [a.name for a in rig.journal.open_alarms()] == ["unreachable"]
    assert len(rig.journal.events("cycle_failed")) == 1
    quiet.wake(WakeKind.TICK)
    assert rig.journal.open_alarms() == []
    assert quiet.looks() == ["look"], "the look that was missed is made up for"


def test_how_long_a_broker_may_be_silent_before_it_is_paged_is_a_setting(quiet: Running) -> None:
    rig = quiet.rig
    rig.house.halting = Halting(unreachable_after=timedelta(minutes=3))
    for minutes in (30, 32):
        rig.go_to(DAYS[1], timedelta(minutes=minutes))
        rig.broker.faults.failing_reads = 1
        quiet.wake(WakeKind.TICK)
    assert rig.journal.open_alarms() == []
    rig.go_to(DAYS[1], timedelta(minutes=33))
    rig.broker.faults.failing_reads = 1
    quiet.wake(WakeKind.TICK)
    assert [a.name for a in rig.journal.open_alarms()] == ["unreachable"]


@pytest.mark.parametrize(
    ("every", "polled_at"),
    [
        (timedelta(minutes=2), [40, 42, 44]),
        (timedelta(seconds=60), [40, 41, 42, 43, 44]),
        (timedelta(seconds=63), [40, 41, 42, 43, 44]),
        (timedelta(seconds=1), [40, 41, 42, 43, 44]),
        (None, []),
    ],
)
def test_prices_are_polled_as_often_as_is_set_and_no_oftener_than_the_ticks(
    quiet: Running,
    monkeypatch: pytest.MonkeyPatch,
    every: timedelta | None,
    polled_at: list[int],
) -> None:
    polls: list[int] = []
    opens_at = quiet.rig.market.session_of(DAYS[1]).opens_at

    def poll(self: Service) -> None:
        polls.append((self.house.clock.now() - opens_at) // timedelta(minutes=1))

    monkeypatch.setattr(Service, "_poll_edges", poll)
    quiet.rig.look(DAYS[1])
    quiet.service.price_poll = lambda: every
    for minutes in range(40, 45):
        quiet.rig.go_to(DAYS[1], timedelta(minutes=minutes))
        quiet.wake(WakeKind.TICK)
    assert polls == polled_at


def test_a_price_past_an_edge_wakes_nobody_in_the_quiet_minutes_after_the_open(
    growing: Running,
) -> None:
    rig = growing.rig
    rig.house.policy = replace(rig.house.policy, quiet_open_minutes=9)
    rig.go_to(DAYS[8], timedelta(minutes=8, seconds=59))
    growing.wake(WakeKind.TICK)
    assert growing.looks() == []
    rig.go_to(DAYS[8], timedelta(minutes=9))
    growing.wake(WakeKind.TICK)
    assert growing.looks() == ["price_edge"]


def test_refused_keys_halt_everything(quiet: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet.rig.broker, "account", failing(CredentialsRefused("401")))
    quiet.rig.go_to(DAYS[1])
    quiet.wake(WakeKind.LOOK)
    assert "refuses the keys" in (quiet.rig.latch.reason() or "")


def test_an_unreachable_broker_never_ends_the_service(
    quiet: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quiet.rig.broker, "account", failing(Unavailable("no route")))
    for _ in range(6):
        quiet.step()
    assert quiet.looks() == []


def test_alarms_end_at_the_close_when_what_they_tell_of_is_over(growing: Running) -> None:
    rig = growing.rig
    rig.go_to(DAYS[8])
    growing.wake(WakeKind.LOOK)
    rig.broker.exchange.switch(rig.clock.now(), fills_held=True)
    approve(rig)
    (leg,) = rig.journal.legs()
    for name, level, scope in (
        ("stuck order", "page", leg.client_order_id),
        ("plan denied", "info", ""),
        ("halted", "page", ""),
    ):
        rig.journal.append(Alarm(name=name, level=level, text="a test", scope=scope))  # type: ignore[arg-type]
    clear_what_is_over(rig.house)
    assert [a.name for a in rig.journal.open_alarms()] == ["stuck order", "halted"]
    rig.go_to(DAYS[8], timedelta(hours=7))
    growing.wake(WakeKind.SESSION_CLOSE)
    assert [a.name for a in rig.journal.open_alarms()] == ["halted"]


def test_an_account_under_auto_needs_nobody_after_its_first_plan(tmp_path: Path) -> None:
    stocks = ["100"] * 3 + ["109", "118", "127", "127", "127", "127", "127", "127", "127"]
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=stocks, BND=["100"] * 12),
        Policy(target=sixty_forty(), rest_sessions=1),
        cash="100000",
        autonomy=Autonomy.AUTO,
    )
    running = run_service(rig)
    rig.go_to(DAYS[0])
    running.wake(WakeKind.LOOK)
    approve(rig)
    running.wake(WakeKind.ORDER_UPDATE)
    assert rig.journal.open_run() is None
    for day in DAYS[1:8]:
        rig.go_to(day)
        running.wake(WakeKind.LOOK)
    runs = rig.journal.events("run_opened")
    accepted_by = [r.event.accepted_by for r in runs]  # type: ignore[union-attr]
    assert accepted_by[0] == "ann"
    assert set(accepted_by[1:]) == {"limits"}
    assert any(leg.intent.side.value == "sell" for leg in rig.journal.legs())


def test_a_policy_on_trial_is_shadowed_after_each_close_and_sends_nothing(quiet: Running) -> None:
    narrow = Policy(target=sixty_forty(), rest_sessions=0, fractional=True)
    quiet.service.on_trial = lambda: OnTrial(name="narrow", policy=narrow)
    while not quiet.rig.journal.events("session_closed", after=0)[3:]:
        quiet.step()
    kinds = [r.event.kind for r in quiet.rig.journal.events("trial_changed", "trial_looked")]
    # It begins after the first close; the first two looks of its own give its first row.
    assert kinds == ["trial_changed", "trial_looked", "trial_looked"]
    assert list(quiet.rig.journal.legs()) == []
