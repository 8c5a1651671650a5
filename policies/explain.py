"""Numbers and gates in words: one way to say a weight, an amount and a margin, everywhere."""

from decimal import ROUND_DOWN, Decimal

from portfolio.orders import Side

HUNDRED = Decimal(100)
_NEAR = Decimal("0.1")
_FINE = Decimal("0.001")


def points(weight: Decimal) -> Decimal:
    """A weight or drift as percentage points: 0.031 is 3.1.

    >>> points(Decimal("0.031"))
    Decimal('3.100')
    """
    return weight * HUNDRED


def percent(weight: Decimal) -> str:
    """A weight as a percentage of one place.

    >>> percent(Decimal("0.648"))
    '64.8 %'
    """
    return f"{points(weight):.1f} %"


def money(amount: Decimal) -> str:
    """An amount to the cent with thousands marked.

    >>> money(Decimal("22500"))
    '22,500.00 USD'
    """
    return f"{amount:,.2f} USD"


def against_band(name: str, drift: Decimal, half_width: Decimal) -> str:
    """A slice's drift beside its band, in points; finer near the edge, and never rounded up to it.

    >>> against_band("stocks", Decimal("0.031"), Decimal("0.05"))
    'stocks +3.1 points, fires at 5.0'
    >>> against_band("stocks", Decimal("-0.04999"), Decimal("0.05"))
    'stocks -4.999 points, fires at 5.0'
    """
    actual, level = points(drift), points(half_width)
    if abs(level - abs(actual)) >= _NEAR:
        return f"{name} {actual:+.1f} points, fires at {level:.1f}"
    exact = actual.quantize(_FINE, rounding=ROUND_DOWN).normalize()
    return f"{name} {exact:+f} points, fires at {level:.1f}"


def why_leg(side: Side, name: str, actual: Decimal, target: Decimal) -> str:
    """Why a slice is traded.

    >>> why_leg(Side.SELL, "stocks", Decimal("0.648"), Decimal("0.597"))
    'stocks 64.8 %, target 59.7 %: sell towards target'
    """
    verb = "sell" if side is Side.SELL else "buy"
    return f"{name} {percent(actual)}, target {percent(target)}: {verb} towards target"


def listed(names: list[str], most: int = 5) -> str:
    """A short list in words, saying how many were left out.

    >>> listed(["A", "B", "C"], most=2)
    'A, B and 1 more'
    """
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return ", ".join(names)
