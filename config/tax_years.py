"""The shipped tax brackets, `tax_years.toml`, as the tables that the policy carries."""

import tomllib
from decimal import Decimal
from importlib.resources import files

from policies.taxes.rates import Bracket, FilingStatus, TaxTable
from portfolio.money import Money

ORDINARY_RATES = tuple(Decimal(p) / 100 for p in (10, 12, 22, 24, 32, 35, 37))
LONG_TERM_RATES = tuple(Decimal(p) / 100 for p in (0, 15, 20))


def tax_tables(status: FilingStatus) -> tuple[TaxTable, ...]:
    """Every year that is known for a filing status, the oldest first; empty when none is."""
    text = files("config").joinpath("tax_years.toml").read_text(encoding="utf-8")
    found = []
    for year, by_status in tomllib.loads(text).items():
        if year.isdigit() and status.value in by_status:
            figures = by_status[status.value]
            found.append(
                TaxTable(
                    year=int(year),
                    status=status,
                    ordinary=_brackets(figures["ordinary"], ORDINARY_RATES),
                    long_term=_brackets(figures["long_term"], LONG_TERM_RATES),
                    niit_from=Money(Decimal(figures["niit_from"])),
                )
            )
    return tuple(sorted(found, key=lambda table: table.year))


def _brackets(ends: list[int], rates: tuple[Decimal, ...]) -> tuple[Bracket, ...]:
    upper = [*(Money(Decimal(end)) for end in ends), None]
    return tuple(Bracket(up_to=u, rate=r) for u, r in zip(upper, rates, strict=True))
