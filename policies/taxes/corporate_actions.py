"""What capital paid back and a spin-off do to one lot: arithmetic of its amounts."""

from dataclasses import replace
from decimal import Decimal

from policies.taxes.events import ReturnedCapital
from policies.taxes.terms import Term, term_of
from policies.taxes.wash import Slice
from portfolio.lots import Lot, LotSource, share_of
from portfolio.money import ZERO, Money


def increased(basis: Money | None, amount: Decimal) -> Money | None:
    """A basis with an amount added; one that is not known stays unknown."""
    return None if basis is None else Money(basis + amount)


def reduced(basis: Money | None, returned: Money) -> Money | None:
    """A basis less what was paid back of it, never below zero; unknown stays unknown."""
    return None if basis is None else Money(max(ZERO, basis - returned))


def spun(lot: Lot, fraction: Decimal) -> tuple[Lot, Lot]:
    """The lot of the new company with `fraction` of the basis, and what stays of the old."""

    def part(amount: Money | None) -> Money | None:
        return None if amount is None else share_of(amount, fraction, Decimal(1))

    def left(amount: Money | None) -> Money | None:
        return None if amount is None else Money(amount - (part(amount) or ZERO))

    new = replace(
        lot,
        source=LotSource.SPIN_OFF,
        basis=part(lot.basis),
        original_basis=part(lot.original_basis),
        loss_basis=part(lot.loss_basis),
    )
    kept = replace(
        lot,
        basis=left(lot.basis),
        original_basis=left(lot.original_basis),
        loss_basis=left(lot.loss_basis),
    )
    return new, kept


def gain_of_returned_capital(event: ReturnedCapital, lot: Lot, excess: Money) -> Slice:
    """What was paid back beyond a lot's basis, as a gain of its day."""
    return Slice(
        sale=event.name,
        account=event.account,
        lot=lot,
        sold_on=event.on,
        term=term_of(lot, event.on) or Term.SHORT,
        proceeds=excess,
        basis=Money(ZERO),
        gain=excess,
    )
