"""`trimtab audit`: the record against itself, against the broker, and after a restore."""

from typing import Annotated

import typer

from daemon.cli.where import (
    ConfigOption,
    JsonOption,
    ReasonOption,
    StateOption,
    reader_at,
    settings_at,
    state_at,
)

audit_app = typer.Typer(
    help="The audit chain: verify, replay, crosscheck.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@audit_app.callback()
def _audit() -> None:
    """The audit chain: verify, replay, crosscheck."""


@audit_app.command()
def verify(
    head: Annotated[
        str,
        typer.Option(
            "--head",
            "--anchor",
            metavar="ROW:HASH",
            help="A head that you have from elsewhere: a notice, the log. A beginning is enough.",
        ),
    ] = "",
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """Check the whole audit chain: every row's hash, its link to the row before, every document.

    With --head it also shows that the record still holds what it held when that notice was sent. Ends
    with 1 at the first row that does not hold.

    Example: trimtab audit verify --head 1365:50d8c10b5afc
    """
    from daemon.exit_codes import ExitCode
    from daemon.journal.audit import Broken, Verified, fits_anchor
    from daemon.journal.audit import verify as verified
    from daemon.journal.opening import open_journal_reader
    from daemon.wiring import anchor_place, journal_place

    directory = state_at(config, state)
    journal = open_journal_reader(journal_place(directory), anchored_in=anchor_place(directory))
    found = verified(journal)
    if head and isinstance(found, Verified):
        row, row_hash = _given(head)
        if problem := fits_anchor(journal, row, row_hash):
            found = Broken(seq=row, reason=problem)
    if json:
        from daemon.cli.looking import print_json

        print_json({"holds": isinstance(found, Verified), "found": found})
    elif isinstance(found, Verified):
        witness = "no anchor yet"
        if found.anchor is not None:
            witness = f"the anchor of {found.anchor.at:%Y-%m-%d %H:%M} UTC agrees"
        given = f", and so does {head}" if head else ""
        typer.echo(
            f"The chain holds: {found.rows:,} rows, {found.documents:,} documents, {witness}{given}.\n"
            f"Head: {found.head}"
        )
    else:
        typer.echo(f"The chain does NOT hold at row {found.seq}: {found.reason}.")
    if not isinstance(found, Verified):
        raise typer.Exit(ExitCode.DIFFERS)


@audit_app.command()
def replay(
    config: ConfigOption = None, state: StateOption = None, json: JsonOption = False
) -> None:
    """Make every table again from the chain alone, and compare: orders, looks, holdings and the rest.

    Ends with 1 when a row differs.

    Example: trimtab audit replay --state /var/lib/trimtab/core
    """
    from daemon.exit_codes import ExitCode
    from daemon.journal.opening import open_journal_reader
    from daemon.journal.replay import rebuild
    from daemon.journal.tables import PROJECTIONS
    from daemon.wiring import journal_place

    journal = open_journal_reader(journal_place(state_at(config, state)))
    differences = rebuild(journal)
    if json:
        from daemon.cli.looking import print_json

        print_json({"agrees": not differences, "rows": journal.head()[0], "found": differences})
    elif differences:
        typer.echo(f"{len(differences)} rows do NOT follow from the chain:")
        for one in differences[:20]:
            typer.echo(f"  {one.table} {one.key}: stored {one.stored}, replayed {one.replayed}")
    else:
        names = ", ".join(table.name for table in PROJECTIONS)
        typer.echo(f"{journal.head()[0]:,} rows make the same tables again: {names}.")
    if differences:
        raise typer.Exit(ExitCode.DIFFERS)


@audit_app.command()
def crosscheck(
    config: ConfigOption = None, state: StateOption = None, json: JsonOption = False
) -> None:
    """Compare the journal with the broker's own order list and executions, both ways.

    Ends with 1 when something is on one side only, or differs. Sends nothing.

    Example: trimtab audit crosscheck
    """
    from daemon.exit_codes import ExitCode
    from daemon.upkeep.crosscheck import crosscheck as crosschecked
    from daemon.wiring import open_house, state_directory

    settings = settings_at(config)
    house = open_house(settings, state_directory(settings, state))
    found = crosschecked(house.journal, house.readers)
    if json:
        from daemon.cli.looking import print_json

        print_json({"agrees": not found.mismatches, "found": found})
    else:
        for one in found.mismatches:
            typer.echo(f"{one.account}  {one.what}: {one.problem}")
        verdict = "do NOT agree" if found.mismatches else "agree"
        typer.echo(
            f"Journal and broker {verdict}: {found.orders} orders of ours, {found.fills} executions."
        )
    if found.mismatches:
        raise typer.Exit(ExitCode.DIFFERS)


@audit_app.command("adopt-orders")
def adopt_orders(
    reason: ReasonOption, config: ConfigOption = None, state: StateOption = None
) -> None:
    """After a restore: take over orders of ours that are younger than the copy, and book what they did.

    Look at them first: `trimtab audit crosscheck`. Each execution is booked once, however often this is
    typed. The halt stays until `trimtab resume`.

    Example: trimtab audit adopt-orders --reason "compared with the broker's page"
    """
    from daemon.cli.door import Refusal
    from daemon.cli.running import hand_over

    directory, _ = reader_at(config, state)
    if not reason.strip():
        raise Refusal('Say what you looked at: --reason "compared with the broker\'s page".')
    told = hand_over(directory, "adopt_orders", reason=reason)
    typer.echo(
        f"Asked to take them over{told}. Then: trimtab audit crosscheck, trimtab resume --reason WHY"
    )


def _given(text: str) -> tuple[int, str]:
    from daemon.cli.door import Refusal

    row, _, row_hash = text.partition(":")
    if not row.isdigit() or len(row_hash) < 8:
        raise Refusal("Give the head as ROW:HASH, for example 1234:9f3a2c71d04b.")
    return int(row), row_hash.lower()
