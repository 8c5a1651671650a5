"""One text for one value: the canonical JSON that hashes, the audit chain and replays rest on."""

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from json.encoder import encode_basestring_ascii as _text
from operator import attrgetter
from typing import Any


def decimal_text(value: Decimal) -> str:
    """The shortest plain text of a decimal, so that equal numbers have equal texts.

    >>> decimal_text(Decimal("1.50")), decimal_text(Decimal("1E+2")), decimal_text(Decimal("-0.0"))
    ('1.5', '100', '0')
    """
    if not value.is_finite():
        raise TypeError(f"{value} is not a finite number")
    text = str(value)
    if "E" in text:
        text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def plain(value: object) -> object:
    """Turn our values into what JSON knows: decimals and instants become text.

    Raises `TypeError` for a float, or anything else that would not come back exactly.

    >>> plain({"b": Decimal("1.50"), "a": (date(2026, 1, 2), None)})
    {'b': '1.5', 'a': ['2026-01-02', None]}
    """
    return _handler(type(value))(value)


def _handler(kind: type) -> Callable[[Any], object]:
    known = _HANDLERS.get(kind)
    if known is None:
        known = _HANDLERS[kind] = _handler_for(kind)
    return known


def _handler_for(kind: type) -> Callable[[Any], object]:
    """How values of a type become plain; found once for each type."""
    if issubclass(kind, Enum):
        return lambda value: plain(value.value)
    if dataclasses.is_dataclass(kind):
        names = tuple(field.name for field in dataclasses.fields(kind))
        return _record(names)
    for known, handler in _KNOWN:
        if issubclass(kind, known):
            return handler
    raise TypeError(f"{kind.__name__} has no canonical text")


def _record(names: tuple[str, ...]) -> Callable[[Any], object]:
    """For a dataclass: hundreds of values make one document, so that each call saved is felt."""

    def handler(value: Any) -> object:
        made: dict[str, object] = {}
        for name in names:
            part = getattr(value, name)
            kind = type(part)
            made[name] = part if kind in _AS_IT_IS else _handler(kind)(part)
        return made

    return handler


def _same(value: object) -> object:
    return value


def _instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise TypeError(f"{value!r} has no time zone")
    if value.tzinfo is UTC:
        return value.replace(tzinfo=None).isoformat() + "+00:00"  # a third of the time
    return value.isoformat()


def _mapping(value: Mapping[object, object]) -> dict[str, object]:
    return {str(plain(key)): plain(item) for key, item in value.items()}


def _sequence(value: Iterable[object]) -> list[object]:
    return [plain(item) for item in value]


def _set(value: Iterable[object]) -> list[str]:
    return sorted(str(plain(item)) for item in value)


_KNOWN: tuple[tuple[type, Callable[[Any], object]], ...] = (
    (str, _same),
    (bool, _same),
    (int, _same),
    (type(None), _same),
    (Decimal, decimal_text),
    (datetime, _instant),  # before date, of which it is a kind
    (date, date.isoformat),
    (timedelta, lambda value: f"PT{value.total_seconds():.6f}S"),
    (Mapping, _mapping),
    (tuple, _sequence),
    (list, _sequence),
    (frozenset, _set),
    (set, _set),
)
_AS_IT_IS = frozenset((str, bool, int, type(None)))
_HANDLERS: dict[type, Callable[[Any], object]] = {}


# A look writes hundreds of values, so that canonical JSON is written in one pass, without `plain`'s
# dictionaries between; a test holds both to the same text.

_Writer = Callable[[Any], str]


def canonical(value: object) -> str:
    """The canonical JSON of a value: keys sorted, no spaces, ASCII.

    >>> canonical({"b": 1, "a": (True, None)})
    '{"a":[true,null],"b":1}'
    """
    return _WRITERS[type(value)](value)


class _Writers(dict[type, _Writer]):
    """How values of a type are written; found once for each type."""

    def __missing__(self, kind: type) -> _Writer:
        known = self[kind] = _writer_for(kind)
        return known


def _writer_for(kind: type) -> _Writer:
    if issubclass(kind, StrEnum):
        return _text
    if issubclass(kind, Enum):
        return lambda value: canonical(value.value)
    if dataclasses.is_dataclass(kind):
        return _record_writer(sorted(field.name for field in dataclasses.fields(kind)))
    for known, write in _WRITES:
        if issubclass(kind, known):
            return write
    raise TypeError(f"{kind.__name__} has no canonical text")


def _record_writer(names: Sequence[str]) -> _Writer:
    if not names:
        return lambda _value: "{}"
    keys = [f"{_text(name)}:" for name in names]
    first, *others = names
    parts_of = attrgetter(first, *others) if others else (lambda value: (getattr(value, first),))

    def write(value: Any) -> str:
        written = [
            key + _WRITERS[type(part)](part)
            for key, part in zip(keys, parts_of(value), strict=True)
        ]
        return "{" + ",".join(written) + "}"

    return write


def _written_mapping(value: Mapping[object, object]) -> str:
    by_text = {str(plain(key)): item for key, item in value.items()}
    return "{" + ",".join([f"{_text(k)}:{canonical(by_text[k])}" for k in sorted(by_text)]) + "}"


def _written_sequence(value: Iterable[object]) -> str:
    return "[" + ",".join([_WRITERS[type(item)](item) for item in value]) + "]"


_WRITES: tuple[tuple[type, _Writer], ...] = (
    (str, _text),
    (bool, lambda value: "true" if value else "false"),
    (int, int.__repr__),
    (type(None), lambda _value: "null"),
    (Decimal, lambda value: f'"{decimal_text(value)}"'),
    (datetime, lambda value: f'"{_instant(value)}"'),
    (date, lambda value: f'"{value.isoformat()}"'),
    (timedelta, lambda value: _text(str(plain(value)))),
    (Mapping, _written_mapping),
    (tuple, _written_sequence),
    (list, _written_sequence),
    (frozenset, lambda value: _written_sequence(_set(value))),
    (set, lambda value: _written_sequence(_set(value))),
)
_WRITERS = _Writers()


def digest(value: object) -> str:
    """SHA-256 of the canonical JSON, hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A value's canonical text and its digest, made once: what the journal keeps beside the chain."""

    ref: str
    text: str


def document_of(value: object) -> Document:
    """The document of a value; `ref` is its `digest`."""
    text = canonical(value)
    return Document(ref=hashlib.sha256(text.encode()).hexdigest(), text=text)
