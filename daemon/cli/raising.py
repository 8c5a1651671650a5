"""`trimtab raise`: announce a withdrawal, so that the money is there in time and is not invested."""

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.running import hand_over
from daemon.cli.where import ConfigOption, JsonOption, StateOption, reader_at

if TYPE_CHECKING:
    from portfolio.money import Money
    from portfolio.ports import JournalReader


def raise_cash(
    amount: Annotated[str, typer.Argument(metavar="USD", help="How much to take out.")] = "",
    by: Annotated[str, typer.Option("--by", help="The day it must be there: 2026-12-15.")] = "",
    account: Annotated[str, typer.Option("--account", help="From which; else the only one.")] = "",
    cancel: Annotated[bool, typer.Option("--cancel", help="No longer: invest it again.")] = False,
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """Keep money for a withdrawal: from cash first, then from what is over its target.

    It is not invested again until it has left the account, or until --cancel. Sales pass the limits
    and the approval like any other.

    Example: trimtab raise 12000 --by 2026-12-15
    """
    from daemon.cli.door import Refusal
    from daemon.requests.raising import subject_of

    directory, journal = reader_at(config, state)
    if cancel:
        if amount or by:
            raise Refusal("Say either how much and --by, or --cancel alone.")
        typer.echo(_cancelled(journal, hand_over(directory, "raise_cancel")))
        return
    wanted, day = _amount(amount), _day(by)
    name = _account(journal, account)
    told = hand_over(directory, "raise_cash", subject=subject_of(name, wanted, day))
    _show(journal, name, wanted, day, told, json=json)


def _cancelled(journal: "JournalReader", told: str) -> str:
    from daemon.requests.reservations import reservations
    from daemon.screens.words import money

    kept = reservations(journal)
    if not kept:
        return "Nothing was kept for a withdrawal."
    sums = ", ".join(f"{money(wish.amount)} in {wish.account}" for wish in kept)
    return f"Cancelled{told}: {sums} may be invested again."


def _amount(text: str) -> "Money":
    from daemon.cli.door import Refusal
    from portfolio.money import Money

    try:
        amount = Decimal(text.replace(",", "").replace("_", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount <= 0 or amount != round(amount, 2):
        raise Refusal("Say how much in USD and cents, for example: trimtab raise 12000 --by DATE.")
    return Money(amount)


def _day(text: str) -> date:
    from daemon.cli.door import Refusal

    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Refusal("Say by which day, for example --by 2026-12-15.") from None
    return day


def _account(journal: "JournalReader", given: str) -> str:
    """The account that pays: the one named, else the only one that can."""
    from daemon.cli.door import Refusal
    from daemon.journal.codec import read_snapshot

    looks = journal.cycles(limit=1)
    if not looks:
        raise Refusal("There was no look yet; start the daemon first, with `trimtab run`.")
    snapshot = read_snapshot(journal, looks[0].snapshot)
    names = [a.account.id for a in snapshot.accounts if a.account.can_trade]
    if given in names:
        return given
    if given or len(names) != 1:
        raise Refusal(f"Say from which account with --account; there are: {', '.join(names)}.")
    return names[0]


def _show(
    journal: "JournalReader", account: str, amount: "Money", day: date, told: str, *, json: bool
) -> None:
    from daemon.cli.looking import print_json
    from daemon.requests.raising import as_at_last_look, begins_on
    from daemon.screens.decision import plan_table
    from daemon.screens.style import console, words
    from daemon.screens.words import money
    from portfolio.decisions import Proposal
    from portfolio.memory import Reservation

    wish = Reservation(number=0, account=account, amount=amount, by=day)
    decision, begins = as_at_last_look(journal, wish), begins_on(journal, wish)
    if json:
        plan = {"account": account, "amount": amount, "by": day, "sales_begin": begins}
        print_json({**plan, "plan": decision})
        return
    screen = console()
    screen.print(words(f"{money(amount)} in {account} are kept until {day}{told}.", "title"))
    if day < datetime.now(UTC).date():
        screen.print(words("That day is past: it is raised at once.", "care"))
    if isinstance(decision, Proposal) and decision.sells:
        screen.print(words("At the prices of the last look it takes these sales:"))
        if begins is not None:
            days = f"{(day - begins).days} calendar days before"
            text = f"They begin on {begins}, {days}, and each settles one session later."
            screen.print(words(text, "quiet"))
        screen.print(plan_table(decision.legs))
        for text in decision.skipped:
            screen.print(words(f"Left out: {text}", "quiet"))
    else:
        reason = "the cash is there" if decision is None else decision.reason
        screen.print(words(f"At the last look no sale is needed for it: {reason}."))
    screen.print(words("Follow it with `trimtab status`; end it with `trimtab raise --cancel`."))
