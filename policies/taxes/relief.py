"""Lot relief: which lots a sale takes, by the method asked for, as far as the broker goes along.

Specific lots count only when they are named to the broker at the sale and confirmed in writing
(Reg. 1.1012-1(c)(3)); otherwise the law takes the first in. A broker that cannot be told takes FIFO,
and then everything here must take FIFO too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, assert_never

from policies.taxes.terms import Term, result_of_sale
from portfolio.lots import Lot, ReliefMethod, divided
from portfolio.money import ZERO, exact_arithmetic


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginalRates:
    """What a further dollar of gain costs in tax, by term, as a fraction; from the year's netting."""

    short: Decimal
    long: Decimal

    def of(self, term: Term | None) -> Decimal:
        """The rate of a term; of an unknown one the short one, which is the higher."""
        return self.long if term is Term.LONG else self.short


def relief_in_force(wanted: ReliefMethod, *, may_name_lots: bool) -> tuple[ReliefMethod, str]:
    """The method a broker will really use, and a sentence where that is not the one wanted.

    >>> relief_in_force(ReliefMethod.MINTAX, may_name_lots=True)
    (<ReliefMethod.MINTAX: 'mintax'>, '')
    """
    if may_name_lots or wanted is ReliefMethod.FIFO:
        return wanted, ""
    return ReliefMethod.FIFO, (
        f"lots are sold first in, first out: this broker cannot be told which, so {wanted.value}"
        " is not used"
    )


def relieve(
    lots: Sequence[Lot],
    quantity: Decimal,
    method: ReliefMethod,
    *,
    price: Decimal,
    on: date,
    rates: MarginalRates,
    chosen: Sequence[tuple[str, Decimal]] = (),
) -> tuple[Lot, ...]:
    """The lots, or parts of lots, that a sale of `quantity` takes, in order.

    `lots` are of one symbol in one account, in the order of their booking; ties go to the earliest
    acquired, then to the first booked. Lots of unknown basis come last, except for FIFO and LIFO,
    which look at dates alone; an unknown date is the oldest. SPEC takes `chosen`, lot ids with their
    quantities, which must sum to the sale. Raises `ValueError` for more than is held, or for lots
    that are not there.
    """
    with exact_arithmetic():
        if method is ReliefMethod.SPEC:
            return _chosen(lots, quantity, chosen)
        key = _order(method, price, on, rates)
        ordered = sorted(enumerate(lots), key=lambda pair: (key(pair[1]), *_age(*pair)))
        return _taken([lot for _, lot in ordered], quantity)


def _age(index: int, lot: Lot) -> tuple[date, int]:
    return lot.acquired_on or date.min, index


def _taken(ordered: Sequence[Lot], quantity: Decimal) -> tuple[Lot, ...]:
    left = quantity
    picks: list[Lot] = []
    for lot in ordered:
        if left <= ZERO:
            break
        part, _ = divided(lot, min(left, lot.quantity))
        picks.append(part)
        left -= part.quantity
    if left > ZERO:
        raise ValueError(f"{quantity} were to be sold, the lots hold {quantity - left}")
    return tuple(picks)


def _chosen(
    lots: Sequence[Lot], quantity: Decimal, chosen: Sequence[tuple[str, Decimal]]
) -> tuple[Lot, ...]:
    by_id: Mapping[str, Lot] = {lot.lot_id: lot for lot in lots}
    named = sum((part for _, part in chosen), ZERO)
    if named != quantity:
        raise ValueError(f"{quantity} were to be sold, the named lots sum to {named}")
    picks: list[Lot] = []
    for lot_id, part in chosen:
        if lot_id not in by_id:
            raise ValueError(f"there is no lot {lot_id!r}")
        picks.append(divided(by_id[lot_id], part)[0])
    return tuple(picks)


def _order(method: ReliefMethod, price: Decimal, on: date, rates: MarginalRates) -> Any:
    """A lot's place in the queue of a method; the smallest goes first."""

    def gain(lot: Lot) -> Decimal:
        """Per unit; what is not known counts as all gain."""
        return (result_of_sale(lot, price * lot.quantity, on).gain or ZERO) / lot.quantity

    def term(lot: Lot) -> Term:
        return result_of_sale(lot, price * lot.quantity, on).term or Term.SHORT

    def tax(lot: Lot) -> Decimal:
        return rates.of(term(lot)) * gain(lot)

    def unknown(lot: Lot) -> bool:
        return lot.basis is None

    match method:
        case ReliefMethod.FIFO | ReliefMethod.SPEC:
            return lambda _: 0
        case ReliefMethod.LIFO:
            return lambda lot: -(lot.acquired_on or date.min).toordinal()
        case ReliefMethod.HIFO:
            return lambda lot: (unknown(lot), -(lot.unit_cost or ZERO))
        case ReliefMethod.LOFO:
            return lambda lot: (unknown(lot), lot.unit_cost or ZERO)
        case ReliefMethod.MINTAX:
            return lambda lot: (unknown(lot), tax(lot))
        case ReliefMethod.HIERARCHY:
            return lambda lot: (unknown(lot), *_hierarchy(gain(lot), term(lot), tax(lot)))
        case ReliefMethod.SCHWAB_TLO:
            return lambda lot: (unknown(lot), *_schwab(gain(lot), term(lot)))
        case _:
            assert_never(method)


def _hierarchy(gain: Decimal, term: Term, tax: Decimal) -> tuple[int, Decimal]:
    """Losses by the tax they save, then long-term gains, then short-term ones, the smallest first."""
    if gain < ZERO:
        return 0, tax
    return (1 if term is Term.LONG else 2), gain


def _schwab(gain: Decimal, term: Term) -> tuple[int, Decimal]:
    """Losses short then long, largest first; no gain short then long; gains long then short, the
    smallest first (Schwab's Tax Lot Optimizer)."""
    long = term is Term.LONG
    if gain < ZERO:
        return (1 if long else 0), gain
    if gain == ZERO:
        return (3 if long else 2), ZERO
    return (4 if long else 5), gain
