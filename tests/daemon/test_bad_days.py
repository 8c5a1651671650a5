"""The four bad days of docs/runbook.md, each from its beginning to its end."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from brokers.simulated.world_events import Rename, Split
from daemon.approvals import expire
from daemon.notices.outbox import deliver_due_now
from daemon.notices.render import renderer
from policies.policy import Policy
from portfolio.accounts import Autonomy
from portfolio.events import Alarm, ApprovalEnded, ApprovalRequested
from portfolio.money import Weight
from portfolio.orders import LegState
from portfolio.ports import Unavailable
from portfolio.records import Notice
from portfolio.target import Slice, build_target
from portfolio.wakes import WakeKind
from tests.support.command_line import trimtab
from tests.support.house import Rig, build_rig, table
from tests.support.stories import DAYS, FALL, GROWTH, approve, finish, say, sixty_forty


def textbook(folder: Path) -> Rig:
    """60/40 that has grown to 75/25 on the ninth session."""
    return build_rig(
        folder,
        table(DAYS, STK=GROWTH, BND=FALL),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "400"},
        costs={"STK": "100", "BND": "100"},
    )


def killed(rig: Rig, folder: Path, *, down: timedelta) -> Rig:
    """The process dies; another starts after a while and recovers."""
    now = rig.clock.now()
    rig.journal.close()
    rig.broker.close()
    again = textbook(folder)
    again.clock.advance_to(now + down)
    again.broker.advance()
    again.recover()
    return again


def test_an_answer_lost_a_process_killed_and_an_order_twenty_minutes_late(tmp_path: Path) -> None:
    rig = textbook(tmp_path)
    rig.look(DAYS[8])
    rig.broker.faults.lost_answers = [False]  # neither answered nor there: it is on its way
    approve(rig)
    sent_at = rig.clock.now()
    (leg,) = rig.journal.legs()
    rig = killed(rig, tmp_path, down=timedelta(seconds=30))
    for minute in range(1, 8):
        rig.clock.advance_to(sent_at + timedelta(minutes=minute, seconds=1))
        rig.look(kind=WakeKind.ORDER_UPDATE)
    lost = rig.journal.leg(leg.client_order_id)
    assert lost is not None
    assert lost.state is LegState.LOST
    assert [
        (f.symbol, "cannot be found" in f.reason) for f in rig.journal.fences(rig.clock.now())
    ] == [("STK", True)]
    rig.clock.advance_to(sent_at + timedelta(minutes=20))
    rig.broker.exchange.submit(leg.client_order_id, leg.intent, rig.clock.now())
    rig.look(kind=WakeKind.ORDER_UPDATE)
    found = rig.journal.leg(leg.client_order_id)
    assert found is not None
    assert (found.state, found.sends) == (LegState.FILLED, 1)
    since = rig.market.first_session.opens_at
    orders = [o for o in rig.broker.orders_since(since) if o.symbol == "STK"]
    assert [o.client_order_id for o in orders] == [leg.client_order_id], "one order"
    assert [a.name for a in rig.journal.open_alarms()] == ["lost order", "late arrival"]
    assert rig.journal.positions("main") == {p.symbol: p.quantity for p in rig.broker.positions()}
    told = trimtab("explain", str(leg.cycle), "--state", tmp_path)
    assert told.code == 0
    assert leg.client_order_id in told.out
    history = trimtab("history", "--state", tmp_path).out
    for words in ("cannot be found", "arrived late"):
        assert words in history


def test_overnight_a_split_a_rename_and_a_true_fall(tmp_path: Path) -> None:
    flat = ["100"] * 12
    rises, sinks = ["100"] * 4 + ["120"] * 8, ["100"] * 4 + ["60"] * 8
    falls = ["100"] * 5 + ["60"] * 7
    weights = {"SPL": 10, "OLD": 10, "FLL": 10, "UPP": 35, "OTH": 35}
    target = build_target(
        [
            Slice(name=s.lower(), weight=Weight(Decimal(w) / 100), symbol=s)
            for s, w in weights.items()
        ]
    )
    rig = build_rig(
        tmp_path,
        table(DAYS, SPL=flat, OLD=flat, FLL=falls, UPP=rises, OTH=sinks),
        Policy(target=target),
        positions={s: str(w * 10) for s, w in weights.items()},
        costs=dict.fromkeys(weights, "100"),
        autonomy=Autonomy.PROPOSE,
        events=(
            Split(session=DAYS[5], symbol="SPL", ratio=Decimal(10)),
            Rename(session=DAYS[5], symbol="OLD", to="NEW"),
        ),
    )
    rig.look(DAYS[3])
    assert rig.journal.open_alarms() == []
    for minutes in range(0, 40, 2):
        rig.go_to(DAYS[5], timedelta(minutes=30 + minutes))
        try:
            rig.look(kind=WakeKind.LOOK)
        except Unavailable:
            continue
        if rig.journal.pending_approval() is not None:
            approve(rig)
            finish(rig)
    traded = {leg.intent.symbol for leg in rig.journal.legs() if leg.sends}
    assert traded, "the others go on"
    assert traded <= {"UPP", "OTH"}
    alarms = [r.event for r in rig.journal.events("alarm")]
    pages = [(a.name, a.scope) for a in alarms if isinstance(a, Alarm) and a.level == "page"]
    assert sorted(pages) == [
        ("external change", "main"),
        ("price jump", "FLL"),
        ("price jump", "SPL"),
    ]
    (fence,) = rig.journal.fences(rig.clock.now())
    assert (fence.symbol, fence.until) == ("OLD", None), "until a person has looked"
    rig.look(DAYS[7])
    assert [a for a in rig.journal.open_alarms() if a.name == "price jump"] == []


def test_what_was_renamed_counts_as_what_it_was_worth_until_it_is_listed_anew(
    tmp_path: Path,
) -> None:
    """30/30/20/20, all on target: a third of it goes by another name, and nobody else is too large."""
    weights = {"OLD": 30, "AAA": 30, "BBB": 20, "CCC": 20}
    slices = [
        Slice(name=s.lower(), weight=Weight(Decimal(w) / 100), symbol=s) for s, w in weights.items()
    ]
    rig = build_rig(
        tmp_path,
        table(DAYS, **dict.fromkeys(weights, ["100"] * 12)),
        Policy(target=build_target(slices)),
        positions={s: str(w * 10) for s, w in weights.items()},
        costs=dict.fromkeys(weights, "100"),
        events=(Rename(session=DAYS[5], symbol="OLD", to="NEW"),),
    )
    rig.look(DAYS[3])
    for minutes in range(0, 20, 2):
        rig.go_to(DAYS[5], timedelta(minutes=30 + minutes))
        with suppress(Unavailable):
            rig.look(kind=WakeKind.LOOK)
    assert "NEW" in rig.journal.positions("main")
    (last,) = rig.journal.cycles(limit=1)
    drifts = {g.scope: g.value for g in last.decision.gates if g.name == "band"}
    assert drifts == {"old": 0, "aaa": 0, "bbb": 0, "ccc": 0}
    renamed = [replace(node, symbol="NEW") if node.name == "old" else node for node in slices]
    rig.house.policy = Policy(target=build_target(renamed))
    rig.look(DAYS[6])
    (last,) = rig.journal.cycles(limit=1)
    assert {g.scope: g.value for g in last.decision.gates if g.name == "band"} == drifts
    assert not any(g.name == "barred" for g in last.decision.gates)


class Webhook:
    """A channel that answers 500 until it is mended."""

    name = "webhook"

    def __init__(self) -> None:
        self.is_broken = True
        self.posted: list[str] = []

    def send(self, notice: Notice) -> str:
        if self.is_broken:
            return "HTTP 500"
        self.posted.append(notice.key)
        return ""


def test_six_hours_of_a_dead_channel_then_each_notice_once_and_in_order(tmp_path: Path) -> None:
    """The halt itself with a locked database and a full disk is held by test_direct_halt.py."""
    rig, hook = textbook(tmp_path), Webhook()
    writer = rig.journal._writer
    assert writer is not None
    writer._render = renderer(amounts=False, dry_run=False, household="core")
    rig.look(DAYS[8])
    say(rig, "halt", reason="the prices look wrong")
    say(rig, "resume", reason="they were right")
    say(rig, "halt", reason="they were not")
    queued = [n.notice.key for n in rig.journal.due_notices(rig.clock.now(), 100)]
    assert len(queued) >= 4
    ends = rig.clock.now() + timedelta(hours=6)
    while rig.clock.now() < ends:
        deliver_due_now(rig.journal, [hook], rig.clock)
        rig.clock.advance_to(rig.clock.now() + timedelta(minutes=1))
    assert hook.posted == []
    hook.is_broken = False
    for _ in range(20):
        deliver_due_now(rig.journal, [hook], rig.clock)
        rig.clock.advance_to(rig.clock.now() + timedelta(minutes=1))
    assert hook.posted == queued
    assert rig.broker.orders_since(rig.market.first_session.opens_at) == (), "nothing was sent"


def test_two_weeks_without_a_person_and_then_an_old_yes(tmp_path: Path) -> None:
    falling = [f"{Decimal('187.5') * (1 - Decimal(i) / 55):.2f}" for i in range(12)]
    rig = build_rig(
        tmp_path,
        table(DAYS, STK=falling, BND=["93.75"] * 12),
        Policy(target=sixty_forty()),
        positions={"STK": "600", "BND": "200"},
        costs={"STK": "100", "BND": "100"},
    )
    first = ""
    for day in DAYS:
        rig.look(day)
        pending = rig.journal.pending_approval()
        assert pending is not None
        first = first or pending.proposal_hash
        if day != DAYS[-1]:
            rig.clock.advance_to(rig.clock.now() + timedelta(hours=6))
            expire(rig.house)
    pending = rig.journal.pending_approval()
    assert pending is not None
    assert pending.proposal_hash != first
    asked = [r.event for r in rig.journal.events("approval_requested")]
    ended = [r.event for r in rig.journal.events("approval_ended")]
    open_ones = {e.proposal_hash for e in asked if isinstance(e, ApprovalRequested)} - {
        e.proposal_hash for e in ended if isinstance(e, ApprovalEnded)
    }
    assert open_ones == {pending.proposal_hash}, "one live proposal, not many"

    said = trimtab("approve", first[:10], "--state", tmp_path)
    assert said.code == 1
    assert f"STK was 187.50, is {pending.proposal.legs[0].price:.2f}" in said.err
    say(rig, "approve", first)
    assert rig.journal.legs() == []
    last = rig.journal.events("approval_ended", limit=1, newest_first=True)[0].event
    assert isinstance(last, ApprovalEnded)
    assert "came too late" in last.reason
    assert f"STK was 187.50, is {pending.proposal.legs[0].price:.2f}" in last.reason
    assert rig.journal.pending_approval() == pending, "the newer one still waits"
