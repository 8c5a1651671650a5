"""A person's file of lots or of trades, for `trimtab lots import`.

Lots held begin `account,symbol,quantity,acquired,basis`; `basis` is the cost of the whole lot and may
be left out with `unit_cost` in its place, or both when it is not known; `acquired` empty is not known.
More columns: `id`, `source` (buy, gift, inherit) and, for a gift, `value` on the `given` day. A table
with a `type` column is a history of trades, as `trimtab taxes replay` reads it.
"""

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

from config.tax_history import HistoryFileError, events_of
from policies.taxes.events import Acquired, TaxEvent
from portfolio.money import exact_arithmetic, finite

UNKNOWN = "unknown"
_SOURCES = {"": "transfer_in", "buy": "transfer_in", "gift": "gift", "inherit": "inherit"}
_NAMES = {
    "acct": "account",
    "qty": "quantity",
    "cost": "basis",
    "cost_basis": "basis",
    "date_acquired": "acquired",
    "lot": "id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LotFile:
    """What a file says, as rows that the journal keeps, and the facts they mean."""

    form: Literal["positions", "history"]
    rows: tuple[dict[str, str], ...]
    facts: tuple[TaxEvent, ...]

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts it names, sorted."""
        names = {f.lot.account if isinstance(f, Acquired) else f.account for f in self.facts}
        return tuple(sorted(names))


def read_lot_file(path: Path, accounts: Collection[str], account: str = "") -> LotFile:
    """Read lots or trades; `account` is whose they are where the file does not say.

    Raises `HistoryFileError` for what cannot be read, or for an account that is not configured.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise HistoryFileError(f"{path} cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise HistoryFileError(f"{path} is no text in UTF-8.") from None
    table = csv.DictReader(text.splitlines())
    table.fieldnames = [_named(name) for name in table.fieldnames or ()]
    columns = set(table.fieldnames)
    if not {"symbol", "quantity"} <= columns:
        raise HistoryFileError(
            f"{path}: the header must begin account,symbol,quantity,acquired,basis, or"
            " date,type,account,symbol,quantity,amount for trades."
        )
    found = [{k: v.strip() for k, v in row.items() if k and v and v.strip()} for row in table]
    is_history = "type" in columns
    rows = tuple(
        {"account": account, **(row if is_history else _lot_row(str(path), n, row))}
        for n, row in enumerate(found, start=1)
    )
    facts = events_of(str(path), rows)
    file = LotFile(form="history" if is_history else "positions", rows=rows, facts=facts)
    strangers = set(file.accounts) - set(accounts)
    if strangers:
        named = ", ".join(repr(name) for name in sorted(strangers))
        raise HistoryFileError(
            f"{path}: the configuration has no account {named}; name one with --account, or in the"
            " account column."
        )
    return file


def _named(name: str) -> str:
    word = name.strip().lower().replace(" ", "_")
    return _NAMES.get(word, word)


def _lot_row(where: str, number: int, row: Mapping[str, str]) -> dict[str, str]:
    """A lot as the row of its arrival: its basis is the amount."""
    source = row.get("source", "").lower()
    if source not in _SOURCES:
        raise HistoryFileError(
            f"{where}, row {number}: {source!r} is no source; write buy, gift or inherit."
        )
    acquired = row.get("acquired", UNKNOWN)
    kept = {k: v for k, v in row.items() if k in ("account", "symbol", "quantity", "id", "value")}
    arrived = {
        **kept,
        "type": _SOURCES[source],
        "acquired": acquired,
        "date": row.get("given") or (acquired if acquired != UNKNOWN else "1900-01-01"),
    }
    try:
        if basis := row.get("basis"):
            arrived["amount"] = str(_plain(basis))
        elif unit_cost := row.get("unit_cost"):
            with exact_arithmetic():
                arrived["amount"] = str(_plain(unit_cost) * _plain(row.get("quantity", "")))
    except ValueError as problem:
        raise HistoryFileError(f"{where}, row {number}: {problem}.") from None
    return arrived


def _plain(text: str) -> Decimal:
    return finite(text.replace(",", "").removeprefix("$"))
