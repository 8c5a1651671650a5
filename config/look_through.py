"""What symbols consist of: the user's words, the user's CSV, the slices and the shipped table, in this
order; private to this room.

A CSV has the header `symbol,dimension,name,share_percent,as_of,source`; a dimension is class, sector,
region or issuer. The shares of a symbol in a dimension sum to at most 100 (and half a percent for
rounding, which is scaled away); the rest is not known.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from pathlib import Path

from config.files import Unreadable, read_small
from config.instrument_table import InstrumentTable, LookThroughTable
from config.places import Path as KeyPath
from config.target_build import class_of
from portfolio.composition import Composition, Dimension
from portfolio.instruments import AssetClass
from portfolio.target import Target

Finding = tuple[KeyPath, str, str]
HEADER = ["symbol", "dimension", "name", "share_percent", "as_of", "source"]
STARTER = "look_through.csv"
LARGEST_FILE = 4 * 1024 * 1024
HUNDRED, ONE = Decimal(100), Decimal(1)
ROUNDING = Decimal("0.005")
_PLACES = Decimal("0.000000001")
_DIMENSIONS = {dimension.value: dimension for dimension in Dimension}
_CLASS, _CLASSES = Dimension.CLASS.value, frozenset(kind.value for kind in AssetClass)


class NoLookThrough(Exception):
    """A file that cannot be used; `found` and `instead` are half sentences."""

    def __init__(self, found: str, instead: str) -> None:
        super().__init__(found)
        self.found, self.instead = found, instead


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One share of one symbol, a fraction, with where it was read and of which day it is."""

    symbol: str
    dimension: Dimension
    name: str
    share: Decimal
    as_of: date
    source: str


def read_look_through(path: Path) -> tuple[Row, ...]:
    """The rows of a CSV file. Raises `NoLookThrough`, which names the line."""
    try:
        text = read_small(path, at_most=LARGEST_FILE).decode("utf-8-sig")
    except Unreadable as error:
        raise NoLookThrough(error.found, error.instead) from None
    except UnicodeDecodeError:
        raise NoLookThrough("the file is not UTF-8 text", "Save it as UTF-8 text") from None
    return rows_of(text)


@cache
def starter_rows() -> tuple[Row, ...]:
    """The shipped table of index funds."""
    return rows_of(files("config").joinpath(STARTER).read_text(encoding="utf-8"))


def rows_of(text: str) -> tuple[Row, ...]:
    """The rows of a CSV text; lines that begin with # are comments. Raises `NoLookThrough`."""
    lines = csv.reader(text.splitlines())
    cells = [(lines.line_num, row) for row in lines if row and not row[0].startswith("#")]
    if not cells or [cell.strip().lower() for cell in cells[0][1]] != HEADER:
        raise NoLookThrough(
            f"its first line is not {','.join(HEADER)}", "Write that line at its head"
        )
    rows = tuple(_row(line, [cell.strip() for cell in row]) for line, row in cells[1:])
    _check_sums(rows)
    return rows


def _row(line: int, cells: list[str]) -> Row:
    if len(cells) != len(HEADER):
        raise NoLookThrough(f"line {line} has {len(cells)} cells", f"Write {len(HEADER)} of them")
    symbol, dimension, name, share, as_of, source = cells
    try:
        read, day = Decimal(share), date.fromisoformat(as_of)
    except (InvalidOperation, ValueError):
        raise NoLookThrough(
            f"line {line}: {share[:20]!r} or {as_of[:20]!r} is no number and date",
            "Write, for example, 60.5 and 2026-09-30",
        ) from None
    if dimension not in _DIMENSIONS or not read.is_finite() or not 0 <= read <= HUNDRED:
        raise NoLookThrough(
            f"line {line}: {dimension[:20]!r} with {share[:20]} % is no share",
            "Write class, sector, region or issuer, and 0 to 100",
        )
    if dimension == _CLASS and name not in _CLASSES:
        raise NoLookThrough(
            f"line {line}: {name[:40]!r} is no asset class", f"Write {', '.join(AssetClass)}"
        )
    if not symbol or not name or not source or not f"{symbol}{name}".isprintable():
        raise NoLookThrough(
            f"line {line} leaves a symbol, name or source empty", "Say where the figure is from"
        )
    return Row(
        symbol=symbol,
        dimension=_DIMENSIONS[dimension],
        name=name,
        share=read.scaleb(-2),
        as_of=day,
        source=source,
    )


