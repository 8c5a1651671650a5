"""Core statements compiled once and run on the driver's own cursor.

SQLAlchemy's way of running a small statement costs more than SQLite's, an append runs five, and a look
asks two dozen questions. What is skipped is only its bookkeeping for each call: types are converted by
the same processors.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.types import TypeEngine

_Processor = Callable[[Any], Any] | None
_Reading = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    text: str
    parameters: tuple[tuple[str, _Processor], ...]
    fixed: Mapping[str, object]
    positional: bool


class Prepared:
    """One statement with named parameters; an insert takes every column of its table."""

    def __init__(self, statement: Insert | Update | Delete | Select[Any]) -> None:
        """Compiles when it is first run on a kind of database."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}
        self._readings: dict[str, _Reading] = {}

    def run(self, tables: Connection, values: Mapping[str, object]) -> int:
        """Run it; how many rows it changed. Raises the driver's errors."""
        cursor = self._execute(tables, values)
        try:
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def first(self, tables: Connection, values: Mapping[str, object]) -> Any | None:
        """The first row it finds, a named tuple. Raises the driver's errors."""
        cursor = self._execute(tables, values)
        try:
            row = cursor.fetchone()
            if row is None:
                return None
            return self._reading_on(tables.dialect, cursor.description)(row)
        finally:
            cursor.close()

    def all(self, tables: Connection, values: Mapping[str, object]) -> list[Any]:
        """Every row it finds, as named tuples. Raises the driver's errors."""
        cursor = self._execute(tables, values)
        try:
            rows = cursor.fetchall()
            if not rows:
                return []
            return [*map(self._reading_on(tables.dialect, cursor.description), rows)]
        finally:
            cursor.close()

    def raw(self, tables: Connection, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Every row it finds, as the driver has it. Raises the driver's errors."""
        cursor = self._execute(tables, values)
        try:
            return list(cursor.fetchall())
        finally:
            cursor.close()

    def _execute(self, tables: Connection, values: Mapping[str, object]) -> Any:
        made = self._compiled.get(tables.dialect.name) or self._compile(tables.dialect)
        if made.fixed:
            values = {**made.fixed, **values}
        # Both drivers' connections make the cursor themselves, in one step.
        driver: Any = tables.connection.dbapi_connection
        if made.positional:
            return driver.execute(
                made.text,
                [
                    values[name] if write is None else write(values[name])
                    for name, write in made.parameters
                ],
            )
        return driver.execute(
            made.text,
            {
                name: values[name] if write is None else write(values[name])
                for name, write in made.parameters
            },
        )

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled: Any = self._statement.compile(dialect=dialect)
        names = compiled.positiontup or list(compiled.binds)
        made = _Compiled(
            text=str(compiled),
            parameters=tuple((name, _writer(compiled.binds[name].type, dialect)) for name in names),
            fixed={n: b.value for n, b in compiled.binds.items() if not b.required},
            positional=bool(compiled.positional),
        )
        self._compiled[dialect.name] = made
        return made

    def _reading_on(self, dialect: Dialect, description: Any) -> _Reading:
        """How a row is read; the database says in its answer what it sends."""
        known = self._readings.get(dialect.name)
        if known is None:
            if not isinstance(self._statement, Select):
                raise TypeError("only a query has rows")
            columns = self._statement.selected_columns
            pairs = zip(columns, description, strict=True)
            readers = tuple(_reader(column.type, dialect, told[1]) for column, told in pairs)
            known = self._readings[dialect.name] = _reading(columns.keys(), readers)
        return known


def _reading(names: Sequence[str], readers: Sequence[_Processor]) -> _Reading:
    """From the driver's tuple to a named one, each part read by its processor."""
    # One class for each statement, as SQLAlchemy does for its rows; made once.
    row_class: Any = namedtuple("Row", names)  # type: ignore[misc]  # noqa: PYI024
    make: _Reading = row_class._make
    if not any(readers):
        return make

    def read(row: Sequence[Any]) -> Any:
        return make(
            [
                part if reader is None or part is None else reader(part)
                for reader, part in zip(readers, row, strict=True)
            ]
        )

    return read


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> _Processor:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reader(kind: TypeEngine[Any], dialect: Dialect, told: Any) -> _Processor:
    return kind.dialect_impl(dialect).result_processor(dialect, told)
