"""What a sale planned for today would wash: the ledger's own rules, asked before the sale (WS-6 ii)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from policies.taxes.terms import loss_of, result_of_sale
from policies.taxes.wash import Held, LossInPlay, Realised, Slice, TaxHousehold, match
from portfolio.lots import Lot, sold_first_in_first_out
from portfolio.money import ZERO, Money, Quantity

HouseholdLots = Mapping[str, Sequence[Lot]]
"""The lots of every account of the household, by account id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SalePreview:
    """A sale's losses, USD unsigned, and what of them purchases of the last 30 days take back.

    `at_loss` are the units sold at a loss, `washed` those of them that lots still held replace.
    `washed_loss` includes `lost`, which an untaxed account's purchase takes for good.
    """

    at_loss: Quantity = Quantity(ZERO)  # noqa: RUF009  a NewType call, not a default factory
    washed: Quantity = Quantity(ZERO)  # noqa: RUF009
    loss: Money = Money(ZERO)  # noqa: RUF009
    washed_loss: Money = Money(ZERO)  # noqa: RUF009
    lost: Money = Money(ZERO)  # noqa: RUF009

    @property
    def pays(self) -> bool:
        """Whether more of the loss counts than is washed; so too where nothing is washed at all."""
        return self.washed == ZERO or self.loss > 2 * self.washed_loss


def preview_sale(
    lots: HouseholdLots,
    household: TaxHousehold,
    day: date,
    *,
    account: str,
    symbol: str,
    quantity: Decimal,
    price: Decimal,
) -> SalePreview:
    """Sell `quantity` of a symbol first in, first out at `price`, and hold it against the household.

    More than the lots hold sells what there is of them. An untaxed account has no losses, and a lot
    of unknown basis none that is known.
    """
    own = tuple(lots.get(account, ()))
    held = sum((lot.quantity for lot in own if lot.symbol == symbol), ZERO)
    taken = min(quantity, held)
    if taken <= ZERO or not household.is_taxable(account):
        return SalePreview()
    kept, sold = sold_first_in_first_out(own, symbol, Quantity(taken))
    losses = [
        found
        for number, lot in enumerate(sold)
        if (found := _loss(household, replace(lot, account=account), price, day, number))
    ]
    if not losses:
        return SalePreview()
    group = household.group_of(symbol)
    candidates = [
        Held(lot=replace(lot, account=name), number=len(sold) + number)
        for number, (name, lot) in enumerate(
            (name, lot)
            for name, rows in {**lots, account: kept}.items()
            for lot in rows
            if household.group_of(lot.symbol) == group
        )
    ]
    at_loss, loss = sum((x.quantity for x in losses), ZERO), sum((x.loss for x in losses), ZERO)
    for one in losses:
        candidates.sort(key=lambda h: (h.lot.acquired_on or day, h.number))
        match(household, one, tuple(candidates), lambda h, w, r: _put(candidates, h, w, r))
    pieces = [one.of.piece for one in losses]
    return SalePreview(
        at_loss=Quantity(at_loss),
        washed=Quantity(at_loss - sum((x.quantity for x in losses), ZERO)),
        loss=Money(loss),
        washed_loss=Money(sum((piece.disallowed for piece in pieces), ZERO)),
        lost=Money(sum((piece.permanently_lost for piece in pieces), ZERO)),
    )


def _loss(
    household: TaxHousehold, lot: Lot, price: Decimal, day: date, number: int
) -> LossInPlay | None:
    result = result_of_sale(lot, price * lot.quantity, day)
    loss = loss_of(result.gain)
    if loss <= ZERO:
        return None
    piece = Slice(
        sale="preview",
        account=lot.account,
        lot=lot,
        sold_on=day,
        term=result.term,
        proceeds=result.proceeds,
        basis=result.basis,
        gain=result.gain,
    )
    return LossInPlay(
        of=Realised(piece=piece),
        symbol=lot.symbol,
        group=household.group_of(lot.symbol),
        quantity=lot.quantity,
        loss=loss,
        held_days=0,
        number=number,
    )


def _put(candidates: list[Held], held: Held, washed: Lot, rest: Lot | None) -> None:
    held.lot = washed
    if rest is not None:
        candidates.append(Held(lot=rest, number=held.number))
