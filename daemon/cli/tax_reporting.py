"""`trimtab taxes report` and `trimtab taxes reconcile`: the tax year from the journal."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.where import ConfigOption, JsonOption, StateOption, reader_at, settings_at

if TYPE_CHECKING:
    from portfolio.ports import JournalReader

YearOption = Annotated[int, typer.Option("--year", help="The tax year; else the current one.")]


def report(
    year: YearOption = 0,
    csv: Annotated[
        Path | None, typer.Option("--csv", help="Write the rows of Form 8949 to this file.")
    ] = None,
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """The tax year: realised by term, wash sales, carry-forwards, and what was saved.

    An estimate from the journal: no advice, and no filing.

    Example: trimtab taxes report --year 2026 --csv form8949.csv
    """
    from daemon.cli.door import Refusal
    from daemon.cli.looking import print_json
    from daemon.exit_codes import ExitCode
    from daemon.screens.style import console
    from daemon.screens.tax_year import tax_year_screen
    from daemon.taxes.year import tax_year, write_form
    from policies.taxes.rates import NoTaxData

    settings, (_, journal) = settings_at(config), reader_at(config, state)
    today = _today(journal)
    try:
        found = tax_year(settings, journal, year or today.year, today)
    except NoTaxData as problem:
        raise Refusal(f"{problem}.", ExitCode.CONFIGURATION) from None
    if csv is not None:
        write_form(csv, found.form)
    if json:
        print_json(found)
        return
    console().print(tax_year_screen(found))
    if csv is not None:
        typer.echo(f"{len(found.form)} rows of Form 8949 are in {csv}.")


def reconcile(
    file: Annotated[Path, typer.Argument(help="The broker's 1099-B as CSV.")],
    account: Annotated[
        str, typer.Option("--account", help="Whose it is; needed with several taxable ones.")
    ] = "",
    year: YearOption = 0,
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """Hold the broker's 1099-B against our records, line by line. Ends with 1 when they differ.

    The file's first line names symbol, quantity, acquired, sold, proceeds, basis and disallowed.

    Example: trimtab taxes reconcile 1099b.csv --year 2026
    """
    from config.broker_form import FormFileError, read_form
    from daemon.cli.door import Refusal
    from daemon.cli.looking import print_json
    from daemon.exit_codes import ExitCode
    from daemon.screens.style import console
    from daemon.screens.tax_year import reconcile_screen
    from daemon.taxes.year import reconciled, taxable_accounts
    from policies.taxes.broker_form import Finding

    settings, (_, journal) = settings_at(config), reader_at(config, state)
    known = taxable_accounts(settings)
    if not account and len(known) != 1:
        raise Refusal(f"Name the account with --account: {', '.join(known) or 'none is taxable'}.")
    chosen = account or known[0]
    if chosen not in known:
        raise Refusal(f"{chosen!r} is no taxable account; there are {', '.join(known) or 'none'}.")
    try:
        lines = read_form(file)
    except FormFileError as problem:
        raise Refusal(str(problem)) from None
    today = _today(journal)
    found = reconciled(settings, journal, {chosen: lines}, year or today.year, today)
    if json:
        print_json(found)
    else:
        console().print(reconcile_screen(found))
    if any(one.finding is not Finding.AGREES for one in found[chosen]):
        raise typer.Exit(ExitCode.DIFFERS)


def _today(journal: "JournalReader") -> date:
    """The day of the journal's last look; of this machine's clock when there was none."""
    from daemon.machine.clocks import WallClock

    last = journal.cycles(limit=1)
    return last[0].session if last else WallClock().now().date()
