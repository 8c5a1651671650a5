"""What the user has locked: symbols that are not sold, or not bought, whatever the target says."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from policies.policy import Policy
from portfolio.keeping import keeps_answers
from portfolio.target import Lock, Slice


@dataclass(frozen=True, slots=True, kw_only=True)
class Locks:
    """Why symbols of the target are not sold, and why not bought; a symbol may be in both."""

    sales: Mapping[str, str] = field(default_factory=dict)
    buys: Mapping[str, str] = field(default_factory=dict)


NO_LOCKS = Locks()


@keeps_answers
def locks_of(policy: Policy) -> Locks:
    """The locks of every symbol of the target: its own, its slice's, and those of the groups above."""
    nodes = policy.target.slices
    if not policy.locks and all(node.lock is Lock.NONE for node in nodes):
        return NO_LOCKS
    by_name = {node.name: node for node in nodes}
    sales: dict[str, str] = {}
    buys: dict[str, str] = {}
    for node in nodes:
        for symbol in node.every_symbol:
            for lock, whose in _over(symbol, node, by_name, policy.locks):
                text = f"{whose} is locked ({lock.value})"
                if lock.bars_sales:
                    sales.setdefault(symbol, text)
                if lock.bars_buys:
                    buys.setdefault(symbol, text)
    return Locks(sales=sales, buys=buys)


def _over(
    symbol: str, node: Slice, by_name: Mapping[str, Slice], own: Mapping[str, Lock]
) -> list[tuple[Lock, str]]:
    """The locks over a symbol, its own first, then from its slice upwards."""
    found = [(own[symbol], symbol)] if symbol in own else []
    at: Slice | None = node
    while at is not None:
        found.append((at.lock, f"slice {at.name!r}"))
        at = None if at.parent is None else by_name[at.parent]
    return found
