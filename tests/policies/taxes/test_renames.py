"""A new symbol in the lot ledger: no sale, and no way around a wash sale."""

from datetime import date
from decimal import Decimal

import pytest

from policies.taxes.events import Acquired, Renamed, Sold, TaxEvent
from policies.taxes.guards import LotRule, why_no_buy
from policies.taxes.ledger import TaxBook, replay
from policies.taxes.reporting import recent_losses, rows_of
from policies.taxes.wash import TaxHousehold, WashRules
from portfolio.lots import Lot
from portfolio.money import Money, Quantity

ALONE = TaxHousehold()
RENAMED = date(2026, 3, 10)


def buy(on: date, units: int, cost: int, symbol: str, account: str = "T") -> Acquired:
    lot = Lot(
        lot_id=f"{account} {symbol} {on}",
        symbol=symbol,
        quantity=Quantity(Decimal(units)),
        acquired_on=on,
        basis=Money(Decimal(cost)),
        account=account,
    )
    return Acquired(on=on, lot=lot)


def sell(on: date, units: int, proceeds: int, symbol: str, account: str = "T") -> Sold:
    return Sold(
        on=on,
        sale=f"{account} {symbol} {on}",
        account=account,
        symbol=symbol,
        quantity=Quantity(Decimal(units)),
        proceeds=Money(Decimal(proceeds)),
    )


def listed_anew(ratio: str = "1", account: str = "T") -> Renamed:
    return Renamed(on=RENAMED, account=account, symbol="OLD", into="NEW", ratio=Decimal(ratio))


def book_of(*history: TaxEvent, household: TaxHousehold = ALONE) -> TaxBook:
    return replay(history, household)


def test_a_new_symbol_keeps_basis_dates_and_washed_losses_and_realises_nothing() -> None:
    """10 bought at 100 and sold at 80 after 20 days; the 10 bought at 90 carry the 200 and the days."""
    before = (
        buy(date(2026, 1, 5), 10, 1000, "OLD"),
        sell(date(2026, 1, 25), 10, 800, "OLD"),
        buy(date(2026, 2, 4), 10, 900, "OLD"),
    )
    book = book_of(*before, listed_anew())
    (lot,) = book.lots
    assert (lot.symbol, lot.quantity, lot.basis) == ("NEW", 10, 1100)
    assert (lot.acquired_on, lot.tacked_days, lot.is_replacement) == (date(2026, 2, 4), 20, True)
    assert book.slices == book_of(*before).slices
    assert book.notes == ()


def test_a_loss_under_the_old_symbol_is_washed_by_a_purchase_under_the_new_one() -> None:
    """10 of 20 sold on 5 March, 300 below cost; 4 bought on 4 April, the 30th day: 4 tenths of it."""
    history = (
        buy(date(2025, 1, 2), 20, 2000, "OLD"),
        sell(date(2026, 3, 5), 10, 700, "OLD"),
        listed_anew(),
        buy(date(2026, 4, 4), 4, 280, "NEW"),
    )
    book = book_of(*history)
    assert book.slices[0].disallowed == 120
    assert [lot.basis for lot in book.lots] == [1000, 400]
    (row,) = rows_of(book, date(2026, 12, 31))
    assert row.of.lot.symbol == "OLD", "the sale is reported by the name that it had"
    a_day_later = (*history[:3], buy(date(2026, 4, 5), 4, 280, "NEW"))
    assert book_of(*a_day_later).slices[0].disallowed == 0


def test_a_guard_blocks_the_new_symbol_until_the_loss_of_the_old_one_is_safe() -> None:
    book = book_of(
        buy(date(2025, 1, 2), 20, 2000, "OLD"),
        sell(date(2026, 3, 5), 10, 700, "OLD"),
        listed_anew(),
    )
    rule, day = LotRule(guards=True), date(2026, 4, 4)
    (loss,) = recent_losses(book, day)
    assert (loss.symbol, loss.quantity, loss.loss) == ("NEW", 10, 300)
    assert "the first safe day to buy is 2026-04-05" in why_no_buy(rule, "NEW", (loss,), day)
    assert recent_losses(book, date(2026, 4, 5)) == ()


