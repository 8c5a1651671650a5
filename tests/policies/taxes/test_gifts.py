"""Which lots are given, against the worked cases and by their properties."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.taxes.events import Acquired, Moved, Sold, TaxEvent
from policies.taxes.gift_limits import (
    Charity,
    deduction_in_year,
    papers,
    rate_of_deduction,
)
from policies.taxes.gifts import (
    GiftLot,
    GiftReject,
    GiftRule,
    deduction_of_unit,
    fair_value,
    lapse_of,
    plan_gift,
    why_not_given,
)
from policies.taxes.ledger import replay
from policies.taxes.terms import first_long_term_day
from policies.taxes.wash import TaxHousehold
from portfolio.lots import Lot
from portfolio.money import Money, Price, Quantity
from tests.support.vectors import vectors

CASES = vectors("gift_selection")
LONG, DEDUCTION = CASES["rates"]["lt"], CASES["rates"]["deduction"]


def book() -> list[GiftLot]:
    return [lot_of(row) for row in CASES["lots"]]


def lot_of(row: dict[str, Any]) -> GiftLot:
    return GiftLot(
        lot_id=row["id"],
        account="brokerage",
        symbol=row["sym"],
        quantity=Quantity(Decimal(row["qty"])),
        price=Price(CASES["prices"][row["sym"]]),
        acquired_on=date.fromisoformat(row["acquired"]),
        unit_cost=Price(row["basis_ps"]),
        long_term=row["term"] == "LT",
    )


@pytest.mark.parametrize("row", CASES["lots"], ids=lambda row: row["id"])
def test_every_lot_of_the_cases_is_taken_or_left_for_its_reason(row: dict[str, Any]) -> None:
    lot = lot_of(row)
    reject = why_not_given(lot)
    assert (None if reject is None else reject.value) == row["reject"]
    assert lot.gain_share == pytest.approx(row["gain_pct_of_fmv"], abs=Decimal("0.000001"))
    assert deduction_of_unit(lot) == row["deduction_ps"]


@pytest.mark.parametrize("case", CASES["selection"], ids=lambda case: f"{case['target']} USD")
def test_the_worked_selections_are_reproduced(case: dict[str, Any]) -> None:
    plan = plan_gift(
        book(), Money(Decimal(case["target"])), gain_rate=LONG, deduction_rate=DEDUCTION
    )
    picks = [
        {"lot": p.lot_id, "shares": p.shares, "fmv": p.value, "gain": p.gain} for p in plan.picks
    ]
    assert picks == case["picks"]
    assert plan.value == case["total_fmv"]
    assert plan.cash == case["shortfall_cash"]
    assert plan.gain == case["gain_avoided"]
    assert plan.tax_avoided == case["cap_gain_tax_avoided"]
    assert plan.tax_avoided == case["vs_sell_then_give_cash_extra_benefit"]
    assert plan.deduction_value == case["deduction_value"]


def test_ten_thousand_is_25_apple_and_12_vti_with_150_in_cash() -> None:
    """The reference's own example: 9,850 in shares avoid 7,525 of gain, 1,128.75 of tax."""
    plan = plan_gift(book(), Money(Decimal(10_000)), gain_rate=LONG, deduction_rate=DEDUCTION)
    assert [(p.symbol, p.shares) for p in plan.picks] == [("AAPL", 25), ("VTI", 12)]
    assert (plan.value, plan.cash, plan.gain) == (9_850, 150, 7_525)
    assert plan.tax_avoided == Decimal("1128.75")


def test_an_overweight_slice_gives_first() -> None:
    lots = [
        GiftLot(
            lot_id=name,
            account="brokerage",
            symbol=name,
            quantity=Quantity(Decimal(100)),
            price=Price(Decimal(100)),
            acquired_on=date(2015, 1, 2),
            unit_cost=Price(Decimal(cost)),
            long_term=True,
            overweight=over,
        )
        for name, cost, over in (("A", 10, False), ("B", 60, True))
    ]
    plan = plan_gift(lots, Money(Decimal(1_000)), gain_rate=LONG, deduction_rate=DEDUCTION)
    assert [p.lot_id for p in plan.picks] == ["B"]


def test_a_lot_of_unknown_basis_is_not_given() -> None:
    lot = GiftLot(
        lot_id="u",
        account="brokerage",
        symbol="VTI",
        quantity=Quantity(Decimal(5)),
        price=Price(Decimal(300)),
        acquired_on=None,
        unit_cost=None,
        long_term=False,
    )
    assert why_not_given(lot) is GiftReject.UNKNOWN_BASIS


