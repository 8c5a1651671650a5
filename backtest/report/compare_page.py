"""The page of a comparison: the table of policies, the range of each measure, then each by itself."""

from collections.abc import Iterator
from html import escape

from backtest.compare import Compared, Comparison
from backtest.measures import SHOWN, shown
from backtest.report.page import SURVIVORS, whole_page
from backtest.report.pictures import pictures
from backtest.words import decision_words, fill_words, orders_words

MOST_IN_FULL = 8
"""Policies whose charts are on the page; the table has all of them."""
RANGES = ("events_per_year", "turnover_per_year", "cost_per_year", "worst_drift", "tracking_error")
"""Measures that get a chart of their own: what a rule does, in the order in which one asks."""
NOT_RANKED = (
    "The policies stand in the order in which they were named. They are not ranked by return: which "
    "one happened to earn most in this history is chance; how often it trades, what that costs and "
    "how far it strays is not."
)


def compare_page(found: Comparison, title: str = "Policies compared") -> str:
    """The whole page as one text, without a script and without an address."""
    parts = [
        f"<h1>{escape(title)}</h1>",
        _lead(found),
        f'<p class="banner">{escape(SURVIVORS)}</p>',
        f'<p class="note">{escape(NOT_RANKED)}</p>',
        _table(found),
        *_ranges(found),
        _today(found),
        *_each(found),
    ]
    return whole_page(title, parts)


def _lead(found: Comparison) -> str:
    f = found.rows[0].result.figures
    paths = (
        f" Ranges hold {found.draw.interval * 100:.0f} % of {found.draw.paths:,} other histories of "
        f"{found.path_sessions:,} sessions, drawn from this one in blocks of about "
        f"{found.draw.block} sessions (seed {found.draw.seed})."
        if found.draw.paths
        else ""
    )
    return (
        f'<p class="lead">{len(found.rows)} policies, {f.first_session} to {f.last_session}, '
        f"{f.sessions:,} sessions; {escape(fill_words(f.fill_convention))}.{paths}</p>"
    )


def _table(found: Comparison) -> str:
    names = shown((row.result for row in found.rows), found.rates)
    head = "".join(f"<th>{escape(SHOWN[name][0])}</th>" for name in names)
    rows = "".join(
        f"<tr><th>{escape(row.candidate.name)}</th>"
        + "".join(f"<td>{_cell(row, name)}</td>" for name in names)
        + "</tr>"
        for row in found.rows
    )
    below = (
        '<p class="key">Large: the history as it was. Small: the range over the other histories.</p>'
        if found.draw.paths
        else ""
    )
    return (
        '<h2>The policies</h2><div class="wide sticky"><table>'
        f"<tr><th>policy</th>{head}</tr>{rows}</table></div>{below}"
    )


def _cell(row: Compared, name: str) -> str:
    words = SHOWN[name][1]
    cell = escape(words(getattr(row.measures, name)))
    if row.over_paths is None:
        return cell
    low, high = getattr(row.over_paths.low, name), getattr(row.over_paths.high, name)
    return f"{cell}<small>{escape(words(low))} to {escape(words(high))}</small>"


def _ranges(found: Comparison) -> Iterator[str]:
    """A strip for each policy: its range, the median of the paths, and the history as a dot."""
    yield "<h2>What each does</h2>"
    if found.draw.paths:
        yield (
            '<p class="key"><i class="swatch range"></i>other histories '
            '<i class="swatch median"></i>their median <i class="mark main"></i>this history</p>'
        )
    for name in RANGES:
        yield f'<section class="strips"><h3>{escape(SHOWN[name][0].capitalize())}</h3>'
        most = max(_highest(row, name) for row in found.rows) or 1.0
        yield from (_strip(row, name, most) for row in found.rows)
        words = SHOWN[name][1]
        yield (
            f'<div class="strip"><span></span><div class="ends"><span>{escape(words(0.0))}</span>'
            f"<span>{escape(words(most))}</span></div></div></section>"
        )


def _highest(row: Compared, name: str) -> float:
    own = float(getattr(row.measures, name))
    return own if row.over_paths is None else max(own, getattr(row.over_paths.high, name))


def _strip(row: Compared, name: str, most: float) -> str:
    def place(value: float) -> str:
        return f"{min(max(value / most, 0.0), 1.0) * 100:.2f}%"

    own = getattr(row.measures, name)
    inside = f'<i class="mark main" style="left:{place(own)};top:50%"></i>'
    if row.over_paths is not None:
        low, middle, high = (
            getattr(m, name)
            for m in (row.over_paths.low, row.over_paths.median, row.over_paths.high)
        )
        width = f"{max(high - low, 0.0) / most * 100:.2f}%"
        inside = (
            f'<i class="range" style="left:{place(low)};width:{width}"></i>'
            f'<i class="median" style="left:{place(middle)}"></i>{inside}'
        )
    return (
        f'<div class="strip"><span>{escape(row.candidate.name)}</span>'
        f'<div class="track">{inside}</div></div>'
    )


def _today(found: Comparison) -> str:
    rows = "".join(
        f"<tr><th>{escape(row.candidate.name)}</th><td>{escape(decision_words(row.today))}</td>"
        f"<td>{escape(orders_words(row.today))}</td></tr>"
        for row in found.rows
    )
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in found.notes)
    return (
        "<h2>What each would do today</h2>"
        f'<p class="note">{escape(found.today_on)}.</p>{notes}'
        '<div class="wide words"><table><tr><th>policy</th><th>decision</th><th>orders, USD</th></tr>'
        f"{rows}</table></div>"
    )


def _each(found: Comparison) -> Iterator[str]:
    yield "<h2>Each by itself</h2>"
    for n, row in enumerate(found.rows[:MOST_IN_FULL]):
        inside = "".join(f"<section>{part}</section>" for part in pictures(row.result))
        yield (
            f"<details{'' if n else ' open'}><summary>{escape(row.candidate.name)}</summary>"
            f"{inside}</details>"
        )
    left = len(found.rows) - MOST_IN_FULL
    if left > 0:
        yield f'<p class="note">Charts of {left:,} more are left out; name fewer to see them.</p>'
