"""Taking secrets out of text, as the last thing that happens to a line before it leaves.

Known values go in every spelling they are likely to be met in; patterns catch what nobody told us of.
"""

import base64
import json
import re
import threading
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

MASK: Final = "[secret]"
_SHORTEST: Final = 4
"""A shorter "secret" would blot out half of every line; the configuration refuses such keys."""
_PREFIX: Final = 8
"""So many leading characters already give a key away."""

_PATTERNS: Final = (
    # Alpaca's key ids
    (re.compile(r"\b(?:PK|AK|CK)[A-Z0-9]{14,}\b"), MASK),
    # Authorization: Bearer abc
    (re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9+/=._~-]{8,}"), rf"\1 {MASK}"),
    # name=value, "name": "value" and header forms of what is called a secret
    (
        re.compile(
            r"""(?ix)\b([a-z0-9_-]*(?:api[_-]?key(?:[_-]id)?|apca-api-key-id|secret(?:[_-]?key)?
            |password|passwd|token|authorization))(\\?["']?\s*[:=]\s*\\?["']?)
            (?!\[secret\]|bearer\b|basic\b|none\b|null\b|true\b|false\b)[^\s"'\\,;&}]+"""
        ),
        rf"\1\2{MASK}",
    ),
    # scheme://user:password@host
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@:\"'\\]*:[^\s/@\"'\\]+@"), rf"\1{MASK}@"),
    # addresses whose path is the key
    (
        re.compile(
            r"(?i)(hooks\.slack\.com/services/|discord(?:app)?\.com/api/webhooks/"
            r"|api\.telegram\.org/bot)[^\s\"'\\]+"
        ),
        rf"\1{MASK}",
    ),
)

_ADDRESS_PARTS: Final = re.compile(r"[/:@?&=#]+")
"""An address is not secret by its beginning but by what stands in it: passwords, tokens."""


class Redactor:
    """Replaces secrets in text. Threads may share it; values may be added at any time."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._needles: set[str] = set()
        self._known: re.Pattern[str] | None = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Learn values; each also in base64, URL and JSON spelling, and by its first 8 characters."""
        with self._lock:
            for secret in secrets:
                self._needles.update(_spellings(secret.strip()))
            longest_first = sorted(self._needles, key=lambda needle: (-len(needle), needle))
            if longest_first:
                # What follows a known beginning belongs to it.
                parts = "|".join(map(re.escape, longest_first))
                self._known = re.compile(f"(?:{parts})(?:[A-Za-z0-9+/_=-]|%[0-9A-Fa-f]{{2}})*")

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        known = self._known
        if known is not None:
            text = known.sub(MASK, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text


def _spellings(secret: str) -> Iterator[str]:
    if len(secret) < _SHORTEST:
        return
    if "://" in secret:
        yield from _escaped(secret)
        for part in _ADDRESS_PARTS.split(secret):
            if len(part) >= _PREFIX and not part.islower():
                yield from _spellings(part)
        return
    yield from _escaped(secret)
    if len(secret) > _PREFIX:
        yield from _escaped(secret[:_PREFIX])
    raw = secret.encode(errors="replace")
    yield raw.hex()
    yield from _base64(raw)
    if len(raw) > _PREFIX:
        yield from _base64(raw[:_PREFIX])


def _escaped(text: str) -> Iterator[str]:
    for quoted in (
        quote(text, safe="", errors="replace"),
        quote(text, errors="replace"),
        quote_plus(text, errors="replace"),
    ):
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), quoted)
    # As it stands in JSON and in a repr, and in the JSON of a log line that holds one of those.
    inner = {
        text,
        _as_json(text),
        json.dumps(text, ensure_ascii=False)[1:-1],
        repr(text)[1:-1],
        repr(text.encode(errors="replace"))[2:-1],
    }
    yield from inner
    yield from map(_as_json, inner)


def _as_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _base64(raw: bytes) -> Iterator[str]:
    # Inside something longer ("key:secret") a value may start at any of three places of a group;
    # the characters that depend on its neighbours are left out.
    for offset in range(3):
        padded = b"\0" * offset + raw
        whole = len(padded) - len(padded) % 3
        first = 4 if offset else 0
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            part = encode(padded[:whole])[first:].decode()
            if len(part) >= _PREFIX:
                yield part
