"""Commands that only look: plan, status, history, explain, why-not. They change nothing."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.where import (
    ConfigArgument,
    ConfigOption,
    JsonOption,
    StateOption,
    reader_at,
    settings_at,
    state_at,
)

if TYPE_CHECKING:
    from portfolio.records import Recorded


class Which(StrEnum):
    """What `history` lists."""

    STORY = "story"
    DECISIONS = "decisions"
    RUNS = "runs"
    ORDERS = "orders"
    ALL = "all"


_KINDS: dict[Which, tuple[str, ...]] = {
    Which.DECISIONS: ("cycle_decided", "cycle_failed"),
    Which.RUNS: ("approval_requested", "approval_ended", "run_opened", "run_ended"),
    Which.ORDERS: ("leg_planned", "leg_moved", "fill_booked"),
    Which.STORY: (),
    Which.ALL: (),
}


def print_json(value: object) -> None:
    """A value of ours as JSON, decimals as text."""
    import json

    from portfolio.canonical import plain

    typer.echo(json.dumps(plain(value), indent=2, sort_keys=True, ensure_ascii=False))


def plan(
    configuration: ConfigArgument = None,
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """One decision from a fresh look, sent nowhere and recorded nowhere: reasons, orders, costs.

    Example: trimtab plan --json
    """
    from daemon.answers.plan import plan_now
    from daemon.screens.plan import plan_screen
    from daemon.screens.style import console

    settings = settings_at(configuration, config)
    planned = plan_now(settings, state_at(configuration or config, state))
    if json:
        print_json(planned.as_json())
        return
    screen = console()
    screen.print(plan_screen(planned, columns=screen.width))


def status(
    config: ConfigOption = None, state: StateOption = None, json: JsonOption = False
) -> None:
    """How the portfolio and the daemon stand: slices in their bands, last decision, what waits.

    Example: trimtab status --state /var/lib/trimtab/core
    """
    from daemon.answers.standing import standing
    from daemon.screens.status import status_screen
    from daemon.screens.style import console

    directory, journal = reader_at(config, state)
    now = standing(journal, directory)
    if json:
        print_json(now.as_json())
        return
    screen = console()
    screen.print(status_screen(now, columns=screen.width))


def history(
    which: Annotated[
        Which, typer.Argument(metavar="WHAT", help="story, decisions, runs, orders or all")
    ] = Which.STORY,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many, latest last.")] = 30,
    since: Annotated[str, typer.Option("--since", help="From this day on: 2026-11-20.")] = "",
    search: Annotated[str, typer.Option("--search", help="Only lines with these words.")] = "",
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """What happened, a line each: decisions and why, approvals, runs, orders, alarms.

    Example: trimtab history decisions --since 2026-11-01 --search bonds
    """
    from daemon.screens.style import console, words

    _, journal = reader_at(config, state)
    start = _instant(since) if since else None
    found = _latest(journal.events(*_KINDS[which], newest_first=True), which, limit, start, search)
    if json:
        print_json([{"seq": r.seq, "at": r.at, "actor": r.actor, "event": r.event} for r in found])
        return
    from daemon.screens.sentences import account_of, tell
    from daemon.screens.words import instant

    screen = console()
    several = len(journal.identity().account_numbers) > 1
    for recorded in found:
        told, account = tell(recorded.event), account_of(recorded.event) if several else ""
        text = f"{instant(recorded.at)}  {told.text}{f', {account}' if account else ''}"
        screen.print(words(text, told.tone), soft_wrap=True)
    if not found:
        screen.print(words("Nothing of that kind has happened.", "quiet"))


def _latest(
    newest_first: "list[Recorded] | tuple[Recorded, ...] | object",
    which: Which,
    limit: int,
    start: datetime | None,
    search: str,
) -> "list[Recorded]":
    """The last `limit` of what fits, oldest first."""
    from collections.abc import Sequence
    from typing import cast

    from daemon.screens.sentences import tell

    found = []
    for recorded in cast("Sequence[Recorded]", newest_first):
        if start is not None and recorded.at < start:
            break
        told = tell(recorded.event)
        if which is Which.STORY and told.tone == "quiet":
            continue
        if search.lower() not in told.text.lower():
            continue
        found.append(recorded)
        if len(found) == limit:
            break
    return found[::-1]


def explain(
    cycle: Annotated[int, typer.Argument(help="The cycle's number, as in `trimtab history`.")],
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """Explain a cycle from the journal alone, and reach its decision again from its inputs.

    Ends with 1 when the recorded inputs no longer give the recorded answer.

    Example: trimtab explain 412
    """
    from daemon.answers.explain import explain as explained
    from daemon.exit_codes import ExitCode
    from daemon.screens.explanation import explanation_screen
    from daemon.screens.style import console

    _, journal = reader_at(config, state)
    explanation = explained(journal, cycle)
    if json:
        print_json(explanation)
    else:
        screen = console()
        screen.print(explanation_screen(explanation, columns=screen.width))
    if not explanation.holds_good:
        raise typer.Exit(ExitCode.DIFFERS)


def why_not(
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="Of what; else of all.")] = "",
    at: Annotated[
        str, typer.Option("--at", help="At this time: 2026-11-20 or 2026-11-20T15:30.")
    ] = "",
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """Why nothing was traded, now or at a time: gates with their margins, prices, halts, limits.

    Example: trimtab why-not VTI --at 2026-11-20
    """
    from daemon.answers.why_not import gates_at
    from daemon.answers.why_not import why_not as answer
    from daemon.screens.gates import MARGINS, margins_table
    from daemon.screens.style import console, words

    _, journal = reader_at(config, state)
    name, when = symbol.upper() or None, _instant(at, end=True) if at else None
    sentences, gates = answer(journal, name, when), gates_at(journal, name, when)
    if json:
        print_json({"symbol": name, "answers": sentences, "gates": gates})
        return
    screen = console()
    for sentence in sentences:
        screen.print(words(sentence), soft_wrap=not screen.is_terminal)
    table = margins_table(gates)
    if table.row_count:
        screen.print(table)
        screen.print(words(MARGINS, "quiet"))


def _instant(text: str, *, end: bool = False) -> datetime:
    """A day or an instant; without a zone UTC is meant; a day alone is its start, or its end."""
    from datetime import time

    from daemon.cli.door import Refusal

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(f"{text!r} is no time; write 2026-11-20 or 2026-11-20T15:30.") from None
    if len(text) == len("2026-11-20") and end:
        at = datetime.combine(at.date(), time.max)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
