"""Entries from their canonical JSON, exactly as they were."""

import json
import types
import typing
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache

from brokers.simulated.entries import Entry
from portfolio.money import finite

_ENTRY_TYPES = {
    next(f.default for f in fields(entry_type) if f.name == "kind"): entry_type
    for entry_type in typing.get_args(Entry)
}


def entry_from_text(text: str) -> Entry:
    """The inverse of `canonical(entry)`; raises `ValueError`, `KeyError` or `TypeError`."""
    values = json.loads(text)
    return typing.cast("Entry", _record(_ENTRY_TYPES[values["kind"]], values))


@cache
def _hints(record_type: type) -> dict[str, object]:
    return typing.get_type_hints(record_type)


def _record(record_type: type, values: dict[str, object]) -> object:
    hints = _hints(record_type)
    return record_type(**{name: _value(hints[name], value) for name, value in values.items()})


def _value(hint: object, value: object) -> object:
    while isinstance(hint, typing.NewType):
        hint = hint.__supertype__
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):  # all of ours are "something or None"
        return None if value is None else _value(typing.get_args(hint)[0], value)
    if origin is tuple:
        inner = typing.get_args(hint)[0]
        return tuple(_value(inner, item) for item in typing.cast("list[object]", value))
    if hint is Decimal:
        return finite(str(value))
    if hint is datetime:
        return datetime.fromisoformat(str(value))
    if hint is date:
        return date.fromisoformat(str(value))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(str(value))
    if isinstance(hint, type) and is_dataclass(hint):
        return _record(hint, typing.cast("dict[str, object]", value))
    return value
