"""Wash sales: every worked history, and the figures that the law's own texts print."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from config.tax_history import History, account_kind, events_of
from daemon.taxes.replay import as_json, replayed
from policies.taxes.events import (
    Acquired,
    Moved,
    ReturnedCapital,
    Sold,
    Split,
    SpunOff,
    TaxEvent,
)
from policies.taxes.ledger import TaxBook, replay
from policies.taxes.reporting import expected_1099b, form_8949, in_cents, rows_of, totals_of
from policies.taxes.wash import Tack, TaxAccount, TaxHousehold, WashRules
from portfolio.lots import Lot, LotSource
from portfolio.money import Money, Quantity
from tests.support.vectors import vectors

ALONE = TaxHousehold()


def d(number: str | int) -> Decimal:
    return Decimal(number)


def day(text: str) -> date:
    return date.fromisoformat(text)


def buy(
    on: str,
    units: str | int,
    amount: str | int,
    *,
    name: str,
    account: str = "T",
    symbol: str = "X",
    source: LotSource = LotSource.BUY,
    **facts: Any,
) -> Acquired:
    base: dict[str, Any] = {"acquired_on": day(on)}
    return Acquired(
        on=day(on),
        lot=Lot(
            lot_id=name,
            symbol=symbol,
            quantity=Quantity(d(units)),
            basis=Money(d(amount)),
            account=account,
            source=source,
            **(base | facts),
        ),
    )


def sell(
    on: str,
    units: str | int,
    amount: str | int,
    *lots: tuple[str, int],
    account: str = "T",
    symbol: str = "X",
    sale: str = "",
) -> Sold:
    return Sold(
        on=day(on),
        sale=sale or f"{account} {on}",
        account=account,
        symbol=symbol,
        quantity=Quantity(d(units)),
        proceeds=Money(d(amount)),
        lots=tuple((name, Quantity(d(n))) for name, n in lots),
    )


def gains(book: TaxBook) -> list[Decimal | None]:
    return [piece.recognised for piece in book.slices]


def basis(book: TaxBook) -> dict[str, Decimal | None]:
    return {lot.lot_id: lot.basis for lot in book.lots}


def as_set(rows: list[dict[str, Any]], *, but: str) -> list[tuple[tuple[str, Any], ...]]:
    return sorted(tuple((k, v) for k, v in row.items() if k != but) for row in rows)


@pytest.mark.parametrize("case", vectors("wash_sales")["cases"], ids=lambda c: str(c["name"]))
def test_a_worked_history(case: dict[str, Any]) -> None:
    history = History(
        name=case["name"],
        events=events_of(case["name"], case["events"]),
        accounts={a: account_kind("", kind) for a, kind in case["accounts"].items()},
        groups=case["groups"],
    )
    household = TaxHousehold(accounts=history.accounts, groups=history.groups)
    found: Any = as_json(replayed(history, household, date(2030, 1, 1)))
    expected = case["expected"]
    assert found["totals"] == expected["totals"]
    assert found["realized"] == expected["realized"]
    assert as_set(found["open_lots"], but="lot") == as_set(expected["open_lots"], but="lot")


def test_gains_are_never_touched_and_losses_wait_in_the_order_of_purchase() -> None:
    """Regulation's same-day sale: bought at 158, 100 and 95, sold at 125, 250 bought again.

    100 shares lose 3,300 and 250 replace them; the gains of 2,500 and 3,000 stand.
    """
    book = replay(
        [
            buy("1954-02-01", 100, 15800, name="a"),
            buy("1954-03-01", 100, 10000, name="b"),
            buy("1954-04-01", 100, 9500, name="c"),
            sell("1955-01-10", 300, 37500, ("a", 100), ("b", 100), ("c", 100)),
            buy("1955-01-20", 250, 31250, name="n"),
        ],
        ALONE,
    )
    assert gains(book) == [0, 2500, 3000]
    assert [piece.disallowed for piece in book.slices] == [3300, 0, 0]
    assert basis(book) == {"n.w": 12500 + 3300, "n.r": 18750}


def test_a_replacement_bought_higher_carries_the_loss_too() -> None:
    """Reg. 1.1091-2(a) Example 2: bought at 100, sold at 80, bought again at 90 and at 110."""
    for paid, carried in ((90, 110), (70, 90)):
        book = replay(
            [
                buy("1935-06-03", 1, 100, name="o"),
                sell("1955-01-15", 1, 80),
                buy("1955-02-01", 1, paid, name="n"),
            ],
            ALONE,
        )
        assert basis(book) == {"n": carried}


def test_a_gain_that_a_wash_turned_into_a_loss_can_be_washed_again() -> None:
    """100 lost goes to the second lot: 900 becomes 1,000, and its sale at 950 loses 50."""
    book = replay(
        [
            buy("2024-06-03", 10, 1000, name="o"),
            sell("2025-01-10", 10, 900),
            buy("2025-01-20", 10, 900, name="n"),
            sell("2025-02-20", 10, 950),
            buy("2025-03-01", 10, 940, name="m"),
        ],
        ALONE,
    )
    assert [piece.gain for piece in book.slices] == [-100, -50]
    assert gains(book) == [0, 0]
    assert basis(book) == {"m": 990}


@pytest.mark.parametrize(
    ("bought", "disallowed"),
    [("2024-12-11", 100), ("2024-12-10", 0), ("2025-02-09", 100), ("2025-02-10", 0)],
)
def test_the_thirtieth_day_washes_and_the_thirty_first_does_not(
    bought: str, disallowed: int
) -> None:
    book = replay(
        [
            buy("2024-06-03", 10, 1000, name="o"),
            buy(bought, 10, 900, name="n"),
            sell("2025-01-10", 10, 900, ("o", 10)),
        ],
        ALONE,
    )
    assert book.slices[0].disallowed == disallowed


def test_fills_of_one_order_do_not_replace_each_other_and_two_orders_do() -> None:
    for order, disallowed in (("o1", 0), ("o2", 100)):
        book = replay(
            [
                buy("2025-01-02", 10, 1000, name="a", buy_order="o1"),
                buy("2025-01-02", 10, 1000, name="b", buy_order=order),
                sell("2025-01-10", 10, 900, ("a", 10)),
            ],
            ALONE,
        )
        assert book.slices[0].disallowed == disallowed


def test_what_was_given_or_inherited_replaces_nothing() -> None:
    for source in (LotSource.GIFT, LotSource.INHERITANCE):
        book = replay(
            [
                buy("2024-06-03", 10, 1000, name="o"),
                sell("2025-01-10", 10, 900),
                buy("2025-01-20", 10, 900, name="g", source=source),
            ],
            ALONE,
        )
        assert gains(book) == [-100]


def washed(rules: WashRules, *, spouse_ira: bool = False) -> TaxBook:
    """An older lot is in the window of a sale of a younger one, bought the day after."""
    household = TaxHousehold(
        accounts={"S": TaxAccount(taxable=not spouse_ira, spouse=True)}, rules=rules
    )
    return replay(
        [
            buy("2025-01-02", 10, 900, name="old", account="S"),
            buy("2025-01-03", 10, 1000, name="new"),
            sell("2025-01-10", 10, 900, ("new", 10)),
        ],
        household,
    )


def test_where_the_law_is_open_the_rules_decide() -> None:
    assert washed(WashRules()).slices[0].disallowed == 100
    assert washed(WashRules(older_shares_replace=False)).slices[0].disallowed == 0
    assert washed(WashRules(), spouse_ira=True).slices[0].permanently_lost == 100
    assert washed(WashRules(spouse_ira_counts=False), spouse_ira=True).slices[0].disallowed == 0


def test_orders_of_one_day_can_be_taken_for_one_acquisition() -> None:
    history: list[TaxEvent] = [
        buy("2025-01-02", 10, 1000, name="a"),
        buy("2025-01-02", 10, 1000, name="b"),
        sell("2025-01-10", 10, 900, ("a", 10)),
    ]
    one = TaxHousehold(rules=WashRules(same_day_orders_are_separate=False))
    assert replay(history, ALONE).slices[0].disallowed == 100
    assert replay(history, one).slices[0].disallowed == 0


def test_the_holding_period_is_added_or_begins_when_the_sold_shares_began() -> None:
    """Held 20 days, bought again 10 days later: 20 days tacked on, or all 30 since the start."""
    history: list[TaxEvent] = [
        buy("2025-01-01", 10, 1000, name="o"),
        sell("2025-01-21", 10, 900),
        buy("2025-01-31", 10, 900, name="n"),
    ]
    same = TaxHousehold(rules=WashRules(tack=Tack.SAME_START))
    assert replay(history, ALONE).lots[0].tacked_days == 20
    assert replay(history, same).lots[0].tacked_days == 30


def test_a_loss_is_pending_for_thirty_days_and_confirmed_after() -> None:
    book = replay([buy("2024-03-01", 10, 1000, name="o"), sell("2024-12-27", 10, 900)], ALONE)
    (loss,) = book.open_losses
    assert (loss.last_day, loss.first_safe_day) == (day("2025-01-26"), day("2025-01-27"))
    pending = totals_of(rows_of(book, day("2025-01-26")))
    assert (pending.recognised, pending.pending, pending.confirmed) == (-100, 100, 0)
    settled = totals_of(rows_of(book, day("2025-01-27")))
    assert (settled.recognised, settled.pending, settled.confirmed) == (-100, 0, -100)


@pytest.mark.parametrize("row", vectors("planning_predicates")["form_8949_rows"])
def test_a_line_of_form_8949_adds_up(row: dict[str, Any]) -> None:
    """The whole loss where g equals it, else as many replacing shares as disallow g."""
    loss = row["e"] - row["d"]
    book = replay(
        [
            buy("2013-09-26", loss, row["e"], name="o"),
            buy("2013-12-19", row["g"], row["g"], name="n"),
            sell("2014-01-09", loss, row["d"], ("o", loss)),
        ],
        ALONE,
    )
    line = form_8949(rows_of(book, day("2015-01-01"))[0])
    assert line is not None
    assert (line.d, line.e, line.f, line.g, line.h) == tuple(row[c] for c in "defgh")


def test_a_broker_sees_only_its_own_account_and_symbol() -> None:
    events: list[TaxEvent] = [
        buy("2024-06-03", 10, 1000, name="o", symbol="SPY"),
        buy("2024-06-03", 10, 1000, name="p", symbol="SPY"),
        sell("2025-01-10", 10, 900, ("o", 10), symbol="SPY"),
        buy("2025-01-13", 4, 400, name="v", symbol="VOO"),
        buy("2025-01-14", 3, 300, name="i", symbol="SPY", account="IRA"),
        buy("2025-01-15", 2, 180, name="s", symbol="SPY"),
    ]
    household = TaxHousehold(
        accounts={"IRA": TaxAccount(taxable=False)}, groups={"SPY": "SP500", "VOO": "SP500"}
    )
    assert replay(events, household).slices[0].disallowed == 90
    assert expected_1099b(events, household, "T").slices[0].disallowed == 20


def test_a_split_scales_the_units_of_a_loss_that_is_still_open() -> None:
    """Ten units lost 100; after two for one, ten new units replace half of them."""
    book = replay(
        [
            buy("2024-06-03", 20, 2000, name="o"),
            sell("2025-01-10", 10, 900),
            Split(on=day("2025-01-15"), account="T", symbol="X", ratio=d(2)),
            buy("2025-01-20", 10, 450, name="n"),
        ],
        ALONE,
    )
    assert gains(book) == [-50]
    assert [(lot.lot_id, lot.quantity, lot.basis) for lot in book.lots] == [
        ("o", 20, 1000),
        ("n", 10, 500),
    ]


def test_a_reverse_split_sells_the_fraction_for_cash() -> None:
    (case,) = [
        c
        for c in vectors("holding_period")["other_acquisitions"]
        if c["kind"] == "reverse_split_cash_in_lieu"
    ]
    events = events_of(
        "case",
        [
            {"type": "buy", "date": "2024-01-10", "symbol": "X", "qty": 25, "amount": 1000},
            {"type": "split", "date": "2025-01-10", "symbol": "X", "ratio": case["ratio"]},
            {
                "type": "cash_in_lieu",
                "date": "2025-01-10",
                "symbol": "X",
                "qty": "0.5",
                "amount": 195,
            },
        ],
    )
    book = replay(events, ALONE)
    expected = case["expected"]
    (piece,) = book.slices
    assert (piece.lot.quantity, piece.basis) == (d("0.5"), expected["fraction_basis"])
    assert piece.gain == expected["gain"]
    assert [(lot.quantity, lot.basis) for lot in book.lots] == [
        (expected["whole_shares"], expected["basis_whole"])
    ]


def test_capital_that_comes_back_lowers_the_basis_and_beyond_it_is_a_gain() -> None:
    """80 of 500 leaves 420; another 500 leaves nothing, and 80 are a gain."""
    events: list[TaxEvent] = [
        buy("2024-01-10", 100, 500, name="o"),
        ReturnedCapital(
            on=day("2024-06-03"), name="R1", account="T", symbol="X", amount=Money(d(80))
        ),
    ]
    assert basis(replay(events, ALONE)) == {"o": 420}
    more = ReturnedCapital(
        on=day("2025-06-03"), name="R2", account="T", symbol="X", amount=Money(d(500))
    )
    book = replay([*events, more], ALONE)
    assert basis(book) == {"o": 0}
    assert [(p.gain, p.basis, p.term) for p in book.slices] == [(80, 0, "long")]


def test_a_spin_off_divides_the_basis_and_keeps_the_dates() -> None:
    event = SpunOff(
        on=day("2025-01-10"),
        account="T",
        symbol="X",
        into="Y",
        ratio=d("0.5"),
        basis_fraction=d("0.25"),
    )
    book = replay([buy("2024-01-10", 10, 1000, name="o"), event], ALONE)
    assert [(x.symbol, x.quantity, x.basis, x.acquired_on) for x in book.lots] == [
        ("X", 10, 750, day("2024-01-10")),
        ("Y", 5, 250, day("2024-01-10")),
    ]


def test_a_lot_moved_within_the_household_keeps_its_facts_and_one_given_away_is_gone() -> None:
    move = Moved(on=day("2025-01-10"), account="T", symbol="X", quantity=Quantity(d(4)), to="S")
    away = Moved(on=day("2025-01-11"), account="T", symbol="X", quantity=Quantity(d(1)))
    book = replay([buy("2024-01-10", 10, 1000, name="o"), move, away], ALONE)
    assert [(x.account, x.quantity, x.basis, x.order) for x in book.lots] == [
        ("T", 5, 500, "o"),
        ("S", 4, 400, "o"),
    ]
    assert not book.slices


def test_more_sold_than_is_known_of_is_noted_and_has_no_basis() -> None:
    book = replay([buy("2024-01-10", 1, 10, name="o"), sell("2025-01-10", 3, 60)], ALONE)
    assert [(p.lot.quantity, p.proceeds, p.gain) for p in book.slices] == [
        (1, 20, 10),
        (2, 40, None),
    ]
    assert "2 more than the ledger has" in book.notes[0]
    assert totals_of(rows_of(book, day("2026-01-01"))).recognised == 10


def test_cents_of_a_sale_sum_to_the_sale() -> None:
    assert in_cents([d(10) / 3] * 3) == (d("3.33"), d("3.33"), d("3.34"))
    book = replay(
        [buy(f"2024-01-1{i}", 1, 1, name=str(i)) for i in range(3)] + [sell("2025-03-03", 3, 10)],
        ALONE,
    )
    rows = rows_of(book, day("2026-01-01"))
    assert [row.proceeds for row in rows] == [d("3.33"), d("3.33"), d("3.34")]
    assert totals_of(rows).recognised == 7
