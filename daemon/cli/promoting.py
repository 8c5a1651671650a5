"""`trimtab promote`: from a dry run to paper, in a new journal linked by hash to the old one."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from daemon.cli.where import ConfigArgument, ConfigOption, StateOption, configuration_path

if TYPE_CHECKING:
    from config.settings import Settings
    from daemon.journal.store import JournalStore


def promote(
    configuration: ConfigArgument = None,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Carry a configuration from dry run to paper, with a new journal that names the old one's head.

    The old journal is kept beside the new one, the configuration's old text beside the file. The
    first plan in paper waits for your approval, whatever the autonomy. Stop the daemon first.

    Example: trimtab promote trimtab.toml
    """
    from config.read import read_settings
    from daemon.machine.lease import AlreadyRunning, acquire
    from daemon.wiring import state_directory

    path = configuration_path(configuration, config)
    settings = read_settings(path)
    directory = state_directory(settings, state)
    lease = acquire(directory)
    if isinstance(lease, AlreadyRunning):
        from daemon.errors import AlreadyRunningError

        raise AlreadyRunningError(directory, lease.pid)
    with lease:
        head, kept = _new_journal(settings, directory)
        backup = _to_paper(settings)
    typer.echo(
        f"{settings.household.name} is on paper now. The new journal follows row hash {head[:10]}; "
        f"the old one is {kept}, the old configuration {backup}.\n"
        f"Next: trimtab check --config {path}, then trimtab run {path}."
    )


def _new_journal(settings: "Settings", directory: Path) -> tuple[str, Path]:
    """Put the dry run's journal aside and begin one for paper; the old head, and where it is kept."""
    from config.settings import Mode
    from daemon.cli.door import Refusal
    from daemon.exit_codes import ExitCode
    from daemon.journal.audit import Broken, verify
    from daemon.journal.opening import open_journal_reader
    from daemon.wiring import journal_place

    place = journal_place(directory)
    if not isinstance(place, Path):
        raise Refusal("promote works on a journal in a file; on a server, name a new database.")
    old = open_journal_reader(place)
    try:
        if settings.mode is not Mode.DRY_RUN or old.identity().mode != Mode.DRY_RUN.value:
            raise Refusal(
                f"Only a dry run can be promoted: the configuration says {settings.mode}, the "
                f"journal {old.identity().mode}. Live is refused: this version has been "
                "proved against its own exchange only."
            )
        audited = verify(old)
        if isinstance(audited, Broken):
            sentence = f"The old journal does not hold at row {audited.seq}: {audited.reason}."
            raise Refusal(sentence, ExitCode.JOURNAL_REFUSED)
    finally:
        old.close()
    kept = place.with_name(f"journal.dry-run-{audited.head[:10]}.sqlite")
    _set_aside(place, kept)
    try:
        _begin(old, place, audited.head)
    except BaseException:
        _set_aside(kept, place)
        raise
    return audited.head, kept


def _set_aside(place: Path, kept: Path) -> None:
    """Rename a journal with all that belongs to it."""
    for ending in ("", "-wal", "-shm", ".anchor"):
        part = place.with_name(place.name + ending)
        if part.exists():
            part.rename(kept.with_name(kept.name + ending))


def _begin(old: "JournalStore", place: Path, head: str) -> None:
    import secrets
    from dataclasses import replace

    from config.settings import Mode
    from daemon.journal.opening import open_journal
    from daemon.machine.clocks import WallClock
    from daemon.wiring import EPOCH_LETTERS, code_version

    identity = replace(
        old.identity(),
        mode=Mode.PAPER.value,
        epoch="".join(secrets.choice(EPOCH_LETTERS) for _ in range(4)),
        code_version=code_version(),
        previous_head=head,
    )
    journal = open_journal(place, clock=WallClock(), render=lambda _: (), identity=identity)
    journal.close()


def _to_paper(settings: "Settings") -> Path:
    """Write the configuration's text with the mode changed; the old text stays beside it."""
    from config.settings import Mode
    from config.write import with_mode

    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    backup = settings.file.with_name(f"{settings.file.name}.dry-run-{stamp}")
    backup.write_text(settings.text, encoding="utf-8")
    part = settings.file.with_name(f".{settings.file.name}.part")
    part.write_text(with_mode(settings.text, Mode.PAPER), encoding="utf-8")
    part.chmod(settings.file.stat().st_mode & 0o777)
    part.replace(settings.file)
    return backup
