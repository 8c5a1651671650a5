"""Exact money: the four number types of the house, their rounding, and the decimal context.

Money, prices and quantities are `Decimal` from the broker's wire to the journal. The names below are
distinct types to the type checker and plain `Decimal` at run time. A number is rounded once, when an
order is sized, and always toward what can be afforded or is held.
"""

import decimal
from collections.abc import Iterable
from contextlib import AbstractContextManager
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    ROUND_UP,
    Context,
    Decimal,
)
from typing import NewType

Money = NewType("Money", Decimal)
"""An amount in the household's currency; positive is owned, negative is owed."""

Price = NewType("Price", Decimal)
"""Currency per unit of an instrument; always finite and above zero."""

Quantity = NewType("Quantity", Decimal)
"""Units of an instrument (shares); orders carry it unsigned, beside a side."""

Weight = NewType("Weight", Decimal)
"""A fraction: 0.6 is 60 %. Drift is a signed weight, actual minus target."""

ZERO = Decimal(0)
ONE = Decimal(1)
CENT = Decimal("0.01")
SHARE = Decimal(1)
FRACTION_OF_SHARE = Decimal("0.000000001")
"""The smallest fractional quantity a broker takes: nine places (Alpaca)."""

MONEY_CONTEXT = Context(
    prec=34,
    rounding=ROUND_HALF_EVEN,
    traps=[
        decimal.InvalidOperation,
        decimal.DivisionByZero,
        decimal.Overflow,
        decimal.FloatOperation,
    ],
)
"""34 digits (IEEE 754 decimal128); mixing in a float raises instead of rounding silently."""


def exact_arithmetic() -> AbstractContextManager[decimal.Context]:
    """Run a block under `MONEY_CONTEXT`, so a result is the same in every thread and process."""
    return decimal.localcontext(MONEY_CONTEXT)


def use_exact_arithmetic_everywhere() -> None:
    """Set `MONEY_CONTEXT` for this thread and for each one started later. Call before any thread."""
    decimal.DefaultContext.prec = MONEY_CONTEXT.prec
    for signal, trapped in MONEY_CONTEXT.traps.items():
        decimal.DefaultContext.traps[signal] = trapped
    decimal.setcontext(MONEY_CONTEXT.copy())


def finite(text: str) -> Decimal:
    """Read a finite decimal number from text; raise `ValueError` for anything else.

    >>> finite("12.50")
    Decimal('12.50')
    """
    try:
        number = Decimal(text)
    except decimal.InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None
    if not number.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    return number


def value_of(quantity: Quantity, price: Price) -> Money:
    """Quantity times price, unrounded.

    >>> value_of(Quantity(Decimal("1.5")), Price(Decimal("10.01")))
    Decimal('15.015')
    """
    return Money(quantity * price)


def total(amounts: Iterable[Money]) -> Money:
    """The sum of amounts; zero for none."""
    return Money(sum(amounts, ZERO))


def to_cents(amount: Decimal) -> Money:
    """Round half-even to the cent.

    >>> to_cents(Decimal("2.345"))
    Decimal('2.34')
    """
    return Money(amount.quantize(CENT, rounding=ROUND_HALF_EVEN))


def round_down(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` (> 0) not further from zero than `value`.

    >>> round_down(Decimal("7.89"), Decimal("0.5"))
    Decimal('7.5')
    """
    return (value / step).quantize(ONE, rounding=ROUND_DOWN) * step


def round_up(value: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of `step` (> 0) not nearer to zero than `value`.

    >>> round_up(Decimal("7.51"), Decimal("0.5"))
    Decimal('8.0')
    """
    return (value / step).quantize(ONE, rounding=ROUND_UP) * step


def price_tick(price: Decimal) -> Decimal:
    """The smallest price step of US equities: 0.01 from 1 USD on, 0.0001 below (Reg NMS 612).

    >>> price_tick(Decimal("0.99"))
    Decimal('0.0001')
    """
    return CENT if price >= ONE else Decimal("0.0001")


def tick_down(price: Decimal) -> Price:
    """Round a price down to its tick: never pay more than meant."""
    return Price(price.quantize(price_tick(price), rounding=ROUND_FLOOR))


def tick_up(price: Decimal) -> Price:
    """Round a price up to its tick: never ask less than meant."""
    return Price(price.quantize(price_tick(price), rounding=ROUND_CEILING))
