"""Numbers, dates and hashes as people read them. Nothing here rounds a number that is used again."""

from datetime import UTC, datetime
from decimal import Decimal

MINUS = "-"


def money(amount: Decimal, places: int = 2) -> str:
    """An amount with thousands separators.

    >>> money(Decimal("100000")), money(Decimal("-1234.567"))
    ('100,000.00', '-1,234.57')
    """
    return _without_minus_zero(f"{amount:,.{places}f}")


def percent(weight: Decimal, places: int = 1) -> str:
    """A fraction as percent.

    >>> percent(Decimal("0.6")), percent(Decimal("-0.00001"))
    ('60.0 %', '0.0 %')
    """
    return f"{_tidy(weight * 100, places)} %"


def points(drift: Decimal, places: int = 1) -> str:
    """A difference of weights as signed percentage points.

    >>> points(Decimal("0.031")), points(Decimal("-0.05")), points(Decimal("0.0001"))
    ('+3.1', '-5.0', '0.0')
    """
    text = _tidy(drift * 100, places)
    return text if text.startswith(MINUS) or not float(text) else f"+{text}"


def _tidy(number: Decimal, places: int) -> str:
    return _without_minus_zero(f"{number:.{places}f}")


def _without_minus_zero(text: str) -> str:
    return text.removeprefix(MINUS) if not text.strip("-0.,") else text


def quantity(units: Decimal) -> str:
    """Units without trailing zeros.

    >>> quantity(Decimal("1200.500")), quantity(Decimal("3E+1"))
    ('1,200.5', '30')
    """
    text = f"{units:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def instant(at: datetime) -> str:
    """An instant to the minute, in UTC.

    >>> instant(datetime(2008, 3, 3, 15, 0, tzinfo=UTC))
    '2008-03-03 15:00 UTC'
    """
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def short_hash(text: str) -> str:
    """The first ten places of a hash: enough to type, too many to collide.

    >>> short_hash("0123456789abcdef")
    '0123456789'
    """
    return text[:10]


def number_of(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun.

    >>> number_of(1, "order"), number_of(0, "order"), number_of(2, "look")
    ('1 order', 'no orders', '2 looks')
    """
    many = plural or f"{noun}s"
    if count == 0:
        return f"no {many}"
    return f"1 {noun}" if count == 1 else f"{count:,} {many}"


def listed(words: list[str] | tuple[str, ...], most: int = 4) -> str:
    """Words in a row, the rest counted.

    >>> listed(["a", "b", "c"], most=2), listed([])
    ('a, b and 1 more', 'none')
    """
    if not words:
        return "none"
    if len(words) <= most:
        return ", ".join(words)
    return f"{', '.join(words[:most])} and {len(words) - most} more"
