"""Colours by meaning, and the one way to a console. Without a terminal it is plain, unwrapped text."""

import sys
from typing import IO

from rich.console import Console, RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

PLAIN_WIDTH = 120
"""Columns of a table when nobody says how wide the reader is (a pipe, a file, CI)."""

THEME = Theme(
    {
        "plate": "bold black on yellow",
        "title": "bold",
        "dim": "bright_black",
        "number": "default",
        "good": "green",
        "care": "yellow",
        "alarm": "bold red",
        "plain": "default",
        "quiet": "bright_black",
        "decision": "bold cyan",
        "trade": "cyan",
        "gauge.outside": "bright_black",
        "gauge.band": "green",
        "gauge.edge": "bold green",
        "gauge.target": "bold white",
        "gauge.calm": "bold bright_green",
        "gauge.near": "bold yellow",
        "gauge.beyond": "bold bright_red",
    },
    inherit=True,
)


def console(*, file: IO[str] | None = None, width: int | None = None) -> Console:
    """A console for standard output: colour on a terminal (not with NO_COLOR), plain lines else."""
    out = file or sys.stdout
    is_terminal = out.isatty()
    return Console(
        file=out,
        theme=THEME,
        highlight=False,
        markup=False,
        emoji=False,
        width=width if width is not None or is_terminal else PLAIN_WIDTH,
        force_terminal=None if is_terminal else False,
    )


def clean(text: str) -> str:
    """Text from outside (a broker, a file) without control characters: it cannot steer a terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def words(text: str, tone: str = "plain") -> Text:
    """One styled text, never read as markup."""
    # The style goes on the words, not on the object: what is appended later has its own.
    return Text().append(clean(text), style=tone)


def lines(*texts: RenderableType) -> Table:
    """Renderables one under the other."""
    grid = Table.grid()
    grid.add_column()
    for text in texts:
        grid.add_row(text)
    return grid


def quiet_table(*, title: str = "") -> Table:
    """A table of our looks: no frame, one rule under its head, numbers to the right."""
    return Table(
        title=title or None,
        title_justify="left",
        title_style="title",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style=Style(color="bright_black"),
        expand=False,
    )
