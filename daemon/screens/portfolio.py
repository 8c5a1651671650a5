"""The portfolio on one screen: each slice's weight drawn against its band."""

from collections.abc import Mapping, Sequence

from rich.table import Table
from rich.text import Text

from daemon.screens.gauges import gauge, mood
from daemon.screens.style import quiet_table, words
from daemon.screens.words import money, percent, points
from portfolio.accounts import Autonomy
from portfolio.decisions import SliceView
from portfolio.money import Money, Weight
from portfolio.snapshot import Snapshot
from portfolio.target import Target


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
    depths: Mapping[str, int] | None = None,
) -> Table:
    """One row a slice: value, weight, target, drift in points, the band it may move in.

    With `show_after` the gauge and a column show where a plan would leave it. `depths` sets a slice
    in under its parent, which counts what is under it.
    """
    table = quiet_table()
    table.add_column("slice", no_wrap=True, overflow="ellipsis", max_width=18)
    if managed_value is not None:
        table.add_column("value", justify="right", no_wrap=True)
    for head in ("weight", "target", "drift pts"):
        table.add_column(head, justify="right", no_wrap=True)
    if show_after:
        table.add_column("after", justify="right", no_wrap=True)
    table.add_column("band", no_wrap=True)
    table.add_column("fires at", justify="right", no_wrap=True)
    for view in slices:
        name = "  " * (depths or {}).get(view.name, 0) + view.name
        table.add_row(name, *_row(view, gauge_width(columns), managed_value, show_after))
    return table


def depths_in(target: Target) -> dict[str, int]:
    """How many slices each slice stands under."""
    return depths_of({node.name: node.parent for node in target.slices})


def depths_of(parents: Mapping[str, str | None]) -> dict[str, int]:
    """How many names each name stands under.

    >>> depths_of({"growth": None, "us": "growth"})
    {'growth': 0, 'us': 1}
    """

    def depth(name: str) -> int:
        parent = parents[name]
        return 0 if parent is None else depth(parent) + 1

    return {name: depth(name) for name in parents}


def accounts_table(snapshot: Snapshot) -> Table:
    """One row an account: its kind, who acts in it, what it is worth, its cash."""
    table = quiet_table()
    for head in ("account", "taxed", "trades", "value", "cash"):
        right = head in ("value", "cash")
        table.add_column(head, justify="right" if right else "left", no_wrap=True)
    for part in snapshot.accounts:
        account, value = part.account, snapshot.value_in(part)
        table.add_row(
            words(account.id),
            account.kind.value.replace("_", " "),
            _ACTS[account.autonomy] if account.can_trade else "held elsewhere",
            "unknown" if value is None else money(value),
            money(part.cash),
        )
    return table


_ACTS = {
    Autonomy.OBSERVE: "never, only told",
    Autonomy.PROPOSE: "after a yes",
    Autonomy.AUTO: "within the limits",
}


def _row(
    view: SliceView, width: int, managed_value: Money | None, show_after: bool
) -> list[str | Text]:
    drift = Weight(view.before - view.target)
    cells: list[str | Text] = []
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
