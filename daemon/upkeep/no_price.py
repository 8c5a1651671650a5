"""A page for a symbol that nobody can price any more: it is not traded, and somebody should know.

A symbol without any price is told of after a few looks, which one answer of garbage does not reach. One
whose quotes are old, wide or crossed is news after a quarter of an hour: thin funds on a free feed have
quiet minutes. A price that jumped has a page of its own (`jumps`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from daemon.house import House
from policies.prices import judge_prices, wanted_symbols
from portfolio.events import Alarm, AlarmCleared
from portfolio.memory import Fence
from portfolio.snapshot import PriceFault, Snapshot

NO_PRICE_AT_ALL: Final = frozenset({PriceFault.MISSING, PriceFault.NOT_A_PRICE})


@dataclass(slots=True)
class Unpriced:
    """Since when a symbol has had no good quote, and in how many looks in a row no price at all."""

    since: datetime
    looks: int = 0


def tell_missing_prices(
    house: House,
    snapshot: Snapshot,
    unpriced: dict[str, Unpriced],
    fences: Iterable[Fence],
) -> None:
    """Count looks without a price in a session, tell what lasts once, and end what is over.

    `unpriced` is what this process has seen; forgetting it costs a few looks. A symbol behind one of
    the `fences` (renamed, vanished, in dispute) is told of there, and not a second time.
    """
    if not snapshot.is_open:
        unpriced.clear()
        return
    rule, wanted = house.policy.prices, wanted_symbols(snapshot, house.policy.target)
    judged = judge_prices(snapshot, rule, wanted).refused
    refused = {s: r for s, r in judged.items() if r.fault is not PriceFault.JUMPED}
    fenced = {fence.symbol for fence in fences}
    for symbol in [s for s in unpriced if s not in refused]:
        del unpriced[symbol]
    told = {a.scope: a.level for a in house.journal.open_alarms() if a.name == "no price"}
    news: list[Alarm | AlarmCleared] = []
    for symbol, fault in sorted(refused.items()):
        if symbol in fenced:
            continue
        seen = unpriced.setdefault(symbol, Unpriced(since=snapshot.as_of))
        seen.looks = seen.looks + 1 if fault.fault in NO_PRICE_AT_ALL else 0
        if seen.looks >= house.halting.no_price_looks and told.get(symbol) != "page":
            text = f"{fault.detail}. It is not traded until it has a price again."
            news.append(Alarm(name="no price", level="page", text=text, scope=symbol))
        elif snapshot.as_of - seen.since >= house.halting.stale_price_after and symbol not in told:
            text = f"No good quote since {seen.since:%H:%M} UTC: {fault.detail}. It is not traded."
            news.append(Alarm(name="no price", level="info", text=text, scope=symbol))
    news += [
        AlarmCleared(name="no price", scope=symbol, text="It has a good quote again.")
        for symbol in sorted(set(told) - set(refused))
    ]
    if news:
        house.journal.append(*news)
