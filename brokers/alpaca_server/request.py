"""A request as it arrived, and its parts read strictly: what cannot be understood is refused."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NoReturn

from brokers.alpaca_server.answers import BAD_BODY, Json, invalid
from brokers.alpaca_server.wire_text import nanoseconds

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?", re.ASCII)
_LARGEST, _FINEST = 15, -20
"""Powers of ten between which a number makes sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Method, path without query, the query's last value of each name, the body's bytes."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> Json:
        """The body as an object; numbers in it are decimals."""
        try:
            body = json.loads(self.body, parse_float=Decimal, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise BAD_BODY from None
        if not isinstance(body, dict):
            raise BAD_BODY
        return body

    def word(self, name: str, choices: tuple[str, ...], default: str) -> str:
        """One of a few words."""
        value = self.query.get(name) or default
        if value not in choices:
            raise invalid(f"invalid {name}: must be one of {', '.join(choices)}")
        return value

    def truth(self, name: str) -> bool:
        """True or false in any case, false when it is not there."""
        value = self.query.get(name, "false").lower()
        if value not in ("true", "false"):
            raise invalid(f"invalid {name}: must be true or false")
        return value == "true"

    def count(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`."""
        text = self.query.get(name, "")
        if not text:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and 0 < int(text) <= most):
            raise invalid(f"invalid {name}: must be a number from 1 to {most}")
        return int(text)

    def moment(self, name: str) -> int | None:
        """An instant in nanoseconds since 1970; None when it is not there."""
        text = self.query.get(name, "")
        if not text:
            return None
        found = nanoseconds(text)
        if found is None:
            raise invalid(f"invalid {name}: must be an RFC 3339 time or a date")
        return found

    def words(self, name: str) -> tuple[str, ...]:
        """A list with commas."""
        return tuple(w.strip() for w in self.query.get(name, "").split(",") if w.strip())


def number(body: Json, name: str) -> Decimal | None:
    """A number given as a string or a number, within reason; None when it is not there."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise invalid(f"invalid {name}: must be a number")
    written = str(value)
    if len(written) > 64 or not _NUMBER.fullmatch(written):
        raise invalid(f"invalid {name}: must be a number")
    found = Decimal(written)
    if found and not _FINEST <= found.adjusted() <= _LARGEST:
        raise invalid(f"invalid {name}: must be a number")
    return found


def text(body: Json, name: str, default: str = "") -> str:
    """A text; the default when it is not there."""
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise invalid(f"invalid {name}: must be a string")
    return value


def flag(body: Json, name: str) -> bool:
    """A truth value, False when it is not there."""
    value = body.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise invalid(f"invalid {name}: must be true or false")
    return value


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")