def _check_sums(rows: Iterable[Row]) -> None:
    sums: dict[tuple[str, Dimension], Decimal] = {}
    seen: set[tuple[str, Dimension, str]] = set()
    for row in rows:
        if (row.symbol, row.dimension, row.name) in seen:
            raise NoLookThrough(
                f"{row.symbol} has {row.dimension} {row.name!r} twice", "Keep one of the lines"
            )
        seen.add((row.symbol, row.dimension, row.name))
        key = (row.symbol, row.dimension)
        sums[key] = sums.get(key, Decimal(0)) + row.share
        if sums[key] > ONE + ROUNDING:
            raise NoLookThrough(
                f"the {row.dimension} shares of {row.symbol} sum to more than 100 %",
                "Write shares that sum to at most 100",
            )


def check_look_through(table: LookThroughTable, folder: Path) -> Iterator[Finding]:
    """Whether the file can be used."""
    if table.file is None:
        return
    try:
        read_look_through(folder / Path(table.file).expanduser())
    except NoLookThrough as error:
        yield ("look_through", "file"), error.found, error.instead


def compositions_of(
    instruments: Iterable[InstrumentTable], table: LookThroughTable, target: Target, folder: Path
) -> dict[str, Composition]:
    """The composition for each use of it: "review", "limits" and "drift".

    What the user says of a symbol is in all; funds are looked through in those that were asked for.
    Raises `NoLookThrough`.
    """
    said = list(instruments)
    own = () if table.file is None else read_look_through(folder / Path(table.file).expanduser())
    shipped = starter_rows() if table.starter else ()
    through = _composition(said, own, shipped, target)
    plain = _composition(said, (), (), target)
    return {use: through if use in table.use_in else plain for use in ("review", "limits", "drift")}


def _composition(
    said: Iterable[InstrumentTable], own: Iterable[Row], shipped: Iterable[Row], target: Target
) -> Composition:
    parts: dict[str, dict[str, Mapping[str, Decimal]]] = {d.value: {} for d in Dimension}
    as_of: dict[str, date] = {}
    _lay(parts, as_of, shipped)
    by_name = {node.name: node for node in target.slices}
    for node in target.slices:
        kind = class_of(node, by_name)
        if kind is not None:
            for symbol in node.every_symbol:
                parts[Dimension.CLASS][symbol] = {kind.value: ONE}
    _lay(parts, as_of, own)
    funds: dict[str, bool] = {}
    for one in said:
        words = (
            (Dimension.CLASS, one.asset_class),
            (Dimension.SECTOR, one.sector),
            (Dimension.REGION, one.region),
            (Dimension.ISSUER, one.issuer),
        )
        for dimension, name in words:
            if name is not None:
                parts[dimension][one.symbol] = {name: ONE}
        if one.fund is not None:
            funds[one.symbol] = one.fund
    return Composition(parts={d: p for d, p in parts.items() if p}, funds=funds, as_of=as_of)


def _lay(
    parts: dict[str, dict[str, Mapping[str, Decimal]]], as_of: dict[str, date], rows: Iterable[Row]
) -> None:
    """Put rows over what is there: a symbol's whole dimension is theirs."""
    found: dict[tuple[Dimension, str], dict[str, Decimal]] = {}
    days: dict[str, date] = {}
    for row in rows:
        found.setdefault((row.dimension, row.symbol), {})[row.name] = row.share
        days[row.symbol] = min(row.as_of, days.get(row.symbol, row.as_of))
    for (dimension, symbol), shares in found.items():
        whole = max(ONE, sum(shares.values()))
        parts[dimension][symbol] = (
            shares if whole == ONE else {n: _down(s / whole) for n, s in shares.items()}
        )
    as_of.update(days)


def _down(share: Decimal) -> Decimal:
    return share.quantize(_PLACES, rounding=ROUND_DOWN)


def counted_by_class(composition: Composition, target: Target) -> dict[str, dict[str, Decimal]]:
    """How far funds in no slice count to slices: symbol to leaf to share.

    Each class of a fund goes to the leaves of that class that hold a symbol, in proportion to their
    targets. A class without such a leaf counts to none, cash in a fund too.
    """
    by_name = {node.name: node for node in target.slices}
    leaves: dict[str, dict[str, Decimal]] = {}
    for name in target.leaves:
        kind = class_of(by_name[name], by_name)
        if by_name[name].symbol is not None and kind is not None and target.weights[name] > 0:
            leaves.setdefault(kind.value, {})[name] = target.weights[name]
    counted: dict[str, dict[str, Decimal]] = {}
    in_slices = frozenset(target.every_symbol)
    for symbol, classes in composition.by(Dimension.CLASS).items():
        if symbol in in_slices:
            continue
        shares = {
            leaf: _down(part * weight / sum(among.values()))
            for kind, part in classes.items()
            if (among := leaves.get(kind))
            for leaf, weight in among.items()
        }
        if shares:
            counted[symbol] = shares
    return counted
