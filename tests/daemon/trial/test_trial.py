"""A changed policy on trial, over a journal that a real daemon wrote: replayed, then shadowed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from brokers.simulated.price_file import price_table
from brokers.simulated.settings import SimulatedSettings
from brokers.simulated.world_events import Deposit, Dividend, Split, WorldEvent
from daemon.approvals import Consent
from daemon.cycle import run_cycle
from daemon.trial.recorded import NothingToReplay, recorded_months
from daemon.trial.replay import replay
from daemon.trial.shadow import OnTrial, shadow, under_way
from policies.policy import Policy
from portfolio.accounts import Autonomy
from portfolio.events import TrialChanged, TrialLooked
from portfolio.money import Money, Quantity
from portfolio.wakes import Wake, WakeKind
from tests.support.backtests import flat_target, random_history
from tests.support.day_by_day import NO_LIMITS
from tests.support.house import Rig, build_rig
from tests.support.ten_policies import NEVER, PLAIN, points

SYMBOLS = ("A", "B", "C")
HISTORY = random_history(120, SYMBOLS, seed=11, volatility=0.03)
DAYS = HISTORY.sessions


def rig_of(tmp_path: Path, policy: Policy, events: tuple[WorldEvent, ...] = ()) -> Rig:
    columns = {s: [HISTORY.price(s, n) for n in range(len(HISTORY))] for s in SYMBOLS}
    table = price_table(HISTORY.sessions, columns)
    settings = SimulatedSettings(
        prices=table,
        cash=Money(Decimal(100_000)),
        events=events,
        average_daily_volume=Quantity(Decimal(10) ** 9),
        max_volume_share=Decimal(1),
        instant_settlement=True,
        smallest_buy=Money(Decimal("0.01")),
    )
    return build_rig(
        tmp_path, table, policy, limits=NO_LIMITS, autonomy=Autonomy.AUTO, settings=settings
    )


def live(rig: Rig, days: tuple[date, ...]) -> None:
    """A look a session, each run followed to its end; the first plan is accepted."""
    for day in days:
        outcome = rig.look(day)
        pending = rig.journal.pending_approval()
        if pending is not None:
            consent = Consent(pending=pending, by="a person", reason="the first plan")
            outcome = run_cycle(rig.house, rig.watch, Wake(kind=WakeKind.PERSON), consent)
        for _ in range(12):
            if not outcome.legs:
                break
            outcome = rig.look(kind=WakeKind.ORDER_UPDATE)


def test_the_running_policy_replayed_is_what_the_daemon_did(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, PLAIN)
    live(rig, DAYS[:100])
    found = replay(rig.journal, replace(PLAIN, default_band=points("0.12")), "wider")
    really = [leg for leg in rig.journal.legs() if leg.filled_quantity]
    mine = found.running.result.orders
    assert len(mine) == len(really) == found.really_filled > 6
    for order, leg in zip(mine, really, strict=True):
        assert (order.symbol, order.side) == (leg.intent.symbol, leg.intent.side)
        assert float(order.quantity) == pytest.approx(float(leg.filled_quantity), rel=1e-6)
    assert found.changed.result.figures.rebalances < found.running.result.figures.rebalances
    assert found.days
    assert {d.session for d in found.days} <= set(DAYS[:100])


def test_the_same_policy_on_trial_does_not_part(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, PLAIN)
    live(rig, DAYS[:40])
    assert replay(rig.journal, PLAIN, "same").days == ()


def test_deposits_and_dividends_of_the_journal_come_to_both(tmp_path: Path) -> None:
    events: tuple[WorldEvent, ...] = (
        Deposit(session=DAYS[20], amount=Money(Decimal(5000))),
        Dividend(session=DAYS[25], symbol="B", per_share=Money(Decimal("0.5"))),
    )
    rig = rig_of(tmp_path, PLAIN, events)
    live(rig, DAYS[:40])
    seen = recorded_months(rig.journal)
    assert [(f.day, f.amount) for f in seen.setup.flows] == [(DAYS[20], 5000)]
    ((row, paid),) = seen.history.dividends.items()
    assert seen.history.sessions[row] == DAYS[25]
    assert float(paid[0].per_unit) == pytest.approx(0.5, rel=1e-3)
    assert replay(rig.journal, PLAIN, "same").running.result.figures.paid_in == 5000


def test_prices_before_a_split_are_in_the_units_after_it(tmp_path: Path) -> None:
    split = Split(session=DAYS[10], symbol="A", ratio=Decimal(2))
    rig = rig_of(tmp_path, PLAIN, (split,))
    live(rig, DAYS[:20])
    flows = [f for f in rig.journal.flows() if f.ratio]
    assert len(flows) == 1
    seen = recorded_months(rig.journal)
    raw = HISTORY.prices[:20, 0]
    column = seen.history.prices[:, seen.history.symbols.index("A")]
    assert column == pytest.approx(raw / 2, rel=1e-3)  # the market quotes halves from the split on


def test_only_the_last_months_are_replayed_when_asked(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, PLAIN)
    live(rig, DAYS[:60])
    found = replay(rig.journal, PLAIN, "same", months=1)
    first = found.running.result.history.sessions[0]
    assert 0 <= (first - date.fromordinal(DAYS[59].toordinal() - 30)).days <= 3


def test_what_was_never_watched_cannot_be_replayed(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, PLAIN)
    live(rig, DAYS[:5])
    other = replace(PLAIN, target=flat_target({"A": "0.5", "Z": "0.5"}))
    with pytest.raises(NothingToReplay, match="no prices of Z"):
        replay(rig.journal, other, "other")


def test_a_journal_of_one_session_is_too_short(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, PLAIN)
    live(rig, DAYS[:1])
    with pytest.raises(NothingToReplay, match="two at least"):
        replay(rig.journal, PLAIN, "same")


def shadowed(rig: Rig, trial: OnTrial | None, session: date) -> None:
    found = shadow(rig.journal, trial, session)
    if found.events:
        rig.journal.append(*found.events, documents=found.documents)


def test_a_shadow_is_recorded_session_by_session_and_sends_nothing(tmp_path: Path) -> None:
    trial = OnTrial(name="narrow", policy=replace(PLAIN, default_band=points("0.02")))
    rig = rig_of(tmp_path, replace(PLAIN, default_band=NEVER))
    live(rig, DAYS[:10])
    filled = len(rig.journal.legs())
    shadowed(rig, trial, DAYS[9])
    for day in DAYS[10:60]:
        live(rig, (day,))
        shadowed(rig, trial, day)
    assert len(rig.journal.legs()) == filled
    began = [r.event for r in rig.journal.events("trial_changed")]
    looked = [r.event for r in rig.journal.events("trial_looked")]
    assert len(began) == 1
    assert len(looked) == 49  # the second look of the trial is the first that can be told
    rows = [e for e in looked if isinstance(e, TrialLooked)]
    orders = [order for row in rows for order in row.orders]
    assert len(orders) > 6
    assert {o.session for o in orders} <= set(DAYS[10:60])
    now = under_way(rig.journal)
    assert now is not None
    found = replay(rig.journal, trial.policy, "narrow", after=now[1])
    assert [(o.symbol, o.quantity) for o in found.changed.result.orders] == [
        (o.symbol, o.quantity) for o in orders
    ]


def test_a_shadow_says_its_session_once_and_ends_when_it_is_taken_away(tmp_path: Path) -> None:
    trial = OnTrial(name="narrow", policy=replace(PLAIN, default_band=points("0.02")))
    rig = rig_of(tmp_path, PLAIN)
    live(rig, DAYS[:3])
    shadowed(rig, trial, DAYS[2])
    live(rig, DAYS[3:6])
    for _ in range(3):
        shadowed(rig, trial, DAYS[5])
    assert len(rig.journal.events("trial_looked")) == 1
    for _ in range(2):
        shadowed(rig, None, DAYS[5])
    ended = rig.journal.events("trial_changed")[-1].event
    assert isinstance(ended, TrialChanged)
    assert ended.policy is None
    assert len(rig.journal.events("trial_changed")) == 2
    assert under_way(rig.journal) is None


def test_another_policy_on_trial_begins_anew(tmp_path: Path) -> None:
    rig = rig_of(tmp_path, PLAIN)
    live(rig, DAYS[:3])
    shadowed(rig, OnTrial(name="one", policy=replace(PLAIN, rest_sessions=3)), DAYS[2])
    shadowed(rig, OnTrial(name="one", policy=replace(PLAIN, rest_sessions=4)), DAYS[2])
    assert len(rig.journal.events("trial_changed")) == 2
