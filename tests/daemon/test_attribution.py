"""After an order has left: it is found without a stream, and leads back to who decided it on what."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from brokers.simulated.settings import SimulatedSettings
from policies.policy import Policy
from portfolio.canonical import document_of
from portfolio.events import ApprovalEnded, RunOpened
from portfolio.money import Money, Price, Quantity
from portfolio.wakes import Wake, WakeKind
from tests.support.house import Rig, build_rig, service_of, table
from tests.support.stories import DAYS, FALL, GROWTH, approve, finish, sixty_forty


def waiting(tmp_path: Path, volume: int) -> Rig:
    """The textbook household on the day its plan waits; a minute has its part of the day's volume."""
    prices = table(DAYS, STK=GROWTH, BND=FALL)
    settings = SimulatedSettings(
        prices=prices,
        cash=Money(Decimal(0)),
        positions={"STK": Quantity(Decimal(600)), "BND": Quantity(Decimal(400))},
        average_costs={"STK": Price(Decimal(100)), "BND": Price(Decimal(100))},
        average_daily_volume=Quantity(Decimal(volume)),
        volume_every=timedelta(minutes=1),
        instant_settlement=True,
    )
    rig = build_rig(tmp_path, prices, Policy(target=sixty_forty()), settings=settings)
    rig.look(DAYS[8])
    return rig


def test_with_a_mute_stream_every_fill_is_known_at_the_next_tick(tmp_path: Path) -> None:
    """Nobody is told of a fill; the tick of each minute asks. A minute fills one unit."""
    rig = waiting(tmp_path, 3_900)
    approve(rig)
    service = service_of(rig)
    (leg,) = rig.journal.legs(live=True)
    for _ in range(5):
        before = rig.broker.find_order(leg.client_order_id)
        assert before is not None
        rig.clock.advance_to(rig.clock.now() + timedelta(seconds=60))
        rig.broker.advance()
        there = rig.broker.find_order(leg.client_order_id)
        assert there is not None
        assert there.filled_quantity > before.filled_quantity, "it fills meanwhile"
        service.handle(Wake(kind=WakeKind.TICK))
        (leg,) = (x for x in rig.journal.legs() if x.client_order_id == leg.client_order_id)
        assert leg.filled_quantity == there.filled_quantity
        held = {p.symbol: p.quantity for p in rig.broker.positions()}
        assert dict(rig.journal.positions("main")) == held


def test_every_order_leads_to_one_plan_one_policy_and_one_yes(tmp_path: Path) -> None:
    rig = waiting(tmp_path, 390_000)
    approve(rig)
    finish(rig)
    orders = rig.broker.orders_since(rig.market.first_session.opens_at)
    assert len(orders) >= 2
    legs = {leg.client_order_id: leg for leg in rig.journal.legs()}
    runs = [
        row.event.run
        for row in rig.journal.events("run_opened")
        if isinstance(row.event, RunOpened)
    ]
    answers = [
        row.event
        for row in rig.journal.events("approval_ended")
        if isinstance(row.event, ApprovalEnded)
    ]
    for order in orders:
        prefix, epoch, cycle, index, content = order.client_order_id.split("-")
        assert (prefix, epoch) == ("tt1", rig.journal.identity().epoch)
        leg = legs[order.client_order_id]
        assert (leg.cycle, leg.index) == (int(cycle), int(index))
        assert leg.intent.content_hash().startswith(content)
        record = rig.journal.cycle(leg.cycle)
        assert record is not None
        assert record.policy == document_of(rig.house.policy).ref
        assert record.limits == document_of(rig.house.limits).ref
        (run,) = (run for run in runs if run.number == leg.run)
        (answer,) = (one for one in answers if one.proposal_hash == run.proposal_hash)
        assert (answer.outcome, answer.by) == ("granted", "ann")
