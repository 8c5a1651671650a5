"""Telling a new symbol from a sale: what went out of one holding came in under another, unit for unit.

A broker that lists a security anew takes all units out under the old symbol and puts as many in under
the new one, and tells of it late or never. Its lots keep their basis and dates: nothing was sold.
"""

from collections.abc import Mapping
from decimal import Decimal

from portfolio.money import ZERO


def renames_among(expected: Mapping[str, Decimal], shown: Mapping[str, Decimal]) -> dict[str, str]:
    """Old symbol to new one, for what an account holds that was only listed anew.

    `expected` are units by our records, trades under the new symbol included, which may take it below
    zero; `shown` those at the broker; both by symbol. A holding that is wholly gone pairs with one
    that has as many units more than expected, where only one of each fits.

    >>> d = Decimal
    >>> renames_among({"OLD": d("12.5"), "KO": d(3)}, {"NEW": d("12.5"), "KO": d(3)})
    {'OLD': 'NEW'}
    >>> renames_among({"OLD": d(10)}, {"NEW": d(10), "KO": d(10)})
    {}
    """
    gone = {s: units for s, units in expected.items() if units > ZERO == shown.get(s, ZERO)}
    changes = {
        symbol: shown.get(symbol, ZERO) - expected.get(symbol, ZERO)
        for symbol in sorted(set(expected) | set(shown))
    }
    pairs: dict[str, str] = {}
    for old, units in gone.items():
        grown = [symbol for symbol, more in changes.items() if more == units]
        if len(grown) == 1 and list(gone.values()).count(units) == 1:
            pairs[old] = grown[0]
    return pairs
