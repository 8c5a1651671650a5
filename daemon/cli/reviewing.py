"""`trimtab review`: the periodic review on the screen, as JSON, or as a page."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.cli.looking import print_json
from daemon.cli.where import ConfigOption, JsonOption, StateOption, reader_at


def review(
    period: Annotated[
        str,
        typer.Argument(metavar="PERIOD", help="2026-11, 2026-Q4 or 2026; else the latest month."),
    ] = "",
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with charts.")
    ] = None,
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """Review a period: allocation, returns, diversification, what was done and why, what is next.

    Read from the journal alone. The same comes as a letter after each month.

    Example: trimtab review 2026-Q4 --html review.html
    """
    from daemon.review.period import parse_period
    from daemon.review.review import review as reviewed
    from daemon.screens.style import console, words

    _, journal = reader_at(config, state)
    found = reviewed(journal, parse_period(period) if period else None)
    if html is not None:
        from daemon.review.page import review_page

        html.write_text(review_page(found), encoding="utf-8")
    if json:
        print_json(found.as_json())
        return
    if html is not None:
        console().print(words(f"The review of {found.period.title} is in {html}."))
        return
    from daemon.screens.review import review_screen

    screen = console()
    screen.print(review_screen(found, columns=screen.width))
