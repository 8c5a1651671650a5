"""Weights from outside, as JSON from a file or over HTTPS: signed, and judged like a stranger's word.

    {"schema": 1, "as_of": "2026-11-20", "weights_percent": {"stocks": 60, "bonds": 40}, "note": ""}

The signature is Ed25519 over the very bytes, in base64, beside them: the same name with `.sig` added.
"""

import base64
import binascii
import hashlib
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from policies.targets.sources import Given
from portfolio.money import ZERO, Weight

MOST_BYTES = 256 * 1024
MOST_WEIGHTS = 2000
SUM_FITS = Decimal("0.0001")
"""Percent: how far the sum may be from 100 for rounding's sake."""
_KEYS = frozenset({"schema", "as_of", "weights_percent", "note"})


class NoWeights(Exception):
    """A source gave no weights that can be taken; the message is a sentence.

    `urgent`: a person should hear of it at once."""

    def __init__(self, message: str, *, urgent: bool = False) -> None:
        super().__init__(message)
        self.urgent = urgent


def from_file(path: Path, public_key: str) -> Given:
    """Weights from a JSON file; its signature is asked for when a key is known. Raises `NoWeights`."""
    try:
        data = _whole(path)
        signature = _whole(path.with_name(path.name + ".sig")) if public_key else b""
    except OSError as error:
        raise NoWeights(f"{error.filename} cannot be read: {error.strerror}") from None
    if public_key:
        verify(data, signature, public_key)
    return parse_weights(data, origin=f"file {path.name}")


def from_feed(url: str, public_key: str, ca_file: Path | None) -> Given:
    """Weights from a signed feed. Raises `NoWeights`, also for a certificate that does not verify."""
    from daemon.targets.fetching import fetched, host_of  # TLS is loaded by those who have a feed

    data, signature = fetched(url, ca_file, MOST_BYTES), fetched(url + ".sig", ca_file, MOST_BYTES)
    verify(data, signature, public_key)
    return parse_weights(data, origin=f"feed {host_of(url)}")


def verify(data: bytes, signature: bytes, public_key: str) -> None:
    """Raises `NoWeights` unless the signature over the bytes is the key's."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature.strip(), validate=True), data)
    except (InvalidSignature, ValueError, binascii.Error):
        raise NoWeights("the signature does not verify with the configured public key") from None


def parse_weights(data: bytes, *, origin: str) -> Given:
    """The weights in a JSON text; every deviation from the schema is a `NoWeights` that names it."""
    try:
        found: Any = json.loads(data, parse_float=Decimal, parse_int=Decimal, parse_constant=_bad)
    except (ValueError, RecursionError) as error:
        raise NoWeights(f"it is not JSON: {error}") from None
    if not isinstance(found, dict) or found.get("schema") != 1:
        raise NoWeights('it must be an object with "schema": 1')
    if unknown := sorted(set(found) - _KEYS):
        raise NoWeights(f"there is an unknown key {unknown[0][:40]!r}")
    note = found.get("note", "")
    if not isinstance(note, str) or len(note) > 200:
        raise NoWeights('"note" must be a text of at most 200 characters')
    return Given(
        origin=origin,
        weights=_weights(found.get("weights_percent")),
        as_of=_day(found.get("as_of")),
        digest=hashlib.sha256(data).hexdigest(),
        note="".join(c if c.isprintable() else " " for c in note),
    )


def _weights(found: object) -> dict[str, Weight]:
    if not isinstance(found, dict) or not 0 < len(found) <= MOST_WEIGHTS:
        raise NoWeights('"weights_percent" must name slices with their weights')
    for name, weight in found.items():
        if not isinstance(weight, Decimal) or not weight.is_finite() or not 0 <= weight <= 100:
            raise NoWeights(f"the weight of {name[:40]!r} is no number from 0 to 100")
    whole = sum(found.values(), ZERO)
    if abs(whole - 100) > SUM_FITS:
        raise NoWeights(f"the weights sum to {whole:.4f} %, they must sum to 100 %")
    return {name: Weight(weight / whole) for name, weight in found.items()}


def _day(found: object) -> date:
    try:
        return date.fromisoformat(found if isinstance(found, str) else "")
    except ValueError:
        raise NoWeights('"as_of" must be a date such as "2026-11-20"') from None


def _bad(text: str) -> object:
    raise ValueError(f"{text} is no number")


def _whole(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise NoWeights(f"{path} is larger than {MOST_BYTES:,} bytes")
    return data
