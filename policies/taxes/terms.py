"""How long a lot was held, and what its sale comes to.

Publication 550: count from the day after the purchase, trade date to trade date; a gain or loss is
long-term when the asset was held for more than one year. Days are never counted against 365: a year
with a leap day has 366, and from the end of a month the year ends with the month (Rev. Rul. 66-7).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from portfolio.lots import Lot
from portfolio.money import ZERO, Money

ONE_DAY = timedelta(days=1)


class Term(StrEnum):
    """How a gain or loss is taxed by the time it was held."""

    SHORT = "short"
    LONG = "long"


def adjusted_acquired(acquired: date, tacked_days: int = 0) -> date:
    """The date from which the holding period counts: the purchase, earlier by what was tacked on.

    >>> adjusted_acquired(date(2013, 12, 19), 105)
    datetime.date(2013, 9, 5)
    """
    return acquired - timedelta(days=tacked_days)


def first_long_term_day(acquired: date, tacked_days: int = 0) -> date:
    """The first day on which a sale is long-term: a year after the day after the purchase.

    The holding period begins on that day after; the 29th of February is followed by the 1st of March.

    >>> first_long_term_day(date(2023, 2, 28)), first_long_term_day(date(2024, 2, 28))
    (datetime.date(2024, 3, 1), datetime.date(2025, 3, 1))
    """
    begins = adjusted_acquired(acquired, tacked_days) + ONE_DAY
    if (begins.month, begins.day) == (2, 29):
        return date(begins.year + 1, 3, 1)
    return begins.replace(year=begins.year + 1)


def is_long_term(acquired: date, sold: date, tacked_days: int = 0) -> bool:
    """Whether a lot bought and sold on these trade dates was held for more than a year.

    >>> is_long_term(date(2008, 2, 5), date(2009, 2, 5))
    False
    >>> is_long_term(date(2008, 2, 5), date(2009, 2, 6))
    True
    """
    return sold >= first_long_term_day(acquired, tacked_days)


def days_to_long_term(lot: Lot, today: date) -> int | None:
    """Calendar days until a sale of the lot is long-term; 0 when it is.

    None when that day is not known: no date of purchase, or a holding period that stands still.
    """
    if lot.always_long:
        return 0
    if lot.acquired_on is None:
        return None
    left = max(0, (first_long_term_day(lot.acquired_on, lot.tacked_days) - today).days)
    return None if lot.is_suspended and left else left


def term_of(lot: Lot, sold: date) -> Term | None:
    """The term of a sale of the lot on a day, at a gain; None when its date is not known.

    A lot whose holding period is suspended is short, however long it is held: it may not be taken
    for aging (sections 1233 and 1092).
    """
    if lot.always_long:
        return Term.LONG
    if lot.is_suspended:
        return Term.SHORT
    if lot.acquired_on is None:
        return None
    long = is_long_term(lot.acquired_on, sold, lot.tacked_days)
    return Term.LONG if long else Term.SHORT


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleResult:
    """What selling a lot comes to, before wash sales: gain is proceeds minus basis.

    `basis` and `gain` are None where the basis is not known; `term` is None where the date is not, or
    for a gift sold between its two bases, which is neither gain nor loss.
    """

    proceeds: Money
    basis: Money | None
    gain: Money | None
    term: Term | None


def result_of_sale(lot: Lot, proceeds: Decimal, sold: date) -> SaleResult:
    """Sell the whole lot for `proceeds` net of fees.

    A gift (section 1015): a gain counts from the donor's basis and day; a loss from the lower value
    at the gift, and the day of the gift; in between the basis is what it is sold for.
    """
    term = term_of(lot, sold)
    if lot.basis is None:
        return SaleResult(proceeds=Money(proceeds), basis=None, gain=None, term=term)
    basis: Decimal = lot.basis
    if lot.loss_basis is not None and proceeds <= basis:
        if proceeds >= lot.loss_basis:
            basis, term = proceeds, None
        else:
            basis = lot.loss_basis
            counted = lot.loss_acquired_on or lot.acquired_on
            long = counted is not None and is_long_term(counted, sold, lot.tacked_days)
            term = Term.LONG if long else Term.SHORT
    return SaleResult(
        proceeds=Money(proceeds), basis=Money(basis), gain=Money(proceeds - basis), term=term
    )


def days_held_in_window(acquired: date, sold: date | None, first: date, last: date) -> int:
    """Days within [first, last] on which a lot was held, from the day after its purchase on."""
    begins = max(acquired + ONE_DAY, first)
    ends = last if sold is None else min(sold, last)
    return max(0, (ends - begins).days + 1)


def dividend_is_qualified(acquired: date, sold: date | None, ex_date: date) -> bool:
    """Whether the holding period of a common-stock dividend is met (section 1(h)(11)).

    More than 60 days within the 121 that begin 60 days before the ex-dividend date.
    """
    window = timedelta(days=60)
    return days_held_in_window(acquired, sold, ex_date - window, ex_date + window) > 60


def loss_of(gain: Decimal | None) -> Money:
    """A loss as a positive amount; zero for a gain or for what is not known."""
    return Money(max(ZERO, -gain)) if gain is not None else Money(ZERO)
