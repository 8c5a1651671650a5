"""Core statements compiled once and run on the driver's own cursor.

SQLAlchemy's way of running a small statement costs more than SQLite's, and an append runs five. What
is skipped is only its bookkeeping for each call: types are converted by the same processors.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update
from sqlalchemy.types import TypeEngine

_Processor = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    text: str
    parameters: tuple[tuple[str, _Processor], ...]
    positional: bool


class Prepared:
    """One statement with named parameters; an insert takes every column of its table."""

    def __init__(self, statement: Insert | Update | Delete | Select[Any]) -> None:
        """Compiles when it is first run on a kind of database."""
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}
        self._results: dict[str, tuple[_Processor, ...]] = {}

    def run(self, tables: Connection, values: Mapping[str, object]) -> int:
        """Run it; how many rows it changed. Raises the driver's errors."""
        cursor = self._execute(tables, values)
        try:
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def first(self, tables: Connection, values: Mapping[str, object]) -> tuple[Any, ...] | None:
        """The first row it finds. Raises the driver's errors."""
        cursor = self._execute(tables, values)
        try:
            row = cursor.fetchone()
            if row is None:
                return None
            results = self._results_on(tables.dialect, cursor.description)
            pairs = zip(results, row, strict=True)
            return tuple(part if read is None else read(part) for read, part in pairs)
        finally:
            cursor.close()

    def _execute(self, tables: Connection, values: Mapping[str, object]) -> Any:
        made = self._compiled.get(tables.dialect.name) or self._compile(tables.dialect)
        cursor = tables.connection.cursor()
        if made.positional:
            cursor.execute(
                made.text,
                tuple(
                    values[name] if write is None else write(values[name])
                    for name, write in made.parameters
                ),
            )
        else:
            named = {
                name: values[name] if write is None else write(values[name])
                for name, write in made.parameters
            }
            cursor.execute(made.text, named)
        return cursor

    def _compile(self, dialect: Dialect) -> _Compiled:
        compiled: Any = self._statement.compile(dialect=dialect)
        names = compiled.positiontup or list(compiled.binds)
        made = _Compiled(
            text=str(compiled),
            parameters=tuple((name, _writer(compiled.binds[name].type, dialect)) for name in names),
            positional=bool(compiled.positional),
        )
        self._compiled[dialect.name] = made
        return made

    def _results_on(self, dialect: Dialect, description: Any) -> tuple[_Processor, ...]:
        """How each column is read; the database says in its answer what it sends."""
        known = self._results.get(dialect.name)
        if known is None and isinstance(self._statement, Select):
            columns = zip(self._statement.selected_columns, description, strict=True)
            known = tuple(_reader(column.type, dialect, told[1]) for column, told in columns)
            self._results[dialect.name] = known
        return known or ()


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> _Processor:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reader(kind: TypeEngine[Any], dialect: Dialect, told: Any) -> _Processor:
    return kind.dialect_impl(dialect).result_processor(dialect, told)
