"""What a broker's activities and a person's rows mean to the lots, on a real journal."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from brokers.alpaca.activities import flow
from brokers.alpaca.wire import Row
from daemon.taxes.activities import fact_of_flow, shares_of
from daemon.taxes.ledger import JournalLedger
from policies.taxes.events import Acquired, ReturnedCapital, Sold, TaxEvent
from policies.taxes.ledger import replay
from policies.taxes.reporting import recent_losses
from policies.taxes.wash import TaxHousehold
from portfolio.events import FlowSeen, PositionsAccepted
from portfolio.lot_events import LotsImported
from portfolio.lots import Lot, LotSource
from portfolio.memory import CashFlow, FlowKind
from portfolio.money import Money, Price, Quantity
from portfolio.options import contract_of
from tests.support.house import Rig, build_rig, table
from tests.support.households import stocks_and_bonds

DAYS = tuple(date(2026, 3, 2) + timedelta(days=i) for i in range(12))
CALL = "STK260717C00150000"


def activity(**fields: object) -> CashFlow:
    """A row as Alpaca's pages print them."""
    base = {"id": "20260305::x", "date": "2026-03-05", "net_amount": "0", "status": "executed"}
    found = flow(Row("activity", base | fields), "main")
    assert found is not None
    return found


def test_a_return_of_capital_is_no_dividend() -> None:
    for row in (
        activity(activity_type="DIV", activity_sub_type="ROC", net_amount="120", symbol="STK"),
        activity(activity_type="DIVROC", net_amount="120", symbol="STK"),
    ):
        (fact,) = fact_of_flow(row)
        assert isinstance(fact, ReturnedCapital)
        assert fact.amount == 120
    ordinary = activity(activity_type="DIV", activity_sub_type="CDIV", net_amount="1", symbol="STK")
    assert ordinary.kind is FlowKind.DIVIDEND


def test_an_exercised_call_brings_shares_at_the_strike_that_count_as_bought() -> None:
    row = activity(activity_type="OPTRD", symbol="STK", qty="200", price="150", net_amount="-30000")
    (fact,) = fact_of_flow(row)
    assert isinstance(fact, Acquired)
    assert (fact.lot.quantity, fact.lot.basis) == (200, 30_000)
    assert fact.lot.source is LotSource.EXERCISE
    assert fact.lot.source.is_purchase


def test_an_assigned_call_sells_the_shares() -> None:
    row = activity(activity_type="OPTRD", symbol="STK", qty="-200", price="150", net_amount="30000")
    (fact,) = fact_of_flow(row)
    assert isinstance(fact, Sold)
    assert (fact.quantity, fact.proceeds) == (200, 30_000)


@pytest.mark.parametrize("code", ["SPIN", "MA", "NC", "REORG"])
def test_a_spin_off_or_a_merger_says_no_basis_and_moves_no_lot(code: str) -> None:
    row = activity(activity_type=code, symbol="STK", qty="10")
    assert row.kind is FlowKind.CORPORATE_ACTION
    assert list(fact_of_flow(row)) == []


def test_a_contracts_symbol_is_read_and_counts_a_hundred_shares() -> None:
    found = contract_of(CALL)
    assert found is not None
    assert (found.underlying, found.is_call, found.expires) == ("STK", True, date(2026, 7, 17))
    assert contract_of("STK261332C00150000") is None
    assert shares_of(CALL, Decimal(2)) == 200
    assert shares_of("STK", Decimal(2)) == 2


def washed_by(symbol: str) -> Decimal:
    """100 STK sold at 80 that cost 100; two weeks later 50 units of the symbol are bought."""
    history: list[TaxEvent] = [
        Acquired(on=date(2024, 1, 2), lot=lot("a", "STK", 100, 10_000, date(2024, 1, 2))),
        Sold(
            on=DAYS[0],
            sale="S",
            account="main",
            symbol="STK",
            quantity=Quantity(Decimal(100)),
            proceeds=Money(Decimal(8_000)),
        ),
        Acquired(on=DAYS[9], lot=lot("b", symbol, 50, 700, DAYS[9])),
    ]
    return replay(history, TaxHousehold()).slices[0].disallowed


