"""Two readings of the wash-sale rule that are not the default: shares of the same order, and shares
that were sold before.

No authority settles either (WS-4). By default shares sold in one order do not replace each other
(Rev. Rul. 56-602, read widely), and a replacement is still held after the sale.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from policies.taxes.events import Sold
from policies.taxes.terms import result_of_sale
from policies.taxes.wash import Held, LossInPlay, Realised, TaxHousehold, match
from portfolio.lots import Lot, share_of
from portfolio.money import ZERO, Money, Quantity


@dataclass(slots=True, kw_only=True)
class Part:
    """A lot on its way through a sale, with its share of the proceeds."""

    held: Held
    proceeds: Money


def parts_of_sale(picks: Sequence[tuple[int, Lot]], event: Sold) -> list[Part]:
    """The lots of a sale with their proceeds by quantity, which sum to the sale's exactly."""
    parts: list[Part] = []
    left, proceeds = event.quantity, event.proceeds
    for number, lot in picks:
        share = share_of(proceeds, lot.quantity, left)
        left, proceeds = Quantity(left - lot.quantity), Money(proceeds - share)
        parts.append(Part(held=Held(lot=lot, number=number), proceeds=share))
    return parts


def wash_within(household: TaxHousehold, loss: LossInPlay, rest: list[Part]) -> None:
    """Wash a loss into the lots of its own order that are still to be realised; in place.

    What they are replaced with is another acquisition, bought in the window. A replacing lot takes
    the loss into its basis before its own result is known, so that the sale's sum stays as it is.
    """

    def put(held: Held, washed: Lot, left: Lot | None) -> None:
        at = next(i for i, part in enumerate(rest) if part.held is held)
        whole = rest[at]
        held.lot = washed
        if left is None:
            return
        share = share_of(whole.proceeds, washed.quantity, washed.quantity + left.quantity)
        other = Part(
            held=Held(lot=left, number=held.number), proceeds=Money(whole.proceeds - share)
        )
        whole.proceeds = share
        rest.insert(at + 1, other)

    later = sorted((part.held for part in rest), key=_age)
    match(household, loss, later, put)


def wash_back(
    household: TaxHousehold, loss: LossInPlay, slices: list[Realised], gone: list[Held]
) -> None:
    """Wash what is left of a loss into shares bought in the window and sold before it; in place.

    In a taxable account the loss goes into the basis of that earlier sale, whose gain falls by it; one
    that was a loss itself replaces nothing. A gain that becomes a loss is not washed again. `gone` are
    lots that an untaxed account has sold: there the loss is lost.
    """
    group = loss.group
    earlier = [
        realised
        for realised in slices
        if household.group_of(realised.piece.lot.symbol) == group
        and realised.piece.sale != loss.of.piece.sale
        and realised.piece.gain is not None
        and realised.piece.gain >= ZERO
    ]
    for realised in sorted(earlier, key=lambda r: _day(r.piece.lot)):
        held = Held(lot=realised.piece.lot, number=0)
        match(household, loss, [held], partial(_resell, slices, realised))

    def put(held: Held, washed: Lot, left: Lot | None) -> None:
        held.lot = washed
        if left is not None:
            gone.append(Held(lot=left, number=held.number))

    match(household, loss, sorted(gone, key=_age), put)


def _resell(
    slices: list[Realised], of: Realised, _held: Held, washed: Lot, rest: Lot | None
) -> None:
    """An earlier slice becomes its replacing part, with the loss in its basis, and the rest."""
    piece = of.piece
    units = washed.quantity + (ZERO if rest is None else rest.quantity)
    share = share_of(piece.proceeds, washed.quantity, units)
    for lot, proceeds in ((washed, share), (rest, Money(piece.proceeds - share))):
        if lot is None:
            continue
        result = result_of_sale(lot, proceeds, piece.sold_on)
        new = replace(
            piece,
            lot=lot,
            proceeds=proceeds,
            basis=result.basis,
            gain=result.gain,
            term=result.term,
        )
        if lot is washed:
            of.piece = new
        else:
            at = next(i for i, other in enumerate(slices) if other is of)
            slices.insert(at + 1, Realised(piece=new))


def _day(lot: Lot) -> date:
    return lot.acquired_on or date.min


def _age(held: Held) -> tuple[date, int]:
    return _day(held.lot), held.number
