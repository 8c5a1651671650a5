"""The page of a backtest: value, weights against bands with each trade, drift, turnover, costs."""

from collections.abc import Iterable
from html import escape

from backtest.metrics import Result
from backtest.report.pictures import pictures
from backtest.report.style import STYLE
from backtest.report.tables import figures_table, plans_table, slices_table
from backtest.words import fill_words, money, percent

CAVEAT = (
    "The same decisions as the running daemon's, with these assumptions: every proposal is accepted "
    "at once, no limit refers or denies, sales settle with the fill, prices are closes."
)
SURVIVORS = (
    "These prices are of what exists today: what failed or was closed on the way is not in them, and "
    "so the past looks better than it was. A backtest says what a rule does, never what it will earn."
)


def report_page(result: Result, title: str = "Backtest", notes: Iterable[str] = ()) -> str:
    """The whole page as one text, without a script and without an address.

    `notes` are what a reader should know besides, such as where the weights came from.
    """
    parts = [
        f"<h1>{escape(title)}</h1>",
        _lead(result),
        f'<p class="banner">{escape(SURVIVORS)}</p>',
        *(f'<p class="note">{escape(note)}</p>' for note in notes),
        _tiles(result),
        *(f"<section>{part}</section>" for part in pictures(result)),
        figures_table(result),
        slices_table(result),
        plans_table(result),
        f'<p class="note">{escape(CAVEAT)}</p>',
    ]
    return whole_page(title, parts)


def whole_page(title: str, parts: Iterable[str]) -> str:
    """A page with its style inside it."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _lead(result: Result) -> str:
    f = result.figures
    return (
        f"<p class=lead>{f.first_session} to {f.last_session}, {f.sessions:,} sessions; "
        f"{escape(fill_words(f.fill_convention))}.</p>"
    )


def _tiles(result: Result) -> str:
    f = result.figures
    tiles = (
        (money(f.final_value), f"from {money(f.initial_value)}"),
        (percent(f.return_per_year), "a year, time-weighted"),
        (percent(f.max_drawdown, 1), "worst drawdown"),
        (f"{f.rebalances:,}", f"rebalances in {f.years:.1f} years"),
        (percent(f.turnover_per_year, 1), "turnover a year"),
        (money(f.cost), "fees and spread"),
    )
    return (
        '<div class="tiles">'
        + "".join(f"<div><b>{escape(b)}</b><span>{escape(s)}</span></div>" for b, s in tiles)
        + "</div>"
    )
