"""The command that tries a changed policy before it is in force: `trimtab trial`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.where import ConfigOption, JsonOption, StateOption, reader_at

if TYPE_CHECKING:
    from portfolio.ports import JournalReader

NewArgument = Annotated[
    Path | None,
    typer.Argument(metavar="NEW_CONFIG", help="The changed configuration; else how a shadow does."),
]
MonthsOption = Annotated[
    int | None, typer.Option("--months", min=1, help="Only the last so many; else all there are.")
]
ShadowOption = Annotated[
    bool, typer.Option("--shadow", help="Let it run beside the daemon from the next session on.")
]
EndOption = Annotated[bool, typer.Option("--end", help="End the shadow; its record stays.")]


def trial(
    new: NewArgument = None,
    months: MonthsOption = None,
    shadow: ShadowOption = False,
    end: EndOption = False,
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """A changed policy over the journal's recorded months, and then beside the running one.

    It sends nothing and changes nothing. With --shadow the daemon records after each session what it
    would have done; without NEW_CONFIG the record so far is held against the running policy.

    Example: trimtab trial wider.toml --months 6 --shadow
    """
    from daemon.cli.door import Refusal
    from daemon.trial.recorded import NothingToReplay

    directory, journal = reader_at(config, state)
    try:
        if end:
            _end(directory)
        elif new is None:
            _show_shadow(directory, journal, json=json)
        else:
            if shadow:
                _begin(directory, new)
            _show_replay(journal, new, months, json=json, began=shadow)
    except NothingToReplay as problem:
        raise Refusal(str(problem)) from None


def _begin(directory: Path, new: Path) -> None:
    """Put the configuration where the daemon reads it; refused when it cannot be read there."""
    from config.read import settings_from
    from config.source import read_text
    from daemon.trial.shadow import FILE

    text = read_text(new)
    settings_from(text, file=directory / FILE)
    part = directory / f".{FILE}.part"
    part.write_text(text, encoding="utf-8")
    part.replace(directory / FILE)


def _end(directory: Path) -> None:
    from daemon.trial.shadow import FILE

    (directory / FILE).unlink(missing_ok=True)
    typer.echo("The shadow ends with the next session's close; its record stays in the journal.")


def _show_replay(
    journal: "JournalReader", new: Path, months: int | None, *, json: bool, began: bool
) -> None:
    from config.read import read_settings
    from daemon.screens.style import console
    from daemon.screens.trial import as_json, replay_screen
    from daemon.trial.replay import replay

    found = replay(journal, read_settings(new).policy, new.stem, months=months)
    if json:
        import json as writer

        typer.echo(writer.dumps(as_json(found), indent=2))
        return
    out = console()
    out.print(replay_screen(found))
    if began:
        out.print("\nThe daemon shadows it from the next session on. See it: trimtab trial")


def _show_shadow(directory: Path, journal: "JournalReader", *, json: bool) -> None:
    from daemon.screens.style import console
    from daemon.screens.trial import as_json, replay_screen
    from daemon.trial.replay import replay
    from daemon.trial.shadow import on_trial, under_way

    trial, known = on_trial(directory), under_way(journal)
    if trial is None:
        typer.echo("Nothing is on trial. Begin with: trimtab trial NEW_CONFIG --shadow")
        return
    if known is None:
        typer.echo("A policy waits for its trial: it begins after the next session's close.")
        return
    found = replay(journal, trial.policy, "on trial", after=known[1])
    if json:
        import json as writer

        typer.echo(writer.dumps(as_json(found), indent=2))
        return
    console().print(replay_screen(found))
