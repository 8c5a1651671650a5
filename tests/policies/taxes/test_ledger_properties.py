"""The lot ledger through every kind of event: units and money are where they went, exactly."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.taxes.events import (
    Acquired,
    Exchanged,
    Moved,
    Renamed,
    ReturnedCapital,
    Sold,
    Split,
    SpunOff,
    TaxEvent,
)
from policies.taxes.ledger import HouseholdLedger
from policies.taxes.wash import TaxHousehold
from portfolio.lots import Lot
from portfolio.money import FRACTION_OF_SHARE, ZERO, Money, Quantity, exact_arithmetic

BEGIN = date(2025, 1, 1)
Units = dict[tuple[str, str], Decimal]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("buy", "buy", "sell", "split", "capital", "spin", "merge"),
                *("name", "move", "give"),
            ]
        ),
        st.integers(0, 20),
        st.integers(1, 10**12),
        st.integers(1, 99),
    ),
    min_size=1,
    max_size=15,
)


def event_of(
    kind: str, number: int, on: date, billionths: int, percent: int, there: Decimal
) -> TaxEvent | None:
    """One event of account T and symbol X, possible with so many units there."""
    cents = Money(Decimal(billionths).scaleb(-2))
    part = Quantity((there * percent / 100).quantize(FRACTION_OF_SHARE))
    if kind == "buy":
        lot = Lot(
            lot_id=f"B{number}",
            symbol="X",
            quantity=Quantity(Decimal(billionths).scaleb(-9)),
            acquired_on=on,
            basis=cents,
            account="T",
        )
        return Acquired(on=on, lot=lot)
    ratio = Decimal(percent) / 10
    if kind == "split" and (there * ratio).quantize(FRACTION_OF_SHARE) > ZERO:
        return Split(on=on, account="T", symbol="X", ratio=ratio)
    if kind == "split" or part <= ZERO:
        return None
    if kind == "capital":
        return ReturnedCapital(on=on, name=f"R{number}", account="T", symbol="X", amount=cents)
    if kind == "spin":
        share = Decimal(percent) / 100
        return SpunOff(
            on=on, account="T", symbol="X", into="Y", ratio=Decimal(1), basis_fraction=share
        )
    if kind == "merge":
        return Exchanged(on=on, account="T", symbol="X", into="Y", ratio=Decimal(2))
    if kind == "name":
        return Renamed(on=on, account="T", symbol="X", into="Y")
    if kind == "sell":
        return Sold(
            on=on, sale=f"S{number}", account="T", symbol="X", quantity=part, proceeds=cents
        )
    to = "S" if kind == "move" else ""
    return Moved(on=on, account="T", symbol="X", quantity=part, to=to)


def counted(units: Units, event: TaxEvent) -> None:
    """Units as they must be after the event, counted apart from the ledger."""
    there = units.get(("T", "X"), ZERO)
    match event:
        case Acquired():
            units["T", "X"] = there + event.lot.quantity
        case Split():
            units["T", "X"] = (there * event.ratio).quantize(FRACTION_OF_SHARE)
        case SpunOff():
            units["T", "Y"] = units.get(("T", "Y"), ZERO) + there
        case Exchanged():
            units["T", "Y"] = units.get(("T", "Y"), ZERO) + 2 * there
            units["T", "X"] = ZERO
        case Renamed():
            units["T", "Y"] = units.get(("T", "Y"), ZERO) + there
            units["T", "X"] = ZERO
        case Sold() | Moved():
            units["T", "X"] = there - event.quantity
            if isinstance(event, Moved) and event.to:
                units["S", "X"] = units.get(("S", "X"), ZERO) + event.quantity
        case ReturnedCapital():
            pass


def in_lots(ledger: HouseholdLedger) -> Decimal:
    return sum((lot.basis or ZERO for lot in ledger.book().lots), ZERO)


def deferred(ledger: HouseholdLedger) -> Decimal:
    return sum((piece.deferred for piece in ledger.book().slices), ZERO)


def sold_at_cost(ledger: HouseholdLedger) -> Decimal:
    return sum((p.basis or ZERO for p in ledger.book().slices), ZERO)


def check_step(ledger: HouseholdLedger, event: TaxEvent) -> None:
    """Apply an event; every cent of it is in the lots, in a slice, or has left with its shares."""
    before, washed, sold = in_lots(ledger), deferred(ledger), sold_at_cost(ledger)
    ledger.apply(event)
    change = in_lots(ledger) - before - (deferred(ledger) - washed)
    match event:
        case Acquired():
            assert change == event.lot.basis
        case Sold():
            assert change == sold - sold_at_cost(ledger)
        case Split() | SpunOff() | Exchanged() | Renamed():
            assert change == 0
        case ReturnedCapital():
            gains = sum((p.proceeds for p in ledger.book().slices if p.sale == event.name), ZERO)
            assert -change + gains == event.amount
        case Moved():
            assert change == 0 if event.to else change <= 0


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_units_and_money_are_conserved_through_every_kind_of_event(
    steps: list[tuple[str, int, int, int]],
) -> None:
    ledger = HouseholdLedger(TaxHousehold())
    units: Units = {}
    day = BEGIN
    with exact_arithmetic():
        for number, (kind, days, billionths, percent) in enumerate(steps):
            day += timedelta(days=days)
            there = units.get(("T", "X"), ZERO)
            event = event_of(kind, number, day, billionths, percent, there)
            if event is None:
                continue
            check_step(ledger, event)
            counted(units, event)
        book = ledger.book()
        for place, there in units.items():
            assert sum((lot.quantity for lot in book.lots_of(*place)), ZERO) == there
        assert all(lot.quantity > 0 and (lot.basis or ZERO) >= 0 for lot in book.lots)
        assert not book.notes
