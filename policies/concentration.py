"""Concentration: how much of everything hangs on one stock, one issuer or one sector after a plan.

Funds are looked through as far as their composition is known; a sponsor is no issuer. What is not
known counts towards nothing, so a level can be passed unseen, never reported wrongly.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from policies.explain import percent
from portfolio.composition import NOTHING_KNOWN, Composition, Dimension
from portfolio.decisions import LimitCheck, Proposal
from portfolio.instruments import AssetClass
from portfolio.money import ZERO, Money
from portfolio.orders import Side
from portfolio.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcentrationRule:
    """Largest shares of equity, as fractions. Beyond `max_...` a plan is referred, where it makes the
    share larger; beyond `warn_...` it is told. None: no such limit."""

    max_issuer: Decimal | None = None
    max_sector: Decimal | None = None
    warn_sector: Decimal = Decimal("0.35")
    composition: Composition = field(default_factory=lambda: NOTHING_KNOWN)


def is_single_stock(symbol: str, snapshot: Snapshot, composition: Composition) -> bool:
    """Whether a symbol is the equity of one company: no fund, and equity by the user's word or the
    broker's."""
    known = snapshot.instruments.get(symbol)
    broker_says = known is not None and known.is_fund
    if composition.funds.get(symbol, broker_says):
        return False
    said = composition.by(Dimension.CLASS).get(symbol)
    if said is not None:
        return set(said) == {AssetClass.EQUITY.value}
    return known is not None and known.asset_class is AssetClass.EQUITY


def issuers(snapshot: Snapshot, composition: Composition) -> dict[str, Mapping[str, Decimal]]:
    """The issuers of what is held or quoted: as named, else a single stock is its own issuer."""
    named = dict(composition.by(Dimension.ISSUER))
    for symbol in sorted({*snapshot.quotes, *snapshot.symbols_held()}):
        if symbol not in named and is_single_stock(symbol, snapshot, composition):
            named[symbol] = {symbol: Decimal(1)}
    return named


def concentration(
    proposal: Proposal, snapshot: Snapshot, rule: ConcentrationRule, equity: Money, single: Decimal
) -> Iterator[LimitCheck]:
    """The checks of a whole plan, its sales and its buys together; `single` warns of one stock."""
    yield from _single_stocks(proposal, snapshot, rule.composition, equity, single)
    if equity <= ZERO:
        return
    before = _worth(snapshot)
    after = _after(proposal, before)
    for dimension, level, parts in (
        (Dimension.ISSUER, rule.max_issuer, issuers(snapshot, rule.composition)),
        (Dimension.SECTOR, rule.max_sector, rule.composition.by(Dimension.SECTOR)),
    ):
        if level is not None:
            shares = _shares(after, parts, equity)
            yield from _referred(dimension, level, _shares(before, parts, equity), shares)
    if rule.max_sector is None or rule.warn_sector < rule.max_sector:
        sectors = rule.composition.by(Dimension.SECTOR)
        yield from _warned(rule, _shares(after, sectors, equity))


def _worth(snapshot: Snapshot) -> dict[str, Decimal]:
    return {
        symbol: quantity * price
        for symbol, quantity in snapshot.quantities().items()
        if (price := snapshot.count_price(symbol)) is not None
    }


def _after(proposal: Proposal, before: Mapping[str, Decimal]) -> dict[str, Decimal]:
    after = dict(before)
    for leg in proposal.legs:
        sign = 1 if leg.intent.side is Side.BUY else -1
        after[leg.intent.symbol] = after.get(leg.intent.symbol, ZERO) + sign * leg.value
    return after


def _shares(
    worth: Mapping[str, Decimal], parts: Mapping[str, Mapping[str, Decimal]], equity: Money
) -> dict[str, Decimal]:
    """Fractions of equity by name, the largest first."""
    found: dict[str, Decimal] = {}
    for symbol, value in worth.items():
        for name, part in parts.get(symbol, {}).items():
            found[name] = found.get(name, ZERO) + value * part / equity
    return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def _referred(
    dimension: Dimension,
    level: Decimal,
    before: Mapping[str, Decimal],
    after: Mapping[str, Decimal],
) -> Iterator[LimitCheck]:
    """One check for each name beyond the level; the largest name's when none is. The level passes."""
    beyond = [name for name, share in after.items() if share > level]
    for name in beyond or list(after)[:1]:
        grows = after[name] > level and after[name] > before.get(name, ZERO)
        text = f"{dimension.value} {name} becomes {percent(after[name])}, at most {percent(level)}"
        if after[name] > level and not grows:
            text += "; the plan does not make it more"
        yield _check(dimension.value, "refer" if grows else "ok", text, name, after[name], level)


def _warned(rule: ConcentrationRule, after: Mapping[str, Decimal]) -> Iterator[LimitCheck]:
    for name, share in after.items():
        if share > rule.warn_sector and (rule.max_sector is None or share <= rule.max_sector):
            text = f"sector {name} becomes {percent(share)}, above {percent(rule.warn_sector)}"
            yield _check("concentration", "warn", text, name, share, rule.warn_sector)


def _single_stocks(
    proposal: Proposal, snapshot: Snapshot, made_of: Composition, equity: Money, level: Decimal
) -> Iterator[LimitCheck]:
    held = snapshot.quantities()
    for leg in proposal.buys:
        symbol = leg.intent.symbol
        if not is_single_stock(symbol, snapshot, made_of):
            continue
        part = (held.get(symbol, ZERO) + leg.intent.quantity) * leg.price / equity
        if part > level:
            text = f"{symbol} becomes {percent(part)}, a single stock above {percent(level)}"
            yield _check("concentration", "warn", text, symbol, part, level)


def _check(
    name: str,
    outcome: Literal["ok", "warn", "refer"],
    text: str,
    scope: str,
    share: Decimal,
    level: Decimal,
) -> LimitCheck:
    return LimitCheck(
        name=name,
        outcome=outcome,
        text=text,
        scope=scope,
        value=share * 100,
        level=level * 100,
        unit="percent",
    )
