"""What people are told: each event's notice, short, unique, and without amounts unless asked."""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from daemon.notices.render import render, renderer
from daemon.notices.words import without_amounts
from portfolio.decisions import Allowance, LimitCheck, PlannedLeg, Proposal, Verdict
from portfolio.events import (
    Alarm,
    AlarmCleared,
    ApprovalEnded,
    ApprovalRequested,
    ConfigurationChanged,
    CycleDecided,
    DaemonStarted,
    DaemonStopped,
    Event,
    Halted,
    Resumed,
    ReviewWritten,
    RunEnded,
    RunOpened,
)
from portfolio.money import Money, Price, Quantity
from portfolio.orders import OrderIntent, Side
from portfolio.records import Notice, Recorded
from tests.support import journals

SESSION = date(2026, 3, 11)


def leg(side: Side, symbol: str, quantity: str, price: str, account: str = "ira") -> PlannedLeg:
    intent = OrderIntent(
        account=account,
        symbol=symbol,
        side=side,
        quantity=Quantity(Decimal(quantity)),
        limit_price=Price(Decimal(price)),
    )
    return PlannedLeg(intent=intent, price=Price(Decimal(price)), reason="towards target")


# 90 x 250 = 22,500 is 15 % of 150,000.
PLAN: Proposal = replace(
    journals.proposal("stocks +15.0 points, fires at 5.0"),
    legs=(leg(Side.SELL, "VTI", "90", "250"), leg(Side.BUY, "BND", "300", "75")),
    managed_value=Money(Decimal(150_000)),
)


def recorded(event: Event, seq: int = 7) -> Recorded:
    return Recorded(seq=seq, at=journals.NOW, actor="trimtab", event=event)


def told(event: Event, **how: bool) -> Notice:
    (notice,) = render(recorded(event), amounts=how.get("amounts", False))
    return notice


def requested(plan: Proposal = PLAN) -> ApprovalRequested:
    return ApprovalRequested(
        cycle=12,
        proposal_hash=plan.proposal_hash(),
        expires_at=journals.NOW + timedelta(days=1),
        reasons=("order of 22,500.00 USD is 15.0 % of equity, the limit is 10.0 %",),
    )


def test_a_hold_is_no_notice() -> None:
    assert render(recorded(journals.cycle())) == ()


def test_a_waiting_proposal_says_what_why_and_how_to_answer() -> None:
    tell = renderer(amounts=False, dry_run=False, household="core")
    assert tell(recorded(journals.cycle(12, PLAN))) == ()
    (notice,) = tell(recorded(requested()))
    short = PLAN.proposal_hash()[:10]
    assert notice.title == "core: waits for your yes: sell VTI; buy BND"
    assert notice.body == (
        "stocks +15.0 points, fires at 5.0.\n"
        "- sell VTI: 15.0 % of the portfolio\n"
        "- buy BND: 15.0 % of the portfolio\n"
        "A person is asked because:\n"
        "- order of [amount] is 15.0 % of equity, the limit is 10.0 %\n"
        f"Yes: trimtab approve {short}\n"
        f"No: trimtab reject {short}\n"
        "Why: trimtab explain 12\n"
        "The question ends at 2026-03-12 14:00 UTC."
    )
    assert not notice.urgent


def test_amounts_are_told_when_asked() -> None:
    tell = renderer(amounts=True, dry_run=False)
    tell(recorded(journals.cycle(12, PLAN)))
    (notice,) = tell(recorded(requested()))
    assert "- sell 90 VTI, limit 250.00, about 22,500.00 USD (15.0 %)" in notice.body


def test_a_request_whose_plan_is_not_at_hand_still_says_how_to_answer() -> None:
    notice = told(requested())
    assert notice.title == "trimtab: waits for your yes: a plan"
    assert f"trimtab approve {PLAN.proposal_hash()[:10]}" in notice.body


