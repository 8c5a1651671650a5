"""The tables of the page: every figure, every slice, and what was done and why."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from html import escape

from backtest.metrics import Result
from backtest.trace import Order
from backtest.words import percent, rows_of, target_words

MOST_PLANS = 60
"""Of the table of plans, the latest; all of them are in the orders."""


def figures_table(result: Result) -> str:
    """Every figure with its name."""
    rows = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>"
        for name, text in rows_of(result.figures)
    )
    return f'<h2>Figures</h2><table class="figures">{rows}</table>'


def slices_table(result: Result) -> str:
    """Each slice: target, band, average weight, widest range, orders."""
    weights = result.weights()[result.orders[0].row if result.orders else 0 :]
    counts = Counter(order.symbol for order in result.orders)
    targets, half_widths = result.targets()
    rows = []
    for node, line, goals, widths in zip(
        result.policy.target.slices, weights.T, targets.T, half_widths.T, strict=True
    ):
        is_bounded = 0 < widths.max() < 1
        band = f"\u00b1 {target_words(widths)}" if is_bounded else "none"
        rows.append(
            (
                node.name,
                node.symbol or ("cash" if node.is_cash else "group"),
                target_words(goals),
                band,
                percent(float(line.mean()), 1),
                f"{percent(float(line.min()), 1)} to {percent(float(line.max()), 1)}",
                str(counts[node.symbol or ""]),
            )
        )
    names = ("slice", "holds", "target", "band", "average", "range", "orders")
    return "<h2>Slices</h2>" + html_table(names, rows)


def plans_table(result: Result) -> str:
    """What was done, when and why, the latest first."""
    by_run: dict[int, list[Order]] = defaultdict(list)
    for order in result.orders:
        by_run[order.run].append(order)
    plans = [plan for plan in result.plans if by_run[plan.run]]
    shown = plans[::-1][:MOST_PLANS]
    rows = [
        (
            str(result.history.sessions[plan.row]),
            plan.reason,
            ", ".join(
                f"{order.side.value} {order.symbol} {float(order.value):,.0f}"
                for order in by_run[plan.run][:8]
            )
            + (f" and {len(by_run[plan.run]) - 8} more" if len(by_run[plan.run]) > 8 else ""),
        )
        for plan in shown
    ]
    left = len(plans) - len(shown)
    more = f'<p class="note">{left:,} earlier ones are not listed.</p>' if left else ""
    return (
        "<h2>What was done, and why</h2>"
        + html_table(("decided", "why", "orders, USD"), rows)
        + more
    )


def html_table(names: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    """A table under its heads; it scrolls by itself where the page is narrower."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'
