"""Tickets: orders that a person does in an account held elsewhere, and confirms or declines."""

from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.where import ConfigOption, JsonOption, StateOption, reader_at, settings_at

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal
    from pathlib import Path

    from daemon.taxes.tickets import Ticket
    from portfolio.lot_events import TicketAnswered

ticket_app = typer.Typer(add_completion=False, invoke_without_command=True, rich_markup_mode=None)

NameArgument = Annotated[str, typer.Argument(metavar="TICKET", help="Its name: 12-1.")]
OnOption = Annotated[str, typer.Option("--on", help="The trade date: 2026-11-20; else today.")]


@ticket_app.callback()
def ticket(
    context: typer.Context,
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """Orders for you in accounts that trimtab cannot trade: do them there, then confirm or decline.

    Example: trimtab ticket
    """
    if context.invoked_subcommand is not None:
        return
    from daemon.cli.looking import print_json
    from daemon.screens.decision import plan_table
    from daemon.screens.style import console, words

    _, waiting = _open(config, state)
    if json:
        print_json(
            [
                {"ticket": t.name, "at": t.at, "order": t.leg.intent, "price": t.leg.price}
                | {"lots": t.leg.lots}
                for t in waiting
            ]
        )
        return
    screen = console()
    if not waiting:
        screen.print(words("No ticket waits.", "quiet"))
        return
    for one in waiting:
        screen.print(words(f"Ticket {one.name}, {one.leg.intent.account}", "title"))
        screen.print(plan_table([one.leg]))
        for lot in one.leg.lots:
            bought = "" if lot.acquired_on is None else f" of {lot.acquired_on}"
            text = f"Name this lot to the broker: {lot.quantity.normalize():f} units{bought}"
            screen.print(words(f"{text} ({lot.lot_id})"))
    screen.print(words("Confirm what you did: trimtab ticket confirm NAME --price PRICE", "quiet"))


@ticket_app.command()
def confirm(
    name: NameArgument,
    price: Annotated[str, typer.Option("--price", help="What a unit was traded at.")],
    quantity: Annotated[str, typer.Option("--quantity", help="Units, if not all.")] = "",
    on: OnOption = "",
    first_in: Annotated[
        bool, typer.Option("--first-in", help="You named no lots to the broker.")
    ] = False,
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Say that you did it: its lots are booked, and a purchase counts for wash sales.

    A sale is booked with the lots that the ticket names, as `[lots] method` chose them; they count
    only if you named them to the broker at the sale and have it in writing, else say --first-in.

    Example: trimtab ticket confirm 12-1 --price 101.25 --on 2026-11-20
    """
    from dataclasses import replace

    from daemon.taxes.tickets import lots_named
    from portfolio.lot_events import TicketAnswered
    from portfolio.money import Price, Quantity

    directory, found = _one(name, config, state)
    intent = found.leg.intent
    answer = TicketAnswered(
        ticket=name,
        account=intent.account,
        symbol=intent.symbol,
        side=intent.side,
        quantity=Quantity(_number("--quantity", quantity)) if quantity else intent.quantity,
        price=Price(_number("--price", price)),
        day=_day(on),
        done=True,
    )
    if not first_in:
        answer = replace(answer, lots=lots_named(found.leg, answer.quantity))
    told = _hand_over(directory, answer)
    typer.echo(
        f"Confirmed {name}{told}. Adjust cash_usd of {intent.account}, if you keep it there."
    )


@ticket_app.command()
def decline(name: NameArgument, config: ConfigOption = None, state: StateOption = None) -> None:
    """Say that you will not do it. A later look may propose it again.

    Example: trimtab ticket decline 12-1
    """
    from portfolio.lot_events import TicketAnswered

    directory, found = _one(name, config, state)
    intent = found.leg.intent
    answer = TicketAnswered(
        ticket=name,
        account=intent.account,
        symbol=intent.symbol,
        side=intent.side,
        quantity=intent.quantity,
        price=found.leg.price,
        day=_day(""),
        done=False,
    )
    typer.echo(f"Declined {name}{_hand_over(directory, answer)}.")


@ticket_app.command()
def record(
    account: Annotated[str, typer.Argument(help="An account held elsewhere.")],
    side: Annotated[str, typer.Argument(metavar="buy|sell")],
    symbol: Annotated[str, typer.Argument()],
    quantity: Annotated[str, typer.Argument(help="Units.")],
    price: Annotated[str, typer.Argument(help="What a unit was traded at.")],
    on: OnOption = "",
    config: ConfigOption = None,
    state: StateOption = None,
) -> None:
    """Book a trade that you did elsewhere by yourself, so that it counts for wash sales.

    Example: trimtab ticket record 401k buy VTI 1.5 260.10 --on 2026-11-20
    """
    from daemon.cli.door import Refusal
    from daemon.cli.where import state_at
    from portfolio.lot_events import TicketAnswered
    from portfolio.money import Price, Quantity
    from portfolio.orders import Side

    elsewhere = [a.id for a in settings_at(config).accounts if not a.can_trade]
    if account not in elsewhere:
        named = ", ".join(elsewhere) or "there is none"
        raise Refusal(f"{account!r} is no account held elsewhere ({named}).")
    if side not in ("buy", "sell"):
        raise Refusal(f"{side!r} is no side; write buy or sell.")
    answer = TicketAnswered(
        ticket="",
        account=account,
        symbol=symbol.upper(),
        side=Side(side),
        quantity=Quantity(_number("the quantity", quantity)),
        price=Price(_number("the price", price)),
        day=_day(on),
        done=True,
    )
    typer.echo(f"Recorded{_hand_over(state_at(config, state), answer)}.")


def _open(config: "Path | None", state: "Path | None") -> "tuple[Path, tuple[Ticket, ...]]":
    from daemon.taxes.tickets import open_tickets

    directory, journal = reader_at(config, state)
    return directory, open_tickets(journal, settings_at(config).accounts)


def _one(name: str, config: "Path | None", state: "Path | None") -> "tuple[Path, Ticket]":
    from daemon.cli.door import Refusal
    from daemon.exit_codes import ExitCode

    directory, waiting = _open(config, state)
    for found in waiting:
        if found.name == name:
            return directory, found
    raise Refusal(f"No ticket {name!r} waits; see `trimtab ticket`.", ExitCode.DIFFERS)


def _hand_over(directory: "Path", answer: "TicketAnswered") -> str:
    from daemon.cli.running import hand_over
    from daemon.requests.lots import ticket_subject

    return hand_over(directory, "ticket", subject=ticket_subject(answer))


def _number(what: str, text: str) -> "Decimal":
    from daemon.cli.door import Refusal
    from portfolio.money import ZERO, finite

    try:
        number = finite(text)
    except ValueError as problem:
        raise Refusal(f"{what}: {problem}.") from None
    if number <= ZERO:
        raise Refusal(f"{what} must be above zero, not {text}.")
    return number


def _day(text: str) -> "date":
    from datetime import date

    from daemon.cli.door import Refusal
    from daemon.machine.clocks import WallClock
    from daemon.taxes.ledger import exchange_day

    if not text:
        return exchange_day(WallClock().now())
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Refusal(f"{text!r} is no date; write 2026-11-20.") from None
