"""Commands for the upkeep: a test notice, the word that a page was seen, the end of a fence."""

from typing import Annotated

import typer

from daemon.cli.where import (
    ConfigArgument,
    ConfigOption,
    JsonOption,
    StateOption,
    person,
    reader_at,
    settings_at,
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
    from daemon.exit_codes import ExitCode
    from daemon.machine.clocks import WallClock
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


def ack(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="The alarm as `trimtab status` names it; else all."),
    ] = "",
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Say that you have seen an open page: it is not told again, and stays open until it is over.

    Example: trimtab ack "lost order"
    """
    from daemon.cli.door import Refusal
    from daemon.cli.running import hand_over
    from daemon.exit_codes import ExitCode

    directory, journal = reader_at(config, state)
    names = sorted({alarm.name for alarm in journal.open_alarms()})
    if not names:
        raise Refusal("No alarm is open.", ExitCode.DIFFERS)
    if name and name not in names:
        raise Refusal(f"No alarm “{name}” is open; open are: {', '.join(names)}.", ExitCode.DIFFERS)
    told = hand_over(directory, "acknowledge", subject=name)
    typer.echo(f"Seen by {person()}: {name or ', '.join(names)}{told}.")


def unfence(
    fence: Annotated[
        str, typer.Argument(metavar="ACCOUNT/SYMBOL", help="As `trimtab explain` names it.")
    ],
    reason: Annotated[str, typer.Option("--reason", "-r", help="What you found; it is kept.")],
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Let a fenced symbol be traded again: you have looked, and its holding is as it should be.

    A fence with an end falls by itself. One around a holding that vanished waits for this, or for
    the symbol that it is listed under now in its slice.

    Example: trimtab unfence main/VTI --reason "moved to the other broker"
    """
    from daemon.cli.door import Refusal
    from daemon.cli.running import hand_over
    from daemon.exit_codes import ExitCode
    from daemon.machine.clocks import WallClock

    directory, journal = reader_at(config, state)
    stand = sorted(f"{f.account}/{f.symbol}" for f in journal.fences(WallClock().now()))
    if fence not in stand:
        raise Refusal(f"No fence is around {fence}; {_listed(stand)}.", ExitCode.DIFFERS)
    told = hand_over(directory, "clear_fence", subject=fence, reason=reason)
    typer.echo(f"The fence around {fence} is cleared by {person()}{told}.")


def _listed(stand: list[str]) -> str:
    return f"there is one around {', '.join(stand)}" if stand else "there is none at all"
