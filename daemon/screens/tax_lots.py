"""Lots and realised slices as tables."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table

from daemon.screens.style import clean, quiet_table, words
from daemon.taxes.replay import WORDS, Replayed, cents
from policies.taxes.reporting import Row, adjusted_day
from portfolio.canonical import decimal_text
from portfolio.lots import Lot
from portfolio.money import ZERO

NO_ADVICE = "An estimate from the trades given here: no tax advice, and no filing."


def replay_screen(name: str, one: Replayed) -> RenderableType:
    """A history's outcome: realised slices, lots left, totals, and what is still open."""
    totals = one.totals
    parts: list[RenderableType] = [
        words(name, "title"),
        words(""),
        slices_table(one.rows),
        words(""),
        lots_table(one.book.lots),
        words(""),
        words(
            f"Recognised {cents(totals.recognised)}, disallowed {cents(totals.disallowed)},"
            f" of it lost for good {cents(totals.permanently_lost)}."
        ),
    ]
    parts += [
        words(
            f"A loss of {cents(loss.loss)} on {loss.symbol} is pending: a purchase in the"
            f" household until {loss.last_day} disallows it; safe from {loss.first_safe_day}.",
            "care",
        )
        for loss in one.book.open_losses
        if one.as_of <= loss.last_day
    ]
    parts += [words(note, "care") for note in one.book.notes]
    parts.append(words(NO_ADVICE, "quiet"))
    return Group(*parts)


def slices_table(rows: Iterable[Row]) -> Table:
    """One row for each lot of each sale."""
    table = quiet_table(title="Realised")
    for head in ("sale", "sold", "lot", "symbol"):
        table.add_column(head, no_wrap=True)
    for head in ("units", "term", "proceeds", "basis", "gain", "disallowed", "lost", "recognised"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in rows:
        piece = row.of
        table.add_row(
            clean(piece.sale),
            piece.sold_on.isoformat(),
            clean(piece.lot.lot_id),
            clean(piece.lot.symbol),
            decimal_text(piece.lot.quantity),
            WORDS[piece.term] or "-",
            *(
                cents(amount) or "unknown"
                for amount in (
                    row.proceeds,
                    row.basis,
                    row.gain,
                    row.disallowed,
                    row.permanently_lost,
                    row.recognised,
                )
            ),
            style="care" if row.disallowed > ZERO else "plain",
        )
    return table


def lots_table(lots: Iterable[Lot]) -> Table:
    """One row a lot: what it cost with wash sales, and from which day its holding period counts."""
    table = quiet_table(title="Lots")
    for head in ("lot", "account", "symbol"):
        table.add_column(head, no_wrap=True)
    for head in ("units", "basis", "acquired", "counts from"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for lot in lots:
        adjusted = adjusted_day(lot)
        table.add_row(
            clean(lot.lot_id),
            clean(lot.account),
            clean(lot.symbol),
            decimal_text(lot.quantity),
            cents(lot.basis) or "unknown",
            "unknown" if lot.acquired_on is None else lot.acquired_on.isoformat(),
            "unknown" if adjusted is None else adjusted.isoformat(),
            "replacement" if lot.is_replacement else "",
        )
    return table