def test_a_dry_run_says_what_it_would_do_once_a_session() -> None:
    tell = renderer(amounts=False, dry_run=True)
    first = tell(recorded(journals.cycle(1, PLAN), seq=5))
    again = tell(recorded(journals.cycle(2, PLAN), seq=9))
    assert first[0].title == "trimtab: would sell VTI; buy BND"
    assert "Nothing was sent. Why: trimtab explain 1" in first[0].body
    assert first[0].key == again[0].key == "would-2026-03-11"


def test_a_plan_that_the_limits_refuse_says_so_in_a_dry_run() -> None:
    check = LimitCheck(name="price", outcome="deny", text="VTI is 12 % from its last close")
    decided = replace(journals.cycle(1, PLAN), verdict=Verdict(checks=(check,)))
    (notice,) = render(recorded(decided), dry_run=True)
    assert "The limits refuse it:\n- VTI is 12 % from its last close" in notice.body


def test_an_observed_account_gets_a_suggestion() -> None:
    advice: CycleDecided = journals.cycle(3, replace(PLAN, legs=(), advice=PLAN.legs))
    assert told(advice).title == "trimtab: suggests to sell VTI; buy BND"


def test_the_second_wave_of_a_run_is_not_told_again() -> None:
    assert render(recorded(journals.cycle(4, replace(PLAN, run=1))), dry_run=True) == ()


def test_several_accounts_are_named() -> None:
    legs = (leg(Side.SELL, "VTI", "90", "250"), leg(Side.BUY, "BND", "300", "75", "taxable"))
    tell = renderer(amounts=False, dry_run=True)
    (notice,) = tell(recorded(journals.cycle(1, replace(PLAN, legs=legs))))
    assert "- sell VTI in ira: 15.0 %" in notice.body
    assert "- buy BND in taxable: 15.0 %" in notice.body


def test_a_long_plan_is_cut() -> None:
    legs = tuple(leg(Side.BUY, f"S{n:02}", "10", "75") for n in range(40))
    (notice,) = render(recorded(journals.cycle(1, replace(PLAN, legs=legs))), dry_run=True)
    assert notice.title == "trimtab: would buy S00, S01, S02 and 37 more"
    assert "- and 25 more" in notice.body


def test_a_run_is_told_at_its_begin_and_its_end() -> None:
    allowances = tuple(
        Allowance(account="ira", symbol=symbol, side=side, quantity=Quantity(Decimal(91)))
        for symbol, side in (("BND", Side.BUY), ("VTI", Side.SELL))
    )
    opened = RunOpened(run=replace(journals.run(), allowances=allowances), accepted_by="ann")
    assert told(opened).title == "trimtab: trades: sell VTI; buy BND"
    assert told(opened).body.startswith("Run 1 begins, as ann said.")
    assert "within the limits" in told(replace(opened, accepted_by="limits")).body
    ended = RunEnded(
        run=1, session=SESSION, outcome="complete", reason="run 1 is complete: 812.00 USD in cash"
    )
    assert told(ended).title == "trimtab: the plan is done"
    assert told(ended).body.startswith("run 1 is complete: [amount] in cash.")
    assert "812.00 USD" in told(ended, amounts=True).body


def test_a_halt_is_urgent_and_its_alarm_is_not_told_twice() -> None:
    notice = told(Halted(by="ann", reason="prices look wrong"))
    assert notice.urgent
    assert notice.title == "trimtab: HALTED: prices look wrong"
    assert "trimtab resume --reason" in notice.body
    alarm = Alarm(name="halted", level="page", text="Halted by ann: prices look wrong")
    assert render(recorded(alarm)) == ()
    assert render(recorded(AlarmCleared(name="halted"))) == ()


def test_a_resume_is_news() -> None:
    assert not told(Resumed(by="ann", reason="checked")).urgent


