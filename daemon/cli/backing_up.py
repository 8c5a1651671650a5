"""`trimtab backup` and `trimtab restore`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.where import (
    ConfigOption,
    JsonOption,
    ReasonOption,
    StateOption,
    person,
    settings_at,
    state_at,
)


def backup(
    to: Annotated[
        Path | None,
        typer.Option(
            "--to", help="A folder; else the configuration's, else `backups` in the state."
        ),
    ] = None,
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """Copy the journal into one file, also while the daemon writes, and verify the copy.

    Works alike on SQLite and on PostgreSQL; the copy is always one SQLite file and its anchor.

    Example: trimtab backup --to /mnt/other-disk/trimtab
    """
    from daemon.upkeep.backup import back_up
    from daemon.wiring import anchor_place, journal_place

    directory = state_at(config, state)
    folder = to or _folder(config, directory)
    now = datetime.now(UTC)
    made = back_up(journal_place(directory), folder, now=now, anchored_in=anchor_place(directory))
    if json:
        from daemon.cli.looking import print_json

        print_json({"file": str(made.file), "rows": made.rows, "head": made.head})
    else:
        typer.echo(f"{made.file}\nVerified: {made.rows:,} rows, head {made.head}")


def _folder(config: Path | None, directory: Path) -> Path:
    from config.problems import ConfigurationError
    from daemon.cli.where import NoConfiguration
    from daemon.upkeep.backup import FOLDER

    try:
        return settings_at(config).backup.folder or directory / FOLDER
    except (ConfigurationError, NoConfiguration):
        return directory / FOLDER  # a backup is also for the day the configuration is broken


def restore(
    copy: Annotated[Path, typer.Argument(metavar="FILE", help="What `trimtab backup` made.")],
    reason: ReasonOption,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Put a backup in the journal's place. Stop the daemon first.

    The copy is verified before anything changes; what it replaces is kept beside it. Ids of orders
    begin a new epoch. The next start looks at the broker for orders that are younger than the copy: it
    halts, names them, and books nothing of them before `trimtab audit adopt-orders`.

    Example: trimtab restore backups/journal-20260311T220000Z-00001234.sqlite --reason "disk failed"
    """
    from daemon.cli.door import Refusal
    from daemon.errors import AlreadyRunningError
    from daemon.machine.lease import AlreadyRunning, acquire
    from daemon.upkeep.restore import restore as restored

    directory = state_at(config, state)
    if not reason.strip():
        raise Refusal('A restore needs a reason, for example --reason "disk failed".')
    lease = acquire(directory)
    if isinstance(lease, AlreadyRunning):
        raise AlreadyRunningError(directory, lease.pid)
    with lease:
        done = restored(copy, directory, by=person(), reason=reason)
    lost = f"; the journal it replaces had {done.missing:,} more" if done.missing else ""
    kept = "" if done.kept is None else f"\nThe journal it replaces is kept as {done.kept}."
    typer.echo(
        f"Restored {done.rows:,} rows{lost}. Orders carry epoch {done.epoch} from here on.{kept}\n"
        "Next: trimtab run. If it halts, orders are younger than the copy: trimtab audit crosscheck"
    )
