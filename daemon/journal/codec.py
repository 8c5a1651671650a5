"""From canonical JSON back to our values, exactly: the inverse of `portfolio.canonical`.

Written by hand because pydantic's adapters for the same types hold 10 MiB in an idle daemon, and turn
a number into a decimal without asking.
"""

import dataclasses
import json
import types
import typing
from collections.abc import Callable, Hashable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Literal, Protocol, TypeVar, cast

from policies.limit_rule import Limits
from policies.policy import Policy
from portfolio.events import Event, Ref
from portfolio.lots import Lot
from portfolio.memory import Memory
from portfolio.money import exact_arithmetic, finite
from portfolio.snapshot import Quote, Snapshot

T = TypeVar("T")
_Decoder = Callable[[Any], Any]


class Undecodable(ValueError):
    """A text that is not the canonical JSON of the value it should be; says where and why."""


class Documents(Protocol):
    """Where documents are kept: a journal."""

    def document(self, ref: str) -> str:
        """The canonical JSON stored under a reference; raises `KeyError`."""
        ...


def decode(form: type[T], text: str) -> T:
    """The value of type `form` whose canonical JSON is `text`; raises `Undecodable`.

    >>> decode(date, '"2026-01-02"')
    datetime.date(2026, 1, 2)
    """
    try:
        loaded = json.loads(text, parse_float=_no_float, parse_constant=_no_float)
    except ValueError as error:
        raise Undecodable(f"not canonical JSON: {error}") from error
    return cast(T, _decoder(cast(Hashable, form))(loaded))


def decode_event(kind: str, text: str) -> Event:
    """The event of that kind; a kind we do not know is `Undecodable`."""
    form = _event_forms().get(kind)
    if form is None:
        raise Undecodable(f"no event is called {kind!r}")
    return cast(Event, decode(form, text))


def read_snapshot(journal: Documents, ref: Ref) -> Snapshot:
    """The snapshot stored under a reference."""
    return decode(Snapshot, journal.document(ref))


def read_quotes(journal: Documents, ref: Ref) -> Mapping[str, Quote]:
    """The quotes of a stored snapshot, without the rest: a year of them is read at once."""
    loaded = json.loads(journal.document(ref))
    decoder = _decoder(cast(Hashable, Mapping[str, Quote]))
    return cast(Mapping[str, Quote], decoder(loaded["quotes"]))


def read_policy(journal: Documents, ref: Ref) -> Policy:
    """The policy stored under a reference."""
    return decode(Policy, journal.document(ref))


def read_memory(journal: Documents, ref: Ref) -> Memory:
    """The memory stored under a reference."""
    return decode(Memory, journal.document(ref))


def read_limits(journal: Documents, ref: Ref) -> Limits:
    """The limits stored under a reference."""
    return decode(Limits, journal.document(ref))


def _no_float(text: str) -> object:
    raise Undecodable(f"{text} is a bare fraction; numbers of ours are text")


@cache
def _event_forms() -> Mapping[str, type]:
    return {_tag_of(form): form for form in typing.get_args(Event)}


def _tag_of(form: type) -> str:
    return cast(str, typing.get_args(typing.get_type_hints(form)["kind"])[0])


@cache
def _decoder(form: Hashable) -> _Decoder:
    """The decoder of a type, made when it is first needed and kept."""
    if hasattr(form, "__supertype__"):
        return _decoder(form.__supertype__)
    if form in _PLAIN:
        return _PLAIN[form]
    origin, arguments = typing.get_origin(form), typing.get_args(form)
    if origin is Literal:
        return _one_of(arguments)
    if origin in (typing.Union, types.UnionType):
        return _union(arguments)
    if origin is tuple and len(arguments) == 2 and arguments[1] is ...:
        return _sequence(_decoder(arguments[0]))
    if origin in (dict, Mapping) and arguments[0] is str:
        return _mapping(_decoder(arguments[1]))
    if isinstance(form, type) and issubclass(form, Enum):
        return _enum(form)
    if dataclasses.is_dataclass(form) and isinstance(form, type):
        return _record(form)
    raise TypeError(f"{form} has no exact way back from JSON")