@pytest.mark.parametrize(("level", "urgent"), [("page", True), ("info", False)])
def test_an_alarm_pages_or_informs(level: str, urgent: bool) -> None:
    text = "Order tt1-a-1 (sell 150 VTI) was sent and cannot be found."
    notice = told(Alarm(name="lost", level=level, text=text))  # type: ignore[arg-type]
    assert notice.urgent is urgent
    assert notice.title.startswith("trimtab: lost: Order tt1-a-1 (sell VTI) was sent")
    assert "docs/runbook.md" in notice.body


def test_a_crash_is_urgent_an_ordinary_start_is_nothing_and_a_stop_is_news() -> None:
    started = DaemonStarted(
        code_version="0.1.0", configuration="c", session=SESSION, simulated=False
    )
    assert render(recorded(started)) == ()
    assert told(replace(started, after_crash=True)).urgent
    assert told(DaemonStopped(reason="SIGTERM")).title == "trimtab: stopped: SIGTERM"


def test_a_deposit_is_told_once_and_its_amount_only_when_asked() -> None:
    event = journals.deposit("5000")
    assert told(event).key == "flow-brokerage-d-1"
    assert "5,000" not in told(event).body
    assert "A deposit of 5,000.00 USD in brokerage." in told(event, amounts=True).body


def test_a_deposit_of_last_month_is_no_news() -> None:
    event = journals.deposit("5000")
    old = replace(event, flow=replace(event.flow, day=SESSION - timedelta(days=30)))
    assert render(recorded(old)) == ()


def test_a_split_is_told() -> None:
    assert told(journals.split("VTI", "2")).title == "trimtab: VTI was split"


def test_changed_settings_about_money_are_only_counted() -> None:
    event = ConfigurationChanged(
        configuration="c",
        changes=(
            "slices[1].band_points was 5, is 4",
            "limits.max_order_usd was 25000, is 30000",
        ),
    )
    assert told(event).body == (
        "- slices[1].band_points was 5, is 4\n- 1 about amounts; `trimtab history` shows them"
    )
    assert "30000" in told(event, amounts=True).body


@pytest.mark.parametrize("outcome", ["granted", "replaced", "rejected", "expired", "withdrawn"])
def test_the_end_of_a_request_is_told_unless_something_else_tells_it(outcome: str) -> None:
    event = ApprovalEnded(proposal_hash="ab", outcome=outcome, by="ann", reason="no")  # type: ignore[arg-type]
    assert bool(render(recorded(event))) is (outcome not in ("granted", "replaced"))


@given(event=st.one_of(*map(journals.values_of, journals.event_kinds())), dry_run=st.booleans())
def test_whatever_happened_can_be_told_in_one_titled_notice(event: Event, dry_run: bool) -> None:
    try:
        notices = render(recorded(event), dry_run=dry_run)
    except OverflowError:
        reject()  # an instant at the very end of time has no text in UTC
    assert len(notices) <= 1
    for notice in notices:
        assert notice.key
        assert len(notice.title) > len("trimtab: ")
        assert not re.search(r"\d\s?USD", notice.title + notice.body)


@given(st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, places=2))
def test_no_amount_survives_in_a_sentence(amount: Decimal) -> None:
    assert without_amounts(f"cash {amount:,.2f} USD above") == "cash [amount] above"


def test_a_month_a_rebalance_and_a_stop_carry_the_head_of_the_chain_and_nothing_else_does() -> None:
    head = "9f3a2c71d04b5e66aa01bb02cc03dd04"
    letter = ReviewWritten(period="2026-02", title="February 2026", lines=("Return: +1.0 %.",))
    ended = RunEnded(run=1, session=SESSION, outcome="complete", reason="run 1 is complete")
    line = "Keep this to check the record later: trimtab audit verify --head 7:9f3a2c71d04b5e66"
    for event in (letter, ended, DaemonStopped(reason="SIGTERM")):
        (notice,) = render(replace(recorded(event), hash=head))
        assert notice.body.splitlines()[-1] == line
    (halted,) = render(replace(recorded(Halted(by="ann", reason="news")), hash=head))
    assert "9f3a" not in halted.body
