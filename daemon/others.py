"""Orders of other people in our accounts: their symbols rest while one is open and some minutes after.

Whoever trades by hand is not done when an order ends; another may follow from it. What was seen is
this process's own; a start goes on from the last looks in the journal.
"""

from dataclasses import dataclass, field
from datetime import datetime

from daemon.house import House
from daemon.journal.codec import read_snapshot
from portfolio.memory import Fence
from portfolio.snapshot import Snapshot

LOOKS_BACK = 5
"""How many looks a start reads for orders that were open then."""


@dataclass(slots=True)
class Others:
    """When an order of somebody else was last seen open or filling, by account and symbol."""

    seen: dict[tuple[str, str], datetime] = field(default_factory=dict)
    is_read: bool = False


def rest_beside_others(house: House, snapshot: Snapshot, others: Others) -> tuple[Fence, ...]:
    """The fences of symbols in which somebody else has just traded, `others_rest` from then on."""
    rest, now = house.order_life.others_rest, snapshot.as_of
    if not others.is_read:
        others.is_read = True
        for record in house.journal.cycles(limit=LOOKS_BACK):
            if now - record.at < rest:
                _note(others, read_snapshot(house.journal, record.snapshot))
    _note(others, snapshot)
    # From the beginning of its day on: the same question all day is asked of the database once.
    day = (now - rest).replace(hour=0, minute=0, second=0, microsecond=0)
    for booked in house.journal.fills(since=day):
        if booked.client_order_id is None and now - booked.fill.at < rest:
            _seen(others, booked.fill.account, booked.fill.symbol, booked.fill.at)
    for key in [key for key, at in others.seen.items() if now - at >= rest]:
        del others.seen[key]
    return tuple(
        Fence(
            account=account,
            symbol=symbol,
            reason=f"somebody else traded it at {at:%H:%M} UTC",
            until=at + rest,
        )
        for (account, symbol), at in sorted(others.seen.items())
    )


def _note(others: Others, snapshot: Snapshot) -> None:
    for account in snapshot.accounts:
        for order in account.open_orders:
            if not order.is_ours:
                _seen(others, account.account.id, order.symbol, snapshot.as_of)


def _seen(others: Others, account: str, symbol: str, at: datetime) -> None:
    key = (account, symbol)
    others.seen[key] = max(at, others.seen.get(key, at))
