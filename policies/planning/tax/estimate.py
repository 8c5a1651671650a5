"""Which lots a plan's sales take, and what they add to the year's tax, in exact money."""

from collections.abc import Iterable
from dataclasses import replace

from policies.book import Book
from policies.planning.harvest_view import gain_rates
from policies.planning.tax.household import lots_in_order
from policies.taxes.household import HouseholdTaxes
from policies.taxes.rates import tax_of_year
from policies.taxes.relief import MarginalRates, relief_in_force, relieve
from policies.taxes.terms import Term, result_of_sale
from portfolio.accounts import AccountKind
from portfolio.decisions import LotSale, PlannedLeg, TaxEstimate
from portfolio.lots import Lot
from portfolio.money import ZERO, Money, to_cents
from portfolio.orders import Side


def with_lots(book: Book, leg: PlannedLeg) -> PlannedLeg:
    """A sale in a taxable account with the lots it takes; others as they are.

    A broker that trimtab trades with sells first in, first out. Where a person places the order they
    can name the lots, so there the household's method counts.
    """
    intent = leg.intent
    account = next(a for a in book.snapshot.accounts if a.account.id == intent.account)
    if intent.side is Side.BUY or account.account.kind is not AccountKind.TAXABLE:
        return leg
    taken: list[LotSale] = []
    for part in _parts(book, leg, may_name_lots=not account.account.can_trade):
        found = result_of_sale(part, part.quantity * leg.price, book.snapshot.day)
        taken.append(
            LotSale(
                lot_id=part.lot_id,
                quantity=part.quantity,
                acquired_on=part.acquired_on,
                term="" if found.term is None else found.term.value,
                gain=None if found.gain is None else to_cents(found.gain),
            )
        )
    return replace(leg, lots=tuple(taken))


def _parts(book: Book, leg: PlannedLeg, *, may_name_lots: bool) -> tuple[Lot, ...]:
    """The lots or parts of lots of a sale in the order in which they go; what is short is left out."""
    intent = leg.intent
    desk = next(d for d in book.desks if d.account == intent.account)
    own = lots_in_order(book, desk, intent.symbol)
    quantity = min(intent.quantity, sum((lot.quantity for lot in own), ZERO))
    method, _ = relief_in_force(book.policy.lots.method, may_name_lots=may_name_lots)
    short, long = gain_rates(book) if book.policy.taxes is not None else (ZERO, ZERO)
    return relieve(
        own,
        quantity,
        method,
        price=leg.price,
        on=book.snapshot.day,
        rates=MarginalRates(short=short, long=long),
    )


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
