"""Orders at the broker that carry our prefix and that this journal does not know.

They are younger than the journal's copy after a restore, or a second daemon's. Nothing is sent beside
them: everything halts and names them, their executions are not booked, and holdings that differ
because of them are not taken for a change from outside. When a person has looked, `adopt` takes them
over, and each execution is booked once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.cycle import Watch
from daemon.executor import halt
from daemon.house import House
from daemon.settle import settle
from portfolio.events import OrderAdopted
from portfolio.orders import Order
from portfolio.ports import JournalReader

SWEEP_AT_LEAST = timedelta(days=7)
_DAY = timedelta(days=1)
_NAMED = 10
"""So many are named in a reason; `trimtab audit crosscheck` lists all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger:
    """One such order, and the account it is in."""

    account: str
    order: Order

    def __str__(self) -> str:
        what = f"{self.order.side} {self.order.quantity} {self.order.symbol}"
        return f"{self.order.client_order_id} ({what}, {self.order.raw_status})"


def find_strangers(house: House) -> tuple[Stranger, ...]:
    """Ask every broker for its orders of late; those of ours that nobody wrote down, oldest first.

    Raises `Unavailable`.
    """
    known = adopted_ids(house.journal)
    since = _since(house)
    return tuple(
        Stranger(account=account, order=order)
        for account, reader in house.readers.items()
        for order in reader.orders_since(since)
        if order.is_ours
        and order.broker_order_id not in known
        and house.journal.leg(order.client_order_id) is None
    )


def look_for_strangers(house: House, watch: Watch) -> tuple[Stranger, ...]:
    """Find them; halt and name them when there are any; keep their executions from being booked."""
    found = find_strangers(house)
    watch.progress.unbooked = _by_account(found)
    watch.differences.unsure = frozenset(watch.progress.unbooked)
    if found and house.latch.reason() is None:
        halt(house, by="trimtab", reason=_reason(found))
    return found


def adopt_strangers(house: House, watch: Watch, *, by: str, reason: str) -> int:
    """A person has looked: take them over and book what they did; returns how many there were.

    Doing it again finds nothing. The halt stays until a person resumes.
    """
    found = find_strangers(house)
    if found:
        house.journal.append(
            *(OrderAdopted(account=s.account, order=s.order, reason=reason) for s in found),
            actor=by,
        )
    watch.progress.unbooked = {}
    watch.progress.settled.clear()  # their executions may be older than the last settling
    watch.differences.unsure = frozenset()
    settle(house, watch.progress)
    return len(found)


def adopted_ids(journal: JournalReader) -> frozenset[str]:
    """The broker's ids of orders that have been taken over."""
    rows = journal.events("order_adopted")
    return frozenset(
        r.event.order.broker_order_id for r in rows if isinstance(r.event, OrderAdopted)
    )


def _since(house: House) -> datetime:
    """A week back, further for a live leg; after a restore, to the day before its copy ends."""
    live = [leg.planned_at for leg in house.journal.legs(live=True)]
    restored = house.journal.events("journal_restored", limit=1, newest_first=True)
    for row in restored:
        before = house.journal.events(after=row.seq - 2, limit=1)
        live += [record.at for record in before]
    return min([house.clock.now() - SWEEP_AT_LEAST, *(at - _DAY for at in live)])


def _by_account(found: Sequence[Stranger]) -> dict[str, frozenset[str]]:
    return {
        account: frozenset(s.order.broker_order_id for s in found if s.account == account)
        for account in {s.account for s in found}
    }


def _reason(found: Sequence[Stranger]) -> str:
    first = found[0].account
    named = "; ".join(str(stranger) for stranger in found[:_NAMED])
    more = f"; and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    several = len(found) > 1
    subject = f"{len(found)} orders" if several else "an order"
    return (
        f"{subject} at the broker of {first} {'carry' if several else 'carries'} our prefix and "
        f"{'are' if several else 'is'} not in this journal: {named}{more}. A restored database, or "
        "a second daemon: look at them, then `trimtab audit adopt-orders`"
    )
