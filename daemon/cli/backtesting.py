"""The command that asks what a policy would have done: `trimtab backtest`."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.where import ConfigArgument, ConfigOption, JsonOption, configuration_path

if TYPE_CHECKING:
    from backtest.metrics import Result
    from daemon.answers.backtests import Wish


class FillWord(StrEnum):
    """When a decision made at a close is filled."""

    NEXT_CLOSE = "next_close"
    SAME_CLOSE = "same_close"


PricesOption = Annotated[
    Path | None,
    typer.Option(
        "--prices",
        "-p",
        help="Prices: date,SYM,SYM, a row a session; else those of [simulation].",
    ),
]
DividendsOption = Annotated[
    Path | None, typer.Option("--dividends", help="Dividends: date,symbol,per_unit, or wide.")
]
FromOption = Annotated[str, typer.Option("--from", help="The first session: 1995-01-03.")]
ToOption = Annotated[str, typer.Option("--to", help="The last session.")]
FillOption = Annotated[FillWord | None, typer.Option("--fill", help="When a decision is filled.")]
CashOption = Annotated[
    str, typer.Option("--cash-usd", help="Cash at the start, else the configuration's.")
]
MonthlyOption = Annotated[
    str, typer.Option("--monthly-usd", help="Paid in each month; negative is taken out.")
]
SpreadOption = Annotated[
    str, typer.Option("--spread-percent", help="Ask minus bid, in percent of the price.")
]
FeeOption = Annotated[str, typer.Option("--fee-usd", help="Fee of each order.")]
FeePercentOption = Annotated[
    str, typer.Option("--fee-percent", help="Fee in percent of the money traded.")
]
InterestOption = Annotated[
    str, typer.Option("--interest-percent", help="What cash earns, in percent a year.")
]

ReportOption = Annotated[
    Path | None, typer.Option("--report", help="Write a page that any browser shows.")
]


def backtest(
    configuration: ConfigArgument = None,
    prices: PricesOption = None,
    config: ConfigOption = None,
    dividends: DividendsOption = None,
    first: FromOption = "",
    last: ToOption = "",
    fill: FillOption = None,
    cash: CashOption = "",
    monthly: MonthlyOption = "",
    spread: SpreadOption = "",
    per_order: FeeOption = "",
    fee: FeePercentOption = "",
    interest: InterestOption = "",
    report: ReportOption = None,
    json: JsonOption = False,
) -> None:
    """What this configuration would have done over past prices: the daemon's own decisions.

    What no option says stands in [backtest] of the configuration.

    Example: trimtab backtest trimtab.toml --prices prices.csv --report page.html
    """
    from backtest.setup import Fill
    from daemon.answers.backtests import Wish

    wish = Wish(
        fill=None if fill is None else Fill(fill.value),
        first=day_option("--from", first),
        last=day_option("--to", last),
        cash=_money("--cash-usd", cash),
        monthly=_money("--monthly-usd", monthly),
        spread=_fraction("--spread-percent", spread),
        fee_per_order=_money("--fee-usd", per_order),
        fee_fraction=_fraction("--fee-percent", fee),
        interest_percent=_number("--interest-percent", interest),
    )
    result, said = _run(configuration_path(configuration, config), prices, dividends, wish)
    if report is not None:
        from backtest.report.page import report_page

        title = f"Backtest of {configuration_path(configuration, config).stem}"
        report.write_text(report_page(result, title, said), encoding="utf-8")
    if json:
        import json as writer

        from backtest.words import as_json

        typer.echo(writer.dumps(as_json(result.figures), indent=2))
        return
    from backtest.report.page import SURVIVORS
    from backtest.words import lines

    for line in lines(result):
        typer.echo(line)
    typer.echo(f"\n{SURVIVORS}")


def _run(
    configuration: Path, prices: Path | None, dividends: Path | None, wish: "Wish"
) -> "tuple[Result, tuple[str, ...]]":
    """The backtest, and what to know of its weights; that is told on standard error too."""
    from backtest.history import HistoryError
    from backtest.run import run
    from brokers.simulated.price_file import PriceFileError
    from config.read import read_settings
    from daemon.answers.backtests import prices_of, read_history, setup_of
    from daemon.cli.door import Refusal
    from daemon.exit_codes import ExitCode
    from daemon.targets.feed import NoWeights
    from daemon.targets.over_history import where_weights_are_from

    settings = read_settings(configuration)
    said = tuple(words for words in [where_weights_are_from(settings)] if words)
    for words in said:
        typer.echo(words, err=True)
    try:
        history = read_history(settings, prices_of(settings, prices), dividends, wish)
        return run(settings.policy, history, setup_of(settings, history, wish)), said
    except HistoryError as problem:
        raise PriceFileError(str(problem)) from None
    except NoWeights as problem:
        raise Refusal(f"[target]: {problem}", ExitCode.CONFIGURATION) from None


def day_option(option: str, text: str) -> date | None:
    """A day that was typed; raises `BadParameter`."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{option} is a day like 1995-01-03, not {text!r}") from None


def _number(option: str, text: str) -> Decimal | None:
    from portfolio.money import finite

    try:
        return finite(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{option} is a number, not {text!r}") from None


if TYPE_CHECKING:
    from portfolio.money import Money


def _money(option: str, text: str) -> "Money | None":
    from portfolio.money import Money

    number = _number(option, text)
    return None if number is None else Money(number)


def _fraction(option: str, text: str) -> Decimal | None:
    number = _number(option, text)
    return None if number is None else number / 100
