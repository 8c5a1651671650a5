"""`trimtab taxes report` and `taxes reconcile` on one screen."""

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from daemon.screens.style import quiet_table, words
from daemon.screens.words import money, number_of, quantity
from daemon.taxes.year import NO_FILING, TaxYear
from policies.taxes.broker_form import Compared, Finding
from policies.taxes.year_to_date import YearToDate


def tax_year_screen(found: TaxYear) -> RenderableType:
    """Realised by term, confirmed and pending, carries, savings, and what it is not."""
    parts: list[RenderableType] = [
        words(f"{found.household}: the tax year {found.year}, as of {found.as_of}", "title"),
        Text(),
    ]
    parts.append(
        _terms(found) if found.terms else words("Nothing was realised in taxable accounts.")
    )
    if found.so_far is not None:
        parts += [Text(), *_so_far(found.so_far)]
    else:
        parts.append(words("No tax rates are configured ([taxes]): no tax is estimated.", "quiet"))
    parts += [words(text, "care") for text in found.budgets]
    if found.savings:
        parts += [Text(), words("What each technique saved, by its own estimate:", "title")]
        parts += [
            words(f"  {s.technique} ({s.count}): {money(s.saved)}, {s.words}")
            for s in found.savings
        ]
    parts += [words(f"- {note}", "quiet") for note in found.notes]
    parts += [Text(), words(found.note, "care")]
    return Group(*parts)


def _terms(found: TaxYear) -> Table:
    table = quiet_table()
    table.add_column("term", no_wrap=True)
    for name in ("lots sold", "proceeds", "basis", "wash sales", "lost for good", "recognised"):
        table.add_column(name, justify="right", no_wrap=True)
    for term in found.terms:
        table.add_row(
            term.term,
            str(term.sales),
            money(term.proceeds),
            money(term.basis),
            money(term.disallowed),
            money(term.permanently_lost),
            money(term.recognised),
        )
    return table


def _so_far(year: YearToDate) -> list[Text]:
    both = [("confirmed", year.confirmed, year.tax_confirmed)]
    if year.pending:
        both.append(("with pending losses", year.expected, year.tax_expected))
    lines = [
        words(
            f"{name}: short-term {money(result.short)}, long-term {money(result.long)},"
            f" tax on it {money(tax)} USD"
        )
        for name, result, tax in both
    ]
    lines += [
        words(
            f"pending: a loss of {money(release.loss)} on {', '.join(release.symbols)} of"
            f" {release.sold_on} is safe from {release.safe_from} on",
            "care",
        )
        for release in year.pending
    ]
    netted = year.netted
    lines.append(
        words(
            f"netted: {money(netted.short_gain)} short-term and {money(netted.long_gain)} long-term"
            f" gain, {money(netted.deduction)} deducted from other income; carried into the next"
            f" year {money(netted.carry_short)} short-term and {money(netted.carry_long)} long-term"
            " loss, all in USD"
        )
    )
    return lines


def reconcile_screen(found: Mapping[str, Sequence[Compared]]) -> RenderableType:
    """Each account: how many lines agree, and every one that does not."""
    parts: list[RenderableType] = []
    for account, lines in found.items():
        agree = sum(one.finding is Finding.AGREES for one in lines)
        tone = "good" if agree == len(lines) else "care"
        parts.append(words(f"{account}: {agree} of {number_of(len(lines), 'line')} agree", tone))
        parts += [words(f"  {_said(one)}", "care") for one in lines if one.differences]
        parts += [
            words(f"  {_said(one)}", "alarm")
            for one in lines
            if one.finding in (Finding.ONLY_BROKER, Finding.ONLY_OURS)
        ]
    parts += [Text(), words(NO_FILING, "care")]
    return Group(*parts)


def _said(one: Compared) -> str:
    line = one.line
    bought = "" if line.acquired is None else f" bought {line.acquired}"
    what = f"{quantity(line.quantity)} {line.symbol}{bought} sold {line.sold}"
    if one.finding is Finding.ONLY_BROKER:
        return f"{what}: only the broker has it ({money(line.proceeds)})"
    if one.finding is Finding.ONLY_OURS:
        return f"{what}: only our records have it ({money(line.proceeds)})"
    return f"{what}: {'; '.join(one.differences)}"
