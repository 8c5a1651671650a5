"""The readings of the wash-sale rule that are not the default, by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from policies.taxes.events import Acquired, Sold, TaxEvent
from policies.taxes.ledger import TaxBook, replay
from policies.taxes.terms import Term
from policies.taxes.wash import Slice, TaxAccount, TaxHousehold, WashRules
from portfolio.lots import Lot
from portfolio.money import Money, Quantity

FAMILY = TaxHousehold(accounts={"T": TaxAccount(), "IRA": TaxAccount(taxable=False)})
ONE_ORDER = replace(FAMILY, rules=WashRules(one_order_washes_itself=True))
SOLD_BEFORE = replace(FAMILY, rules=WashRules(replacement_must_be_held=False))


def buy(name: str, on: date, units: int, price: int, account: str = "T") -> Acquired:
    return Acquired(
        on=on,
        lot=Lot(
            lot_id=name,
            symbol="X",
            quantity=Quantity(Decimal(units)),
            acquired_on=on,
            basis=Money(Decimal(units * price)),
            account=account,
        ),
    )


def sell(name: str, on: date, units: int, price: int, lot: str = "", account: str = "T") -> Sold:
    return Sold(
        on=on,
        sale=name,
        account=account,
        symbol="X",
        quantity=Quantity(Decimal(units)),
        proceeds=Money(Decimal(units * price)),
        lots=((lot, Quantity(Decimal(units))),) if lot else (),
    )


def recognised(book: TaxBook) -> list[tuple[str, Decimal | None, Term | None]]:
    def key(piece: Slice) -> str:
        return f"{piece.sale} {piece.lot.order}"

    return [(key(p), p.recognised, p.term) for p in sorted(book.slices, key=key)]


ALL_AT_ONCE: list[TaxEvent] = [
    buy("old", date(2023, 1, 3), 10, 100),
    buy("new", date(2025, 3, 3), 10, 90),
    sell("S", date(2025, 3, 10), 20, 80),
]


def test_lots_sold_in_one_order_do_not_wash_each_other_by_default() -> None:
    assert recognised(replay(ALL_AT_ONCE, FAMILY)) == [
        ("S new", -100, Term.SHORT),
        ("S old", -200, Term.LONG),
    ]


def test_lots_of_one_order_may_replace_each_other_and_the_sum_stays() -> None:
    """The old lot's loss of 200 goes into the new one, which is as old then: 300 long-term."""
    assert recognised(replay(ALL_AT_ONCE, ONE_ORDER)) == [
        ("S new", -300, Term.LONG),
        ("S old", 0, Term.LONG),
    ]


def test_only_as_many_shares_of_an_order_replace_as_were_bought_in_the_window() -> None:
    """Four new shares take 4 x 20 of the 200; their own loss of 40 becomes 120."""
    history: list[TaxEvent] = [
        buy("old", date(2023, 1, 3), 10, 100),
        buy("new", date(2025, 3, 3), 4, 90),
        sell("S", date(2025, 3, 10), 14, 80),
    ]
    assert recognised(replay(history, ONE_ORDER)) == [
        ("S new", -120, Term.LONG),
        ("S old", -120, Term.LONG),
    ]


@pytest.mark.parametrize(
    ("bought", "washes"), [(date(2025, 2, 8), True), (date(2025, 2, 7), False)]
)
def test_the_thirtieth_day_before_washes_within_an_order_and_the_day_before_does_not(
    bought: date, washes: bool
) -> None:
    history: list[TaxEvent] = [
        buy("old", date(2023, 1, 3), 10, 100),
        buy("new", bought, 10, 90),
        sell("S", date(2025, 3, 10), 20, 80),
    ]
    (_, new, _), _ = recognised(replay(history, ONE_ORDER))
    assert new == (-300 if washes else -100)


IN_AND_OUT: list[TaxEvent] = [
    buy("old", date(2025, 1, 2), 10, 100),
    buy("new", date(2025, 3, 3), 10, 70),
    sell("S1", date(2025, 3, 5), 10, 95, lot="new"),
    sell("S2", date(2025, 3, 10), 10, 80, lot="old"),
]


def test_shares_that_are_gone_replace_nothing_by_default() -> None:
    assert recognised(replay(IN_AND_OUT, FAMILY)) == [
        ("S1 new", 250, Term.SHORT),
        ("S2 old", -200, Term.SHORT),
    ]


def test_read_otherwise_the_loss_moves_back_into_the_earlier_sale() -> None:
    """The 200 of loss are added to the basis of what was sold five days before: 250 become 50."""
    book = replay(IN_AND_OUT, SOLD_BEFORE)
    assert recognised(book) == [("S1 new", 50, Term.SHORT), ("S2 old", 0, Term.SHORT)]
    assert book.open_losses == ()


def test_of_a_larger_earlier_sale_only_as_many_shares_take_the_loss() -> None:
    history: list[TaxEvent] = [
        buy("old", date(2025, 1, 2), 4, 100),
        buy("new", date(2025, 3, 3), 10, 70),
        sell("S1", date(2025, 3, 5), 10, 95, lot="new"),
        sell("S2", date(2025, 3, 10), 4, 80, lot="old"),
    ]
    book = replay(history, SOLD_BEFORE)
    assert sorted(p.recognised or 0 for p in book.slices) == [0, 20, 150]
    assert sum(p.lot.quantity for p in book.slices if p.sale == "S1") == 10


def test_what_an_ira_bought_and_sold_loses_the_loss_for_good() -> None:
    history: list[TaxEvent] = [
        buy("old", date(2025, 1, 2), 10, 100),
        buy("new", date(2025, 3, 3), 6, 70, account="IRA"),
        sell("S1", date(2025, 3, 5), 6, 95, account="IRA"),
        sell("S2", date(2025, 3, 10), 10, 80),
    ]
    (piece,) = replay(history, SOLD_BEFORE).slices
    assert (piece.permanently_lost, piece.recognised) == (120, -80)
    (piece,) = replay(history, FAMILY).slices
    assert (piece.permanently_lost, piece.recognised) == (0, -200)
