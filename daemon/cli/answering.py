"""Commands by which a person answers or stops the daemon: approve, reject, halt, resume."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.running import hand_over
from daemon.cli.where import ConfigOption, ReasonOption, StateOption, person, reader_at, state_at

ProposalArgument = Annotated[
    str,
    typer.Argument(metavar="HASH", help="The proposal's hash or its beginning, 6 places or more."),
]
LatestOption = Annotated[bool, typer.Option("--latest", help="The proposal that waits now.")]
_SHORTEST_HASH = 6


def approve(
    proposal: ProposalArgument = "",
    latest: LatestOption = False,
    reason: ReasonOption = "",
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Grant the proposal that waits: exactly its orders, plus 1 %, on fresh prices.

    If the prices have moved so far that the plan no longer fits, nothing is sent and it asks again.

    Example: trimtab approve 3f9a2c71d0
    """
    directory, proposal_hash = _waiting(proposal, latest, config, state)
    told = hand_over(directory, "approve", reason=reason, subject=proposal_hash)
    typer.echo(f"Approved {proposal_hash[:10]}{told}. Follow it with `trimtab status`.")


def reject(
    proposal: ProposalArgument = "",
    latest: LatestOption = False,
    reason: ReasonOption = "",
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Turn down the proposal that waits. The next look decides afresh.

    Example: trimtab reject --latest --reason "after the election"
    """
    directory, proposal_hash = _waiting(proposal, latest, config, state)
    told = hand_over(directory, "reject", reason=reason, subject=proposal_hash)
    typer.echo(f"Rejected {proposal_hash[:10]}{told}.")


def halt(
    reason: ReasonOption = "halted by hand",
    direct: Annotated[
        bool,
        typer.Option(
            "--direct",
            help="Also cancel our open orders straight at the broker, without the daemon.",
        ),
    ] = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Stop all sending, at once and until `trimtab resume`. Works with the daemon dead or hung.

    Open orders of ours are cancelled by the daemon; with --direct by this command itself, within
    five seconds, also while the database is locked, the disk full or the daemon hung.

    Example: trimtab halt --direct --reason "the daemon does not answer"
    """
    from daemon.latch import FileLatch

    directory = state_at(config, state)
    _must_be_there(directory)
    reason = "".join(c if c.isprintable() else " " for c in reason)
    # The file first: it holds even if everything after it fails.
    FileLatch(directory).set(person(), reason)
    try:
        told = hand_over(directory, "halt", reason=reason)
    except OSError as problem:
        told = f"; the daemon reads the halt file, its spool took nothing ({problem.strerror})"
    typer.echo(f"Halted{told}. Nothing is sent until: trimtab resume --reason WHY")
    if not _has_a_journal(directory):
        typer.echo(
            f"trimtab: no daemon has run on {directory} yet. If yours runs elsewhere it is NOT halted:"
            " name its directory with --state.",
            err=True,
        )
    if direct:
        _cancel_directly(directory, config)


def _has_a_journal(directory: Path) -> bool:
    from daemon.machine.lease import running_pid
    from daemon.wiring import journal_place

    place = journal_place(directory)
    return not isinstance(place, Path) or place.exists() or running_pid(directory) is not None


def _cancel_directly(directory: Path, config: Path | None) -> None:
    from daemon.cli.door import Refusal
    from daemon.cli.where import settings_at
    from daemon.direct_halt import cancel_all, cancellers
    from daemon.exit_codes import ExitCode

    done = cancel_all(cancellers(settings_at(config), directory))
    for one in done:
        what = one.order or f"account {one.account}"
        typer.echo(f"{what}: {'asked to cancel' if not one.problem else one.problem}")
    if not done:
        typer.echo("No order of ours is open.")
    if any(one.problem for one in done):
        raise Refusal(
            "Everything is halted, but not every open order could be cancelled. Cancel the rest "
            "on the broker's own page, or run it again.",
            ExitCode.BROKER_UNAVAILABLE,
        )


def resume(
    reason: ReasonOption,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Clear a halt. Needs a reason; the daemon looks afresh before anything is sent.

    Example: trimtab resume --reason "outage is over, positions checked"
    """
    from daemon.cli.door import Refusal
    from daemon.latch import FileLatch
    from daemon.machine.lease import running_pid

    directory = state_at(config, state)
    _must_be_there(directory)
    if not reason.strip():
        raise Refusal('Clearing a halt needs a reason, for example --reason "outage is over".')
    latch = FileLatch(directory)
    before = latch.reason()
    told = hand_over(directory, "resume", reason=reason)
    if running_pid(directory) is None:
        latch.clear(person(), reason)
    typer.echo(f"Resumed{told}. It was halted for: {before or 'no halt was set'}")


def _waiting(given: str, latest: bool, config: Path | None, state: Path | None) -> tuple[Path, str]:
    """The state directory and the full hash of the proposal that is meant, which must be waiting."""
    from daemon.approvals import answered_too_late
    from daemon.cli.door import Refusal
    from daemon.exit_codes import ExitCode

    if bool(given) == latest:
        raise Refusal("Name the proposal by its hash, or say --latest; `trimtab status` shows it.")
    directory, journal = reader_at(config, state)
    pending = journal.pending_approval()
    if pending is None:
        raise Refusal("No proposal waits for an answer.", ExitCode.DIFFERS)
    if latest:
        return directory, pending.proposal_hash
    if len(given) < _SHORTEST_HASH:
        raise Refusal(f"Give at least {_SHORTEST_HASH} places of the hash.")
    if not pending.proposal_hash.startswith(given.lower()):
        waits = f"{pending.proposal_hash[:10]} waits (cycle {pending.cycle})"
        late = answered_too_late(journal, given.lower())
        why = "" if late is None else f" {given} was asked earlier; {late[1]}."
        raise Refusal(f"No proposal {given} waits; {waits}.{why}", ExitCode.DIFFERS)
    return directory, pending.proposal_hash


def _must_be_there(directory: Path) -> None:
    from daemon.cli.door import Refusal

    if not directory.is_dir():
        raise Refusal(f"There is no state directory {directory}; name yours with --state.")
