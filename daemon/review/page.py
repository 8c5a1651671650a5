"""The review as one page: no script, no address, readable on a phone and on paper."""

from collections.abc import Iterable, Iterator, Mapping
from html import escape

import numpy as np

from backtest.report.charts import Chart, Line, Mark, drawn, round_levels
from backtest.report.style import STYLE
from backtest.report.tables import html_table
from daemon.review.review import Review
from daemon.review.words import fraction, gate_words, quiet_words, times
from daemon.screens.portfolio import depths_of
from daemon.screens.words import instant, money, number_of, points
from portfolio.decisions import SliceView

OWN_STYLE = """
.bars{display:grid;grid-template-columns:minmax(90px,max-content) 1fr 64px;gap:4px 10px;
align-items:center;font-size:.88rem}
.bars i{display:block;height:12px;background:var(--main);border-radius:2px;min-width:2px}
.bars span:nth-child(3n){text-align:right;font-variant-numeric:tabular-nums}
td.n,th.n{text-align:right}ul{padding-left:1.2em;margin:.4em 0}
"""
INDENT = "\u2003"
"""An em space: a slice is set in under its parent."""
ADVICE = (
    "Made from the journal of the daemon on your own machine. It says what is and what was done; "
    "it is no advice, and the past does not say what comes."
)


