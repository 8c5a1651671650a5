"""Diversification of what is held: shares by symbol, exposures, what moves alike, and warnings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from daemon.journal.codec import read_quotes
from policies.diversification import Pair, alike, effective_number, exposure
from policies.limits import Limits
from policies.policy import Policy
from portfolio.instruments import AssetClass
from portfolio.money import ZERO
from portfolio.ports import JournalReader
from portfolio.records import CycleRecord
from portfolio.snapshot import Snapshot
from portfolio.target import Slice, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """`weights` are fractions of everything by symbol, cash under "cash", the largest first.

    `exposures` maps a dimension ("class", "sector", "region") to fractions by name. `leaves` are the
    target's. `warnings` are sentences.
    """

    weights: Mapping[str, float]
    effective: float
    exposures: Mapping[str, Mapping[str, float]]
    alike: tuple[Pair, ...]
    prices_known: int
    leaves: tuple[str, ...]
    warnings: tuple[str, ...] = field(default=())


def spread_of(
    journal: JournalReader,
    snapshot: Snapshot,
    policy: Policy,
    limits: Limits,
    looks: Sequence[CycleRecord],
) -> Spread:
    """What the snapshot holds, with a year of prices from the looks for what moves alike."""
    weights = _weights(snapshot)
    symbols = [s for s in weights if s != "cash"]
    prices, known = _prices(journal, symbols, looks)
    pairs = alike(prices, known) if known else ()
    return Spread(
        weights=weights,
        effective=effective_number({s: w for s, w in weights.items() if w > 0}),
        exposures={"class": exposure(weights, _classes(snapshot, policy.target))},
        alike=pairs,
        prices_known=len(prices),
        leaves=policy.target.leaves,
        warnings=tuple(_warnings(weights, snapshot, limits, pairs)),
    )


def _weights(snapshot: Snapshot) -> dict[str, float]:
    values = {s: snapshot.value(s) or ZERO for s in snapshot.symbols_held()}
    values["cash"] = snapshot.cash
    total = sum(values.values(), ZERO)
    if total <= ZERO:
        return {}
    shares = {symbol: float(value / total) for symbol, value in values.items()}
    return dict(sorted(shares.items(), key=lambda pair: (-pair[1], pair[0])))


def _classes(snapshot: Snapshot, target: Target) -> dict[str, dict[str, float]]:
    """Each symbol's class: its slice's, else the nearest above it that names one, else the broker's."""
    known = {s: i.asset_class for s, i in snapshot.instruments.items()}
    by_name = {node.name: node for node in target.slices}
    for node in target.slices:
        at: Slice | None = node
        while at is not None and at.asset_class is None:
            at = None if at.parent is None else by_name[at.parent]
        if at is not None and at.asset_class is not None:
            known.update(dict.fromkeys(node.every_symbol, at.asset_class))
    said = {s: c for s, c in known.items() if c is not AssetClass.OTHER}
    said["cash"] = AssetClass.CASH
    return {symbol: {kind.value.replace("_", " "): 1.0} for symbol, kind in said.items()}


def _prices(
    journal: JournalReader, symbols: Sequence[str], looks: Sequence[CycleRecord]
) -> tuple[np.ndarray, list[str]]:
    """Prices (T, N) of the last look of each session, of the symbols that every one of them knew."""
    last_of_day = {look.session: look for look in looks}
    seen = [read_quotes(journal, look.snapshot) for look in last_of_day.values()]
    known = [s for s in symbols if seen and all(s in quotes for quotes in seen)]
    rows = [[float(quotes[s].price) for s in known] for quotes in seen]
    return np.array(rows).reshape(len(rows), len(known)), known


def _warnings(
    weights: Mapping[str, float], snapshot: Snapshot, limits: Limits, pairs: Sequence[Pair]
) -> Iterator[str]:
    level = float(limits.warn_single_holding_fraction)
    for symbol, weight in weights.items():
        known = snapshot.instruments.get(symbol)
        if known is None or known.is_fund or known.asset_class is not AssetClass.EQUITY:
            continue
        if weight > level:
            yield f"{symbol} is {weight:.1%} of everything, a single stock above {level:.0%}"
    for pair in pairs:
        yield (
            f"{pair.first} and {pair.second} moved alike over the last year "
            f"(correlation {pair.correlation:.2f}): they hardly diversify each other"
        )
