"""The command that holds policies against each other: `trimtab compare`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.backtesting import DividendsOption, FromOption, PricesOption, ToOption, day_option
from daemon.cli.where import JsonOption, StateOption, configuration_path

if TYPE_CHECKING:
    from backtest.compare import Comparison

ConfigsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="CONFIG...", help="One with a grid in [compare.grid], or several configurations."
    ),
]
PathsOption = Annotated[
    int | None, typer.Option("--paths", min=0, help="Other histories to draw; 0 none.")
]
SeedOption = Annotated[int | None, typer.Option("--seed", min=0, help="Draws the same paths.")]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=0, help="Processes; 0: one for every core.")
]
ReportOption = Annotated[
    Path | None, typer.Option("--report", help="Write a page that any browser shows.")
]


def compare(
    configurations: ConfigsArgument = None,
    prices: PricesOption = None,
    dividends: DividendsOption = None,
    first: FromOption = "",
    last: ToOption = "",
    paths: PathsOption = None,
    seed: SeedOption = None,
    workers: WorkersOption = None,
    report: ReportOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """What each of several policies does, and costs, over past prices and many drawn from them.

    The first configuration's [backtest] and [compare] hold for all. Never ranked by return. What
    each would do today is said on what its household's journal last saw, where there is one.

    Example: trimtab compare calm.toml busy.toml --prices prices.csv --report page.html
    """
    from backtest.compare import steps_of
    from config.variants import variants_at
    from daemon.answers.backtests import Wish, prices_of
    from daemon.answers.comparisons import CompareWish, compared, draw_of
    from daemon.answers.today import today_at

    files = configurations or [configuration_path()]
    variants = variants_at(files)
    asked = CompareWish(paths=paths, seed=seed, workers=workers)
    wish = Wish(first=day_option("--from", first), last=day_option("--to", last))
    today = today_at(variants[0].settings, state)
    steps = steps_of(len(variants), draw_of(variants[0].settings, asked).paths)
    file = prices_of(variants[0].settings, prices)
    with _progress(steps) as told, _sentences():
        found = compared(variants, file, dividends, wish, asked, told, today)
    if report is not None:
        from backtest.report.compare_page import compare_page

        report.write_text(compare_page(found), encoding="utf-8")
    if json:
        import json as writer

        from backtest.compare_words import as_json

        typer.echo(writer.dumps(as_json(found), indent=2))
        return
    _show(found)


@contextmanager
def _sentences() -> Iterator[None]:
    """What the rooms below refuse, as the door knows it."""
    from backtest.history import HistoryError
    from backtest.many import BackendMissing
    from brokers.simulated.price_file import PriceFileError
    from daemon.cli.door import Refusal
    from daemon.exit_codes import ExitCode
    from daemon.targets.feed import NoWeights

    try:
        yield
    except HistoryError as problem:
        raise PriceFileError(str(problem)) from None
    except NoWeights as problem:
        raise Refusal(f"[target]: {problem}", ExitCode.CONFIGURATION) from None
    except BackendMissing as problem:
        raise Refusal(f"[compare]: {problem}", ExitCode.CONFIGURATION) from None


@contextmanager
def _progress(steps: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal's standard error; nothing elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if not steps or not console.is_terminal:
        yield lambda _: None
        return
    from rich.progress import Progress

    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("policies and histories", total=steps)
        yield lambda done: bar.update(task, completed=done)


def _show(found: "Comparison") -> None:
    from backtest.compare_words import caveats, lines
    from daemon.screens.comparison import comparison_table
    from daemon.screens.style import console

    out = console()
    out.print(comparison_table(found))
    for line in ("", *lines(found), *caveats(found)):
        out.print(line)
