"""What a symbol consists of: asset classes, sectors, regions and issuers, as shares of one unit.

A share of stock is wholly of one issuer, sector and region. A fund is looked through: its parts are
those of what it holds, and its sponsor is no issuer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

Parts = Mapping[str, Mapping[str, Decimal]]
"""Symbol to name to share."""


class Dimension(StrEnum):
    """What a holding can be divided by."""

    CLASS = "class"
    SECTOR = "sector"
    REGION = "region"
    ISSUER = "issuer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """Shares are fractions; those of a symbol in a dimension sum to at most one, the rest is not known.

    `parts` maps a dimension to its `Parts`. `funds` says of a symbol whether it is a fund, whatever
    its broker says. `as_of` is the oldest date of the shares of a symbol that were looked up.
    """

    parts: Mapping[str, Parts] = field(default_factory=dict)
    funds: Mapping[str, bool] = field(default_factory=dict)
    as_of: Mapping[str, date] = field(default_factory=dict)

    def by(self, dimension: Dimension) -> Parts:
        """The parts of every symbol that is known in a dimension."""
        return self.parts.get(dimension.value, {})


NOTHING_KNOWN = Composition()
