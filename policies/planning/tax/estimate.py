"""Which lots a plan's sales take, and what they add to the year's tax, in exact money."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from policies.book import Book
from policies.planning.tax.household import lots_in_order
from policies.taxes.household import HouseholdTaxes
from policies.taxes.rates import tax_of_year
from policies.taxes.terms import Term, result_of_sale
from portfolio.accounts import AccountKind
from portfolio.decisions import LotSale, PlannedLeg, TaxEstimate
from portfolio.lots import divided
from portfolio.money import ZERO, Money, to_cents
from portfolio.orders import Side


def with_lots(book: Book, leg: PlannedLeg) -> PlannedLeg:
    """A sale in a taxable account with the lots it takes, first in, first out; others as they are."""
    intent = leg.intent
    account = next(a for a in book.snapshot.accounts if a.account.id == intent.account)
    if intent.side is Side.BUY or account.account.kind is not AccountKind.TAXABLE:
        return leg
    desk = next(d for d in book.desks if d.account == intent.account)
    left: Decimal = intent.quantity
    taken: list[LotSale] = []
    for lot in lots_in_order(book, desk, intent.symbol):
        if left <= ZERO:
            break
        part, _ = divided(lot, min(left, lot.quantity))
        found = result_of_sale(part, part.quantity * leg.price, book.snapshot.day)
        taken.append(
            LotSale(
                lot_id=lot.lot_id,
                quantity=part.quantity,
                acquired_on=lot.acquired_on,
                term="" if found.term is None else found.term.value,
                gain=None if found.gain is None else to_cents(found.gain),
            )
        )
        left -= part.quantity
    return replace(leg, lots=tuple(taken))


def gains_of(legs: Iterable[PlannedLeg]) -> tuple[Money, Money]:
    """Short-term and long-term result of the lots sold, money.

    An unknown basis counts as nothing, an unknown term as short, which is dearer.
    """
    short = long = ZERO
    for leg in legs:
        for sale in leg.lots:
            if sale.term == Term.LONG.value:
                long += sale.gain or ZERO
            else:
                short += sale.gain or ZERO
    return Money(short), Money(long)


def estimate(book: Book, taxes: HouseholdTaxes, legs: Iterable[PlannedLeg]) -> TaxEstimate:
    """What the sales add to the year's tax, netted with the year so far. Raises `NoTaxData`."""
    year = book.snapshot.day.year
    before = taxes.so_far(book.memory.realised, year)
    short, long = gains_of(legs)
    after = before.with_sale(short=short, long=long)
    tax = tax_of_year(taxes.rates, after, year) - tax_of_year(taxes.rates, before, year)
    return TaxEstimate(year=year, short_gain=short, long_gain=long, tax=to_cents(tax))