@given(target=st.integers(1, 60_000))
def test_a_gift_never_exceeds_its_amount_and_never_gives_parts_of_shares(target: int) -> None:
    plan = plan_gift(book(), Money(Decimal(target)), gain_rate=LONG, deduction_rate=DEDUCTION)
    held = {row["id"]: row["qty"] for row in CASES["lots"]}
    assert plan.value + plan.cash == target
    assert plan.cash >= 0
    assert all(p.shares == int(p.shares) and 0 < p.shares <= held[p.lot_id] for p in plan.picks)
    assert all(p.gain > 0 for p in plan.picks)


@given(target=st.integers(1, 4_000))
def test_scaling_all_prices_gives_the_same_shares(target: int) -> None:
    from dataclasses import replace

    plain = plan_gift(book(), Money(Decimal(target)), gain_rate=LONG, deduction_rate=DEDUCTION)
    scaled = [
        replace(lot, price=Price(lot.price * 7), unit_cost=Price((lot.unit_cost or Decimal(0)) * 7))
        for lot in book()
    ]
    bigger = plan_gift(scaled, Money(Decimal(target) * 7), gain_rate=LONG, deduction_rate=DEDUCTION)
    assert [(p.lot_id, p.shares) for p in plain.picks] == [
        (p.lot_id, p.shares) for p in bigger.picks
    ]


@pytest.mark.parametrize("case", CASES["agi_limits"], ids=lambda case: case["source"])
def test_the_published_limits_are_reproduced(case: dict[str, Any]) -> None:
    found = deduction_in_year(
        year=case["year"],
        income=Money(Decimal(case["agi"])),
        shares=Money(Decimal(case["ltcg_property"])),
        cash=Money(Decimal(case["cash"])),
        carried_shares=Money(Decimal(case["carry_in"])),
    )
    assert found.shares == case["deduct_property"]
    assert found.carry_shares == case["carry_out_property"]
    assert found.cash == case["deduct_cash"] - case["floor_reduction"]
    assert found.floor_reduction == case["floor_reduction"]
    assert found.all == case["total"]


def test_a_carry_is_used_in_the_next_year() -> None:
    """600,000 of income and 200,000 of shares, then 700,000 and 100,000: 180,000, then 120,000."""
    first = deduction_in_year(year=2022, income=usd(600_000), shares=usd(200_000))
    second = deduction_in_year(
        year=2023, income=usd(700_000), shares=usd(100_000), carried_shares=first.carry_shares
    )
    assert (first.shares, first.carry_shares) == (180_000, 20_000)
    assert (second.shares, second.carry_shares) == (120_000, 0)


def test_from_2026_half_a_percent_of_income_is_not_deducted_shares_first() -> None:
    """Income 200,000: the floor is 1,000. 600 of shares take 600 of it, the cash the other 400."""
    found = deduction_in_year(year=2026, income=usd(200_000), shares=usd(600), cash=usd(5_000))
    assert (found.shares, found.cash, found.floor_reduction) == (0, 4_600, 1_000)
    assert (found.carry_shares, found.carry_cash) == (0, 0)


def test_the_floor_is_carried_only_beside_a_carry_of_the_limit() -> None:
    """Income 100,000, shares 40,000: 30,000 fit, 500 of them are the floor; 10,500 are carried."""
    found = deduction_in_year(year=2026, income=usd(100_000), shares=usd(40_000))
    assert (found.shares, found.carry_shares) == (29_500, 10_500)


def test_cash_leaves_less_room_for_shares() -> None:
    """Half of 100,000 less 45,000 of cash: 5,000 of shares, though 30 % would be 30,000."""
    found = deduction_in_year(year=2025, income=usd(100_000), shares=usd(20_000), cash=usd(45_000))
    assert (found.cash, found.shares, found.carry_shares) == (45_000, 5_000, 15_000)


def test_a_private_foundation_counts_to_20_percent() -> None:
    found = deduction_in_year(
        year=2025, income=usd(100_000), shares=usd(30_000), charity=Charity.PRIVATE_FOUNDATION
    )
    assert (found.shares, found.carry_shares) == (20_000, 10_000)


def test_who_does_not_itemise_deducts_no_shares() -> None:
    found = deduction_in_year(year=2026, income=usd(100_000), shares=usd(10_000), itemises=False)
    assert (found.shares, found.carry_shares) == (0, 0)
    assert rate_of_deduction(Decimal("0.24"), year=2026, itemises=False) == 0


