"""What a portfolio is exposed to by class, sector, region and issuer, funds looked through."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from policies.concentration import ConcentrationRule, issuers
from policies.diversification import exposure
from policies.policy import Policy
from portfolio.composition import Composition, Dimension
from portfolio.instruments import AssetClass
from portfolio.money import ONE
from portfolio.snapshot import Snapshot
from portfolio.target import Slice, Target

LOOK_THROUGH_OLD = timedelta(days=400)
"""A share that was looked up longer ago is told as old: funds say what they hold at least yearly."""
_Shares = dict[str, dict[str, float]]
_NOT_KNOWN = "not known"


def exposures_of(
    weights: Mapping[str, float], snapshot: Snapshot, policy: Policy
) -> dict[str, dict[str, float]]:
    """Fractions of everything by dimension and name, the largest first; "class" is always there.

    The others are there as soon as something is known of them. What has no sector counts to its
    class in that dimension (bonds, cash). Of issuers only the named ones are given: a fund's other
    holdings have too many.
    """
    classes = _classes(snapshot, policy)
    found = {"class": exposure(weights, classes)}
    sectors = _floats(policy.composition.by(Dimension.SECTOR))
    if any(symbol in sectors for symbol in weights):
        found["sector"] = exposure(weights, _beside(sectors, classes))
    regions = _floats(policy.composition.by(Dimension.REGION))
    if any(symbol in regions for symbol in weights):
        found["region"] = exposure(weights, {**regions, "cash": {"cash": 1.0}})
    named = exposure(weights, _floats(issuers(snapshot, policy.composition)))
    named.pop(_NOT_KNOWN, None)
    if named:
        found["issuer"] = named
    return found


def too_much(
    exposures: Mapping[str, Mapping[str, float]], rule: ConcentrationRule
) -> Iterator[str]:
    """Sentences for sectors and issuers beyond their levels."""
    classes = frozenset(_words(kind) for kind in AssetClass)
    sector = float(min(rule.warn_sector, rule.max_sector or rule.warn_sector))
    for name, share in exposures.get("sector", {}).items():
        if name not in classes and name != _NOT_KNOWN and share > sector:
            yield f"sector {name} is {share:.1%} of everything, above {sector:.0%}"
    if rule.max_issuer is not None:
        issuer = float(rule.max_issuer)
        for name, share in exposures.get("issuer", {}).items():
            if share > issuer:
                yield f"issuer {name} is {share:.1%} of everything, above {issuer:.0%}"


def looked_up_long_ago(
    weights: Mapping[str, float], made_of: Composition, day: date
) -> Iterator[str]:
    """One sentence for all funds whose look-through is old."""
    old = {s: on for s, on in made_of.as_of.items() if s in weights and day - on > LOOK_THROUGH_OLD}
    if old:
        names = ", ".join(sorted(old))
        yield (
            f"what {names} {'holds' if len(old) == 1 else 'hold'} was looked up long ago"
            f" (the oldest figure is of {min(old.values())}); [look_through] file takes newer ones"
        )


def _classes(snapshot: Snapshot, policy: Policy) -> _Shares:
    """Each symbol's classes: as said or looked up, else its slice's, else the broker's."""
    known = {s: i.asset_class for s, i in snapshot.instruments.items()} | _of_slices(policy.target)
    found = {s: {_words(c): 1.0} for s, c in known.items() if c is not AssetClass.OTHER}
    for symbol, parts in policy.composition.by(Dimension.CLASS).items():
        found[symbol] = {_words(AssetClass(name)): float(part) for name, part in parts.items()}
    found["cash"] = {_words(AssetClass.CASH): 1.0}
    return found


def _of_slices(target: Target) -> dict[str, AssetClass]:
    """The class of a slice, or of the nearest above it that names one."""
    found: dict[str, AssetClass] = {}
    by_name = {node.name: node for node in target.slices}
    for node in target.slices:
        at: Slice | None = node
        while at is not None and at.asset_class is None:
            at = None if at.parent is None else by_name[at.parent]
        if at is not None and at.asset_class is not None:
            found.update(dict.fromkeys(node.every_symbol, at.asset_class))
    return found


def _beside(sectors: _Shares, classes: Mapping[str, Mapping[str, float]]) -> _Shares:
    """Sectors, and for what has none its classes other than equity."""
    without = (_words(AssetClass.EQUITY), _words(AssetClass.OTHER))
    found = {
        symbol: {name: part for name, part in parts.items() if name not in without}
        for symbol, parts in classes.items()
    }
    for symbol, parts in sectors.items():
        room = float(ONE) - sum(parts.values())
        own = found.get(symbol, {})
        found[symbol] = {**parts, **{n: min(p, room) for n, p in own.items() if room > 1e-9}}
    return found


def _floats(parts: Mapping[str, Mapping[str, object]]) -> _Shares:
    return {s: {n: float(str(p)) for n, p in names.items()} for s, names in parts.items()}


def _words(kind: AssetClass) -> str:
    return kind.value.replace("_", " ")
