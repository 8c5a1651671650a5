"""The price poll's questions: which conditions on prices hold right now, and is a rebalance due?

The first is cheap and asked at every poll. Only where it finds something new is the second asked, of
the whole tree of conditions with what the journal remembers, as a look asks it.
"""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

import numpy as np

from policies.allocation import Unknown, allocation_of
from policies.book import open_book
from policies.conditions import (
    AllOf,
    AnyOf,
    Banded,
    CashOff,
    Condition,
    LargestDrift,
    Leaf,
    PortfolioDrift,
    Rested,
    TrackingError,
    Unless,
)
from policies.policy import Policy
from policies.prices import judge_prices, wanted_symbols
from policies.triggers.algebra import firing_rule
from policies.triggers.ask import Aim, ask_triggers
from policies.triggers.bands import is_out
from policies.triggers.kernels import banded, holds
from policies.triggers.moments import Moments, moment_of
from portfolio.drift import Rows
from portfolio.memory import Memory
from portfolio.money import exact_arithmetic
from portfolio.snapshot import Snapshot
from portfolio.wakes import Wake, WakeKind


def crossings(snapshot: Snapshot, policy: Policy) -> frozenset[str]:
    """What of the policy's conditions the prices of this moment have reached, by name.

    A slice at or past its band, or past the multiple of it that a condition or the end of a rest asks
    for; a drift, a tracking error or cash at its level; for a condition under `unless` that it does
    not hold. Empty when the weights are not known. A stop level plays no part: it is no edge.
    """
    with exact_arithmetic():
        judged = judge_prices(snapshot, policy.prices, wanted_symbols(snapshot, policy.target))
        known = allocation_of(judged, policy, _nothing_remembered(snapshot.day))
        if isinstance(known, Unknown):
            return frozenset()
        moment = moment_of(known)
        priced = _leaves(firing_rule(policy), barred=False)
        return frozenset(name for leaf, barred in priced for name in _names(leaf, barred, moment))


def is_due(snapshot: Snapshot, policy: Policy, memory: Memory) -> bool:
    """Whether a look would call for a rebalance now; not while a run is under way."""
    if memory.run is not None:
        return False
    with exact_arithmetic():
        judged = judge_prices(snapshot, policy.prices, wanted_symbols(snapshot, policy.target))
        book = open_book(judged, policy, memory)
        if isinstance(book, Unknown):
            return False
        return any(call.aim is Aim.REBALANCE for call in ask_triggers(book).calls)


@lru_cache(maxsize=2)
def _nothing_remembered(day: date) -> Memory:
    """No run, no flow, every date answered."""
    return Memory(wake=Wake(kind=WakeKind.TICK), started_on=day, calendar_done_through=day)


def _leaves(tree: Condition, *, barred: bool) -> Iterator[tuple[Leaf, bool]]:
    """The single conditions, and whether each must not hold."""
    match tree:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from _leaves(part, barred=barred)
        case Unless(part=part, bar=bar):
            yield from _leaves(part, barred=barred)
            yield from _leaves(bar, barred=not barred)
        case leaf:
            yield leaf, barred


def _names(leaf: Leaf, barred: bool, moment: Moments) -> Iterator[str]:
    match leaf:
        case Banded(times=times) if not barred:
            yield from _slices(banded(leaf, moment), moment, "" if times == 1 else f" at {times}")
        case Rested(override=override) if override is not None:
            out = is_out(moment.drifts, float(override) * moment.frame.widths)
            yield from _slices(out, moment, f" at {override}")
        case Banded() | PortfolioDrift() | LargestDrift() | TrackingError() | CashOff():
            if bool(holds(leaf, moment)[0]) is not barred:
                yield ("no " if barred else "") + leaf.kind.replace("_", " ")
        case _:
            return


def _slices(out: Rows, moment: Moments, more: str) -> Iterator[str]:
    nodes = moment.frame.policy.target.slices
    words = f"{more} times its band" if more else ""
    yield from (f"{nodes[n].name}{words}" for n in np.flatnonzero(out[0]).tolist())
