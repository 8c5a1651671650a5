"""Holdings valued by hand, and what counts to which slice: text into settings; private to this room,
but for `read_values`, which the daemon asks at each look.

A CSV of values has the header `name,as_of,value_usd`, one value a line.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from config.files import Unreadable, read_small
from config.holding_tables import HoldingTable
from config.places import Path as KeyPath
from config.problems import quoted
from portfolio.composition import Composition, Dimension
from portfolio.money import Money
from portfolio.target import Target

Finding = tuple[KeyPath, str, str]
HEADER = ["name", "as_of", "value_usd"]
LARGEST_FILE = 1024 * 1024
HUNDRED = Decimal(100)


class NoValues(Exception):
    """A file of values that cannot be used; the message is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandValued:
    """One holding: its typed value, or the file that has its values. Paths are absolute."""

    name: str
    value: Money | None = None
    as_of: date | None = None
    file: Path | None = None
    max_age_days: int = 365


def hand_valued(tables: Sequence[HoldingTable], folder: Path) -> tuple[HandValued, ...]:
    """The settings of checked tables."""
    return tuple(
        HandValued(
            name=table.name,
            value=None if table.value_usd is None else Money(table.value_usd),
            as_of=table.as_of,
            file=None if table.file is None else folder / Path(table.file).expanduser(),
            max_age_days=table.max_age_days,
        )
        for table in tables
    )


def read_values(path: Path) -> tuple[tuple[str, date, Money], ...]:
    """The lines of a file of values, as they stand there. Raises `NoValues`, which names the line."""
    try:
        text = read_small(path, at_most=LARGEST_FILE).decode("utf-8-sig")
    except Unreadable as error:
        raise NoValues(f"{path.name}: {error.found}") from None
    except UnicodeDecodeError:
        raise NoValues(f"{path.name} is not UTF-8 text") from None
    lines = csv.reader(text.splitlines())
    rows = [(lines.line_num, [cell.strip() for cell in row]) for row in lines if row]
    if not rows or [cell.lower() for cell in rows[0][1]] != HEADER:
        raise NoValues(f"{path.name}: the first line must be {','.join(HEADER)}")
    return tuple(_value(path, line, row) for line, row in rows[1:])


def _value(path: Path, line: int, row: list[str]) -> tuple[str, date, Money]:
    try:
        name, as_of, amount = row
        value, day = Decimal(amount), date.fromisoformat(as_of)
    except (ValueError, InvalidOperation):
        value, name, day = Decimal("NaN"), "", date.min
    if not name or not value.is_finite() or value < 0:
        raise NoValues(
            f"{path.name} line {line}: {','.join(row)[:60]!r} is no name, date and value"
        )
    return name, day, Money(value)


def counts_of(tables: Sequence[HoldingTable]) -> dict[str, dict[str, Decimal]]:
    """What counts to which leaf, by name, shares as fractions; what is only shown is left out."""
    found: dict[str, dict[str, Decimal]] = {}
    for table in tables:
        shares = {n: part / HUNDRED for n, part in table.counts_percent.items()}
        if table.counts_to is not None:
            shares = {table.counts_to: Decimal(1)}
        if shares:
            found[table.name] = shares
    return found


def with_holdings(
    composition: Composition, tables: Sequence[HoldingTable], classes: Mapping[str, str]
) -> Composition:
    """The composition with what is said of the holdings; `classes` are those of the leaves."""
    parts = {dimension: dict(of) for dimension, of in composition.parts.items()}
    for table in tables:
        kind = table.asset_class or classes.get(table.counts_to or "")
        words = (
            (Dimension.CLASS, kind),
            (Dimension.SECTOR, table.sector),
            (Dimension.REGION, table.region),
        )
        for dimension, name in words:
            if name is not None:
                parts.setdefault(dimension.value, {})[table.name] = {name: Decimal(1)}
    return Composition(parts=parts, funds=composition.funds, as_of=composition.as_of)


def check_holdings(
    tables: Sequence[HoldingTable], target: Target, folder: Path
) -> Iterator[Finding]:
    """Names, values, files, and slices that are there and hold a symbol."""
    leaves = [n for n in target.leaves if target.slice_named(n).symbol is not None]
    seen: set[str] = set()
    for i, table in enumerate(tables):
        path: KeyPath = ("holdings", i)
        if table.name in seen or table.name in target.every_symbol:
            what = "a holding" if table.name in seen else "a symbol of a slice"
            yield (
                (*path, "name"),
                f'"{table.name}" is the name of {what} already',
                "Give it another",
            )
        seen.add(table.name)
        yield from _valued(path, table, folder)
        yield from _counted(path, table, leaves)


def _valued(path: KeyPath, table: HoldingTable, folder: Path) -> Iterator[Finding]:
    typed = table.value_usd is not None
    if typed == (table.file is not None):
        found = "it has a value and a file of values" if typed else "it has no value"
        yield path, found, 'Write value_usd and as_of, or file = "values.csv"'
    elif typed and table.as_of is None:
        yield (*path, "as_of"), "the value has no date", "Add as_of = 2026-01-31"
    elif table.file is not None:
        try:
            names = {name for name, _, _ in read_values(folder / Path(table.file).expanduser())}
        except NoValues as error:
            yield (*path, "file"), str(error), "Write name,as_of,value_usd and a value a line"
            return
        if table.name not in names:
            yield (
                (*path, "file"),
                f'{Path(table.file).name} has no value of "{table.name}"',
                "Add a line for it",
            )


def _counted(path: KeyPath, table: HoldingTable, leaves: Sequence[str]) -> Iterator[Finding]:
    if table.counts_to is not None and table.counts_percent:
        yield path, "it has counts_to and counts_percent", "Keep one of them"
    for name in (*([] if table.counts_to is None else [table.counts_to]), *table.counts_percent):
        if name not in leaves:
            yield (
                (*path, "counts_to" if name == table.counts_to else "counts_percent"),
                f'"{name}" is no slice with a symbol',
                f"Write {quoted(leaves)}",
            )
    shares = sum(table.counts_percent.values(), Decimal(0))
    if shares > HUNDRED:
        yield (
            (*path, "counts_percent"),
            f"the shares sum to {shares} %",
            "Write shares that sum to at most 100 %",
        )
