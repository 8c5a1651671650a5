"""Gates as numbers: what each saw, where it flips, how far that is, and when it may be otherwise."""

from collections.abc import Sequence
from decimal import Decimal

from rich.table import Table
from rich.text import Text

from daemon.screens.style import quiet_table
from portfolio.decisions import Gate

_SHORT = {"points": "points", "percent": "%", "percent a year": "% a year"}


MARGINS = "margin: how far the value is from its level; below zero it is past it"
"""What stands under the table."""


def margins_table(gates: Sequence[Gate]) -> Table:
    """One row for each gate that has a number or a date; the others say all in their words."""
    table = quiet_table()
    table.add_column("gate", no_wrap=True)
    table.add_column("of", no_wrap=True)
    table.add_column("trade?", no_wrap=True)
    for head in ("value", "level", "margin"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("in", no_wrap=True)
    table.add_column("next", no_wrap=True)
    for gate in gates:
        if gate.value is None and gate.next_possible is None:
            continue
        table.add_row(
            gate.name,
            gate.scope,
            Text("yes", style="good") if gate.passed else Text("no", style="quiet"),
            *(_number(number) for number in (gate.value, gate.level, gate.margin)),
            _SHORT.get(gate.unit, gate.unit),
            "" if gate.next_possible is None else gate.next_possible.isoformat(),
        )
    return table


def _number(number: Decimal | None) -> str:
    """Two places at most, and none that say nothing."""
    if number is None:
        return ""
    if number == number.to_integral_value():
        return f"{number:,.0f}"
    return (
        f"{number:,.2f}".rstrip("0").rstrip(".")
        if abs(number) >= Decimal("0.01")
        else f"{number:.4f}"
    )
