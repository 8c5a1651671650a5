"""How Alpaca writes numbers, instants and ids.

Numbers are the shortest decimal strings, in market data JSON numbers. Instants have up to nine
decimals, without trailing zeros. Ids are UUIDs, here made from our own so that they stay the same.
"""

import re
import uuid
import zlib
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from brokers.simulated.market import NEW_YORK
from portfolio.canonical import decimal_text
from portfolio.money import to_cents

_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "trimtab:alpaca-server")
_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)?)?", re.ASCII
)
_MICRODOLLAR = Decimal("0.000001")
_RATIO = Decimal("0.00001")


def id_of(kind: str, name: str) -> str:
    """The UUID of one of our things, always the same."""
    return str(uuid.uuid5(_NAMES, f"{kind}:{name}"))


def money(amount: Decimal) -> str:
    """An amount of the account: whole cents."""
    return decimal_text(to_cents(amount))


def figure(number: Decimal) -> str:
    """A computed price or value: six places, as observed."""
    return decimal_text(number.quantize(_MICRODOLLAR, rounding=ROUND_HALF_EVEN))


def ratio(part: Decimal, whole: Decimal) -> str:
    """A fraction with five places; 0 of nothing."""
    if not whole:
        return "0"
    return decimal_text((part / whole).quantize(_RATIO, rounding=ROUND_HALF_EVEN))


def stamp(at: datetime, of: str) -> str:
    """An instant with nanoseconds; the last three digits are made from what it is the stamp of."""
    whole = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{at.microsecond:06}{zlib.crc32(of.encode()) % 1000:03}".rstrip("0")
    return f"{whole}.{fraction}Z" if fraction else f"{whole}Z"


def short_stamp(at: datetime) -> str:
    """An instant to the microsecond, as activities have it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def nanoseconds(text: str) -> int | None:
    """An RFC 3339 instant or a date in nanoseconds since 1970; None when it is neither."""
    found = _RFC3339.fullmatch(text.strip())
    if found is None:
        return None
    day, clock, fraction, zone = found.groups()
    zone = "+00:00" if zone in (None, "Z", "z") else zone
    try:
        whole = datetime.fromisoformat(f"{day}T{clock or '00:00:00'}{zone}")
        seconds = round((whole - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    except (ValueError, OverflowError):
        return None
    return seconds * 1_000_000_000 + int((fraction or "0").ljust(9, "0"))


def day_of(text: str) -> date | None:
    """The day at the exchange of an instant, or the date itself; None when it is neither."""
    try:
        if len(text) == len("2026-10-08"):
            return date.fromisoformat(text)
        at = nanoseconds(text)
        return (
            None
            if at is None
            else datetime.fromtimestamp(at // 1_000_000_000, UTC).astimezone(NEW_YORK).date()
        )
    except (ValueError, OverflowError, OSError):
        return None
