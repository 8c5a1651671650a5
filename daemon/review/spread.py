"""Diversification of what is held: shares by symbol, exposures, what moves alike, and warnings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from daemon.journal.codec import read_quotes
from daemon.review.by_hand import ByHand, by_hand
from daemon.review.exposures import exposures_of, looked_up_long_ago, too_much
from policies.concentration import is_single_stock
from policies.diversification import Pair, alike, effective_number
from policies.limit_rule import Limits
from policies.policy import Policy
from portfolio.money import ZERO
from portfolio.ports import JournalReader
from portfolio.records import CycleRecord
from portfolio.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """`weights` are fractions of everything by symbol, cash under "cash", the largest first; what is
    valued by hand and counts to a slice is among them.

    `exposures` maps a dimension ("class", "sector", "region", "issuer") to fractions by name. `leaves`
    are the target's. `warnings` are sentences.
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
    own = by_hand(snapshot, policy)
    weights = _weights(snapshot, own)
    names = {"cash", *(one.name for one in own)}
    symbols = [s for s in weights if s not in names]
    prices, known = _prices(journal, symbols, looks)
    pairs = alike(prices, known) if known else ()
    exposures = exposures_of(weights, snapshot, policy)
    return Spread(
        weights=weights,
        effective=effective_number({s: w for s, w in weights.items() if w > 0}),
        exposures=exposures,
        alike=pairs,
        prices_known=len(prices),
        leaves=policy.target.leaves,
        warnings=(
            *_warnings(weights, snapshot, limits, pairs),
            *too_much(exposures, limits.concentration),
            *looked_up_long_ago(weights, policy.composition, snapshot.day),
        ),
    )


def _weights(snapshot: Snapshot, by_hand: Sequence[ByHand]) -> dict[str, float]:
    values = {s: snapshot.value(s) or ZERO for s in snapshot.symbols_held()}
    values |= {one.name: one.counted for one in by_hand if one.counted > ZERO}
    values["cash"] = snapshot.cash
    total = sum(values.values(), ZERO)
    if total <= ZERO:
        return {}
    shares = {symbol: float(value / total) for symbol, value in values.items()}
    return dict(sorted(shares.items(), key=lambda pair: (-pair[1], pair[0])))


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
        if not is_single_stock(symbol, snapshot, limits.concentration.composition):
            continue
        if weight > level:
            yield f"{symbol} is {weight:.1%} of everything, a single stock above {level:.0%}"
    for pair in pairs:
        yield (
            f"{pair.first} and {pair.second} moved alike over the last year "
            f"(correlation {pair.correlation:.2f}): they hardly diversify each other"
        )
