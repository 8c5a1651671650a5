"""`trimtab hedge`: what a hedge would take and cost. It only looks."""

from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from daemon.cli.where import ConfigOption, JsonOption, StateOption, settings_at, state_at


def hedge(
    underlying: Annotated[
        str, typer.Argument(metavar="UNDERLYING", help="The index fund whose options are meant.")
    ],
    volatility: Annotated[
        str, typer.Option("--volatility", help="Its implied volatility, percent a year.")
    ],
    price: Annotated[str, typer.Option("--price", help="Its price; else its quote.")] = "",
    protect: Annotated[str, typer.Option("--protect", help="Percent of the exposure.")] = "",
    strike: Annotated[str, typer.Option("--strike", help="The put's, percent of price.")] = "",
    months: Annotated[int, typer.Option("--months", min=0, max=36, help="How long it runs.")] = 0,
    future: Annotated[str, typer.Option("--future", help="An index future's price.")] = "",
    multiplier: Annotated[
        str, typer.Option("--multiplier", help="USD a point: 50 for ES, 5 for MES.")
    ] = "50",
    target_beta: Annotated[
        str, typer.Option("--target-beta", help="The beta that futures should leave.")
    ] = "",
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """Size a hedge with puts, a collar or futures. Advice only: it is never traded.

    Off until [hedge] enabled = true, with the betas of what is to be hedged.

    Example: trimtab hedge SPY --volatility 18 --protect 50
    """
    from dataclasses import asdict
    from json import dumps

    from daemon.answers.hedging import Asked, NothingToHedge, advise
    from daemon.cli.door import Refusal
    from daemon.exit_codes import ExitCode
    from daemon.screens.hedging import hedge_screen
    from daemon.screens.style import console

    settings = settings_at(config)
    if not settings.hedge.enabled:
        raise Refusal(
            "Advice on hedging is off. Write enabled = true and betas under [hedge] in "
            f"{settings.file}.",
            ExitCode.CONFIGURATION,
        )
    asked = Asked(
        underlying=underlying.upper(),
        volatility=_number("--volatility", volatility) / 100,
        price=_number("--price", price) if price else None,
        protect=_number("--protect", protect) / 100 if protect else None,
        strike=_number("--strike", strike) / 100 if strike else None,
        months=months or None,
        future=_number("--future", future) if future else None,
        multiplier=_number("--multiplier", multiplier),
        wanted_beta=_number("--target-beta", target_beta, least=None) if target_beta else None,
    )
    try:
        advice = advise(settings, state_at(config, state), asked)
    except NothingToHedge as problem:
        raise Refusal(str(problem), ExitCode.CONFIGURATION) from None
    if json:
        typer.echo(dumps(asdict(advice), indent=2, sort_keys=True))
        return
    screen = console()
    screen.print(hedge_screen(advice, asked.underlying))


def _number(option: str, text: str, *, least: int | None = 0) -> Decimal:
    from daemon.cli.door import Refusal

    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or (least is not None and found <= least):
        raise Refusal(f"{option} {text!r} is no number above zero; write, for example, 18.")
    return found
