"""A holding that is listed anew overnight: its lots and losses go on under the new symbol, once."""

from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from brokers.simulated.world_events import Rename
from daemon.answers.explain import explain
from daemon.journal.codec import decode_event
from daemon.journal.replay import rebuild
from daemon.taxes.at_order_time import why_wash
from daemon.taxes.ledger import JournalLedger
from policies.policy import Policy
from policies.taxes.guards import LotRule
from policies.taxes.wash import TaxHousehold
from portfolio.events import PositionsAccepted
from portfolio.lot_events import LotsImported
from portfolio.money import Price, Quantity, Weight
from portfolio.orders import OrderIntent, Side
from portfolio.ports import Unavailable
from portfolio.target import Slice, build_target
from portfolio.wakes import WakeKind
from tests.support.command_line import trimtab
from tests.support.house import Rig, build_rig, table

DAYS = tuple(date(2026, 3, 2) + timedelta(days=i) for i in range(12))
OVERNIGHT = DAYS[5]


def policy(symbol: str) -> Policy:
    slices = [
        Slice(name="one", weight=Weight(Decimal("0.5")), symbol=symbol),
        Slice(name="two", weight=Weight(Decimal("0.5")), symbol="KEP"),
    ]
    return Policy(target=build_target(slices), lots=LotRule(guards=True))


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """100 OLD of January 2020, bought at 120 each, and 100 KEP; all at 100 a share."""
    made = build_rig(
        tmp_path,
        table(DAYS, OLD=["100"] * 12, KEP=["100"] * 12),
        policy("OLD"),
        positions={"OLD": "100", "KEP": "100"},
        costs={"OLD": "120", "KEP": "100"},
        events=(Rename(session=OVERNIGHT, symbol="OLD", to="NEW"),),
    )
    made.house.lots = JournalLedger(made.journal)
    row = {"type": "transfer_in", "account": "main", "symbol": "OLD", "quantity": "100"}
    row |= {"acquired": "2020-01-02", "date": "2020-01-02", "amount": "12000"}
    made.journal.append(LotsImported(source="mine.csv", form="positions", rows=(row,)))
    made.look(DAYS[3])
    return made


def by_hand(rig: Rig, symbol: str, side: Side, units: int) -> None:
    """A person trades at the broker's own page."""
    order = intent(symbol, side, units, "90" if side is Side.SELL else "110")
    rig.broker.exchange.submit(f"by-hand-{symbol}-{side}", order, rig.clock.now())
    rig.clock.advance_to(rig.clock.now() + timedelta(minutes=1))
    rig.broker.advance()


def intent(symbol: str, side: Side, units: int, limit: str) -> OrderIntent:
    return OrderIntent(
        account="main",
        symbol=symbol,
        side=side,
        quantity=Quantity(Decimal(units)),
        limit_price=Price(Decimal(limit)),
    )


def notice(rig: Rig, day: date = OVERNIGHT) -> None:
    """Look for twenty minutes, as often as it takes for a change from outside to be believed."""
    for minutes in range(0, 20, 2):
        rig.go_to(day, timedelta(minutes=40 + minutes))
        with suppress(Unavailable):
            rig.look(kind=WakeKind.LOOK)


def lots(rig: Rig) -> list[tuple[str, Decimal, Decimal | None, date | None]]:
    assert rig.house.lots is not None
    book = rig.house.lots.book(TaxHousehold())
    assert book.notes == ()
    return [(x.symbol, x.quantity, x.basis, x.acquired_on) for x in book.lots if x.symbol != "KEP"]


def renamed(rig: Rig) -> list[dict[str, str]]:
    rows = (row.event for row in rig.journal.events("positions_accepted"))
    return [e.renamed for e in rows if isinstance(e, PositionsAccepted) and e.renamed]


def test_the_lots_go_on_under_the_new_symbol_with_one_row(rig: Rig) -> None:
    notice(rig)
    assert lots(rig) == [("NEW", 100, 12_000, date(2020, 1, 2))]
    assert renamed(rig) == [{"OLD": "NEW"}]
    rig.recover()
    notice(rig, DAYS[6])
    assert renamed(rig) == [{"OLD": "NEW"}], "once"
    assert rebuild(rig.journal) == (), "every table comes out of the chain again"
    (last,) = rig.journal.cycles(limit=1)
    assert explain(rig.journal, last.cycle).holds_good


def test_the_page_and_the_fence_say_what_it_was_taken_for(rig: Rig, tmp_path: Path) -> None:
    notice(rig)
    (alarm,) = rig.journal.open_alarms()
    assert alarm.name == "external change"
    assert "OLD is taken to be listed as NEW now" in alarm.text
    (fence,) = rig.journal.fences(rig.clock.now())
    assert fence.reason == "its 100 units are listed as NEW now"
    assert "OLD is NEW now" in trimtab("history", "--state", tmp_path).out


