"""What the year has come to: confirmed apart from what a purchase in the next 30 days may undo.

A loss is pending until the 30th day after its sale; a December loss may be undone in January. The
figures are an estimate: no advice, and no filing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from policies.taxes.netting import CapitalResult, Netted, net_year
from policies.taxes.rates import TaxRates, loss_limit, tax_of_year
from policies.taxes.terms import Term
from portfolio.money import ZERO, Money

WINDOW_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """One realised slice: `recognised` is its gain or loss after wash sales, USD.

    `matched` says that nothing of its loss is left to be washed.
    """

    sold_on: date
    symbol: str
    account: str
    term: Term | None
    proceeds: Money
    basis: Money
    disallowed: Money
    recognised: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Losses of one sale day that are safe from `safe_from` on, USD, unsigned."""

    sold_on: date
    safe_from: date
    loss: Money
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class YearToDate:
    """A year so far. `confirmed` is what nothing can change any more, `expected` takes the pending
    losses in too. `tax_confirmed` and `tax_expected` are what each adds to the year's taxes."""

    year: int
    confirmed: CapitalResult
    expected: CapitalResult
    pending: tuple[Release, ...]
    tax_confirmed: Money
    tax_expected: Money
    netted: Netted


def year_to_date(
    slices: Iterable[Realised],
    rates: TaxRates,
    *,
    year: int,
    today: date,
    typed: CapitalResult = CapitalResult(),  # noqa: B008
) -> YearToDate:
    """Sum a year's realised slices by term. `typed` is what was realised elsewhere, and carried in.

    A loss sold within the last 30 days is pending through its 30th day. A slice without a term (a
    gift between its two bases) counts as nothing. Raises `NoTaxData`.
    """
    own = [s for s in slices if s.sold_on.year == year]
    pending = [s for s in own if _is_pending(s, today)]
    sure = [s for s in own if not _is_pending(s, today)]
    confirmed = _summed(typed, sure)
    expected = _summed(confirmed, pending)
    return YearToDate(
        year=year,
        confirmed=confirmed,
        expected=expected,
        pending=_releases(pending),
        tax_confirmed=tax_of_year(rates, confirmed, year),
        tax_expected=tax_of_year(rates, expected, year),
        netted=net_year(expected, loss_limit(rates.status)),
    )


def _is_pending(item: Realised, today: date) -> bool:
    return item.recognised < ZERO and today <= item.sold_on + timedelta(days=WINDOW_DAYS)


def _summed(start: CapitalResult, slices: Iterable[Realised]) -> CapitalResult:
    short = long = ZERO
    for item in slices:
        if item.term is Term.LONG:
            long += item.recognised
        elif item.term is Term.SHORT:
            short += item.recognised
    return start.with_sale(short=short, long=long)


def _releases(pending: list[Realised]) -> tuple[Release, ...]:
    days = sorted({item.sold_on for item in pending})
    return tuple(
        Release(
            sold_on=day,
            safe_from=day + timedelta(days=WINDOW_DAYS + 1),
            loss=Money(-sum((i.recognised for i in pending if i.sold_on == day), ZERO)),
            symbols=tuple(sorted({i.symbol for i in pending if i.sold_on == day})),
        )
        for day in days
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """What a year may come to before somebody is told, USD; None is no budget."""

    gains: Money | None = None
    tax: Money | None = None
    warn_from: Decimal = Decimal("0.8")


def over_budget(found: YearToDate, budgets: Budgets) -> tuple[tuple[str, str], ...]:
    """Budgets that are used up, or by `warn_from` of them nearly: name and sentence of each."""
    gains = found.expected.short + found.expected.long
    told = []
    for name, used, budget in (
        ("gain budget", gains, budgets.gains),
        ("tax budget", found.tax_expected, budgets.tax),
    ):
        if budget is None or used < budgets.warn_from * budget or used <= ZERO:
            continue
        state = "used up" if used >= budget else "nearly used up"
        told.append(
            (name, f"The {name} of {found.year} is {state}: {used:,.2f} of {budget:,.2f} USD.")
        )
    return tuple(told)
