"""Prices and bill rates from plain CSV files, refused with file, line and column when they are not.

A price file is wide: `date,SYM,SYM,...`, one row per session, oldest first, UTF-8 with or without a
byte order mark, any line ending. A bill-rate file is `date,bill_rate_percent`; its rates may be 0.
"""

import csv
import io
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from portfolio.money import ZERO, Price

MAX_BYTES = 64 * 1024 * 1024
SMALLEST_PRICE = Decimal("0.0001")
"""The smallest price step of US equities; nothing below it can be quoted."""
LARGEST_PRICE = Decimal("1e12")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class PriceFileError(ValueError):
    """A file is not what it should be; the message is one sentence with file, line and column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """One price per session and symbol; `rows` runs beside `sessions`, its cells beside `symbols`.

    Make it with `read_prices` or `price_table`, which check it.
    """

    source: str
    symbols: tuple[str, ...]
    sessions: tuple[date, ...]
    rows: tuple[tuple[Price, ...], ...] = field(repr=False)

    def position_at_or_before(self, day: date) -> int | None:
        """Index of the last session on or before `day`; None before the first."""
        index = bisect_right(self.sessions, day) - 1
        return None if index < 0 else index

    def position_at_or_after(self, day: date) -> int | None:
        """Index of the first session on or after `day`; None after the last."""
        index = bisect_left(self.sessions, day)
        return None if index == len(self.sessions) else index

    def price(self, symbol: str, session: int) -> Price:
        """The price of a symbol in the session with that index; raises `KeyError` for no column."""
        try:
            return self.rows[session][self.symbols.index(symbol)]
        except ValueError:
            raise KeyError(symbol) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class BillRates:
    """The rate cash earns, in percent a year, from each day on until the next."""

    days: tuple[date, ...]
    rates_percent: tuple[Decimal, ...] = field(repr=False)

    def on(self, day: date) -> Decimal | None:
        """The last rate known on `day`; None before the first."""
        index = bisect_right(self.days, day) - 1
        return None if index < 0 else self.rates_percent[index]


def read_prices(path: Path) -> PriceTable:
    """Read a wide price file; raise `PriceFileError` for the first thing wrong with it."""
    header, rows = _read_table(path, kind="price file")
    sessions: list[date] = []
    prices: list[tuple[Price, ...]] = []
    for line, cells in rows:
        sessions.append(_next_day(path, line, cells[0], sessions))
        where = (f"{path}, line {line}, column {name}" for name in header[1:])
        prices.append(tuple(_price(next(where), cell) for cell in cells[1:]))
    return PriceTable(
        source=str(path), symbols=header[1:], sessions=tuple(sessions), rows=tuple(prices)
    )


def price_table(
    sessions: Sequence[date], prices: Mapping[str, Sequence[Decimal]], source: str = "prices"
) -> PriceTable:
    """A table from values, for tests and scripts; raises `PriceFileError` like the reader."""
    if not sessions or not prices:
        raise PriceFileError(f"{source}: there is no session or no symbol in it")
    if any(later <= earlier for earlier, later in pairwise(sessions)):
        raise PriceFileError(f"{source}: the sessions are not in rising order")
    if any(len(column) != len(sessions) for column in prices.values()):
        raise PriceFileError(f"{source}: a column is not as long as the sessions")
    rows = tuple(
        tuple(_price(f"{source}, {day}, {name}", str(prices[name][i])) for name in prices)
        for i, day in enumerate(sessions)
    )
    return PriceTable(source=source, symbols=tuple(prices), sessions=tuple(sessions), rows=rows)


def read_bill_rates(path: Path) -> BillRates:
    """Read `date,bill_rate_percent`; raise `PriceFileError` for the first thing wrong with it."""
    header, rows = _read_table(path, kind="bill-rate file")
    if len(header) != 2 or header[1].lower() != "bill_rate_percent":
        raise PriceFileError(
            f"{path}, line 1: a bill-rate file has the columns date,bill_rate_percent,"
            f" this one has {','.join(header)}."
        )
    days: list[date] = []
    rates: list[Decimal] = []
    for line, cells in rows:
        days.append(_next_day(path, line, cells[0], days))
        where = f"{path}, line {line}, column {header[1]}"
        rate = _number(where, cells[1])
        if rate < ZERO or rate > 100:
            raise PriceFileError(f"{where}: {cells[1]} is no rate between 0 and 100 percent.")
        rates.append(rate)
    return BillRates(days=tuple(days), rates_percent=tuple(rates))


def require_symbols(table: PriceTable, symbols: Iterable[str]) -> None:
    """Raise `PriceFileError` naming the symbols without a column, and the columns there are."""
    missing = [symbol for symbol in symbols if symbol not in table.symbols]
    if missing:
        shown = ", ".join(table.symbols[:20]) + (", ..." if len(table.symbols) > 20 else "")
        raise PriceFileError(
            f"{table.source} has no column for {', '.join(missing)}; its columns are {shown}."
        )


def _read_table(
    path: Path, *, kind: str
) -> tuple[tuple[str, ...], Iterator[tuple[int, list[str]]]]:
    text = _text(path, kind)
    lines = _lines(path, text)
    first = next(lines, None)
    if first is None:
        raise PriceFileError(f"{path} is empty; a {kind} begins with a line like date,SYM,SYM.")
    header = _header(path, first[0], first[1])
    rows = list(lines)
    if not rows:
        raise PriceFileError(f"{path} has a header and no rows; give at least one session.")
    for line, cells in rows:
        if len(cells) != len(header):
            raise PriceFileError(
                f"{path}, line {line}: {len(cells)} columns where the header has {len(header)}."
            )
    return header, iter(rows)


def _text(path: Path, kind: str) -> str:
    try:
        if path.exists() and not path.is_file():
            raise PriceFileError(f"{path} is not a file; name a CSV {kind}.")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise PriceFileError(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_BYTES:
        raise PriceFileError(f"{path} is larger than 64 MiB; give fewer symbols or sessions.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise PriceFileError(
            f"{path}, line {line}: not UTF-8 text; save the file as UTF-8."
        ) from None


def _lines(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise PriceFileError(f"{path}, line {reader.line_num}: not CSV ({error}).") from None
        if any(cell.strip() for cell in cells):
            yield reader.line_num, [cell.strip() for cell in cells]


def _header(path: Path, line: int, cells: list[str]) -> tuple[str, ...]:
    if cells[0].lower() != "date":
        raise PriceFileError(
            f"{path}, line {line}, column 1: the header must begin with date,"
            f" found {cells[0][:40]!r}."
        )
    if len(cells) == 1:
        raise PriceFileError(f"{path}, line {line}: no column beside date; write date,SYM,SYM.")
    for number, name in enumerate(cells, start=1):
        if not name:
            raise PriceFileError(f"{path}, line {line}, column {number}: the column has no name.")
        if name in cells[: number - 1]:
            raise PriceFileError(f"{path}, line {line}, column {number}: {name} is there twice.")
    return tuple(cells)


def _next_day(path: Path, line: int, cell: str, before: Sequence[date]) -> date:
    where = f"{path}, line {line}, column date"
    try:
        day = date.fromisoformat(cell) if _DAY.fullmatch(cell) else None
    except ValueError:
        day = None
    if day is None:
        raise PriceFileError(f"{where}: {cell[:40]!r} is not a date; write it as 2008-09-15.")
    if before and day == before[-1]:
        raise PriceFileError(f"{where}: {day} is there twice.")
    if before and day < before[-1]:
        raise PriceFileError(f"{where}: {day} comes after {before[-1]}; put the oldest row first.")
    return day


def _number(where: str, cell: str) -> Decimal:
    if not cell:
        raise PriceFileError(f"{where}: the cell is empty; every session needs a number.")
    if not _NUMBER.fullmatch(cell):
        raise PriceFileError(f"{where}: {cell[:40]!r} is not a number; write it as 1234.56.")
    return Decimal(cell)


def _price(where: str, cell: str) -> Price:
    price = _number(where, cell)
    if price <= ZERO:
        raise PriceFileError(f"{where}: {cell} is not a price; a price is above zero.")
    if not SMALLEST_PRICE <= price <= LARGEST_PRICE:
        raise PriceFileError(f"{where}: {cell} is not a price from 0.0001 to 1,000,000,000,000.")
    return Price(price)
