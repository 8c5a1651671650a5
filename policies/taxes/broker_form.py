"""The broker's 1099-B held against what we expect it to say, line by line.

A broker reports wash sales of one account and one security only (Reg. 1.6045-1(d)(6)(iii)), so it is
compared with that view, not with the household's own return.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from policies.taxes.reporting import Row
from portfolio.money import CENT, ZERO, Money, Quantity

TOLERANCE = CENT
"""A cent either way is rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLine:
    """One line: what was sold on a day out of what was bought on another, USD.

    `acquired` None stands for "various" or unknown.
    """

    symbol: str
    quantity: Quantity
    acquired: date | None
    sold: date
    proceeds: Money
    basis: Money | None
    disallowed: Money


class Finding(StrEnum):
    """What a comparison of one line says."""

    AGREES = "agrees"
    DIFFERS = "differs"
    ONLY_BROKER = "only_at_the_broker"
    ONLY_OURS = "only_in_our_records"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A line of the broker beside ours; `differences` names each column with both figures."""

    finding: Finding
    broker: FormLine | None
    ours: FormLine | None
    differences: tuple[str, ...] = ()

    @property
    def line(self) -> FormLine:
        """The broker's line, else ours."""
        found = self.broker or self.ours
        if found is None:
            raise ValueError("a comparison of nothing")
        return found


def lines_of(rows: Iterable[Row]) -> tuple[FormLine, ...]:
    """Our expectation as lines, one for each slice."""
    return tuple(
        FormLine(
            symbol=row.of.lot.symbol,
            quantity=row.of.lot.quantity,
            acquired=row.of.lot.acquired_on,
            sold=row.of.sold_on,
            proceeds=row.proceeds,
            basis=row.basis,
            disallowed=row.disallowed,
        )
        for row in rows
    )


def compare(broker: Sequence[FormLine], ours: Sequence[FormLine]) -> tuple[Compared, ...]:
    """Each line of the broker with ours of the same symbol and days; what is left over on both sides.

    Lines of one symbol, purchase day and sale day are summed first, because brokers split and join
    them as they like. Ordered by sale day, symbol and purchase day.
    """
    theirs, mine = _summed(broker), _summed(ours)
    keys = sorted({*theirs, *mine}, key=lambda k: (k[2], k[0], k[1] or date.min))
    return tuple(_one(theirs.get(key), mine.get(key)) for key in keys)


_Key = tuple[str, date | None, date]


def _summed(lines: Iterable[FormLine]) -> dict[_Key, FormLine]:
    found: dict[_Key, FormLine] = {}
    for line in lines:
        key = (line.symbol, line.acquired, line.sold)
        before = found.get(key)
        found[key] = line if before is None else _added(before, line)
    return found


def _added(a: FormLine, b: FormLine) -> FormLine:
    known = a.basis is not None and b.basis is not None
    return FormLine(
        symbol=a.symbol,
        quantity=Quantity(a.quantity + b.quantity),
        acquired=a.acquired,
        sold=a.sold,
        proceeds=Money(a.proceeds + b.proceeds),
        basis=Money((a.basis or ZERO) + (b.basis or ZERO)) if known else None,
        disallowed=Money(a.disallowed + b.disallowed),
    )


def _one(broker: FormLine | None, ours: FormLine | None) -> Compared:
    if broker is None or ours is None:
        finding = Finding.ONLY_OURS if broker is None else Finding.ONLY_BROKER
        return Compared(finding=finding, broker=broker, ours=ours)
    differences = tuple(_differences(broker, ours))
    return Compared(
        finding=Finding.DIFFERS if differences else Finding.AGREES,
        broker=broker,
        ours=ours,
        differences=differences,
    )


def _differences(broker: FormLine, ours: FormLine) -> Iterable[str]:
    if broker.quantity != ours.quantity:
        yield f"quantity {broker.quantity.normalize():f}, ours {ours.quantity.normalize():f}"
    columns: tuple[tuple[str, Decimal | None, Decimal | None], ...] = (
        ("proceeds", broker.proceeds, ours.proceeds),
        ("basis", broker.basis, ours.basis),
        ("wash sale", broker.disallowed, ours.disallowed),
    )
    for name, theirs, mine in columns:
        if theirs is None and mine is None:
            continue
        if theirs is None or mine is None or abs(theirs - mine) > TOLERANCE:
            yield f"{name} {_usd(theirs)}, ours {_usd(mine)}"


def _usd(amount: Decimal | None) -> str:
    return "not known" if amount is None else f"{amount:,.2f}"
