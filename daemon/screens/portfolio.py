"""The portfolio on one screen: each slice's weight drawn against its band."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from daemon.screens.gauges import gauge, mood
from daemon.screens.style import quiet_table
from daemon.screens.words import money, percent, points
from portfolio.decisions import SliceView
from portfolio.money import Money, Weight


def gauge_width(columns: int) -> int:
    """How wide a gauge may be on a screen of so many columns; odd, so that it has a middle."""
    return max(15, min(45, columns - 61)) // 2 * 2 + 1


def drawn_gauge(actual: Weight, view: SliceView, width: int) -> Text:
    """The gauge as coloured text."""
    text = Text(no_wrap=True)
    for cell in gauge(actual - view.target, view.half_width, width):
        text.append(cell.text, style=f"gauge.{cell.tone}")
    return text


def slices_table(
    slices: Sequence[SliceView],
    *,
    columns: int,
    managed_value: Money | None = None,
    show_after: bool = False,
) -> Table:
    """One row a slice: value, weight, target, drift in points, the band it may move in.

    With `show_after` the gauge and a column show where a plan would leave it.
    """
    table = quiet_table()
    table.add_column("slice", no_wrap=True, overflow="ellipsis", max_width=18)
    if managed_value is not None:
        table.add_column("value", justify="right", no_wrap=True)
    for head in ("weight", "target", "drift"):
        table.add_column(head, justify="right", no_wrap=True)
    if show_after:
        table.add_column("after", justify="right", no_wrap=True)
    table.add_column("band", no_wrap=True)
    table.add_column("fires at", justify="right", no_wrap=True)
    for view in slices:
        table.add_row(*_row(view, gauge_width(columns), managed_value, show_after))
    return table


def _row(
    view: SliceView, width: int, managed_value: Money | None, show_after: bool
) -> list[str | Text]:
    drift = Weight(view.before - view.target)
    cells: list[str | Text] = [view.name]
    if managed_value is not None:
        cells.append(money(view.before * managed_value))
    feeling = mood(drift, view.half_width) if view.half_width else "band"
    cells += [
        percent(view.before),
        percent(view.target),
        Text(points(drift), style=f"gauge.{feeling}"),
    ]
    if show_after:
        cells.append(percent(view.after))
    if not view.half_width:  # the cash slice has no band: it is spent or raised, never breached
        return [*cells, "", ""]
    cells.append(drawn_gauge(view.before, view, width))
    cells.append(f"±{points(view.half_width).removeprefix('+')}")
    return cells
