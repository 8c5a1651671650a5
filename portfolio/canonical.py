"""One text for one value: the canonical JSON that hashes, the audit chain and replays rest on."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum


def decimal_text(value: Decimal) -> str:
    """The shortest plain text of a decimal, so that equal numbers have equal texts.

    >>> decimal_text(Decimal("1.50")), decimal_text(Decimal("1E+2")), decimal_text(Decimal("-0.0"))
    ('1.5', '100', '0')
    """
    if not value.is_finite():
        raise TypeError(f"{value} is not a finite number")
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def plain(value: object) -> object:  # noqa: C901  one flat table of types
    """Turn our values into what JSON knows: decimals and instants become text.

    Raises `TypeError` for a float, or anything else that would not come back exactly.

    >>> plain({"b": Decimal("1.50"), "a": (date(2026, 1, 2), None)})
    {'b': '1.5', 'a': ['2026-01-02', None]}
    """
    if value is None or (isinstance(value, bool | int) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError(f"{value!r} has no time zone")
        return value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"PT{value.total_seconds():.6f}S"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, frozenset | set):
        return sorted(str(plain(item)) for item in value)
    raise TypeError(f"{type(value).__name__} has no canonical text")


def canonical(value: object) -> str:
    """The canonical JSON of a value: keys sorted, no spaces, ASCII.

    >>> canonical({"b": 1, "a": (True, None)})
    '{"a":[true,null],"b":1}'
    """
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"))


def digest(value: object) -> str:
    """SHA-256 of the canonical JSON, hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()
