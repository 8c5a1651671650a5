"""Which fund stands in for a harvested one: like it in class, unlike it before the tax law.

No authority says where "substantially identical" ends (IRC 1091, Publication 550). The rule here is
cautious: never the same identity group, never one that is barred, dear, or unlike in its past.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from policies.taxes.harvest_rule import HarvestRule, PartnerFund


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerChoice:
    """The first fund that will do, and why each one before it will not."""

    symbol: str | None
    refused: tuple[str, ...] = ()


def choose_partner(
    symbol: str,
    candidates: Sequence[PartnerFund],
    rule: HarvestRule,
    *,
    groups: Mapping[str, str],
    barred: Mapping[str, str],
    held_at_a_loss: Mapping[str, str] | None = None,
    expense: Decimal | None = None,
) -> PartnerChoice:
    """The partner of a symbol, in the order of the candidates.

    `groups` maps a symbol to its identity group, itself when it is not in it. `barred` says why a
    symbol cannot be bought now (no price, a wash guard, an open order); `held_at_a_loss` names those
    whose own loss a purchase would wash. `expense` is the symbol's own, a yearly fraction.
    """
    lost = held_at_a_loss or {}
    refused: list[str] = []
    for fund in candidates:
        why = _why_not(symbol, fund, rule, groups=groups, expense=expense)
        why = why or barred.get(fund.symbol, "") or lost.get(fund.symbol, "")
        if not why:
            return PartnerChoice(symbol=fund.symbol, refused=tuple(refused))
        refused.append(f"{fund.symbol}: {why}")
    return PartnerChoice(symbol=None, refused=tuple(refused))


def _why_not(
    symbol: str,
    fund: PartnerFund,
    rule: HarvestRule,
    *,
    groups: Mapping[str, str],
    expense: Decimal | None,
) -> str:
    if groups.get(fund.symbol, fund.symbol) == groups.get(symbol, symbol):
        return f"it may count as the same as {symbol} (one identity group)"
    if expense is not None and fund.expense is not None:
        gap = fund.expense - expense
        if gap > rule.max_expense_gap:
            return f"it costs {gap * 10_000:.0f} basis points a year more"
    if fund.correlation is not None and fund.correlation < rule.min_correlation:
        return f"its correlation is {fund.correlation:.2f}, under {rule.min_correlation:.2f}"
    return ""
