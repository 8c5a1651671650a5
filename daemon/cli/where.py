"""Where a command finds its configuration and its state: the same options in the same order."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from config.settings import Settings
    from portfolio.ports import JournalReader

DEFAULT_NAME = "trimtab.toml"

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="TRIMTAB_CONFIG",
        help="The configuration; else ./trimtab.toml, else ~/.config/trimtab/trimtab.toml.",
    ),
]
ConfigArgument = Annotated[
    Path | None,
    typer.Argument(metavar="CONFIG", help="The configuration, as with --config."),
]
StateOption = Annotated[
    Path | None,
    typer.Option(
        "--state",
        "-s",
        help="The state directory; else $STATE_DIRECTORY, else the configuration's household.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is kept in the journal.")]


class NoConfiguration(Exception):
    """No configuration was named and none lies where one is looked for."""


def configuration_path(*given: Path | None) -> Path:
    """The first that was given, else the first default that is there. Raises `NoConfiguration`."""
    for path in given:
        if path is not None:
            return path
    defaults = (Path(DEFAULT_NAME), Path.home() / ".config" / "trimtab" / DEFAULT_NAME)
    for path in defaults:
        if path.exists():
            return path
    raise NoConfiguration(
        "There is no configuration: neither ./trimtab.toml nor ~/.config/trimtab/trimtab.toml is "
        "there. Make one with `trimtab init` or `trimtab adopt`, or name yours with --config FILE."
    )


def settings_at(*given: Path | None) -> "Settings":
    """The settings of that configuration; raises `ConfigurationError` or `NoConfiguration`."""
    from config.read import read_settings

    return read_settings(configuration_path(*given))


def state_at(config: Path | None, state: Path | None) -> Path:
    """The state directory; the configuration is read only when nothing else names it."""
    from daemon.wiring import state_directory

    if state is not None or os.environ.get("STATE_DIRECTORY"):
        return state_directory(None, state)
    return state_directory(settings_at(config), None)


def reader_at(config: Path | None, state: Path | None) -> "tuple[Path, JournalReader]":
    """The state directory and its journal, to read; raises `JournalMissing` and its like."""
    from daemon.wiring import open_reader

    directory = state_at(config, state)
    return directory, open_reader(directory)


def person() -> str:
    """Who types: the name that goes into the journal."""
    import getpass

    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