def test_the_journals_own_lots_follow_too(rig: Rig) -> None:
    """Where no ledger of the household is kept: bought here, so that the journal knows the lot."""
    rig.go_to(DAYS[4])
    by_hand(rig, "OLD", Side.SELL, 100)
    by_hand(rig, "OLD", Side.BUY, 90)
    rig.look(kind=WakeKind.ORDER_UPDATE)
    (before,) = (lot for lot in rig.journal.lots("main") if lot.symbol == "OLD")
    assert before.acquired_on == DAYS[4]
    notice(rig)
    (lot,) = (lot for lot in rig.journal.lots("main") if lot.symbol == "NEW")
    assert (lot.quantity, lot.basis, lot.acquired_on) == (90, before.basis, DAYS[4])


def test_a_loss_under_the_new_symbol_is_known_and_not_bought_back(rig: Rig) -> None:
    """40 of the 100 sold at 100 that cost 120: 800 lost, which no purchase may wash for 30 days."""
    notice(rig)
    rig.house.policy = policy("NEW")
    rig.go_to(DAYS[6])
    by_hand(rig, "NEW", Side.SELL, 40)
    decision = rig.look(kind=WakeKind.LOOK).decision
    assert lots(rig) == [("NEW", 60, 7_200, date(2020, 1, 2))]
    (gate,) = [g for g in decision.gates if g.name == "wash sale"]
    assert (gate.scope, gate.next_possible) == ("NEW", DAYS[6] + timedelta(days=31))
    why = why_wash(rig.house, intent("NEW", Side.BUY, 1, "101"))
    assert "NEW was sold at a loss in main on 2026-03-08" in why


def test_a_loss_under_the_old_symbol_is_known_under_the_new_one(rig: Rig) -> None:
    rig.go_to(DAYS[4])
    by_hand(rig, "OLD", Side.SELL, 40)
    rig.look(kind=WakeKind.ORDER_UPDATE)
    notice(rig)
    rig.house.policy = policy("NEW")
    why = why_wash(rig.house, intent("NEW", Side.BUY, 1, "101"))
    assert "NEW was sold at a loss in main on 2026-03-06" in why


@pytest.mark.parametrize(
    ("side", "units", "left"),
    [
        (Side.SELL, 30, [("NEW", 70, 8_400, date(2020, 1, 2))]),
        (Side.SELL, 100, []),
    ],
)
def test_what_was_traded_before_anybody_looked_comes_after_the_new_name(
    rig: Rig, side: Side, units: int, left: list[tuple[object, ...]]
) -> None:
    rig.go_to(OVERNIGHT, timedelta(minutes=10))
    by_hand(rig, "NEW", side, units)
    notice(rig)
    assert renamed(rig) == [{"OLD": "NEW"}]
    assert lots(rig) == left


def test_a_sale_of_the_day_before_the_holdings_were_accepted_takes_the_old_lot(rig: Rig) -> None:
    rig.go_to(OVERNIGHT, timedelta(minutes=10))
    by_hand(rig, "NEW", Side.SELL, 10)
    with pytest.raises(Unavailable, match="0 OLD, our records say 100"):
        rig.look(kind=WakeKind.ORDER_UPDATE)
    notice(rig, DAYS[6])
    assert lots(rig) == [("NEW", 90, 10_800, date(2020, 1, 2))]


def test_a_persons_row_says_the_same_and_changes_nothing_more(rig: Rig) -> None:
    notice(rig)
    row = {"account": "main", "type": "name_change", "date": str(OVERNIGHT)}
    row |= {"symbol": "OLD", "into": "NEW"}
    rig.journal.append(LotsImported(source="told.csv", form="history", rows=(row,)))
    assert lots(rig) == [("NEW", 100, 12_000, date(2020, 1, 2))]


def test_a_person_says_it_where_the_units_do_not_agree(rig: Rig) -> None:
    """The broker put 99 in under the new symbol: that is not taken for a name, and has no date."""
    rig.go_to(OVERNIGHT)
    rig.journal.append(
        PositionsAccepted(
            account="main",
            quantities={"NEW": Quantity(Decimal(99)), "KEP": Quantity(Decimal(100))},
            reason="a test",
        )
    )
    assert lots(rig) == [("NEW", 99, None, None)]
    row = {"account": "main", "type": "name_change", "date": str(OVERNIGHT)}
    row |= {"symbol": "OLD", "into": "NEW"}
    rig.journal.append(LotsImported(source="told.csv", form="history", rows=(row,)))
    assert lots(rig) == [("NEW", 99, 11_880, date(2020, 1, 2))]


def test_a_guess_that_was_wrong_is_overwritten_by_the_lots_of_the_broker(rig: Rig) -> None:
    notice(rig)
    row = {"type": "transfer_in", "account": "main", "symbol": "NEW", "quantity": "100"}
    row |= {"acquired": "2025-07-01", "date": "2026-03-07", "amount": "9000"}
    rig.journal.append(LotsImported(source="lots.csv", form="positions", rows=(row,)))
    assert lots(rig) == [("NEW", 100, 9_000, date(2025, 7, 1))]


def test_a_row_of_an_older_journal_names_nothing_anew() -> None:
    text = '{"account":"main","average_costs":{},"gone":{"OLD":"1"},'
    text += '"kind":"positions_accepted","quantities":{"NEW":"100"},"reason":"a test"}'
    event = decode_event("positions_accepted", text)
    assert isinstance(event, PositionsAccepted)
    assert event.renamed == {}
