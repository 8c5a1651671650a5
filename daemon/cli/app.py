"""All commands under one name. A command's room is loaded only when that command is asked for."""

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

HELP = """Keeps a portfolio on course: watches the accounts, decides, trades on paper, explains.

Begin with `trimtab demo`; then `trimtab adopt` reads your own account and sends nothing.

Exit codes: 0 done, 1 the answer is no, 2 wrong use, 69 broker away, 73 and 74 state or disk not
writable, 75 already running, 76 journal refused, 77 keys refused, 78 configuration.

Example: trimtab check --config trimtab.toml
"""

COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("running", "demo", "watch a real daemon at work in a simulated market"),
    "init": ("setting_up", "init", "write a commented configuration"),
    "adopt": ("adopting", "adopt", "read an account, propose slices for it, send nothing"),
    "check": ("setting_up", "check", "what would stop a run, in one table"),
    "run": ("running", "run", "run the daemon until it is told to stop"),
    "run-now": ("running", "run_now", "ask the running daemon for a look"),
    "plan": ("looking", "plan", "one decision from a fresh look, sent nowhere"),
    "status": ("looking", "status", "slices in their bands, last decision, what waits"),
    "approve": ("answering", "approve", "grant the proposal that waits"),
    "reject": ("answering", "reject", "turn it down"),
    "explain": ("looking", "explain", "a cycle from the journal, decided again"),
    "why-not": ("looking", "why_not", "why nothing was traded"),
    "history": ("looking", "history", "what happened, a line each"),
    "halt": ("answering", "halt", "stop all sending at once"),
    "resume": ("answering", "resume", "clear a halt, with a reason"),
    "promote": ("promoting", "promote", "from a dry run to paper, in a new linked journal"),
    "notify": ("upkeep", "notify", "try the channels of notices"),
    "audit": ("upkeep", "audit_app", "verify the audit chain"),
}
"""Name: module, function, one line. Help lists this table, so that it need load nothing."""

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
        return list(COMMANDS)

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

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  typer's shape
        """The table of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


def application() -> typer.Typer:
    """The command line, ready to call."""
    app = typer.Typer(
        cls=OnDemand, help=HELP, no_args_is_help=True, context_settings=_CONTEXT, **SETTINGS
    )
    app.callback()(_everywhere)
    return app


def _say_version(wanted: bool) -> None:
    if wanted:
        from daemon.cli.main import version

        typer.echo(f"trimtab {version()}")
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
