"""Words of notices, and the amounts taken out of them: a phone shows a notice to anyone."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from daemon.screens.words import money, percent, quantity
from portfolio.changes import TargetChanged
from portfolio.decisions import Allowance, PlannedLeg, Proposal
from portfolio.money import ZERO
from portfolio.orders import Side

MOST_LINES: Final = 15

_NUMBER: Final = r"-?\d+(?:[.,]\d+)*(?:E[+-]?\d+)?"
_AMOUNTS: Final = (
    (re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?\s?USD\b"), "[amount]"),
    (re.compile(r"[-+]?\$\s?\d[\d,]*(?:\.\d+)?"), "[amount]"),
    (re.compile(r"\b(buy|sell|bought|sold) \d[\d,]*(?:\.\d+)? (?=[A-Z])"), r"\1 "),
    (re.compile(rf"\b([A-Z][A-Z0-9./]*) {_NUMBER} → {_NUMBER}"), r"\1 changed"),
)
_MONEY_KEYS: Final = re.compile(r"usd|amount|cash|position|quantit|equity", re.IGNORECASE)


def without_amounts(text: str) -> str:
    """A sentence of ours with its amounts and quantities taken out; weights and prices stay.

    >>> without_amounts("deposit of 5,000.00 USD is 5.0 % of the portfolio")
    'deposit of [amount] is 5.0 % of the portfolio'
    >>> without_amounts("Order tt1-1 (sell 150 VTI) was lost; BND 10 → 12.")
    'Order tt1-1 (sell VTI) was lost; BND changed.'
    """
    for pattern, instead in _AMOUNTS:
        text = pattern.sub(instead, text)
    return text


def changed_settings(changes: Iterable[str], *, amounts: bool) -> str:
    """Changed settings, one a line; those about money are only counted."""
    lines = list(changes)
    shown = lines if amounts else [line for line in lines if not _MONEY_KEYS.search(line)]
    if hidden := len(lines) - len(shown):
        shown.append(f"{hidden} about amounts; `trimtab history` shows them")
    return bulleted(shown)


def plan_lines(proposal: Proposal, legs: tuple[PlannedLeg, ...], *, amounts: bool) -> str:
    """The orders of a plan, one a line, as fractions of the portfolio."""
    several = len({leg.intent.account for leg in legs}) > 1
    return bulleted(_leg(proposal, leg, amounts=amounts, with_account=several) for leg in legs)


def _leg(proposal: Proposal, leg: PlannedLeg, *, amounts: bool, with_account: bool) -> str:
    intent = leg.intent
    part = leg.value / proposal.managed_value if proposal.managed_value else ZERO
    where = f" in {intent.account}" if with_account else ""
    if not amounts:
        return f"{intent.side} {intent.symbol}{where}: {percent(part)} of the portfolio"
    limit = "" if intent.limit_price is None else f", limit {money(intent.limit_price)}"
    return (
        f"{intent.side} {quantity(intent.quantity)} {intent.symbol}{where}{limit}, "
        f"about {money(leg.value)} USD ({percent(part)})"
    )


def tax_line(proposal: Proposal, *, amounts: bool) -> str:
    """What a plan does to the year's tax and what it saves, as fractions; empty when not known."""
    taxes = proposal.taxes
    if taxes is None:
        return ""
    verb = "lowers" if taxes.tax < ZERO else "raises"
    moved = _of(proposal, abs(taxes.tax), amounts)
    line = f"Tax, an estimate: the plan {verb} the year's tax by{moved}"
    if taxes.naive_tax is not None and taxes.naive_tax > taxes.tax:
        saved = _of(proposal, taxes.naive_tax - taxes.tax, amounts)
        line += f"; it saves{saved} against selling in proportion to the target"
    return f"{line}."


def _of(proposal: Proposal, amount: Decimal, amounts: bool) -> str:
    part = amount / proposal.managed_value if proposal.managed_value else ZERO
    return f" {money(amount)} USD" if amounts else f" {part * 100:.2f} % of the portfolio"


def bulleted(lines: Iterable[str]) -> str:
    """Lines with a dash, cut after fifteen."""
    all_lines = list(lines)
    more = len(all_lines) - MOST_LINES
    end = [f"and {more} more"] if more > 0 else []
    return "\n".join(f"- {line}" for line in all_lines[:MOST_LINES] + end)


def sides(orders: Iterable[Allowance | PlannedLeg]) -> str:
    """A plan in a few words for a title.

    >>> sides([])
    'no orders'
    """
    found = [
        (o.side, o.symbol) if isinstance(o, Allowance) else (o.intent.side, o.intent.symbol)
        for o in orders
    ]
    parts = []
    for side in (Side.SELL, Side.BUY):
        symbols = sorted({symbol for of, symbol in found if of is side})
        if symbols:
            rest = f" and {len(symbols) - 3} more" if len(symbols) > 3 else ""
            parts.append(f"{side} {', '.join(symbols[:3])}{rest}")
    return "; ".join(parts) or "no orders"


def changed_weights(event: TargetChanged, most: int = 4) -> str:
    """What a change of the target moved, the largest first: "stocks 60.0 % to 55.0 %"."""
    names = sorted(
        {*event.before, *event.after},
        key=lambda n: (-abs(event.after.get(n, ZERO) - event.before.get(n, ZERO)), n),
    )
    moved = [n for n in names if event.before.get(n, ZERO) != event.after.get(n, ZERO)]
    told = [
        f"{n} {percent(event.before.get(n, ZERO))} to {percent(event.after.get(n, ZERO))}"
        for n in moved[:most]
    ]
    return ", ".join(told) + (f" and {len(moved) - most} more" if len(moved) > most else "")


def head_line(row: int, row_hash: str) -> str:
    """The head of the audit chain, to be held against the journal later from outside of it.

    >>> head_line(1365, "50d8c10b5afcd7e3a860689b1947a1aa")
    'Keep this to check the record later: trimtab audit verify --head 1365:50d8c10b5afcd7e3'
    """
    return f"Keep this to check the record later: trimtab audit verify --head {row}:{row_hash[:16]}"
