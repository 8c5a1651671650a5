"""Commands about lots: `trimtab lots` shows them, `trimtab lots import` takes a person's file."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.where import ConfigOption, JsonOption, StateOption, reader_at, settings_at, state_at

lots_app = typer.Typer(add_completion=False, invoke_without_command=True, rich_markup_mode=None)

AccountOption = Annotated[str, typer.Option("--account", "-a", help="Of this account alone.")]


@lots_app.callback()
def lots(
    context: typer.Context,
    account: AccountOption = "",
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """The lots of every account: basis with wash sales, term, days to long-term, what does not agree.

    Example: trimtab lots --account brokerage
    """
    if context.invoked_subcommand is not None:
        return
    from daemon.cli.door import Refusal
    from daemon.cli.looking import print_json
    from daemon.machine.clocks import WallClock
    from daemon.screens.lots import lots_screen
    from daemon.screens.style import console
    from daemon.taxes.ledger import exchange_day
    from daemon.taxes.lots_view import lots_view

    settings = settings_at(config)
    if account and account not in {a.id for a in settings.accounts}:
        raise Refusal(f"The configuration has no account {account!r}.")
    _, journal = reader_at(config, state)
    looks = journal.cycles(limit=1)
    now = looks[0].at if settings.simulation is not None and looks else WallClock().now()
    view = lots_view(settings, journal, exchange_day(now), account)
    if json:
        print_json(view.as_json())
        return
    console().print(lots_screen(view))


@lots_app.command(name="import")
def import_lots(
    file: Annotated[Path, typer.Argument(help="Lots held, or trades, as CSV.")],
    account: Annotated[
        str, typer.Option("--account", "-a", help="Whose they are, where the file does not say.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what the file holds.")
    ] = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Take lots from a CSV file into the journal: account,symbol,quantity,acquired,basis.

    They replace what was known of the same symbol and account. With a `type` column the file is a
    history of trades up to the adoption. Works for accounts held elsewhere, too.

    Example: trimtab lots import lots.csv --account brokerage
    """
    from config.lot_files import read_lot_file
    from daemon.cli.running import hand_over
    from daemon.requests.lots import leave_for_daemon

    settings = settings_at(config)
    found = read_lot_file(file, [a.id for a in settings.accounts], account)
    what = "lots" if found.form == "positions" else "trades"
    said = f"{len(found.rows)} {what} of {', '.join(found.accounts)}"
    if dry_run:
        typer.echo(f"{file.name} holds {said}. Nothing was taken.")
        return
    directory = state_at(config, state)
    name = leave_for_daemon(directory, file.name, found.form, found.rows)
    told = hand_over(directory, "import_lots", subject=name)
    typer.echo(f"Handed over {said}{told}. See them with `trimtab lots`.")


@lots_app.command()
def allow(
    symbol: Annotated[str, typer.Argument(help="Of its identity group.")],
    worth: Annotated[
        float, typer.Option("--worth-usd", help="What the trade is worth to you.", min=0.01)
    ],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; it is recorded.")],
    account: Annotated[
        str, typer.Option("--account", "-a", help="The one that may; else the only one.")
    ] = "",
    days: Annotated[
        int, typer.Option("--days", help="For how long, with today.", min=1, max=31)
    ] = 1,
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """Let one account make wash sales of a symbol and its like, for a few days. It is recorded.

    The guards then let such orders pass in that account, and only there. It must be worth more than
    the tax that the wash costs by our estimate: no advice.

    Example: trimtab lots allow VTI --worth-usd 900 --account brokerage --reason "last chance"
    """
    from datetime import timedelta
    from decimal import Decimal
    from math import isfinite

    from daemon.cli.door import Refusal
    from daemon.cli.looking import print_json
    from daemon.cli.running import hand_over
    from daemon.machine.clocks import WallClock
    from daemon.requests.exceptions import subject_of, wash_cost
    from daemon.taxes.ledger import exchange_day
    from portfolio.money import Money

    settings = settings_at(config)
    names = [a.id for a in settings.accounts]
    if account not in names and (account or len(names) != 1):
        raise Refusal(f"Say which account with --account; there are: {', '.join(names)}.")
    name, symbol = account or names[0], symbol.upper()
    directory, journal = reader_at(config, state)
    looks = journal.cycles(limit=1)
    now = looks[0].at if settings.simulation is not None and looks else WallClock().now()
    day = exchange_day(now)
    if not isfinite(worth):
        raise Refusal("Say what the trade is worth to you in USD, for example --worth-usd 900.")
    amount = Money(Decimal(str(worth)).quantize(Decimal("0.01")))
    cost = wash_cost(settings.policy, journal, name, symbol, day)
    if amount <= cost:
        raise Refusal(
            f"A wash sale of {symbol} in {name} costs about {cost:,.2f} USD of tax, more than the"
            f" {amount:,.2f} it is worth to you: it stays barred."
        )
    until = day + timedelta(days=days - 1)
    subject = subject_of(name, symbol, until, amount)
    told = hand_over(directory, "allow_wash", subject=subject, reason=reason)
    if json:
        print_json({"account": name, "symbol": symbol, "until": until, "cost": cost})
        return
    typer.echo(
        f"Wash sales of {symbol} in {name} are allowed through {until}{told}. They cost about"
        f" {cost:,.2f} USD of tax: an estimate, no advice."
    )
