"""Commands for the upkeep: a test notice, and the audit chain."""

from typing import Annotated

import typer

from daemon.cli.where import ConfigArgument, ConfigOption, JsonOption, StateOption, state_at


def notify(
    configuration: ConfigArgument = None,
    test: Annotated[
        bool, typer.Option("--test", help="Send a test notice to every channel.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Send a test notice to every channel of the configuration, and say which took it.

    Ends with 1 when one did not.

    Example: trimtab notify --test
    """
    from daemon.cli.door import Refusal

    if not test:
        raise Refusal("Notices go out by themselves; say --test to try the channels.")
    raise NotImplementedError


audit_app = typer.Typer(help="The audit chain.", no_args_is_help=True, rich_markup_mode=None)
audit_app.callback()(lambda: None)


def verify(
    config: ConfigOption = None, state: StateOption = None, json: JsonOption = False
) -> None:
    """Check the whole audit chain: every row's hash, its link to the row before, every document.

    Ends with 1 at the first row that does not hold.

    Example: trimtab audit verify --state /var/lib/trimtab/core
    """
    state_at(config, state)
    raise NotImplementedError


audit_app.command()(verify)
