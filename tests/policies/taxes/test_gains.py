"""Gains worth taking at 0 %, gains worth waiting for, and what the year has come to."""

from datetime import date
from decimal import Decimal

import pytest

from policies.taxes.budgets import Budgets
from policies.taxes.events import Acquired, Sold, TaxEvent
from policies.taxes.gains import TaxableHolding, gains_at_zero, room_at_zero, worth_waiting
from policies.taxes.harvest_value import LaterTax
from policies.taxes.ledger import replay
from policies.taxes.netting import CapitalResult
from policies.taxes.rates import (
    Bracket,
    FilingStatus,
    FlatRates,
    Income,
    IncomeRates,
    TaxRates,
    TaxTable,
)
from policies.taxes.reporting import Row, rows_of
from policies.taxes.wash import TaxHousehold
from policies.taxes.year_to_date import over_budget, year_to_date
from portfolio.lots import Lot
from portfolio.money import Money, Price, Quantity
from tests.support.vectors import vectors


def usd(amount: int | str) -> Money:
    return Money(Decimal(amount))


FLAT = TaxRates(
    federal=FlatRates(short=Decimal("0.35"), long=Decimal("0.15"), ordinary=Decimal("0.24"))
)
TABLE = TaxTable(
    year=2026,
    status=FilingStatus.SINGLE,
    ordinary=(
        Bracket(up_to=usd(50_400), rate=Decimal("0.12")),
        Bracket(up_to=None, rate=Decimal("0.22")),
    ),
    long_term=(
        Bracket(up_to=usd(49_450), rate=Decimal(0)),
        Bracket(up_to=None, rate=Decimal("0.15")),
    ),
    niit_from=usd(200_000),
)
DAY = date(2026, 6, 1)
LATER = LaterTax(rate=Decimal("0.15"))


def earning(ordinary: int, *, state: str = "0") -> TaxRates:
    income = Income(ordinary=usd(ordinary), magi=usd(ordinary + 16_100))
    return TaxRates(federal=IncomeRates(tables=(TABLE,), income=income), state=Decimal(state))


def lot(name: str, quantity: int, cost: int, acquired: date) -> Lot:
    return Lot(
        lot_id=name,
        symbol="VTI",
        quantity=Quantity(Decimal(quantity)),
        acquired_on=acquired,
        basis=usd(quantity * cost),
    )


def holding(*lots: Lot, price: int = 100) -> TaxableHolding:
    return TaxableHolding(account="brokerage", symbol="VTI", lots=lots, price=Price(Decimal(price)))


OLD = date(2020, 1, 2)


def test_the_room_at_zero_is_the_bracket_less_income_and_gains() -> None:
    """49,450 less 40,000 of income less 2,000 of long-term gain already there."""
    room = room_at_zero(earning(40_000), CapitalResult(long=usd(2_000)), 2026)
    assert (room.amount, room.why_none) == (7_450, "")


@pytest.mark.parametrize(
    ("rates", "result", "why"),
    [
        (earning(60_000), CapitalResult(), "10550.00 over the 0 % bracket"),
        (earning(40_000), CapitalResult(carried_long=usd(1)), "would use up losses"),
        (FLAT, CapitalResult(), "flat rates know no 0 % bracket"),
    ],
    ids=["income above it", "losses carried in", "flat rates"],
)
def test_there_is_no_room_for_a_reason(rates: TaxRates, result: CapitalResult, why: str) -> None:
    room = room_at_zero(rates, result, 2026)
    assert room.amount == 0
    assert why in room.why_none


def test_whole_shares_fill_the_room_and_no_more() -> None:
    """9,450 of room at a gain of 60 a share is 157 shares, 9,420."""
    found = gains_at_zero(
        [holding(lot("a", 400, 40, OLD))], earning(40_000), CapitalResult(), DAY, LATER
    )
    assert [(s.quantity, s.gain, s.tax) for s in found] == [(157, 9_420, 0)]
    assert round(found[0].saved_later, 2) == Decimal("789.01")  # 9,420 x 0.15 / 1.06^10


def test_an_older_loss_stands_in_front_of_a_gain() -> None:
    lots = (lot("loss", 10, 120, OLD), lot("gain", 400, 40, date(2021, 1, 4)))
    assert gains_at_zero([holding(*lots)], earning(40_000), CapitalResult(), DAY, LATER) == ()


