"""All commands under one name. A command's room is loaded only when that command is asked for."""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from daemon.cli.page import COMMANDS, GROUPS, help_page
from daemon.version import VERSION

SETTINGS: dict[str, Any] = {
    "add_completion": False,
    "rich_markup_mode": None,  # plain help: rich would double the time it takes
    "pretty_exceptions_enable": False,
}
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class OnDemand(TyperGroup):
    """A group whose commands are made when they are called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  typer's shape
        """The names, in the order in which a person meets them."""
        return [name for names in GROUPS.values() for name in names]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  typer's shape
        """Load one command; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        found = getattr(import_module(f"daemon.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            return typer.main.get_command(found)
        alone = typer.Typer(context_settings=_CONTEXT, **SETTINGS)
        alone.command(cmd_name)(found)
        return typer.main.get_command(alone)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  typer's shape
        """The same page, whichever way it was asked for."""
        formatter.write(help_page(formatter.width))


def application() -> typer.Typer:
    """The command line, ready to call."""
    app = typer.Typer(cls=OnDemand, no_args_is_help=True, context_settings=_CONTEXT, **SETTINGS)
    app.callback()(_everywhere)
    return app


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"trimtab {VERSION}")
        raise typer.Exit


def _everywhere(
    show_version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_say_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Options before any command."""
