"""Facts about the target for the journal; see `portfolio.events`, whose union they are part of."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetChanged:
    """Other weights are in force from this session on; `reason` says where they come from.

    `before` and `after` are leaf weights, fractions of the portfolio.
    """

    kind: Literal["target_changed"] = "target_changed"
    session: date
    reason: str
    before: dict[str, Decimal]
    after: dict[str, Decimal]
