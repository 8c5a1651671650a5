"""Commands that run the daemon, or ask a running one to look: demo, run, run-now."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.where import ConfigArgument, ConfigOption, StateOption, person, state_at

if TYPE_CHECKING:
    from daemon.requests.spool import RequestKind


def demo(
    prices: Annotated[
        Path | None,
        typer.Option("--prices", help="Your own prices, `date,SYMBOL,SYMBOL,...`; unscripted."),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds",
            min=1,
            max=600,
            help="For its scenes and pauses; the daemon's starts and the last page come on top.",
        ),
    ] = 45,
) -> None:
    """Watch the real daemon keep a 60/40 portfolio on target through 2007 to 2009, simulated.

    Nothing leaves this machine and nothing of yours is touched. Ctrl-C stops it at any moment.

    Example: trimtab demo --prices my.csv
    """
    from daemon.demo.show import show

    raise typer.Exit(show(prices=prices, seconds=seconds))


def run(
    configuration: ConfigArgument = None,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Run the daemon in the foreground until SIGTERM or Ctrl-C; systemd starts it the same way.

    In a dry run nothing can be sent. A second daemon on the same state directory is refused.

    Example: trimtab run /etc/trimtab/core.toml --state /var/lib/trimtab/core
    """
    from daemon.cli.where import configuration_path
    from daemon.machine.process import serve

    raise typer.Exit(serve(configuration_path(configuration, config), state))


def run_now(config: ConfigOption = None, state: StateOption = None) -> None:
    """Ask the running daemon for a full look now, outside its schedule.

    Example: trimtab run-now
    """
    directory = state_at(config, state)
    told = hand_over(directory, "run_now")
    typer.echo(f"Asked for a look{told}. See what came of it with `trimtab status`.")


def hand_over(directory: Path, kind: "RequestKind", *, reason: str = "", subject: str = "") -> str:
    """Put a request into the spool and signal the daemon; says in words when it will be served."""
    from daemon.cli.door import Refusal
    from daemon.requests.spool import Request, signal_daemon, write_request

    request = Request(kind=kind, by=person(), reason=reason, subject=subject, at=datetime.now(UTC))
    try:
        write_request(directory, request)
    except ValueError as error:
        raise Refusal(f"The request cannot be passed on: {error}.") from error
    if signal_daemon(directory):
        return ""
    return (
        "; no daemon answers at this state directory, it will be served at its next start or tick"
    )