def test_the_top_bracket_deducts_at_35_percent_from_2026() -> None:
    rates = [rate_of_deduction(Decimal("0.37"), year=year, itemises=True) for year in (2025, 2026)]
    assert rates == [Decimal("0.37"), Decimal("0.35")]


@given(income=st.integers(0, 10**6), shares=st.integers(0, 10**6), cash=st.integers(0, 10**6))
def test_a_gift_is_deducted_carried_or_under_the_floor(income: int, shares: int, cash: int) -> None:
    found = deduction_in_year(year=2026, income=usd(income), shares=usd(shares), cash=usd(cash))
    counted = found.all + found.carry_shares + found.carry_cash
    assert counted <= shares + cash <= counted + found.floor_reduction
    assert found.shares <= Decimal("0.3") * income
    assert found.cash <= Decimal("0.6") * income


@pytest.mark.parametrize(
    ("value", "number"), [("249.99", 0), ("250", 1), ("500", 1), ("500.01", 2)]
)
def test_papers_are_asked_for_from_their_amounts_on(value: str, number: int) -> None:
    assert len(papers(Money(Decimal(value)))) == number


def test_the_fair_value_is_the_mean_of_high_and_low() -> None:
    case = CASES["fmv_rule"]
    value = fair_value(Price(case["high"]), Price(case["low"]), Quantity(Decimal(case["shares"])))
    assert value == case["fmv"]


@pytest.mark.parametrize(
    ("day", "apple", "holds"),
    [
        (date(2025, 12, 6), "250", True),
        (date(2025, 12, 7), "250", False),
        (date(2025, 12, 2), "257.50", True),
        (date(2025, 12, 2), "257.51", False),
        (date(2025, 12, 2), "242.49", False),
    ],
    ids=["fifth day", "sixth day", "3 % up", "more than 3 % up", "more than 3 % down"],
)
def test_a_suggestion_holds_five_days_and_three_percent(day: date, apple: str, holds: bool) -> None:
    plan = plan_gift(book(), Money(Decimal(5_000)), gain_rate=LONG, deduction_rate=DEDUCTION)
    prices = {"AAPL": Price(Decimal(apple))}
    why = lapse_of(plan.picks, date(2025, 12, 1), day, prices, GiftRule())
    assert (why == "") is holds


def usd(amount: int) -> Money:
    return Money(Decimal(amount))


def test_what_is_bought_back_the_same_day_is_a_new_lot_and_no_wash() -> None:
    """The worked repurchase: the gift has no loss; but the purchase replaces another lot's loss."""
    case = CASES["replacement"]
    (old,) = [row for row in CASES["lots"] if row["id"] == case["gift_lot"]]
    day = date.fromisoformat(case["repurchase_date"])
    value = Money(case["fmv"] * case["shares"])
    history: list[TaxEvent] = [
        Acquired(on=date.fromisoformat(old["acquired"]), lot=owned(old, old["basis_ps"])),
        Moved(
            on=day,
            account="brokerage",
            symbol=old["sym"],
            quantity=Quantity(Decimal(case["shares"])),
            lots=((old["id"], Quantity(Decimal(case["shares"]))),),
        ),
        Acquired(on=day, lot=replace(owned(old, case["fmv"]), lot_id="new", acquired_on=day)),
    ]
    book_after = replay(history, TaxHousehold())
    (new,) = book_after.lots
    assert book_after.slices == ()
    assert (new.quantity, new.basis, new.acquired_on) == (case["new_lot"]["qty"], value, day)
    first_long = date.fromisoformat(case["new_lot"]["first_long_term_date"])
    assert first_long_term_day(day) == first_long

    dear = replace(owned(old, Decimal(300)), lot_id="dear", acquired_on=date(2025, 6, 2))
    loss = Sold(
        on=date(2025, 12, 20),
        sale="S",
        account="brokerage",
        symbol=old["sym"],
        quantity=Quantity(Decimal(25)),
        proceeds=Money(Decimal(25 * 250)),
        lots=(("dear", Quantity(Decimal(25))),),
    )
    washed = replay([Acquired(on=date(2025, 6, 2), lot=dear), *history, loss], TaxHousehold())
    (piece,) = washed.slices
    assert (piece.gain, piece.disallowed) == (-1_250, 1_250)


def owned(row: dict[str, Any], unit_cost: Decimal) -> Lot:
    units = Decimal(row["qty"])
    return Lot(
        lot_id=row["id"],
        symbol=row["sym"],
        quantity=Quantity(units),
        acquired_on=date.fromisoformat(row["acquired"]),
        basis=Money(units * unit_cost),
        account="brokerage",
    )
