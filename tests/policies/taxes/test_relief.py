"""Which lots a sale takes, by every method: the worked book, and what holds of any book."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.taxes.relief import MarginalRates, relief_in_force, relieve
from policies.taxes.terms import Term, days_to_long_term, result_of_sale
from portfolio.lots import Lot, ReliefMethod
from portfolio.money import Money, Quantity
from tests.support.vectors import vectors

CASES = vectors("lot_selection")
PRICE = Decimal(CASES["price"])
SOLD = date.fromisoformat(CASES["sale_date"])
RATES = MarginalRates(short=CASES["flat_rates"]["st"], long=CASES["flat_rates"]["lt"])
NAMES = {"HIERARCHY_LOSS_LTGAIN_STGAIN": ReliefMethod.HIERARCHY} | {
    method.name: method for method in ReliefMethod
}


def book(rows: list[dict[str, Any]]) -> tuple[Lot, ...]:
    return tuple(
        Lot(
            lot_id=row.get("id", row["acquired"]),
            symbol="X",
            quantity=Quantity(Decimal(row["qty"])),
            acquired_on=date.fromisoformat(row["acquired"]),
            basis=Money(Decimal(row["basis_ps"]) * row["qty"]),
        )
        for row in rows
    )


def taxed(picks: tuple[Lot, ...], sold: date = SOLD) -> tuple[Decimal, Decimal, Decimal]:
    """Short gain, long gain and flat tax of a sale at the case's price."""
    gains = {Term.SHORT: Decimal(0), Term.LONG: Decimal(0)}
    for pick in picks:
        result = result_of_sale(pick, PRICE * pick.quantity, sold)
        assert result.gain is not None
        assert result.term is not None
        gains[result.term] += result.gain
    tax = RATES.short * gains[Term.SHORT] + RATES.long * gains[Term.LONG]
    return gains[Term.SHORT], gains[Term.LONG], tax


@pytest.mark.parametrize(
    "case", CASES["results"], ids=lambda c: f"{c['sell_qty']} by {c['method']}"
)
def test_a_worked_sale_takes_the_lots_of_its_method(case: dict[str, Any]) -> None:
    picks = relieve(
        book(CASES["lots"]),
        Decimal(case["sell_qty"]),
        NAMES[case["method"]],
        price=PRICE,
        on=SOLD,
        rates=RATES,
    )
    assert [[p.lot_id, p.quantity] for p in picks] == case["picks"]
    assert taxed(picks) == (case["st_gain"], case["lt_gain"], case["flat_tax"])


@pytest.mark.parametrize("method", ["HIFO", "MINTAX"])
def test_the_highest_basis_is_not_the_least_tax(method: str) -> None:
    trap = CASES["hifo_trap"]
    years = {"ST": "2025-01-02", "LT": "2020-01-02"}
    lots = book([{**row, "acquired": years[row["term"]]} for row in trap["lots"]])
    picks = relieve(lots, Decimal(10), NAMES[method], price=PRICE, on=SOLD, rates=RATES)
    assert [p.lot_id for p in picks] == [trap[method]["pick"]]
    assert taxed(picks)[2] == trap[method]["tax"]


def test_a_gain_six_days_short_of_long_term_would_save_forty_dollars_by_waiting() -> None:
    case = CASES["near_long_term"]
    (lot,) = book(case["lots"])
    today = date.fromisoformat(case["sale"])
    assert days_to_long_term(lot, today) == case["days_to_lt"]
    result = result_of_sale(lot, Decimal(case["price"]) * lot.quantity, today)
    assert result.gain is not None
    assert (RATES.short - RATES.long) * result.gain == case["saving_if_wait"]


@pytest.mark.parametrize(
    "row", vectors("planning_predicates")["fifo_only_broker"]["rows"], ids=lambda r: str(r["sell"])
)
def test_under_first_in_first_out_more_shares_can_mean_less_tax(row: dict[str, Any]) -> None:
    lots = book(vectors("planning_predicates")["fifo_only_broker"]["lots"])
    picks = relieve(
        lots, Decimal(row["sell"]), ReliefMethod.FIFO, price=PRICE, on=SOLD, rates=RATES
    )
    assert taxed(picks) == (row["st_gain"], row["lt_gain"], row["fifo_tax_flat"])


