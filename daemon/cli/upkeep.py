"""Commands for the upkeep: a test notice, and the audit chain."""

from typing import Annotated

import typer

from daemon.cli.where import (
    ConfigArgument,
    ConfigOption,
    JsonOption,
    StateOption,
    settings_at,
    state_at,
)


def notify(
    configuration: ConfigArgument = None,
    test: Annotated[
        bool, typer.Option("--test", help="Send a test notice to every channel.")
    ] = False,
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """Send a test notice to every channel of the configuration, and say which took it.

    Ends with 1 when one did not.

    Example: trimtab notify --test
    """
    from daemon.cli.door import Refusal
    from daemon.clocks import WallClock
    from daemon.exit_codes import ExitCode
    from daemon.notices.outbox import make_channels, try_channels
    from daemon.wiring import state_directory

    if not test:
        raise Refusal("Notices go out by themselves; say --test to try the channels.")
    settings = settings_at(configuration, config)
    directory = state_directory(settings, state)
    channels = make_channels(settings, directory, WallClock())
    text = f"This is a test from trimtab for {settings.household.name}. Nothing has happened."
    outcomes = try_channels(channels, text)
    if json:
        from daemon.cli.looking import print_json

        print_json(outcomes)
    else:
        for name, error in outcomes.items():
            typer.echo(f"{name}: {error or 'sent'}")
    if any(outcomes.values()):
        raise typer.Exit(ExitCode.DIFFERS)


audit_app = typer.Typer(help="The audit chain.", no_args_is_help=True, rich_markup_mode=None)


@audit_app.callback()
def _audit() -> None:
    """The audit chain."""


@audit_app.command()
def verify(
    config: ConfigOption = None, state: StateOption = None, json: JsonOption = False
) -> None:
    """Check the whole audit chain: every row's hash, its link to the row before, every document.

    Ends with 1 at the first row that does not hold.

    Example: trimtab audit verify --state /var/lib/trimtab/core
    """
    from daemon.exit_codes import ExitCode
    from daemon.journal.audit import Verified
    from daemon.journal.audit import verify as verified
    from daemon.journal.opening import open_journal_reader
    from daemon.wiring import journal_place

    found = verified(open_journal_reader(journal_place(state_at(config, state))))
    if json:
        from daemon.cli.looking import print_json

        print_json({"holds": isinstance(found, Verified), "found": found})
    elif isinstance(found, Verified):
        witness = "no anchor yet"
        if found.anchor is not None:
            witness = f"the anchor of {found.anchor.at:%Y-%m-%d %H:%M} UTC agrees"
        typer.echo(
            f"The chain holds: {found.rows:,} rows, {found.documents:,} documents, {witness}.\n"
            f"Head: {found.head}"
        )
    else:
        typer.echo(f"The chain does NOT hold at row {found.seq}: {found.reason}.")
    if not isinstance(found, Verified):
        raise typer.Exit(ExitCode.DIFFERS)
