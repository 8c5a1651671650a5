"""The journal against the broker's own order list, both ways: the witness that is not ours.

Every id of ours carries a hash of its order's content, so that the broker's list alone shows whether an
order is what was meant; and each execution is on both sides or on none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from daemon.protocol import content_differs
from daemon.upkeep.strangers import adopted_ids
from portfolio.orders import Leg, LegState, Order
from portfolio.ports import BrokerReader, JournalReader

_SLACK = timedelta(minutes=1)
_MAY_BE_ABSENT = frozenset(
    {
        LegState.PLANNED,
        LegState.ABANDONED,
        LegState.REJECTED,
        LegState.SUBMITTING,
        LegState.DEFERRED,
        LegState.AMBIGUOUS,
        LegState.LOST,
        LegState.NEVER_ARRIVED,
    }
)
"""Never sent, refused, or in the journal's own words nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One thing that the two tell differently: an order's id or an execution's, and what it is."""

    account: str
    what: str
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossChecked:
    """How many orders and executions of ours were compared, and what did not agree."""

    orders: int
    fills: int
    mismatches: tuple[Mismatch, ...]


def crosscheck(journal: JournalReader, readers: Mapping[str, BrokerReader]) -> CrossChecked:
    """Compare everything since the journal began. Reads only.

    A daemon that trades meanwhile may be a moment behind its broker. Raises `Unavailable`.
    """
    since = journal.events(limit=1)[0].at - _SLACK
    adopted = adopted_ids(journal)
    orders = fills = 0
    found: list[Mismatch] = []
    for account, reader in readers.items():
        theirs = {o.client_order_id: o for o in reader.orders_since(since) if o.is_ours}
        ours = {leg.client_order_id: leg for leg in journal.legs() if leg.intent.account == account}
        orders += len(set(theirs) | {name for name, leg in ours.items() if leg.sends})
        found += [
            Mismatch(account=account, what=name, problem=problem)
            for name in sorted(set(theirs) | set(ours))
            for problem in _order(ours.get(name), theirs.get(name), adopted)
        ]
        told, booked = _executions(journal, reader, since)
        fills += len(told | booked)
        found += [
            Mismatch(account=account, what=name, problem="executed, not booked")
            for name in sorted(told - booked)
        ]
        found += [
            Mismatch(account=account, what=name, problem="booked, not at the broker")
            for name in sorted(booked - told)
        ]
    return CrossChecked(orders=orders, fills=fills, mismatches=tuple(found))


def _order(leg: Leg | None, order: Order | None, adopted: frozenset[str]) -> Iterator[str]:
    """What does not agree about one id."""
    if leg is None:
        if order is not None and order.broker_order_id not in adopted:
            yield "at the broker, not in the journal"
        return
    if order is None:
        if leg.state not in _MAY_BE_ABSENT:
            yield f"{leg.state} in the journal, not at the broker"
        return
    if not leg.sends or leg.state is LegState.ABANDONED:
        yield f"at the broker, {leg.state} in the journal"
    if difference := content_differs(order, leg.intent):
        yield f"at the broker it has {difference}"
    if not leg.client_order_id.endswith(leg.intent.content_hash()[:6]):
        yield "its id does not fit what the journal says it is"
    if leg.state.is_terminal and order.filled_quantity != leg.filled_quantity:
        yield f"{order.filled_quantity} filled at the broker, {leg.filled_quantity} in the journal"


def _executions(
    journal: JournalReader, reader: BrokerReader, since: datetime
) -> tuple[set[str], set[str]]:
    """Ids of executions at the broker since the account was taken over, and of those booked."""
    account = reader.account_id
    accepted = journal.events("positions_accepted")
    begins = [r.at for r in accepted if getattr(r.event, "account", None) == account]
    told = {fill.execution_id for fill in reader.fills_since(begins[0] if begins else since)}
    booked = {b.fill.execution_id for b in journal.fills() if b.fill.account == account}
    return told, booked
