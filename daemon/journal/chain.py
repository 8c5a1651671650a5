"""The audit chain's arithmetic: one row's text, and the hash that ties it to the row before."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

GENESIS = "0" * 64
"""What the first row follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRow:
    """One row as stored. `at` is UTC text with microseconds, `body` the event's canonical JSON."""

    chain: str
    seq: int
    at: str
    actor: str
    kind: str
    body: str
    prev: str
    hash: str

    def proper_hash(self) -> str:
        """What `hash` must be: SHA-256 over the hash before and every other column."""
        columns = [self.chain, self.seq, self.at, self.actor, self.kind, self.body]
        text = json.dumps(columns, separators=(",", ":"))
        return hashlib.sha256((self.prev + text).encode()).hexdigest()


def instant_text(at: datetime) -> str:
    """An instant as the chain writes it; raises `ValueError` for one without a zone.

    >>> instant_text(datetime(2026, 1, 2, 15, tzinfo=UTC))
    '2026-01-02T15:00:00.000000+00:00'
    """
    if at.tzinfo is None:
        raise ValueError(f"{at!r} has no time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def instant_of(text: str) -> datetime:
    """The instant that `instant_text` wrote."""
    return datetime.fromisoformat(text)
