"""Commands about taxes: `trimtab taxes replay` and its siblings."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.tax_reporting import reconcile, report
from daemon.cli.where import ConfigOption, JsonOption

if TYPE_CHECKING:
    from config.tax_history import History
    from policies.taxes.wash import TaxHousehold

taxes_app = typer.Typer(
    add_completion=False,
    help="Lots, wash sales and the tax year. No advice, and never a filing.\n\n"
    "Example: trimtab taxes replay trades.csv",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@taxes_app.callback()
def _taxes() -> None:
    """Several commands under one name."""


taxes_app.command()(report)
taxes_app.command()(reconcile)


@taxes_app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A history as JSON or CSV.")],
    case: Annotated[str, typer.Option("--case", help="Only this one of a file of several.")] = "",
    as_of: Annotated[
        str, typer.Option("--as-of", help="Losses still open on this day are pending: 2026-12-31.")
    ] = "",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Replay a history of trades: what was realised, what wash sales took back, which lots are left.

    CSV begins date,type,account,symbol,quantity,amount,id,lots; JSON has accounts, groups and events.
    Accounts and identity groups come from the file, else from --config. No advice, and no filing.

    Example: trimtab taxes replay trades.csv --json
    """
    from config.tax_history import read_histories
    from daemon.cli.door import Refusal
    from daemon.cli.looking import print_json
    from daemon.screens.style import console
    from daemon.screens.tax_lots import replay_screen
    from daemon.taxes.replay import as_json, replayed

    histories = read_histories(file)
    if case:
        histories = tuple(history for history in histories if history.name == case)
        if not histories:
            raise Refusal(f"{file} has no history called {case!r}.")
    day = _day(as_of)
    found = {
        history.name: replayed(history, _household(history, config), day) for history in histories
    }
    if json:
        printed: Mapping[str, object] = {name: as_json(one) for name, one in found.items()}
        print_json(printed if len(found) > 1 else next(iter(printed.values())))
        return
    screen = console()
    for name, one in found.items():
        screen.print(replay_screen(name, one))


def _household(history: "History", config: Path | None) -> "TaxHousehold":
    """What the file says of accounts and groups, over what the configuration says."""
    from policies.taxes.wash import TaxHousehold

    if config is None:
        return TaxHousehold(accounts=history.accounts, groups=history.groups)
    from daemon.cli.where import settings_at
    from daemon.taxes.replay import household_of

    base = household_of(settings_at(config))
    return TaxHousehold(
        accounts={**base.accounts, **history.accounts},
        groups={**base.groups, **history.groups},
        rules=base.rules,
    )


def _day(text: str) -> date:
    from daemon.cli.door import Refusal
    from daemon.machine.clocks import WallClock

    if not text:
        return WallClock().now().date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(f"{text!r} is no date; write 2026-12-31.") from None