def review_page(review: Review) -> str:
    """The whole page as one text."""
    title = f"{review.household}: {review.period.title}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="lead">As of {escape(instant(review.at))}, {escape(review.mode)}.</p>',
        _tiles(review),
        _allocation(review),
        *(f"<section>{part}</section>" for part in _charts(review)),
        _returns(review),
        _spread(review),
        _done(review),
        _next(review),
        f'<p class="note">{escape(ADVICE)}</p>',
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}{OWN_STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _tiles(review: Review) -> str:
    balance, returns = review.balance, review.returns
    tiles: list[tuple[str, str]] = []
    if balance is not None:
        tiles.append((f"{money(balance.end)} USD", f"from {money(balance.start)}"))
        tiles.append((f"{money(balance.gain)} USD", f"gain, {money(balance.income)} of it income"))
    if returns is not None:
        tiles.append((fraction(returns.time_weighted), "return, time-weighted"))
    tiles += [
        (fraction(float(review.total_drift)), "drift: would have to change hands"),
        (str(len(review.done)), "plans carried out"),
        (fraction(review.turnover), "turnover in the period"),
    ]
    cells = "".join(f"<div><b>{escape(b)}</b><span>{escape(s)}</span></div>" for b, s in tiles)
    return f'<div class="tiles">{cells}</div>'


def _allocation(review: Review) -> str:
    depths = depths_of(review.parents)
    rows = [
        (
            INDENT * depths.get(view.name, 0) + view.name,
            fraction(float(view.before)),
            fraction(float(view.target)),
            points(view.before - view.target),
            f"± {points(view.half_width).lstrip('+')}" if view.half_width else "",
            "" if review.managed is None else money(view.before * review.managed),
        )
        for view in review.slices
    ]
    heads = ("slice", "weight", "target", "drift, points", "band", "value, USD")
    return (
        "<h2>Allocation against target</h2>"
        + html_table(heads, rows)
        + f'<p class="note">Target: {escape(review.target_from)}.</p>'
        + _by_hand(review)
    )


def _by_hand(review: Review) -> str:
    if not review.by_hand:
        return ""
    return "<h2>Valued by hand, never traded</h2>" + _listed(one.words for one in review.by_hand)


def _charts(review: Review) -> Iterator[str]:
    closes = review.closes
    if len(closes) < 2:
        return
    values = np.array([float(row.equity) for row in closes])
    levels = round_levels(float(values.min()), float(values.max()))
    yield drawn(
        Chart(
            title="Value over the last year, USD",
            low=levels[-1],
            high=levels[0],
            labels=tuple(f"{level:,.0f}" for level in levels),
            levels=levels,
            years=_months(review),
            lines=(Line(values=values),),
        )
    )
    small = "".join(_weight(review, view) for view in review.slices if view.half_width)
    if small:
        yield f'<h2>Weights against their bands</h2><div class="small">{small}</div>'


def _months(review: Review) -> tuple[tuple[float, str], ...]:
    """Up to four months along the bottom, each at its first session."""
    days = [row.session for row in review.closes]
    starts = [n for n in range(1, len(days)) if days[n].month != days[n - 1].month]
    every = max(1, -(-len(starts) // 4))
    places = [(n / (len(days) - 1), f"{days[n]:%b %y}") for n in starts[::every]]
    return tuple((place, month) for place, month in places if place < 0.9)


def _weight(review: Review, view: SliceView) -> str:
    rows = [(n, row) for n, row in enumerate(review.closes) if view.name in row.weights]
    if len(rows) < 2:
        return ""
    values = np.array([float(row.weights[view.name]) for _, row in rows])
    low, high = float(view.target - view.half_width), float(view.target + view.half_width)
    levels = round_levels(min(low, float(values.min())), max(high, float(values.max())))
    days = {row.session: place for place, (_, row) in enumerate(rows)}
    marks = tuple(
        Mark(row=days[one.day], value=float(values[days[one.day]]), kind="buy", title=one.reason)
        for one in review.done
        if one.day in days
    )
    return drawn(
        Chart(
            title=f"{view.name}, target {fraction(float(view.target))}",
            low=levels[-1],
            high=levels[0],
            labels=tuple(fraction(level) for level in levels),
            levels=(*levels, float(view.target)),
            years=_months(review),
            bands=((low, high),),
            lines=(Line(values=values),),
            marks=marks,
            height=150,
        )
    )


def _returns(review: Review) -> str:
    rows = [
        (
            name,
            fraction(found.time_weighted),
            fraction(found.money_weighted),
            fraction(found.volatility),
            fraction(found.deepest_fall),
        )
        for name, found in (
            (review.period.title, review.returns),
            (f"since January {review.period.last.year}", review.returns_of_year),
            (f"since {review.started}", review.returns_since_start),
        )
        if found is not None
    ]
    if not rows:
        return ""
    heads = ("", "time-weighted", "money-weighted", "volatility a year", "deepest fall")
    return "<h2>Returns</h2>" + html_table(heads, rows)


def _spread(review: Review) -> str:
    spread = review.spread
    if not spread.weights:
        return ""
    text = f"As concentrated as {spread.effective:.1f} equal holdings. Risk: {review.risk.words}."
    parts = [
        f"<h2>Spread and risk</h2><p>{escape(text)}</p>",
        _bars(dict(list(spread.weights.items())[:12])),
    ]
    parts += [f"<h2>By {escape(name)}</h2>{_bars(part)}" for name, part in spread.exposures.items()]
    parts.append(_listed(spread.warnings))
    return "".join(parts)


def _bars(parts: Mapping[str, float]) -> str:
    most = max(parts.values(), default=1.0) or 1.0
    cells = "".join(
        f'<span>{escape(name)}</span><i style="width:{max(part, 0) / most * 100:.1f}%"></i>'
        f"<span>{escape(fraction(part))}</span>"
        for name, part in parts.items()
    )
    return f'<div class="bars">{cells}</div>'


def _done(review: Review) -> str:
    quiet = review.quiet
    head = f"{number_of(quiet.looks, 'look')}, {quiet.held} of them held."
    reasons = [f"{times(count)}: {reason}" for reason, count in quiet.reasons]
    text = f"<h2>What was done, and why</h2><p>{escape(head)}</p>{_listed(reasons)}"
    if not review.done:
        return text + f"<p>Nothing was traded.</p>{_listed(quiet_words(quiet)[:6])}"
    rows = [
        (
            str(one.day),
            one.reason,
            one.accepted_by,
            f"{one.filled} of {one.orders}",
            money(one.one_way),
            money(one.cost),
            one.outcome,
        )
        for one in review.done
    ]
    heads = ("day", "why", "accepted by", "orders", "one way, USD", "cost, USD", "ended")
    return text + html_table(heads, rows)


def _next(review: Review) -> str:
    if not review.next:
        return ""
    return "<h2>What would trade next</h2>" + _listed(gate_words(gate) for gate in review.next[:8])


def _listed(sentences: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<ul>{items}</ul>" if items else ""
