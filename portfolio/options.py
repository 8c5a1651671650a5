"""Listed options as far as wash sales need them: what a contract's symbol says."""

import re
from dataclasses import dataclass
from datetime import date

SHARES_OF_CONTRACT = 100
_OCC = re.compile(r"([A-Z.]{1,6})(\d{2})(\d{2})(\d{2})([CP])\d{8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A listed option: what it is on, whether it is a call, and its last day."""

    underlying: str
    is_call: bool
    expires: date


def contract_of(symbol: str) -> Contract | None:
    """The option that an OCC symbol names; None for anything else.

    >>> contract_of("AAPL260717C00150000").underlying
    'AAPL'
    >>> contract_of("VTI") is None
    True
    """
    found = _OCC.fullmatch(symbol)
    if found is None:
        return None
    name, year, month, day, kind = found.groups()
    try:
        expires = date(2000 + int(year), int(month), int(day))
    except ValueError:
        return None
    return Contract(underlying=name, is_call=kind == "C", expires=expires)
