"""What adopting an account would mean, on one screen."""

from rich.console import Group, RenderableType
from rich.text import Text

from config.adopt import Adoption
from daemon.screens.style import quiet_table, words
from daemon.screens.words import money, quantity
from portfolio.snapshot import Snapshot


def adoption_screen(adoption: Adoption, snapshot: Snapshot) -> RenderableType:
    """Slices as held, what stays outside and why, lots of unknown basis, and warnings."""
    table = quiet_table(title="Proposed slices, as held now")
    table.add_column("slice", no_wrap=True)
    table.add_column("weight", justify="right", no_wrap=True)
    table.add_column("symbol", no_wrap=True)
    table.add_column("units", justify="right", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    for one in adoption.slices:
        value = snapshot.cash if one.cash else snapshot.value(one.symbol or "")
        held = "" if one.symbol is None else quantity(snapshot.quantity(one.symbol))
        of_parent = " of it" if one.parent else ""
        table.add_row(
            ("  " if one.parent else "") + one.name,
            f"{one.weight_percent} %{of_parent}",
            one.symbol or ("cash" if one.cash else ""),
            held,
            money(value) if value is not None and (one.symbol or one.cash) else "",
        )
    parts: list[RenderableType] = [table]
    if adoption.cash_buffer_percent is not None:
        parts.append(words(f"cash kept as a buffer: {adoption.cash_buffer_percent} %", "quiet"))
    if adoption.left:
        parts += [Text(), words("In no slice, never touched:", "title")]
        for left in adoption.left:
            worth = "of unknown value" if left.value is None else f"worth {money(left.value)}"
            parts.append(words(f"  {left.symbol}, {worth}: {left.reason}"))
    if adoption.unknown_basis:
        parts += [Text(), words("Lots of unknown basis:", "title")]
        for lot in adoption.unknown_basis:
            so = "not sold by trimtab" if lot.taxable else "no matter, the account is not taxed"
            parts.append(words(f"  {quantity(lot.quantity)} {lot.symbol} in {lot.account}: {so}"))
    if adoption.warnings:
        parts += [Text(), *(words(f"Note: {text}", "care") for text in adoption.warnings)]
    return Group(*parts)
