"""`trimtab gifts`: which shares to give to charity. It suggests; a person transfers."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.where import ConfigOption, JsonOption, StateOption, reader_at, settings_at, state_at


def gifts(
    amount: Annotated[
        str, typer.Argument(metavar="AMOUNT", help="USD to give; without it, gifts under way.")
    ] = "",
    year: Annotated[int, typer.Option("--year", help="Tax year of the limits; else now.")] = 0,
    accept: Annotated[
        bool, typer.Option("--accept", help="Record it: you will transfer these shares.")
    ] = False,
    transferred: Annotated[
        str, typer.Option("--transferred", metavar="ID", help="These shares have left.")
    ] = "",
    cancel: Annotated[
        str, typer.Option("--cancel", metavar="ID", help="They will not be given.")
    ] = "",
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """Choose lots for a gift of shares: what they save, the year's limits, and a letter.

    Nothing is transferred. Once accepted, the gift is recorded when the holdings fall by exactly
    these shares. No advice, and no filing.

    Example: trimtab gifts 10000 --year 2026
    """
    if transferred or cancel:
        _hand_over(state_at(config, state), transferred, cancel)
    elif amount:
        _suggest(_usd(amount), year, accept=accept, config=config, state=state, json=json)
    else:
        _list(config, state, json=json)


def _hand_over(directory: Path, transferred: str, cancel: str) -> None:
    from daemon.cli.running import hand_over

    verb, gift = ("transferred", transferred) if transferred else ("cancel", cancel)
    told = hand_over(directory, "gift", subject=f"{verb} {gift}")
    typer.echo(f"Passed on{told}. See `trimtab gifts`.")


def _list(config: Path | None, state: Path | None, *, json: bool) -> None:
    from daemon.cli.looking import print_json
    from daemon.screens.gifting import open_gifts_screen
    from daemon.screens.style import console
    from daemon.taxes.open_gifts import open_gifts

    found = open_gifts(reader_at(config, state)[1])
    if json:
        print_json(found)
        return
    console().print(open_gifts_screen(found))


def _suggest(
    amount: Decimal,
    year: int,
    *,
    accept: bool,
    config: Path | None,
    state: Path | None,
    json: bool,
) -> None:
    from daemon.cli.looking import print_json
    from daemon.cli.running import hand_over
    from daemon.memory import remember
    from daemon.observe import observe
    from daemon.screens.gifting import gift_screen
    from daemon.screens.style import console
    from daemon.taxes.gifting import letter, suggest, wish_of
    from daemon.wiring import open_house
    from portfolio.money import Money
    from portfolio.wakes import Wake, WakeKind

    settings, directory = settings_at(config), state_at(config, state)
    house = open_house(settings, directory)
    snapshot = observe(house)
    memory = remember(house, Wake(kind=WakeKind.PERSON, detail="gifts"), snapshot.session)
    found = suggest(snapshot, settings.policy, memory, Money(amount), year=year or None)
    text = letter(found.plan, settings.household.name, snapshot.day)
    told = ""
    if accept and found.plan.picks:
        told = hand_over(directory, "gift", subject=wish_of(found.plan))
    if json:
        print_json({"suggestion": found, "letter": text, "accepted": accept})
        return
    console().print(gift_screen(found, text))
    if accept and found.plan.picks:
        typer.echo(f"\nAccepted{told}. Transfer exactly these lots; `trimtab gifts` follows them.")


def _usd(text: str) -> Decimal:
    from daemon.cli.door import Refusal

    try:
        found = Decimal(text.replace(",", "").replace("_", ""))
    except InvalidOperation:
        found = Decimal(0)
    if not found.is_finite() or found <= 0:
        raise Refusal(f"{text!r} is no amount; write, for example, 10000.")
    return found