def lot(name: str, symbol: str, units: int, basis: int, on: date) -> Lot:
    return Lot(
        lot_id=name,
        symbol=symbol,
        quantity=Quantity(Decimal(units)),
        acquired_on=on,
        basis=Money(Decimal(basis)),
        account="main",
    )


def test_a_call_bought_in_the_window_washes_and_a_put_does_not() -> None:
    """Section 1091(a): a contract or option to acquire is an acquisition."""
    assert washed_by(CALL) == 1_000
    assert washed_by(CALL.replace("C00", "P00")) == 0


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """100 STK of 2020 imported at 60 each; the adoption was on the first day."""
    made = build_rig(
        tmp_path,
        table(DAYS, STK=["100"] * 12, BND=["100"] * 12),
        stocks_and_bonds(),
        positions={"STK": "100", "BND": "100"},
        costs={"STK": "60", "BND": "100"},
    )
    made.house.lots = JournalLedger(made.journal)
    lots = (
        {"type": "transfer_in", "account": "main", "symbol": "STK", "quantity": "100"}
        | {"acquired": "2020-01-02", "date": "2020-01-02", "amount": "6000"},
    )
    made.journal.append(LotsImported(source="mine.csv", form="positions", rows=lots))
    return made


def held(rig: Rig) -> dict[str, tuple[Decimal, Decimal | None, date | None]]:
    assert rig.house.lots is not None
    lots = rig.house.lots.book(TaxHousehold()).lots_of("main")
    return {x.symbol: (x.quantity, x.basis, x.acquired_on) for x in lots if x.symbol != "BND"}


def accept(rig: Rig, **quantities: int) -> None:
    """What the daemon does when the broker's holdings changed by themselves."""
    rig.journal.append(
        PositionsAccepted(
            account="main",
            quantities={s: Quantity(Decimal(q)) for s, q in quantities.items()},
            average_costs={s: Price(Decimal(1)) for s in quantities},
            reason="a test",
        )
    )


def told(rig: Rig, **row: str) -> None:
    rows = ({"account": "main", **row},)
    rig.journal.append(LotsImported(source="told.csv", form="history", rows=rows))


def test_a_spin_off_told_after_the_adoption_divides_the_basis(rig: Rig) -> None:
    """The holdings changed first, with a basis nobody knew; the row says 20 % of it."""
    rig.go_to(DAYS[5])
    accept(rig, STK=100, BND=100, NEW=25)
    assert held(rig)["NEW"] == (25, 25, None)
    told(
        rig,
        type="spin_off",
        symbol="STK",
        date="2026-03-06",
        into="NEW",
        ratio="0.25",
        basis_percent="20",
    )
    assert held(rig) == {
        "STK": (100, 4_800, date(2020, 1, 2)),
        "NEW": (25, 1_200, date(2020, 1, 2)),
    }


def test_a_merger_told_after_the_adoption_keeps_basis_and_date(rig: Rig) -> None:
    rig.go_to(DAYS[5])
    accept(rig, BND=100, BIG=50)
    told(rig, type="merger", symbol="STK", date="2026-03-06", into="BIG", ratio="0.5")
    assert held(rig) == {"BIG": (50, 6_000, date(2020, 1, 2))}


def test_a_trade_told_after_the_adoption_is_the_journals_own_already(rig: Rig) -> None:
    rig.go_to(DAYS[5])
    told(rig, type="buy", symbol="STK", date="2026-03-06", quantity="10", amount="1000")
    assert held(rig)["STK"] == (100, 6_000, date(2020, 1, 2))


def test_capital_paid_back_lowers_the_basis_and_an_exercise_adds_a_lot(rig: Rig) -> None:
    rig.go_to(DAYS[5])
    paid = activity(activity_type="DIVROC", net_amount="500", symbol="STK")
    rig.journal.append(FlowSeen(flow=paid))
    assert held(rig)["STK"] == (100, 5_500, date(2020, 1, 2))
    brought = activity(
        activity_type="OPTRD", id="y", symbol="OTH", qty="100", price="9", net_amount="-900"
    )
    rig.journal.append(FlowSeen(flow=brought))
    accept(rig, STK=100, BND=100, OTH=100)
    assert held(rig)["OTH"] == (100, 900, date(2026, 3, 5))
    assert rig.house.lots is not None
    assert recent_losses(rig.house.lots.book(TaxHousehold()), DAYS[6]) == ()