def test_a_loss_in_another_account_goes_by_the_new_symbol_too() -> None:
    """The spouse's account sold all it had; only the other one is there to be listed anew."""
    book = book_of(
        buy(date(2025, 1, 2), 10, 1000, "OLD", "S"),
        buy(date(2025, 1, 2), 10, 1000, "OLD"),
        sell(date(2026, 3, 5), 10, 700, "OLD", "S"),
        listed_anew(),
        buy(date(2026, 3, 20), 10, 700, "NEW"),
    )
    assert book.slices[0].disallowed == 300
    assert [lot.basis for lot in book.lots] == [1000, 1000]


def test_an_account_that_is_not_listed_anew_yet_still_counts_as_the_same() -> None:
    """10 sold under the new symbol, 300 below cost; 10 bought the week before in the other account."""
    book = book_of(
        buy(date(2025, 1, 2), 10, 1000, "OLD"),
        buy(date(2026, 3, 6), 10, 800, "OLD", "S"),
        listed_anew(),
        sell(date(2026, 3, 12), 10, 700, "NEW"),
    )
    assert book.slices[0].disallowed == 300
    assert [(lot.symbol, lot.basis) for lot in book.lots] == [("OLD", 1100)]


@pytest.mark.parametrize("groups", [{"OLD": "G"}, {"NEW": "G"}, {"OLD": "G", "NEW": "G"}])
def test_the_new_symbol_is_in_the_identity_group_of_the_old_one(groups: dict[str, str]) -> None:
    household = TaxHousehold(groups={"ETF": "G", **groups})
    book = book_of(
        buy(date(2025, 1, 2), 10, 1000, "OLD"),
        listed_anew(),
        sell(date(2026, 3, 12), 10, 700, "NEW"),
        buy(date(2026, 3, 20), 10, 700, "ETF"),
        household=household,
    )
    assert book.slices[0].disallowed == 300


def test_a_split_that_comes_with_the_name_leaves_basis_and_loss() -> None:
    """1 for 10: the 10 that are left are 1, and one share washes the loss on ten old ones."""
    book = book_of(
        buy(date(2025, 1, 2), 20, 2000, "OLD"),
        sell(date(2026, 3, 5), 10, 700, "OLD"),
        listed_anew("0.1"),
        buy(date(2026, 3, 20), 1, 700, "NEW"),
    )
    assert [(lot.symbol, lot.quantity, lot.basis) for lot in book.lots] == [
        ("NEW", 1, 1000),
        ("NEW", 1, 1000),
    ]
    assert book.slices[0].disallowed == 300


def test_two_names_one_after_the_other_are_one_security() -> None:
    again = Renamed(on=date(2026, 3, 15), account="T", symbol="NEW", into="END")
    book = book_of(
        buy(date(2025, 1, 2), 20, 2000, "OLD"),
        sell(date(2026, 3, 5), 10, 700, "OLD"),
        listed_anew(),
        again,
        buy(date(2026, 3, 20), 10, 700, "END"),
    )
    assert book.slices[0].disallowed == 300
    assert {lot.symbol for lot in book.lots} == {"END"}


def test_what_was_sold_before_is_still_found_where_it_need_not_be_held() -> None:
    """10 bought on 1 March are sold on the 4th at a gain of 50; the older 10 lose 300 on the 12th."""
    household = TaxHousehold(rules=WashRules(replacement_must_be_held=False))
    last_in = Sold(
        on=date(2026, 3, 4),
        sale="first",
        account="T",
        symbol="OLD",
        quantity=Quantity(Decimal(10)),
        proceeds=Money(Decimal(850)),
        lots=(("T OLD 2026-03-01", Quantity(Decimal(10))),),
    )
    book = book_of(
        buy(date(2025, 1, 2), 10, 1000, "OLD"),
        buy(date(2026, 3, 1), 10, 800, "OLD"),
        last_in,
        listed_anew(),
        sell(date(2026, 3, 12), 10, 700, "NEW"),
        household=household,
    )
    assert [(piece.gain, piece.disallowed) for piece in book.slices] == [(-250, 0), (-300, 300)]
