"""What an account should hold, and in which lots, from accepted holdings, fills and splits."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from daemon.journal.store import JournalStore
from portfolio.lots import Lot
from portfolio.money import Money, Quantity
from portfolio.orders import Side
from tests.support.journals import accepted, deposit, fill, split


def lots(journal: JournalStore) -> list[tuple[str, Decimal, date | None, Decimal | None]]:
    return [
        (lot.lot_id, lot.quantity, lot.acquired_on, lot.unit_cost)
        for lot in journal.lots("brokerage")
    ]


def units(journal: JournalStore) -> list[tuple[str, int]]:
    return [(lot.lot_id, int(lot.quantity)) for lot in journal.lots("brokerage")]


DAY = date(2026, 3, 11)


def test_accepted_holdings_are_lots_without_basis(journal: JournalStore) -> None:
    journal.append(accepted(VTI="10", BND="2.5"))
    assert journal.positions("brokerage") == {"BND": Decimal("2.5"), "VTI": 10}
    assert lots(journal) == [
        ("unknown-BND", Decimal("2.5"), None, None),
        ("unknown-VTI", Decimal(10), None, None),
    ]
    assert not journal.positions("another")


def test_a_purchase_is_a_lot_that_carries_its_fee(journal: JournalStore) -> None:
    journal.append(fill("e-1", "4", "250.10", fee="1"))
    assert lots(journal) == [("e-1", Decimal(4), DAY, Decimal("250.35"))]


def test_a_sale_takes_the_oldest_lot_first(journal: JournalStore) -> None:
    journal.append(accepted(VTI="3"), fill("e-1", "4", "250"), fill("e-2", "5", "260"))
    journal.append(fill("e-3", "5", "270", side=Side.SELL))
    assert journal.positions("brokerage") == {"VTI": 7}
    assert lots(journal) == [
        ("e-1", Decimal(2), DAY, Decimal(250)),
        ("e-2", Decimal(5), DAY, Decimal(260)),
    ]


def test_selling_all_leaves_no_row(journal: JournalStore) -> None:
    journal.append(fill("e-1", "4"), fill("e-2", "4", side=Side.SELL))
    assert not journal.positions("brokerage")
    assert not journal.lots("brokerage")


def test_selling_what_we_did_not_know_of_shows_and_does_not_raise(journal: JournalStore) -> None:
    journal.append(fill("e-1", "4"), fill("e-2", "5", side=Side.SELL))
    assert journal.positions("brokerage") == {"VTI": -1}
    assert not journal.lots("brokerage")


def test_a_split_multiplies_units_and_keeps_the_basis(journal: JournalStore) -> None:
    journal.append(accepted(BND="8"), fill("e-1", "4", "300"), split("VTI", "1.5"))
    assert journal.positions("brokerage") == {"BND": 8, "VTI": 6}
    vti = journal.lots("brokerage")[1]
    assert vti == Lot(
        lot_id="e-1",
        symbol="VTI",
        quantity=Quantity(Decimal(6)),
        acquired_on=DAY,
        basis=Money(Decimal(1200)),
        account="brokerage",
    )
    assert vti.basis == 1200


def test_a_split_seen_twice_is_one_split(journal: JournalStore) -> None:
    journal.append(fill("e-1", "4"), split("VTI", "2"))
    journal.append(split("VTI", "2"))
    assert journal.positions("brokerage") == {"VTI": 8}


def test_a_deposit_moves_no_holding(journal: JournalStore) -> None:
    journal.append(accepted(VTI="10"), deposit("5000"))
    assert journal.positions("brokerage") == {"VTI": 10}


def test_accepting_again_replaces_the_account_and_keeps_what_is_known_of_lots(
    journal: JournalStore,
) -> None:
    journal.append(accepted(VTI="3", BND="1"), fill("e-1", "4"), fill("e-2", "6"))
    journal.append(accepted(VTI="8", GLD="1"))  # five VTI and all BND gone, one GLD came
    assert journal.positions("brokerage") == {"GLD": 1, "VTI": 8}
    assert units(journal) == [
        ("unknown-GLD", 1),
        ("e-1", 2),
        ("e-2", 6),
    ]


def test_a_second_lot_without_basis_has_a_name_of_its_own(journal: JournalStore) -> None:
    journal.append(accepted(VTI="3"))
    seq = journal.append(accepted(VTI="5"))
    assert units(journal) == [
        ("unknown-VTI", 3),
        (f"unknown-VTI-{seq}", 2),
    ]
    journal.append(accepted(VTI="1"))
    assert units(journal) == [(f"unknown-VTI-{seq}", 1)]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 12, 0, 30, tzinfo=UTC), date(2026, 3, 11)),  # 20:30 in New York
        (datetime(2026, 3, 12, 14, 0, tzinfo=UTC), date(2026, 3, 12)),
    ],
)
def test_a_lot_is_acquired_on_the_exchange_date(
    journal: JournalStore, at: datetime, day: date
) -> None:
    journal.append(fill("e-1", at=at))
    assert [acquired for _, _, acquired, _ in lots(journal)] == [day]


def test_numbers_come_back_digit_by_digit(journal: JournalStore) -> None:
    quantity, price = "0.123456789", "12345678901234.123456789"
    journal.append(fill("e-1", quantity, price, fee="0.000000000000000001"))
    (booked,) = journal.fills()
    assert (booked.fill.quantity, booked.fill.price) == (Decimal(quantity), Decimal(price))
    assert booked.fill.fee == Decimal("0.000000000000000001")