def _exactly(kind: type) -> _Decoder:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise Undecodable(f"{value!r} is not {kind.__name__}")
        return value

    return read


def _from_text(convert: Callable[[str], Any], what: str) -> _Decoder:
    def read(value: Any) -> Any:
        if type(value) is not str:
            raise Undecodable(f"{value!r} is not the text of a {what}")
        try:
            return convert(value)
        except ValueError as error:
            raise Undecodable(f"{value!r} is not a {what}") from error

    return read


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no time zone")
    return at


_PLAIN: dict[Any, _Decoder] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    type(None): _exactly(type(None)),
    Decimal: _from_text(finite, "number"),
    datetime: _from_text(_instant, "instant with a time zone"),
    date: _from_text(date.fromisoformat, "date"),
}


def _one_of(choices: tuple[Any, ...]) -> _Decoder:
    def read(value: Any) -> Any:
        if value not in choices:
            raise Undecodable(f"{value!r} is none of {choices}")
        return value

    return read


def _enum(form: type[Enum]) -> _Decoder:
    members = {member.value: member for member in form}

    def read(value: Any) -> Any:
        try:
            return members[value]
        except (KeyError, TypeError):
            raise Undecodable(f"{value!r} is no {form.__name__}") from None

    return read


def _sequence(item: _Decoder) -> _Decoder:
    def read(value: Any) -> Any:
        if type(value) is not list:
            raise Undecodable(f"{value!r} is not a list")
        return tuple(item(part) for part in value)

    return read


def _mapping(item: _Decoder) -> _Decoder:
    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise Undecodable(f"{value!r} is not an object")
        return {key: item(part) for key, part in value.items()}

    return read


def _union(forms: tuple[Any, ...]) -> _Decoder:
    """`X | None`, or records told apart by the literal in their `kind`."""
    present = tuple(form for form in forms if form is not type(None))
    inner = _decoder(present[0]) if len(present) == 1 else _tagged(present)
    if len(present) == len(forms):
        return inner
    return lambda value: None if value is None else inner(value)


def _tagged(forms: tuple[Any, ...]) -> _Decoder:
    by_tag = {_tag_of(form): _decoder(form) for form in forms}

    def read(value: Any) -> Any:
        tag = value.get("kind") if type(value) is dict else None
        if tag not in by_tag:
            raise Undecodable(f"kind {tag!r} is none of {sorted(by_tag)}")
        return by_tag[tag](value)

    return read


def _lot_with_basis(value: dict[str, Any]) -> dict[str, Any]:
    """Looks of before taxes kept a lot's cost per unit; now it is kept in all."""
    if "unit_cost" not in value:
        return value
    unit_cost = value["unit_cost"]
    with exact_arithmetic():
        basis = None if unit_cost is None else str(finite(unit_cost) * finite(value["quantity"]))
    return {**{k: v for k, v in value.items() if k != "unit_cost"}, "basis": basis}


_FORMER_SHAPES: Mapping[type, Callable[[dict[str, Any]], dict[str, Any]]] = {Lot: _lot_with_basis}
"""Records that were written differently once: documents are never rewritten."""


def _record(form: type) -> _Decoder:
    parts: dict[str, _Decoder] = {}

    renewed = _FORMER_SHAPES.get(form)

    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise Undecodable(f"{value!r} is not a {form.__name__}")
        if not parts:  # only now, because a record may hold records of its own kind
            hints = typing.get_type_hints(form)
            parts.update({f.name: _decoder(hints[f.name]) for f in dataclasses.fields(form)})
        values: dict[str, Any] = {}
        for name, part in (value if renewed is None else renewed(value)).items():
            if name not in parts:
                raise Undecodable(f"{form.__name__} has no {name!r}")
            try:
                values[name] = parts[name](part)
            except Undecodable as error:
                raise Undecodable(f"{form.__name__}.{name}: {error}") from error
        try:
            return form(**values)
        except TypeError as error:  # a field without default is not there
            raise Undecodable(f"{form.__name__}: {error}") from error

    return read