def test_specific_lots_are_taken_as_named_and_must_sum_to_the_sale() -> None:
    lots = book(CASES["lots"])
    named = [("e", Decimal(4)), ("a", Decimal(1))]

    def sell(quantity: int, chosen: list[tuple[str, Decimal]]) -> tuple[Lot, ...]:
        return relieve(
            lots,
            Decimal(quantity),
            ReliefMethod.SPEC,
            price=PRICE,
            on=SOLD,
            rates=RATES,
            chosen=chosen,
        )

    assert [(p.lot_id, p.quantity) for p in sell(5, named)] == named
    with pytest.raises(ValueError, match="the named lots sum to 5"):
        sell(6, named)
    with pytest.raises(ValueError, match="no lot 'z'"):
        sell(1, [("z", Decimal(1))])
    with pytest.raises(ValueError, match="11 of 10 X in lot e"):
        sell(11, [("e", Decimal(11))])


def test_a_broker_that_cannot_be_told_sells_first_in_first_out_and_it_is_said() -> None:
    method, said = relief_in_force(ReliefMethod.MINTAX, may_name_lots=False)
    assert method is ReliefMethod.FIFO
    assert "first in, first out" in said
    assert "mintax is not used" in said
    assert relief_in_force(ReliefMethod.FIFO, may_name_lots=False) == (ReliefMethod.FIFO, "")
    assert relief_in_force(ReliefMethod.HIFO, may_name_lots=True) == (ReliefMethod.HIFO, "")


def test_lots_of_unknown_basis_come_last_except_by_date() -> None:
    unknown = Lot(lot_id="?", symbol="X", quantity=Quantity(Decimal(1)))
    (known,) = book([{"id": "k", "acquired": "2024-01-02", "qty": 1, "basis_ps": 10}])
    first = {
        method: relieve([unknown, known], Decimal(1), method, price=PRICE, on=SOLD, rates=RATES)[
            0
        ].lot_id
        for method in ReliefMethod
        if method is not ReliefMethod.SPEC
    }
    assert first.pop(ReliefMethod.FIFO) == "?"
    assert set(first.values()) == {"k"}


LOTS = st.lists(
    st.tuples(
        st.dates(date(2020, 1, 1), date(2025, 6, 15)), st.integers(1, 10**12), st.integers(0, 500)
    ),
    min_size=1,
    max_size=8,
)


@given(LOTS, st.sampled_from([m for m in ReliefMethod if m is not ReliefMethod.SPEC]), st.data())
def test_what_is_taken_sums_to_the_sale_and_no_lot_gives_more_than_it_has(
    parts: list[tuple[date, int, int]], method: ReliefMethod, data: st.DataObject
) -> None:
    lots = tuple(
        Lot(
            lot_id=str(i),
            symbol="X",
            quantity=Quantity(Decimal(units).scaleb(-9)),
            acquired_on=acquired,
            basis=Money(Decimal(cost)),
        )
        for i, (acquired, units, cost) in enumerate(parts)
    )
    held = sum(units for _, units, _ in parts)
    quantity = Decimal(data.draw(st.integers(1, held))).scaleb(-9)

    def sell(order: tuple[Lot, ...]) -> tuple[Lot, ...]:
        return relieve(order, quantity, method, price=PRICE, on=SOLD, rates=RATES)

    picks = sell(lots)
    assert sum(p.quantity for p in picks) == quantity
    by_id = {lot.lot_id: lot for lot in lots}
    assert all(0 < p.quantity <= by_id[p.lot_id].quantity for p in picks)
    assert len({p.lot_id for p in picks}) == len(picks)
    with pytest.raises(ValueError, match="the lots hold"):
        relieve(
            lots,
            Decimal(held + 1).scaleb(-9),
            method,
            price=PRICE,
            on=SOLD,
            rates=RATES,
        )
