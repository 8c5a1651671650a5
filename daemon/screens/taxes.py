"""What a plan comes to in tax: lots, terms, the year's tax, and what each technique saves."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from daemon.screens.style import quiet_table, words
from daemon.screens.words import money, quantity
from portfolio.decisions import PlannedLeg, TaxEstimate
from portfolio.money import ZERO

NO_ADVICE = "An estimate from what you typed in; no tax advice and no filing."


def taxes_lines(taxes: TaxEstimate, legs: Sequence[PlannedLeg]) -> RenderableType:
    """The estimate under the orders: one table of lots, then sentences with their numbers."""
    parts: list[RenderableType] = [
        Text().append(f"Taxes of {taxes.year}: ", style="title").append(headline(taxes))
    ]
    lots = lots_table(legs)
    if lots.row_count:
        parts.append(lots)
    if taxes.naive_tax is not None:
        saved = taxes.naive_tax - taxes.tax
        parts_of_it = [saving for saving in taxes.savings if saving.amount != ZERO]
        parts.append(
            words(
                f"Selling in proportion, first in, first out, back to target: tax"
                f" {money(taxes.naive_tax)} USD. This plan saves {money(saved)} USD"
                f"{', by' if parts_of_it else '.'}"
            )
        )
        parts += [words(f"  {one.technique}: {money(one.amount)}") for one in parts_of_it]
    if taxes.planner and taxes.gap is not None:
        parts.append(
            words(
                f"Planner: {taxes.planner}; a better plan could save at most"
                f" {money(taxes.gap)} USD more (tax, trading and drift together)",
                "quiet",
            )
        )
    parts += [words(note, "quiet") for note in (*taxes.notes, NO_ADVICE)]
    return Group(*parts)


def headline(taxes: TaxEstimate) -> str:
    """The sum: what is realised by term and what it does to the year's tax."""
    if taxes.short_gain == ZERO and taxes.long_gain == ZERO:
        return "this plan realises no gain and no loss"
    sums = f"short-term {money(taxes.short_gain)}, long-term {money(taxes.long_gain)} USD"
    if taxes.tax < ZERO:
        return f"{sums}; the year's tax falls by {money(-taxes.tax)} USD"
    return f"{sums}; the year's tax grows by {money(taxes.tax)} USD"


def lots_table(legs: Sequence[PlannedLeg]) -> Table:
    """One row a lot that is sold."""
    table = quiet_table()
    for column, right in (
        ("lot", False),
        ("units", True),
        ("acquired", False),
        ("term", False),
        ("gain", True),
    ):
        table.add_column(column, justify="right" if right else "left", no_wrap=True)
    for leg in legs:
        for sale in leg.lots:
            table.add_row(
                words(f"{leg.intent.symbol} {sale.lot_id}"),
                quantity(sale.quantity),
                "unknown" if sale.acquired_on is None else f"{sale.acquired_on}",
                sale.term or "none",
                "unknown" if sale.gain is None else money(sale.gain),
            )
    return table
