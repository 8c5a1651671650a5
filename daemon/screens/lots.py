"""The household's lots on a screen: what each cost, since when, and when it becomes long-term."""

from datetime import date

from rich.console import Group, RenderableType
from rich.table import Table

from daemon.screens.style import clean, quiet_table, words
from daemon.screens.words import money, quantity
from daemon.taxes.lots_view import LotsView
from policies.taxes.terms import days_to_long_term
from portfolio.accounts import Account, AccountKind
from portfolio.lots import Lot

_ID_COLUMNS = 24


def lots_screen(view: LotsView) -> RenderableType:
    """A table an account, then how lots are sold, what does not agree, and what blocks a purchase."""
    parts: list[RenderableType] = []
    for account in view.accounts:
        own = [lot for lot in view.lots if lot.account == account.id]
        parts += [_table(account, own, view.day), words("")]
    parts += [words(text, "quiet") for text in view.relief]
    parts += [words(f"{d.account}: {d.text}.", "care") for d in view.differences]
    if view.differences:
        parts.append(words("Put them right from a broker's file: trimtab lots import FILE", "care"))
    parts += [
        words(
            f"{loss.account}: {money(loss.loss)} lost on {quantity(loss.quantity)} {loss.symbol}"
            f" on {loss.sold_on}; a purchase anywhere in the household washes it until"
            f" {loss.first_safe_day}, the first safe day.",
            "care",
        )
        for loss in view.recent_losses
    ]
    parts += [words(note, "care") for note in view.notes]
    return Group(*parts)


def _table(account: Account, lots: list[Lot], day: date) -> Table:
    kind = account.kind.value.replace("_", "-")
    owner = "" if account.owner == "self" else f", {account.owner}"
    table = quiet_table(title=f"{account.id} ({kind}{owner})")
    for head in ("symbol", "lot"):
        table.add_column(head, no_wrap=True)
    for head in ("units", "basis", "a unit", "acquired", "long-term"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for lot in lots:
        table.add_row(
            clean(lot.symbol),
            _ending(clean(lot.lot_id)),
            quantity(lot.quantity),
            "unknown" if lot.basis is None else money(lot.basis),
            "" if lot.unit_cost is None else money(lot.unit_cost),
            "unknown" if lot.acquired_on is None else lot.acquired_on.isoformat(),
            _long_term(lot, day) if account.kind is AccountKind.TAXABLE else "",
            _marks(lot),
        )
    if not lots:
        table.add_row("no lots", *[""] * 7, style="quiet")
    return table


def _ending(lot_id: str) -> str:
    """A long id by its end: lots of one account begin alike."""
    return lot_id if len(lot_id) <= _ID_COLUMNS else f"…{lot_id[1 - _ID_COLUMNS :]}"


def _long_term(lot: Lot, day: date) -> str:
    left = days_to_long_term(lot, day)
    if left is None:
        return "unknown"
    return "yes" if left == 0 else f"in {left} days"


def _marks(lot: Lot) -> str:
    marks = []
    if lot.is_replacement:
        marks.append("carries a washed loss")
    if lot.is_suspended:
        marks.append("holding period stands still")
    if lot.always_long:
        marks.append("inherited")
    return ", ".join(marks)