def test_a_state_that_taxes_more_than_is_saved_later_stops_the_suggestion() -> None:
    """A state of 9 % now against 8.4 cents later."""
    rates = earning(40_000, state="0.09")
    assert (
        gains_at_zero([holding(lot("a", 400, 40, OLD))], rates, CapitalResult(), DAY, LATER) == ()
    )


def test_six_days_before_the_year_is_over_waiting_saves_40() -> None:
    case = vectors("lot_selection")["near_long_term"]
    row = case["lots"][0]
    found = worth_waiting(
        [holding(lot(row["id"], row["qty"], row["basis_ps"], date.fromisoformat(row["acquired"])))],
        date.fromisoformat(case["sale"]),
        short_rate=case["rates"]["st"],
        long_rate=case["rates"]["lt"],
    )
    assert [(w.days, w.saving) for w in found] == [(case["days_to_lt"], case["saving_if_wait"])]
    assert found[0].first_day == date(2025, 6, 11)


def test_a_loss_and_a_distant_anniversary_are_not_waited_for() -> None:
    lots = (lot("loss", 10, 120, date(2025, 6, 10)), lot("far", 10, 80, date(2025, 8, 1)))
    assert (
        worth_waiting([holding(*lots)], DAY, short_rate=Decimal("0.35"), long_rate=Decimal("0.15"))
        == ()
    )


def bought(day: date, cost: int, name: str = "b") -> Acquired:
    return Acquired(on=day, lot=lot(name, 10, cost, day))


def sold(day: date, proceeds: int, name: str = "s") -> Sold:
    return Sold(
        on=day,
        sale=name,
        account="",
        symbol="VTI",
        quantity=Quantity(Decimal(10)),
        proceeds=usd(proceeds),
    )


def rows(today: date, *events: TaxEvent) -> tuple[Row, ...]:
    return rows_of(replay(events, TaxHousehold()), today)


def test_a_loss_of_the_last_30_days_is_pending_and_a_gain_never_is() -> None:
    """10 at 100 in January; a gain of 5,000 in February. On the last day of May 10 at 110 go for 100
    less: pending through the 30th of June."""
    history = (
        bought(date(2026, 1, 5), 100),
        sold(date(2026, 2, 2), 6_000),
        bought(date(2026, 4, 1), 200, "c"),
        sold(date(2026, 5, 31), 1_000, "t"),
    )
    found = year_to_date(rows(date(2026, 6, 30), *history), FLAT, year=2026)
    assert (found.confirmed.short, found.expected.short) == (5_000, 4_000)
    assert [(r.sold_on, r.safe_from, r.loss) for r in found.pending] == [
        (date(2026, 5, 31), date(2026, 7, 1), 1_000)
    ]
    assert (found.tax_confirmed, found.tax_expected) == (1_750, 1_400)
    later = year_to_date(rows(date(2026, 7, 1), *history), FLAT, year=2026)
    assert (later.confirmed.short, later.pending) == (4_000, ())


def test_a_sale_of_unknown_basis_is_counted_and_adds_nothing() -> None:
    found = year_to_date(rows(DAY, sold(date(2026, 2, 2), 6_000)), FLAT, year=2026)
    assert (found.unknown, found.expected.short) == (1, 0)


def test_another_year_is_left_out() -> None:
    history = (bought(date(2025, 1, 6), 100), sold(date(2025, 12, 30), 500))
    assert year_to_date(rows(DAY, *history), FLAT, year=2026).expected.short == 0


def test_what_was_realised_elsewhere_is_counted_in() -> None:
    typed = CapitalResult(short=usd(1_000), carried_long=usd(2_000))
    history = (bought(date(2026, 1, 5), 100), sold(date(2026, 2, 2), 1_500))
    found = year_to_date(rows(DAY, *history), FLAT, year=2026, typed=typed)
    assert (found.confirmed.short, found.confirmed.carried_long) == (1_500, 2_000)
    assert (found.netted.deduction, found.netted.short_gain) == (500, 0)


@pytest.mark.parametrize(
    ("gain", "told"), [(7_999, 0), (8_000, 1), (10_000, 1)], ids=["under", "80 %", "all"]
)
def test_a_budget_is_told_of_from_80_percent_on(gain: int, told: int) -> None:
    history = (bought(date(2026, 1, 5), 100), sold(date(2026, 2, 2), 1_000 + gain))
    found = year_to_date(rows(DAY, *history), FLAT, year=2026)
    alarms = over_budget(found, Budgets(gains=usd(10_000)))
    assert len(alarms) == told
    if gain == 10_000:
        assert alarms[0][1] == "The gain budget of 2026 is used up: 10,000.00 of 10,000.00 USD."
