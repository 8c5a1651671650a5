"""What the year has come to: confirmed apart from what a purchase in the next 30 days may undo.

A loss is pending until the 30th day after its sale; a December loss may be undone in January. The
figures are an estimate: no advice, and no filing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from policies.taxes.budgets import Budgets
from policies.taxes.netting import CapitalResult, Netted, net_year
from policies.taxes.rates import TaxRates, loss_limit, tax_of_year
from policies.taxes.reporting import Row, in_year
from policies.taxes.terms import Term
from policies.taxes.wash import WINDOW_DAYS
from portfolio.money import ZERO, Money

NOTHING = CapitalResult()


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
    losses in too; `unknown` counts sales of unknown basis, which are in neither.

    `tax_confirmed` and `tax_expected` are what each adds to the year's taxes.
    """

    year: int
    confirmed: CapitalResult
    expected: CapitalResult
    pending: tuple[Release, ...]
    unknown: int
    tax_confirmed: Money
    tax_expected: Money
    netted: Netted


def year_to_date(
    rows: Iterable[Row], rates: TaxRates, *, year: int, typed: CapitalResult = NOTHING
) -> YearToDate:
    """Sum a year's realised rows by term. `typed` is what was realised elsewhere, and carried in.

    The pending part of a loss is not confirmed: a purchase through its 30th day may still take it
    back. A row of unknown basis or without a term counts as nothing; the former are in `unknown`.
    Raises `NoTaxData`.
    """
    own = in_year(rows, year)
    expected = _summed(typed, own, pending_too=True)
    confirmed = _summed(typed, own, pending_too=False)
    return YearToDate(
        year=year,
        confirmed=confirmed,
        expected=expected,
        pending=_releases(own),
        unknown=sum(row.recognised is None for row in own),
        tax_confirmed=tax_of_year(rates, confirmed, year),
        tax_expected=tax_of_year(rates, expected, year),
        netted=net_year(expected, loss_limit(rates.status)),
    )


def _summed(start: CapitalResult, rows: Iterable[Row], *, pending_too: bool) -> CapitalResult:
    short = long = ZERO
    for row in rows:
        if row.recognised is None:
            continue
        amount = row.recognised if pending_too else row.recognised + row.pending
        if row.of.term is Term.LONG:
            long += amount
        elif row.of.term is Term.SHORT:
            short += amount
    return start.with_sale(short=short, long=long)


def _releases(rows: Iterable[Row]) -> tuple[Release, ...]:
    pending = [row for row in rows if row.pending > ZERO]
    days = sorted({row.of.sold_on for row in pending})
    return tuple(
        Release(
            sold_on=day,
            safe_from=day + timedelta(days=WINDOW_DAYS + 1),
            loss=Money(sum((row.pending for row in pending if row.of.sold_on == day), ZERO)),
            symbols=tuple(sorted({row.of.lot.symbol for row in pending if row.of.sold_on == day})),
        )
        for day in days
    )


def over_budget(
    found: YearToDate, budgets: Budgets, *, turnover: Decimal | None = None
) -> tuple[tuple[str, str], ...]:
    """Budgets that are used up, or by `warn_from` of them nearly: name and sentence of each.

    `turnover` is the year's so far, None where it is not known.
    """
    gains = found.expected.short + found.expected.long
    told = []
    for name, used, budget in (
        ("gain budget", gains, budgets.gains),
        ("tax budget", found.tax_expected, budgets.tax),
    ):
        if budget is None or used < budgets.warn_from * budget or used <= ZERO:
            continue
        state = _state(used, budget)
        told.append(
            (name, f"The {name} of {found.year} is {state}: {used:,.2f} of {budget:,.2f} USD.")
        )
    most = budgets.turnover
    if most is not None and turnover is not None and turnover >= budgets.warn_from * most:
        state = _state(turnover, most)
        text = (
            f"The turnover budget of {found.year} is {state}: {turnover * 100:.1f} of"
            f" {most * 100:.1f} % of the portfolio."
        )
        told.append(("turnover budget", text))
    return tuple(told)


def _state(used: Decimal, budget: Decimal) -> str:
    return "used up" if used >= budget else "nearly used up"
