"""Whole stories on the built-in broker: what a user would check by hand."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from brokers.simulated.world_events import Deposit
from config.adopt import propose_slices, render_adoption
from config.read import settings_from
from config.write import InitAnswers
from daemon.observe import observe
from policies.policy import DepositRule, Policy
from portfolio.accounts import Autonomy
from portfolio.decisions import Hold, Proposal
from portfolio.money import ZERO, Money
from portfolio.orders import LegState, Side
from portfolio.wakes import WakeKind
from tests.support.house import Rig, build_rig, table
from tests.support.stories import DAYS, FALL, GROWTH, approve, finish, say, sixty_forty


@pytest.fixture
def textbook(tmp_path: Path) -> Rig:
    """100,000 at 60/40 that will have grown to 150,000 at 75/25 on the ninth session."""
    return build_rig(
        tmp_path,
        table(DAYS, STK=GROWTH, BND=FALL),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )


def test_the_textbook_case_is_proposed_approved_and_ends_at_sixty_forty(textbook: Rig) -> None:
    rig = textbook
    outcome = rig.look(DAYS[8])
    assert isinstance(outcome.decision, Proposal)
    assert outcome.verdict is not None
    assert outcome.verdict.outcome == "referred"
    assert outcome.decision.managed_value == 150_000
    (sale,) = outcome.decision.sells
    assert sale.intent.quantity * sale.price == 22_500
    assert not rig.journal.legs(), "nothing is sent before a person has said yes"

    approve(rig)
    finish(rig)

    sold = sum(
        b.fill.quantity * b.fill.price for b in rig.journal.fills() if b.fill.side is Side.SELL
    )
    bought = sum(
        b.fill.quantity * b.fill.price for b in rig.journal.fills() if b.fill.side is Side.BUY
    )
    assert sold == 22_500
    assert ZERO <= sold - bought <= Decimal("93.75"), "within one share"
    held = {p.symbol: p.quantity for p in rig.broker.positions()}
    assert held == {"STK": Decimal(480), "BND": Decimal(639)}
    sides = [b.fill.side for b in rig.journal.fills()]
    assert sides == sorted(sides, key=lambda side: side is Side.BUY), "sells come before buys"


def test_an_approval_of_a_plan_that_prices_have_outgrown_is_withdrawn_with_both_prices(
    tmp_path: Path,
) -> None:
    stocks = (*GROWTH[:9], "200", "200", "200")
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=stocks, BND=FALL),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )
    rig.look(DAYS[8])
    pending = rig.journal.pending_approval()
    assert pending is not None
    rig.go_to(DAYS[9], timedelta(minutes=20))

    say(rig, "approve", pending.proposal_hash)

    ended = rig.journal.events("approval_ended")[-1].event
    assert ended.kind == "approval_ended"
    assert ended.outcome == "withdrawn"
    assert "STK was 187.50, is 200.00" in ended.reason
    assert not rig.journal.legs()
    newer = rig.journal.pending_approval()
    assert newer is not None
    assert newer.proposal_hash != pending.proposal_hash


def test_a_yes_to_a_plan_that_no_longer_fits_opens_no_other_plan_past_the_limits(
    tmp_path: Path,
) -> None:
    """Under auto, after the first plan: the dropped yes must not lend itself to the newer plan."""
    stocks = ["100", "100", "109", "118", "128", "139", "151", "164", "178", "194", "194", "194"]
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=stocks, BND=["100"] * 12),
        Policy(target=sixty_forty()),
        cash="100000",
        autonomy=Autonomy.AUTO,
    )
    rig.look(DAYS[0])
    approve(rig)
    finish(rig)
    rig.look(DAYS[8])
    pending = rig.journal.pending_approval()
    assert pending is not None, "its order is over the limit, so it asks also under auto"
    legs = len(rig.journal.legs())
    rig.go_to(DAYS[9], timedelta(minutes=20))

    say(rig, "approve", pending.proposal_hash)

    assert len(rig.journal.legs()) == legs, "nothing was sent"
    newer = rig.journal.pending_approval()
    assert newer is not None
    assert newer.proposal_hash != pending.proposal_hash


def test_a_run_answers_only_the_deposits_that_have_waited(tmp_path: Path) -> None:
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=GROWTH, BND=FALL),
        Policy(target=sixty_forty(), deposits=DepositRule(wait_sessions=2)),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
        events=(Deposit(session=DAYS[8], amount=Money(Decimal(3000))),),
    )
    rig.look(DAYS[8])
    approve(rig)
    finish(rig)
    (opened,) = rig.journal.events("run_opened")
    assert opened.event.flows == ()  # type: ignore[union-attr]


def test_a_proposal_nobody_answers_expires_and_one_newer_takes_its_place(textbook: Rig) -> None:
    rig = textbook
    for day in DAYS[8:]:
        rig.look(day)
    requested = rig.journal.events("approval_requested")
    pending = rig.journal.pending_approval()
    assert pending is not None
    assert len(requested) <= len(DAYS[8:])
    assert not rig.journal.legs()


def test_the_first_plan_waits_for_a_person_also_under_auto(tmp_path: Path) -> None:
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=["100"] * 12, BND=["100"] * 12),
        Policy(target=sixty_forty()),
        cash="10000",
        autonomy=Autonomy.AUTO,
    )
    outcome = rig.look(DAYS[0])
    assert isinstance(outcome.decision, Proposal)
    assert not rig.journal.legs()
    approve(rig)
    finish(rig)
    held = {p.symbol: p.quantity for p in rig.broker.positions()}
    assert abs(held["STK"] - 60) <= 1
    assert abs(held["BND"] - 40) <= 1


def test_a_deposit_waits_a_session_and_is_invested_without_a_sale(tmp_path: Path) -> None:
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=["100"] * 12, BND=["100"] * 12),
        Policy(target=sixty_forty(), deposits=DepositRule(wait_sessions=1)),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
        autonomy=Autonomy.AUTO,
        events=(Deposit(session=DAYS[2], amount=Decimal(3000)),),  # type: ignore[arg-type]
    )
    rig.look(DAYS[1])
    on_arrival = rig.look(DAYS[2])
    assert isinstance(on_arrival.decision, Hold)
    assert any("deposit" in gate.name and not gate.passed for gate in on_arrival.decision.gates)
    after = rig.look(DAYS[3])
    assert isinstance(after.decision, Proposal)
    assert after.decision.sells == ()
    approve(rig)
    finish(rig)
    assert {b.fill.side for b in rig.journal.fills()} == {Side.BUY}


def test_a_halt_stops_before_the_send_and_only_a_reasoned_resume_goes_on(textbook: Rig) -> None:
    rig = textbook
    rig.look(DAYS[8])
    pending = rig.journal.pending_approval()
    assert pending is not None
    say(rig, "halt", reason="looking at something")
    say(rig, "approve", pending.proposal_hash)
    assert rig.broker.orders_since(rig.market.first_session.opens_at) == ()
    held = rig.look(kind=WakeKind.PERSON)
    assert isinstance(held.decision, Hold)
    assert "looking at something" in held.decision.reason

    say(rig, "resume", reason="it was nothing")
    approve(rig)
    finish(rig)
    assert {leg.state for leg in rig.journal.legs()} == {LegState.FILLED}


def test_a_dry_run_decides_and_sends_nothing(tmp_path: Path) -> None:
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=GROWTH, BND=FALL),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
        autonomy=Autonomy.AUTO,
        dry_run=True,
    )
    outcome = rig.look(DAYS[8])
    assert isinstance(outcome.decision, Proposal)
    assert outcome.run is None
    assert rig.journal.pending_approval() is None
    assert rig.house.senders == {}


FOURTEEN = tuple(f"S{i:02}" for i in range(14))
LEFT, UNKNOWN, RISING = FOURTEEN[11:], "S00", "S01"


def adopted_policy(rig: Rig, tmp_path: Path) -> Policy:
    """What `trimtab adopt --leave ...` would write for the account, read back from its text."""
    adoption = propose_slices(observe(rig.house), leave=LEFT)
    assert {left.symbol for left in adoption.left} == set(LEFT)
    assert [unknown.symbol for unknown in adoption.unknown_basis] == [UNKNOWN]
    prices = tmp_path / "prices.csv"
    prices.write_text("date," + ",".join(FOURTEEN) + "\n2026-03-02" + ",100" * 14 + "\n")
    answers = InitAnswers(
        household="test",
        account="main",
        broker="simulated",
        slices=(),
        autonomy=Autonomy.AUTO,
        prices=str(prices),
    )
    file = tmp_path / "trimtab.toml"
    return settings_from(render_adoption(adoption, answers), file=file).policy


def test_fourteen_adopted_holdings_leave_the_three_in_no_slice_alone(tmp_path: Path) -> None:
    """Three in no slice, one of unknown basis, adopted under auto; then it and another one rise."""
    rise = ["100", "108", "117", "126", "136", "147", "159", "172", "186", "186", "186", "186"]
    columns = {n: rise if n in (UNKNOWN, RISING) else ["100"] * 12 for n in FOURTEEN}
    rig = build_rig(
        tmp_path,
        table(DAYS, **columns),
        Policy(target=sixty_forty()),
        positions=dict.fromkeys(FOURTEEN, "90"),
        costs={n: "80" for n in FOURTEEN if n != UNKNOWN},
        autonomy=Autonomy.AUTO,
    )
    rig.house.policy = adopted_policy(rig, tmp_path)
    since = rig.market.first_session.opens_at
    answered = False
    for day in DAYS:
        rig.look(day)
        if not answered:
            assert not rig.broker.orders_since(since), "nothing is sent before the first yes"
        if rig.journal.pending_approval() is not None:
            approve(rig)
            answered = True
        finish(rig)
    assert answered, "the rise did lead to a plan"
    touched = {leg.intent.symbol for leg in rig.journal.legs()}
    assert RISING in {leg.intent.symbol for leg in rig.journal.legs() if leg.filled_quantity}
    assert not touched & set(LEFT)
    held = {p.symbol: p.quantity for p in rig.broker.positions()}
    assert {name: held[name] for name in LEFT} == dict.fromkeys(LEFT, Decimal(90))
    assert held[UNKNOWN] >= 90, "a lot of unknown basis is not sold in a taxable account"
    assert rig.broker.account().cash >= ZERO
