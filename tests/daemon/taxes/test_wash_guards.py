"""The daemon and wash sales: a loss it took itself blocks its next purchase, up to the last look."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from daemon.answers.explain import explain
from daemon.executor import open_purse, place
from daemon.memory import remember
from daemon.observe import observe
from daemon.requests.exceptions import subject_of, wash_cost
from daemon.taxes.at_order_time import why_wash
from daemon.taxes.ledger import JournalLedger
from policies.taxes.guards import LotRule
from portfolio.decisions import Decision, PlannedLeg, Proposal, accepted
from portfolio.lot_events import WashAllowed
from portfolio.money import Money, Price, Quantity
from portfolio.orders import LegState, OrderIntent, Side
from portfolio.wakes import Wake, WakeKind
from tests.support.house import Rig, build_rig, table
from tests.support.households import stocks_and_bonds
from tests.support.stories import approve, finish, say

DAYS = tuple(date(2026, 3, 2) + timedelta(days=i) for i in range(36))
CRASH = ["100"] * 15 + ["60"] * 21


def after_a_loss(folder: Path, rule: LotRule) -> Rig:
    """800 stocks bought at 150 stand at 100: the first plan sells 200 of them, bonds are bought.

    Later stocks fall to 60, and there are too few of them.
    """
    rig = build_rig(
        folder,
        table(DAYS, STK=CRASH, BND=["100"] * len(DAYS)),
        stocks_and_bonds(rest_sessions=0, lots=rule),
        positions={"STK": "800", "BND": "200"},
        costs={"STK": "150", "BND": "100"},
    )
    rig.house.lots = JournalLedger(rig.journal)
    rig.look(DAYS[0])
    approve(rig)
    finish(rig)
    assert rig.journal.positions("main")["STK"] == 600
    return rig


def bought(decision: Decision) -> set[str]:
    return {leg.intent.symbol for leg in decision.buys} if isinstance(decision, Proposal) else set()


def test_a_loss_blocks_the_purchase_for_thirty_days_and_the_next_day_is_free(
    tmp_path: Path,
) -> None:
    rig = after_a_loss(tmp_path, LotRule(guards=True))
    for index in (16, 30):
        decision = rig.look(DAYS[index]).decision
        assert bought(decision) == set()
        (gate,) = [g for g in decision.gates if g.name == "wash sale"]
        assert gate.scope == "STK"
        assert gate.next_possible == DAYS[31]
    assert bought(rig.look(DAYS[31]).decision) == {"STK"}


def test_without_the_guards_the_purchase_is_made(tmp_path: Path) -> None:
    rig = after_a_loss(tmp_path, LotRule())
    assert bought(rig.look(DAYS[16]).decision) == {"STK"}


def test_what_the_guard_knew_is_recorded_and_decided_again(tmp_path: Path) -> None:
    rig = after_a_loss(tmp_path, LotRule(guards=True))
    cycle = rig.look(DAYS[16]).cycle
    told = explain(rig.journal, cycle)
    assert told.holds_good
    assert told.inputs is not None
    (loss,) = told.inputs.memory.recent_losses
    assert (loss.symbol, loss.sold_on, loss.quantity) == ("STK", DAYS[0], 200)
    assert Decimal(9990) < loss.loss < Decimal(10010)


def test_the_last_look_sends_no_blocked_purchase_whoever_planned_it(tmp_path: Path) -> None:
    rig = after_a_loss(tmp_path, LotRule())
    plan = rig.look(DAYS[16]).decision
    assert isinstance(plan, Proposal)
    rig.house.policy = replace(rig.house.policy, lots=LotRule(guards=True))
    snapshot = observe(rig.house)
    wake = Wake(kind=WakeKind.LOOK)
    run = accepted(
        plan,
        number=rig.journal.next_run(),
        opened_cycle=1,
        expires_at=rig.clock.now() + timedelta(days=1),
    )
    purse = open_purse(run, snapshot, remember(rig.house, wake, snapshot.session))
    leg = PlannedLeg(
        intent=OrderIntent(
            account="main",
            symbol="STK",
            side=Side.BUY,
            quantity=Quantity(Decimal(1)),
            limit_price=Price(Decimal("60.10")),
        ),
        price=Price(Decimal(60)),
        reason="a test",
    )
    (sent,) = place(rig.house, run, 99, [leg], purse)
    assert sent.state is LegState.ABANDONED
    assert sent.sends == 0
    assert f"the first safe day to buy is {DAYS[31]}" in sent.note


def test_the_last_look_sells_no_loss_that_a_purchase_of_last_week_takes_back(
    tmp_path: Path,
) -> None:
    """Stocks are bought again on day 31; ten of the old ones, at 150, would be washed by them."""
    rig = after_a_loss(tmp_path, LotRule(guards=True))
    assert bought(rig.look(DAYS[31]).decision) == {"STK"}
    approve(rig)
    finish(rig)
    rig.go_to(DAYS[34])
    text = why_wash(rig.house, intent(Side.SELL, "60", 10))
    assert text == (
        "wash sale: purchases of the last 30 days would take back 900.00 USD of a loss of 900.00 USD"
    )
    assert why_wash(rig.house, intent(Side.SELL, "159.90", 10)) == ""


def intent(side: Side, limit: str, units: int) -> OrderIntent:
    return OrderIntent(
        account="main",
        symbol="STK",
        side=side,
        quantity=Quantity(Decimal(units)),
        limit_price=Price(Decimal(limit)),
    )


def wish(worth: str, until: date = DAYS[16]) -> str:
    return subject_of("main", "STK", until, Money(Decimal(worth)))


def test_a_person_may_let_an_account_wash_and_it_is_recorded(tmp_path: Path) -> None:
    """200 sold 50 below cost: 10,000 at 40.8 %, and 600 that stand at 60: 54,000 more; in a taxable
    account that is put off by ten years at 6 %, which costs 44.2 % of it."""
    rig = after_a_loss(tmp_path, LotRule(guards=True))
    assert bought(rig.look(DAYS[16]).decision) == set()
    cost = wash_cost(rig.house.policy, rig.journal, "main", "STK", DAYS[16])
    assert cost == pytest.approx(Decimal(64000) * Decimal("0.408") * Decimal("0.44161"), abs=1)
    say(rig, "allow_wash", wish("20000"), reason="the last chance to buy")
    (row,) = rig.journal.events("wash_allowed")
    assert isinstance(row.event, WashAllowed)
    assert (row.event.worth, row.event.cost, row.event.by) == (20_000, cost, "ann")
    decision = rig.look().decision
    assert bought(decision) == {"STK"}
    assert why_wash(rig.house, intent(Side.BUY, "60.10", 1)) == ""
    rig.go_to(DAYS[17])
    assert "the first safe day" in why_wash(rig.house, intent(Side.BUY, "60.10", 1))


def test_what_is_worth_less_than_its_wash_stays_barred_and_is_told(tmp_path: Path) -> None:
    rig = after_a_loss(tmp_path, LotRule(guards=True))
    rig.look(DAYS[16])
    say(rig, "allow_wash", wish("5000"), reason="I like it")
    assert rig.journal.events("wash_allowed") == []
    (alarm,) = [a for a in rig.journal.open_alarms() if a.name == "wash sale"]
    assert "stay barred" in alarm.text
    say(rig, "allow_wash", wish("90000", DAYS[16] + timedelta(days=32)))
    assert rig.journal.events("wash_allowed") == []
