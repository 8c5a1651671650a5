"""What can wake the daemon. A wake only says "look again"; the answer comes from a fresh snapshot."""

from dataclasses import dataclass
from enum import StrEnum


class WakeKind(StrEnum):
    """Why a look is taken."""

    START = "start"
    TICK = "tick"
    SESSION_OPEN = "session_open"
    SESSION_CLOSE = "session_close"
    LOOK = "look"
    ORDER_UPDATE = "order_update"
    PRICE_EDGE = "price_edge"
    CASH_CHANGED = "cash_changed"
    CONFIGURATION = "configuration"
    PERSON = "person"
    FILE = "file"


BY_HAND = "run-now"
"""How the detail of a wake begins when a person asked for the look, or approved what came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """One reason to look. Equal wakes collapse into one while they wait."""

    kind: WakeKind
    detail: str = ""
