"""What a netted year costs: flat rates, or a year's brackets with the household's other income.

Federal brackets stack as on the Qualified Dividends and Capital Gain Tax Worksheet: ordinary income
and short-term gain first, long-term gain on top at 0, 15 and 20 %. The net investment income tax is
3.8 % (IRC 1411). A state is one added rate. All of it is an estimate, and no filing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal, assert_never

from policies.taxes.netting import LOSS_LIMIT, CapitalResult, Netted, net_year
from portfolio.money import ZERO, Money

NIIT_RATE = Decimal("0.038")


class FilingStatus(StrEnum):
    """How a household files."""

    SINGLE = "single"
    JOINT = "joint"
    SEPARATE = "separate"
    HEAD = "head_of_household"


def loss_limit(status: FilingStatus) -> Money:
    """The most that a net capital loss deducts in a year, USD (IRC 1211(b))."""
    return Money(LOSS_LIMIT / 2) if status is FilingStatus.SEPARATE else LOSS_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """A marginal rate, a fraction, up to an income in USD; `up_to` None is the last one."""

    up_to: Money | None
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxTable:
    """One status in one year: ordinary and long-term brackets, and where the 3.8 % begins (MAGI)."""

    year: int
    status: FilingStatus
    ordinary: tuple[Bracket, ...]
    long_term: tuple[Bracket, ...]
    niit_from: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatRates:
    """One marginal rate for each kind of income, fractions; right while the plan crosses no bracket."""

    kind: Literal["flat"] = "flat"
    short: Decimal
    long: Decimal
    ordinary: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Income:
    """The year's other income, USD, without the gains netted here.

    `ordinary` is taxable ordinary income after deductions; `magi` modified adjusted gross income;
    `investment` interest, dividends and the like, which the 3.8 % looks at.
    """

    ordinary: Money
    magi: Money
    investment: Money = Money(ZERO)  # noqa: RUF009


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomeRates:
    """Brackets of every year that is known, with the household's other income."""

    kind: Literal["income"] = "income"
    tables: tuple[TaxTable, ...]
    income: Income


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRates:
    """How a household's gains are taxed. Fractions.

    `state` is added to every kind. `niit` adds 3.8 % to gains under flat rates; brackets know it
    themselves. `carried_short` and `carried_long` are what a dollar of loss carried into later years
    is worth today.
    """

    federal: FlatRates | IncomeRates
    status: FilingStatus = FilingStatus.SINGLE
    state: Decimal = ZERO
    niit: bool = False
    carried_short: Decimal = Decimal("0.20")
    carried_long: Decimal = Decimal("0.12")


class NoTaxData(Exception):
    """There are no brackets of a year; nothing is estimated from another year's."""


def stacked(amount: Decimal, base: Decimal, brackets: Sequence[Bracket]) -> Money:
    """Tax on `amount` on top of `base`, both USD; a negative amount gives the tax that it saves.

    >>> low = Bracket(up_to=Money(Decimal(100)), rate=Decimal(0))
    >>> high = Bracket(up_to=None, rate=Decimal("0.15"))
    >>> stacked(Decimal(50), Decimal(80), (low, high))
    Decimal('4.50')
    """
    return Money(_on(base + amount, brackets) - _on(base, brackets))


def _on(income: Decimal, brackets: Sequence[Bracket]) -> Decimal:
    tax, start = ZERO, ZERO
    for bracket in brackets:
        end = income if bracket.up_to is None else min(income, bracket.up_to)
        tax += bracket.rate * max(ZERO, end - start)
        start = start if bracket.up_to is None else bracket.up_to
    return tax


def net_investment_tax(investment: Decimal, magi: Decimal, threshold: Money) -> Money:
    """3.8 % of the smaller of net investment income and what MAGI is over the threshold."""
    return Money(NIIT_RATE * max(ZERO, min(investment, magi - threshold)))


def table_of(rates: TaxRates, year: int) -> TaxTable | None:
    """The brackets of a year; None under flat rates. Raises `NoTaxData` when they are not known."""
    if isinstance(rates.federal, FlatRates):
        return None
    for table in rates.federal.tables:
        if table.year == year:
            return table
    known = ", ".join(str(table.year) for table in rates.federal.tables) or "none"
    raise NoTaxData(
        f"there are no tax brackets for {year} ({rates.status.value}; known: {known}):"
        " take a newer trimtab, or write flat rates under [taxes]"
    )


def liability(rates: TaxRates, netted: Netted, year: int) -> Money:
    """What a netted year adds to the household's taxes, USD; negative when it lowers them.

    The tax with the gains less the tax without them, less what losses carried on are worth. Raises
    `NoTaxData`.
    """
    gains = netted.short_gain + netted.long_gain
    federal = _federal(rates, netted, table_of(rates, year))
    state = rates.state * (gains - netted.deduction)
    later = rates.carried_short * netted.carry_short + rates.carried_long * netted.carry_long
    return Money(federal + state - later)


def _federal(rates: TaxRates, netted: Netted, table: TaxTable | None) -> Decimal:
    gains = netted.short_gain + netted.long_gain
    match rates.federal:
        case FlatRates() as flat:
            extra = NIIT_RATE if rates.niit else ZERO
            on_gains = flat.short * netted.short_gain + flat.long * netted.long_gain
            return on_gains + extra * gains - flat.ordinary * netted.deduction
        case IncomeRates(income=income):
            assert table is not None  # noqa: S101  brackets always have their year's table
            return _on_top(income, netted, table)
        case _:
            assert_never(rates.federal)


def _on_top(income: Income, netted: Netted, table: TaxTable) -> Decimal:
    change = netted.short_gain - netted.deduction
    base = max(ZERO, income.ordinary + change)
    on_ordinary = stacked(base - income.ordinary, income.ordinary, table.ordinary)
    on_long = stacked(netted.long_gain, base, table.long_term)
    before = net_investment_tax(income.investment, income.magi, table.niit_from)
    more = change + netted.long_gain
    after = net_investment_tax(income.investment + more, income.magi + more, table.niit_from)
    return on_ordinary + on_long + after - before


def tax_of_year(rates: TaxRates, result: CapitalResult, year: int) -> Money:
    """`liability` of the netted year, USD. Raises `NoTaxData`."""
    return liability(rates, net_year(result, loss_limit(rates.status)), year)


def value_of_loss(
    rates: TaxRates,
    result: CapitalResult,
    year: int,
    *,
    short: Decimal = ZERO,
    long: Decimal = ZERO,
) -> Money:
    """What realising one more loss saves this year and later, USD; losses are given unsigned."""
    after = result.with_sale(short=-short, long=-long)
    return Money(tax_of_year(rates, result, year) - tax_of_year(rates, after, year))
